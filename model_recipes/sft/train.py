"""Supervised fine-tuning with TRL's SFTTrainer.

    smolkalam train sft --config model_recipes/sft/smollm3-3b.yaml --set output_dir=sft
    accelerate launch -m model_recipes.sft.train --config model_recipes/sft/smollm3-3b.yaml --set output_dir=sft

The settings are TRL's own (`SFTConfig`, `ModelConfig`) and those of `DataSettings`, read strictly. What differs from
`trl sft`: rows are encoded and counted here, so that none is lost in silence; the same command again goes on from the
last checkpoint; the folder holds what was resolved (`settings.yaml`), what became of the rows (`training.json`) and a
model card. The training itself is TRL's.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

from model_recipes.training.accounts import look_at, table
from model_recipes.training.data import encode, hold_back, load_tokenizer, read_template
from model_recipes.training.launch import look_for_libraries
from model_recipes.training.model_card import write_model_card
from model_recipes.training.resume import TRAINING, decisive, described_before, last_checkpoint, loaded_as
from model_recipes.training.rows import RowEncoder
from model_recipes.training.settings import DataSettings, for_this_machine, make, read_settings
from processors.atomic_files import replacing_text
from processors.errors import InputError, SmolKalamError

# Keys of SFTConfig that would do nothing, or the wrong thing, on rows that are encoded already.
WITHOUT_EFFECT = {
    "dataset_text_field": "conversations are read from `messages`",
    "dataset_kwargs": "rows are encoded before the trainer sees them",
    "completion_only_loss": "there is no completion in a conversation; assistant_only_loss is for these",
    "hub_token": "keys come from the environment; set HF_TOKEN",
}


def train(config: Path, overrides: Sequence[str] = ()) -> Path:
    """Train and save; returns the model's folder. Raises InputError for what the user can mend."""
    from accelerate import PartialState
    from trl import SFTTrainer, get_peft_config, get_quantization_config

    args, model, ours, settings = _settings(config, overrides)
    folder = _made(Path(args.output_dir))
    tokenizer = load_tokenizer(model.model_name_or_path, model.model_revision, "model_name_or_path:")
    if template := args.chat_template_path:
        tokenizer.chat_template = read_template(Path(template), f"chat_template_path: {template}")
    args.chat_template_path = None
    day = ours.date or described_before(folder).get("date") or datetime.now(UTC).date().isoformat()
    encoder = RowEncoder(
        tokenizer,
        assistant_only=args.assistant_only_loss,
        # The two ways of packing that cut nothing off put what is left of a row into the next sequence.
        max_length=None if args.packing and args.packing_strategy != "bfd" else args.max_length,
        keep_end=args.truncation_mode == "keep_end",
        day=date.fromisoformat(day),
    )
    with PartialState().main_process_first():
        rows, accounts = encode(ours.datasets, encoder, args.dataset_num_proc)
    first = PartialState().is_main_process
    if first:
        print(table(accounts), file=sys.stderr)
    look_at(accounts, ours.max_left_out)
    training, held_back = hold_back(rows, ours.test_rows, args.seed)
    described = {
        "model": model.model_name_or_path,
        "revision": model.model_revision,
        "date": day,
        "data": [account.plain() for account in accounts],
        "test_rows": ours.test_rows,
        **decisive(args, model, "packing", "assistant_only_loss"),
    }
    checkpoint = last_checkpoint(folder, described)
    args.model_init_kwargs = loaded_as(model, args.model_init_kwargs)
    # Done already, in the labels; TRL looks for conversations where it is set.
    args.assistant_only_loss = False
    trainer = SFTTrainer(
        model=model.model_name_or_path,
        args=args,
        train_dataset=training,
        eval_dataset=held_back if args.eval_strategy != "no" else None,
        processing_class=tokenizer,
        quantization_config=get_quantization_config(model),
        peft_config=get_peft_config(model),
    )
    if first:
        _write_start(folder, described, settings)
    trainer.train(resume_from_checkpoint=args.resume_from_checkpoint or checkpoint)
    trainer.save_model(str(folder))
    trainer.save_state()
    if first:
        write_model_card(folder, described, trainer.state.log_history, table(accounts))
    trainer.accelerator.wait_for_everyone()
    return folder


def _settings(config: Path, overrides: Sequence[str]) -> tuple[Any, Any, DataSettings, dict[str, Any]]:
    """SFTConfig, ModelConfig, ours, and all that was set. Raises InputError."""
    from trl import ModelConfig, SFTConfig

    (trainer_keys, model_keys), ours = read_settings(
        config, overrides, (SFTConfig, ModelConfig), DataSettings, WITHOUT_EFFECT
    )
    if not ours.datasets:
        raise InputError(f"{config}: datasets: missing; name what to train on, such as [{{path: USER/DATASET}}]")
    if not model_keys.get("model_name_or_path"):
        raise InputError(f"{config}: model_name_or_path: missing; name a model of the Hub or a folder")
    args = make(SFTConfig, for_this_machine(trainer_keys), config)
    model = make(ModelConfig, model_keys, config)
    return args, model, ours, {**trainer_keys, **model_keys, **ours.model_dump(exclude_unset=True)}


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


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m model_recipes.sft.train", description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, required=True, help="YAML of the settings.")
    parser.add_argument("--set", action="append", default=[], metavar="A.B=C", help="Change a setting.")
    given = parser.parse_args(words)
    try:
        look_for_libraries()
        folder = train(given.config, given.set)
    except SmolKalamError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    print(f"{folder}: model, training.json, settings.yaml, README.md", file=sys.stderr)


if __name__ == "__main__":
    main()
