"""Trains a reward model for translations with TRL's RewardTrainer (Bradley-Terry) and evaluates it.

    accelerate launch -m model_recipes.reward.train --config model_recipes/reward/qwen2.5-1.5b.yaml \\
        --dataset_name PREFERENCES --output_dir reward

PREFERENCES is a folder that `smolkalam preferences` wrote, or any dataset in TRL's preference format with the splits
`train` and `test`. Every option of `trl reward` works here, on the command line or in the YAML. What differs from it:
bad data is an error in a line, long pairs are trained on in aligned windows instead of dropped, the same command again
goes on from the last checkpoint, and at the end the model is evaluated on `test` and gets its card. With `--use_peft`
the adapter is merged, so that the folder loads everywhere.

On a machine without a GPU add `--use_cpu --bf16 false`.
"""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_recipes.reward.data import PairEncoder, encode_split, load_splits
from model_recipes.training.data import read_template
from model_recipes.training.resume import TRAINING, decisive, last_checkpoint, loaded_as
from processors.atomic_files import replacing_text
from processors.errors import InputError, SmolKalamError

if TYPE_CHECKING:
    from trl import ModelConfig, RewardConfig, RewardTrainer, ScriptArguments


def train(script: "ScriptArguments", args: "RewardConfig", model: "ModelConfig") -> Path:
    """Train, save and evaluate; returns the folder of the model. Raises InputError for what the user can mend."""
    from trl import RewardTrainer, get_peft_config, get_quantization_config

    if not script.dataset_name:
        raise InputError("--dataset_name: give a folder with preference pairs, as smolkalam preferences writes it")
    names = (script.dataset_train_split, script.dataset_test_split)
    splits = load_splits(script.dataset_name, script.dataset_config, names)
    tokenizer = _tokenizer(args, model)
    sets, counts = {}, {}
    for name in names:
        encoder = PairEncoder(tokenizer, args.max_length or sys.maxsize, f"{script.dataset_name}, {name}")
        sets[name], counts[name] = encode_split(splits[name], encoder, args.dataset_num_proc)
    described = _describe(script, args, model, sets, counts)
    checkpoint = last_checkpoint(Path(args.output_dir), described)
    args.model_init_kwargs = loaded_as(model, args.model_init_kwargs)
    trainer = RewardTrainer(
        model=model.model_name_or_path,
        args=args,
        train_dataset=_columns(sets[names[0]]),
        eval_dataset=_columns(sets[names[1]]) if args.eval_strategy != "no" else None,
        processing_class=tokenizer,
        quantization_config=get_quantization_config(model),
        peft_config=get_peft_config(model),
    )
    if trainer.accelerator.is_main_process:
        with replacing_text(Path(args.output_dir) / TRAINING) as stream:
            json.dump(described, stream, indent=1)
    trainer.train(resume_from_checkpoint=args.resume_from_checkpoint or checkpoint)
    _save(trainer, Path(args.output_dir))
    trainer.accelerator.wait_for_everyone()
    return Path(args.output_dir)


def _tokenizer(args: "RewardConfig", model: "ModelConfig") -> Any:
    """The tokenizer with its chat template as the trainer will see it."""
    from processors.reward.local_model import load_reward_tokenizer

    tokenizer = load_reward_tokenizer(str(model.model_name_or_path), model.model_revision)
    if template := args.chat_template_path:
        tokenizer.chat_template = read_template(Path(template), f"--chat_template_path {template}")
        args.chat_template_path = None
    if tokenizer.pad_token is None:
        raise InputError(
            f"{model.model_name_or_path}: its tokenizer has no pad token, by which a reward's place is found; "
            "add one that is not the end-of-text token"
        )
    return tokenizer


def _columns(windows: Any) -> Any:
    """What the trainer reads; `margin` only where every pair has one."""
    wanted = ["chosen_ids", "rejected_ids"]
    return windows.select_columns([*wanted, "margin"] if None not in windows.unique("margin") else wanted)


def _describe(
    script: "ScriptArguments",
    args: "RewardConfig",
    model: "ModelConfig",
    sets: dict[str, Any],
    counts: dict[str, Counter[str]],
) -> dict[str, Any]:
    """What the training is, for the card and to know it again."""
    import trl

    data = {
        name: f"{counts[name]['kept']:,} pairs in {len(sets[name]):,} windows; left out: "
        + (", ".join(f"{n:,} {why}" for why, n in counts[name].items() if why != "kept") or "none")
        for name in sets
    }
    return {
        "model": model.model_name_or_path,
        "revision": model.model_revision,
        "dataset": script.dataset_name,
        **data,
        **decisive(args, model, "center_rewards_coefficient"),
        "trl": trl.__version__,
    }


def _save(trainer: "RewardTrainer", folder: Path) -> None:
    """Save the model as `AutoModelForSequenceClassification` reads it, an adapter merged into it."""
    from accelerate.utils import is_peft_model

    model = trainer.accelerator.unwrap_model(trainer.model)
    if not is_peft_model(model):
        trainer.save_model(str(folder))
    elif trainer.accelerator.is_main_process:
        model.merge_and_unload().save_pretrained(folder)
    if trainer.accelerator.is_main_process:
        trainer.processing_class.save_pretrained(folder)


def main() -> None:
    try:
        from trl import ModelConfig, RewardConfig, ScriptArguments, TrlParser
    except ImportError:
        sys.exit("error: training needs TRL: pip install 'smolkalam[train]'")
    from yaml import YAMLError

    from model_recipes.reward.evaluate import evaluate, report

    parser = TrlParser((ScriptArguments, RewardConfig, ModelConfig))
    try:
        script, args, model = parser.parse_args_and_config()
    except (OSError, ValueError, IndexError, YAMLError) as error:
        # TRL's parser (1.16) and the checks of its settings raise where argparse says a line.
        hint = "; without a GPU add --use_cpu --bf16 false" if "bf16" in str(error) else ""
        print(f"error: {' '.join(str(error).split())}{hint}", file=sys.stderr)
        sys.exit(2)
    try:
        folder = train(script, args, model)
        if args.process_index == 0:
            found = evaluate(
                folder,
                script.dataset_name,
                config=script.dataset_config,
                split=script.dataset_test_split,
                max_length=args.max_length or 2048,
            )
            print(report(found))
            print(f"{folder}: model, evaluation.json, calibration.png, README.md", file=sys.stderr)
    except SmolKalamError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
