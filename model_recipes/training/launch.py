"""The command `train`: a recipe here, under `accelerate launch`, or as a job of a Slurm cluster."""

import importlib
import importlib.util
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import yaml

from model_recipes.training.slurm import FOLDER, SlurmTraining, as_settings, submit
from processors.errors import InputError, one_line

RECIPES = ("sft", "dpo", "reward", "merge")
On = Literal["local", "accelerate", "slurm"]
# Those that need no library of the extra's, and no GPU.
_PLAIN = ("merge",)
_SHIPPED = Path(__file__).parent / "accelerate"


def run_train(
    recipe: str, config: Path, overrides: Sequence[str], dry_run: Sequence[str] = (), *, on: On = "local",
    launch: str | None = None, slurm: Sequence[str] = (),
) -> None:  # fmt: skip
    """Train by `model_recipes.<recipe>.train`, or say by `dry_run`, its words, what that needs.

    `launch` is accelerate's YAML, `slurm` what a job asks as `key=value`. Raises InputError.
    """
    if recipe not in RECIPES:
        raise InputError(f"no training recipe '{recipe}'; expected one of {', '.join(RECIPES)}")
    if launch and on == "local":
        raise InputError(f"--launch {launch}: has no effect here; add --on accelerate or --on slurm")
    if slurm and on != "slurm":
        raise InputError(f"--slurm {slurm[0]}: has no effect here; add --on slurm")
    if recipe not in _PLAIN:
        look_for_libraries()
    elif on != "local":
        raise InputError(f"train {recipe}: uses no GPU; leave --on out")
    elif dry_run:
        raise InputError(f"train {recipe}: uses no GPU; leave --dry-run out")
    module = f"model_recipes.{recipe}.train"
    asked = as_settings(slurm)
    # The training itself is not told what its job asks; what it would need is read with it, so that it is looked at.
    told = [*overrides, *asked] if dry_run else overrides
    words = ["--config", str(config), *(word for setting in told for word in ("--set", setting)), *dry_run]
    if on == "local" or dry_run:
        importlib.import_module(module).main(words)
        return
    # Before TRL's arguments are made here, which sets variables that the training's own may not find.
    environment = dict(os.environ)
    file = launch_file(launch)
    # What is wrong with the settings is told here, once, and not by each process or after hours in a queue.
    args, ours = _read(module, config, [*overrides, *asked])
    command = ["-m", module, *words]
    if on == "accelerate":
        before = [sys.executable, "-m", "accelerate.commands.launch"]
        before += ["--config_file", str(file)] if file else []
        # In place of this process, so that signals and the exit code are the training's own.
        os.execve(sys.executable, [*before, *command], environment)
    job = ours.slurm or SlurmTraining()
    if file is None and job.processes > 1:
        file = launch_file("several-gpus")
    script, said = submit(recipe, job, file, command, Path(args.output_dir))
    if said is None:
        print(f"no sbatch here; on the cluster: {shlex.join(['sbatch', str(script)])}", file=sys.stderr)
    else:
        print(f"{said}; its logs: {Path(args.output_dir) / FOLDER}", file=sys.stderr)


def launch_file(given: str | None) -> Path | None:
    """A file for `accelerate launch` that ships, by its name, or one's own. Raises InputError if it cannot be read."""
    if given is None:
        return None
    shipped = {path.stem: path for path in sorted(_SHIPPED.glob("*.yaml"))}
    path = shipped.get(given, Path(given))
    if not path.is_file():
        raise InputError(f"--launch {given}: no such file; of those that ship: {', '.join(shipped)}")
    from accelerate.commands.config.config_args import load_config_from_file

    try:
        load_config_from_file(str(path))
    except (ValueError, KeyError, TypeError, AttributeError, OSError, yaml.YAMLError) as error:
        raise InputError(f"--launch {given}: accelerate cannot read it: {one_line(error, 300)}") from None
    return path


def _read(module: str, config: Path, overrides: Sequence[str]) -> tuple[Any, Any]:
    """The trainer's arguments and our own settings, as the training will read them. Raises InputError."""
    from model_recipes.training.recipe import read

    args, _, ours, _ = read(importlib.import_module(module).RECIPE, config, overrides, dry=True)
    return args, ours


def look_for_libraries() -> None:
    """Raises InputError where the extra is not installed."""
    for needed in ("torch", "transformers", "trl", "peft", "accelerate"):
        if importlib.util.find_spec(needed) is None:
            raise InputError(f"this needs {needed}: pip install torch && pip install 'smolkalam[train]'")
