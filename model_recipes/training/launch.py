"""The command `train`: a recipe here, or under `accelerate launch`."""

import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from processors.errors import InputError

RECIPES = ("sft", "dpo", "reward", "merge")
# Those that need no library of the extra's, and no GPU.
_PLAIN = ("merge",)


def run_train(
    recipe: str, config: Path, overrides: Sequence[str], dry_run: Sequence[str] = (), *, accelerate: bool,
    accelerate_config: Path | None,
) -> None:  # fmt: skip
    """Train by `model_recipes.<recipe>.train`, or say by `dry_run`, its words, what that needs. Raises InputError."""
    if recipe not in RECIPES:
        raise InputError(f"no training recipe '{recipe}'; expected one of {', '.join(RECIPES)}")
    if recipe not in _PLAIN:
        look_for_libraries()
    elif accelerate or accelerate_config:
        raise InputError(f"train {recipe}: uses no GPU; leave --accelerate out")
    elif dry_run:
        raise InputError(f"train {recipe}: uses no GPU; leave --dry-run out")
    module = f"model_recipes.{recipe}.train"
    words = ["--config", str(config), *(word for setting in overrides for word in ("--set", setting))]
    words += dry_run
    if (accelerate or accelerate_config) and not dry_run:
        launch = [sys.executable, "-m", "accelerate.commands.launch"]
        launch += ["--config_file", str(accelerate_config)] if accelerate_config else []
        # In place of this process, so that signals and the exit code are the training's own.
        os.execv(sys.executable, [*launch, "-m", module, *words])
    importlib.import_module(module).main(words)


def look_for_libraries() -> None:
    """Raises InputError where the extra is not installed."""
    for needed in ("torch", "transformers", "trl", "peft", "accelerate"):
        if importlib.util.find_spec(needed) is None:
            raise InputError(f"this needs {needed}: pip install torch && pip install 'smolkalam[train]'")
