"""A training from its settings to the model's card, whatever the method: read, encode, count, train, go on, save.

What differs from TRL's own commands: no key is ignored; rows are encoded and counted here, so that none is lost in
silence; the same command again goes on from the last checkpoint; the folder holds what was resolved (`settings.yaml`),
what became of the rows (`training.json`) and a model card. The training itself is TRL's.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import disk_usage
from typing import Any

import yaml

from builders.run_folder.files import is_full
from model_recipes.training.accounts import table
from model_recipes.training.dry_run import dry_run
from model_recipes.training.launch import look_for_libraries
from model_recipes.training.model_card import write_model_card
from model_recipes.training.recipe import TrainingRecipe, prepare, read
from model_recipes.training.resume import TRAINING, decisive, digest_of, last_checkpoint, loaded_as
from processors.atomic_files import replacing_text
from processors.errors import InputError, SmolKalamError, one_line, tell

# PyTorch's writer says only that it failed; bytes that are free where it is the disk that did.
_NO_ROOM = 1 << 20


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
        "rows": digest_of(about.training),
        "processes": PartialState().num_processes,
        **decisive(args, model, *recipe.decisive),
    }
    checkpoint = last_checkpoint(folder, described)
    args.model_init_kwargs = loaded_as(model, args.model_init_kwargs)
    shared = {
        "model": model.model_name_or_path,
        "args": args,
        "train_dataset": about.training,
        # Given from the start: DPO asks the reference of all rows before it trains.
        "eval_dataset": about.held_back,
        "processing_class": about.tokenizer,
        "quantization_config": get_quantization_config(model),
        "peft_config": get_peft_config(model),
    }
    try:
        trainer = recipe.trainer(about, shared)
    except (ValueError, TypeError) as error:
        # What TRL, transformers and peft refuse of the settings once they see the model.
        raise InputError(f"{config}: {one_line(error, 300)}") from None
    first = PartialState().is_main_process
    if first:
        _write_start(folder, described, settings)
    with _told_of_the_disk(folder):
        trainer.train(resume_from_checkpoint=args.resume_from_checkpoint or checkpoint)
        if about.held_back is not None and args.eval_strategy == "no":
            # Rows that are held back and never looked at would be lost to the training for nothing.
            trainer.evaluate()
        recipe.save(trainer, folder)
        trainer.save_state()
        if first:
            write_model_card(folder, recipe, described, trainer.state.log_history, table(about.accounts))
    trainer.accelerator.wait_for_everyone()
    if first:
        recipe.finish(about, folder)
    return folder


@contextmanager
def _told_of_the_disk(folder: Path) -> Iterator[None]:
    """A disk that is full as one line: in the middle of days of training it is the commonest end of all.

    What is half written of a checkpoint is passed over when the same command goes on. safetensors and PyTorch have
    errors of their own for it.
    """
    from safetensors import SafetensorError

    try:
        yield
    except (OSError, RuntimeError, SafetensorError) as error:
        full = isinstance(error, OSError) and is_full(error)
        if not full and "No space left" not in str(error) and disk_usage(folder).free > _NO_ROOM:
            raise
        raise SmolKalamError(
            f"{folder}: the disk is full ({one_line(error, 80)}); free some space, or set save_total_limit, and run "
            "the same command again to go on from the last checkpoint"
        ) from None


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
