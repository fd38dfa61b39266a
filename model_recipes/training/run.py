"""A training from its settings to the model's card, whatever the method: read, encode, count, train, go on, save.

What differs from TRL's own commands: no key is ignored; rows are encoded and counted here, so that none is lost in
silence; the same command again goes on from the last checkpoint; the folder holds what was resolved (`settings.yaml`),
what became of the rows (`training.json`) and a model card. The training itself is TRL's.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from model_recipes.training.accounts import table
from model_recipes.training.dry_run import dry_run
from model_recipes.training.launch import look_for_libraries
from model_recipes.training.model_card import write_model_card
from model_recipes.training.recipe import TrainingRecipe, prepare, read
from model_recipes.training.resume import TRAINING, decisive, last_checkpoint, loaded_as
from processors.atomic_files import replacing_text
from processors.errors import InputError, SmolKalamError, one_line, tell


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
    shared = {
        "model": model.model_name_or_path,
        "args": args,
        "train_dataset": about.training,
        "eval_dataset": about.held_back if args.eval_strategy != "no" else None,
        "processing_class": about.tokenizer,
        "quantization_config": get_quantization_config(model),
        "peft_config": get_peft_config(model),
    }
    try:
        trainer = recipe.trainer(about, shared)
    except ValueError as error:
        # What TRL, transformers and peft refuse of the settings once they see the model.
        raise InputError(f"{config}: {one_line(error, 300)}") from None
    first = PartialState().is_main_process
    if first:
        _write_start(folder, described, settings)
    trainer.train(resume_from_checkpoint=args.resume_from_checkpoint or checkpoint)
    recipe.save(trainer, folder)
    trainer.save_state()
    if first:
        write_model_card(folder, recipe, described, trainer.state.log_history, table(about.accounts))
    trainer.accelerator.wait_for_everyone()
    if first:
        recipe.finish(about, folder)
    return folder


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
    parser.add_argument("--dry-run", action="store_true", help="Only say what it would need.")
    parser.add_argument("--gpu", default="H100", help="On which GPU.")
    parser.add_argument("--gpus", type=int, default=1, help="On how many.")
    parser.add_argument("--sharded", action="store_true", help="The model is spread over them (FSDP, ZeRO-3).")
    given = parser.parse_args(words)
    try:
        look_for_libraries()
        if given.dry_run:
            needs = dry_run(recipe, given.config, given.set, gpu=given.gpu, gpus=given.gpus, sharded=given.sharded)
            print(needs.shown())
            return
        folder = train(recipe, given.config, given.set)
    except SmolKalamError as error:
        tell(error)
        sys.exit(error.exit_code)
    if os.environ.get("RANK", "0") == "0":
        print(f"{folder}: model, training.json, settings.yaml, README.md", file=sys.stderr)
