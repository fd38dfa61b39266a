"""A training from its settings to the model's card, whatever the method: read, encode, count, train, go on, save.

What differs from TRL's own commands: no key is ignored; rows are encoded and counted here, so that none is lost in
silence; the same command again goes on from the last checkpoint; the folder holds what was resolved (`settings.yaml`),
what became of the rows (`training.json`) and a model card. The training itself is TRL's.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

from model_recipes.lora.targets import look_at_targets
from model_recipes.training.accounts import look_at, table
from model_recipes.training.data import hold_back
from model_recipes.training.launch import look_for_libraries
from model_recipes.training.model_card import write_model_card
from model_recipes.training.recipe import Prepared, TrainingRecipe
from model_recipes.training.resume import TRAINING, decisive, described_before, last_checkpoint, loaded_as
from model_recipes.training.settings import DataSettings, for_this_machine, make, read_settings
from processors.atomic_files import replacing_text
from processors.errors import InputError, SmolKalamError


def train(recipe: TrainingRecipe, config: Path, overrides: Sequence[str] = ()) -> Path:
    """Train and save; returns the model's folder. Raises InputError for what the user can mend."""
    from accelerate import PartialState
    from trl import get_peft_config, get_quantization_config

    args, model, ours, settings = read(recipe, config, overrides)
    folder = _made(Path(args.output_dir))
    about = prepare(recipe, args, model, ours, settings)
    described = {
        "model": model.model_name_or_path,
        "revision": model.model_revision,
        "date": about.day,
        "data": [account.plain() for account in about.accounts],
        "test_rows": ours.test_rows,
        **decisive(args, model, *recipe.decisive),
    }
    checkpoint = last_checkpoint(folder, described)
    args.model_init_kwargs = loaded_as(model, args.model_init_kwargs)
    trainer = recipe.trainer(
        about,
        {
            "model": model.model_name_or_path,
            "args": args,
            "train_dataset": about.training,
            "eval_dataset": about.held_back if args.eval_strategy != "no" else None,
            "processing_class": about.tokenizer,
            "quantization_config": get_quantization_config(model),
            "peft_config": get_peft_config(model),
        },
    )
    first = PartialState().is_main_process
    if first:
        _write_start(folder, described, settings)
    trainer.train(resume_from_checkpoint=args.resume_from_checkpoint or checkpoint)
    recipe.save(trainer, folder)
    trainer.save_state()
    if first:
        write_model_card(folder, recipe, described, trainer.state.log_history, table(about.accounts))
    trainer.accelerator.wait_for_everyone()
    return folder


def read(recipe: TrainingRecipe, config: Path, overrides: Sequence[str]) -> tuple[Any, Any, Any, dict[str, Any]]:
    """The trainer's arguments, TRL's ModelConfig, ours, and all that was set. Raises InputError."""
    from trl import ModelConfig

    (trainer_keys, model_keys), ours = read_settings(
        config, overrides, (recipe.config(), ModelConfig), recipe.own, recipe.without_effect
    )
    if not ours.datasets:
        raise InputError(f"{config}: datasets: missing; name what to train on, such as [{{path: USER/DATASET}}]")
    if not model_keys.get("model_name_or_path"):
        raise InputError(f"{config}: model_name_or_path: missing; name a model of the Hub or a folder")
    args = make(recipe.config(), for_this_machine(trainer_keys), config)
    model = make(ModelConfig, model_keys, config)
    return args, model, ours, {**trainer_keys, **model_keys, **ours.model_dump(exclude_unset=True)}


def prepare(recipe: TrainingRecipe, args: Any, model: Any, ours: DataSettings, settings: dict[str, Any]) -> Prepared:
    """Encode and count the rows, print what became of them, and hold back what was asked for. Raises InputError."""
    from accelerate import PartialState

    look_at_targets(model)
    day = ours.date or described_before(Path(args.output_dir)).get("date") or datetime.now(UTC).date().isoformat()
    tokenizer = recipe.tokenizer(args, model, ours)
    about = Prepared(args, model, ours, settings, tokenizer, day, training=None, held_back=None, accounts=[])
    with PartialState().main_process_first():
        rows, about.accounts = recipe.encode(about, ours.datasets, date.fromisoformat(day))
    if PartialState().is_main_process:
        print(table(about.accounts), file=sys.stderr)
    look_at(about.accounts, ours.max_left_out)
    about.training, about.held_back = hold_back(rows, ours.test_rows, args.seed)
    return about


def _made(folder: Path) -> Path:
    """The output folder, made before hours of encoding. Raises InputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"output_dir: {folder}: cannot be written ({error.strerror}); choose another") from None
    return folder


def _write_start(folder: Path, described: dict[str, Any], settings: dict[str, Any]) -> None:
    with replacing_text(folder / TRAINING) as stream:
        json.dump(described, stream, indent=1, ensure_ascii=False)
    with replacing_text(folder / "settings.yaml") as stream:
        yaml.safe_dump(
            json.loads(json.dumps(settings, default=str)), stream, sort_keys=True, allow_unicode=True, width=100
        )


def main(recipe: TrainingRecipe, words: Sequence[str] | None = None) -> None:
    """The command line of a recipe's `train.py`, which `smolkalam train` and `accelerate launch -m` run."""
    parser = argparse.ArgumentParser(
        prog=f"python -m model_recipes.{recipe.name}.train", description=f"Train by TRL's {recipe.trainer_name}."
    )
    parser.add_argument("--config", type=Path, required=True, help="YAML of the settings.")
    parser.add_argument("--set", action="append", default=[], metavar="A.B=C", help="Change a setting.")
    given = parser.parse_args(words)
    try:
        look_for_libraries()
        folder = train(recipe, given.config, given.set)
    except SmolKalamError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    print(f"{folder}: model, training.json, settings.yaml, README.md", file=sys.stderr)
