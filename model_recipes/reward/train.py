"""A reward model for translations with TRL's RewardTrainer (Bradley-Terry), evaluated on pairs that it did not see.

    smolkalam train reward --config model_recipes/reward/qwen2.5-1.5b.yaml \\
        --set 'datasets=[{path: PREFERENCES, split: train}]' --set 'test_dataset={path: PREFERENCES, split: test}' \\
        --set output_dir=reward

PREFERENCES is a folder that `smolkalam preferences` wrote, or any dataset in TRL's preference format. The settings are
TRL's own (`RewardConfig`, `ModelConfig`) and those of `RewardSettings`, read strictly. Long pairs are trained on in
aligned windows, where TRL drops them; with `use_peft` the adapter is merged, so that the folder loads everywhere.
"""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from model_recipes.reward.data import COLUMNS, PairEncoder, encode_pairs, look_apart
from model_recipes.reward.evaluate import evaluate, report
from model_recipes.training.accounts import Account
from model_recipes.training.data import load_part, title
from model_recipes.training.recipe import Prepared, TrainingRecipe
from model_recipes.training.run import main as run
from model_recipes.training.settings import DataSettings, RowSource
from processors.errors import InputError


class RewardSettings(DataSettings):
    """The keys of ours beside TRL's."""

    test_dataset: RowSource | None = Field(None, description="Pairs to evaluate it on, of other source rows.")


class RewardTraining(TrainingRecipe):
    """Pairs of translations, of which the better is to have the larger reward."""

    name = "reward"
    trainer_name = "RewardTrainer"
    decisive = ("center_rewards_coefficient",)
    own = RewardSettings
    sides = 2
    reads = COLUMNS
    task = "text-classification"
    without_effect: ClassVar[Mapping[str, str]] = {
        "hub_token": "keys come from the environment; set HF_TOKEN",
    }

    held_back = "set test_dataset, such as {path: PREFERENCES, split: test}"

    def evaluates(self, ours: DataSettings) -> bool:
        return isinstance(ours, RewardSettings) and ours.test_dataset is not None

    def config(self) -> type:
        from trl import RewardConfig

        return RewardConfig

    def tokenizer(self, args: Any, model: Any, ours: DataSettings) -> Any:
        tokenizer = super().tokenizer(args, model, ours)
        if tokenizer.pad_token is None:
            raise InputError(
                f"{model.model_name_or_path}: its tokenizer has no pad token, by which a reward's place is found; "
                "add one that is not the end-of-text token"
            )
        return tokenizer

    def encode(self, about: Prepared, sources: Any, day: date) -> tuple[Any, list[Account]]:
        from datasets import concatenate_datasets

        if about.ours.test_rows:
            raise InputError(
                "test_rows: pairs of one source row would be on both sides; set test_dataset, whose rows are others"
            )
        test = _test_dataset(about)
        parts = [(title(source), load_part(source, COLUMNS)) for source in sources]
        if test:
            parts_of_test = [(title(test), load_part(test, COLUMNS))]
            look_apart(parts, parts_of_test)
        kept, accounts = [], []
        for name, pairs in parts:
            windows, account = self._encoded(about, name, pairs)
            kept.append(windows)
            accounts.append(account)
        return concatenate_datasets(kept), accounts

    def _encoded(self, about: Prepared, name: str, pairs: Any) -> tuple[Any, Account]:
        encoder = PairEncoder(about.tokenizer, about.args.max_length or sys.maxsize, name)
        windows, counts = encode_pairs(pairs, encoder, about.args.dataset_num_proc)
        reasons = Counter({why: n for why, n in counts.items() if why != "kept"})
        tokens = sum(_lengths(windows))
        # A reward stands at the end of a sequence: no token has a loss of its own.
        return windows, Account(name, counts.total(), tokens=tokens, learnt=None, left_out=reasons)

    def lengths(self, about: Prepared) -> list[int]:
        return _lengths(about.training)

    def trainer(self, about: Prepared, shared: dict[str, Any]) -> Any:
        from trl import RewardTrainer

        shared["train_dataset"] = _columns(shared["train_dataset"])
        if about.args.eval_strategy != "no":
            test = _test_dataset(about)
            assert test is not None, "looked at by `evaluates`"
            windows, _ = self._encoded(about, title(test), load_part(test, COLUMNS))
            shared["eval_dataset"] = _columns(windows)
        return RewardTrainer(**shared)

    def save(self, trainer: Any, folder: Path) -> None:
        """As `AutoModelForSequenceClassification` reads it, an adapter merged into it."""
        from accelerate.utils import is_peft_model

        model = trainer.accelerator.unwrap_model(trainer.model)
        if not is_peft_model(model):
            trainer.save_model(str(folder))
        elif trainer.accelerator.is_main_process:
            model.merge_and_unload().save_pretrained(folder)
        if trainer.accelerator.is_main_process:
            trainer.processing_class.save_pretrained(folder)

    def finish(self, about: Prepared, folder: Path) -> None:
        """Evaluate it, where there are pairs for that; its card is then of the evaluation."""
        if test := _test_dataset(about):
            length = about.args.max_length or 2048
            print(report(evaluate(folder, test.path, config=test.name, split=test.split, max_length=length)))


def _test_dataset(about: Prepared) -> RowSource | None:
    assert isinstance(about.ours, RewardSettings)
    return about.ours.test_dataset


def _lengths(windows: Any) -> list[int]:
    columns = ("chosen_ids", "rejected_ids")
    return [len(ids) for batch in windows.iter(1000) for name in columns for ids in batch[name]]


def _columns(windows: Any) -> Any:
    """What the trainer reads; `margin` only where every pair has one."""
    wanted = ["chosen_ids", "rejected_ids"]
    return windows.select_columns([*wanted, "margin"] if None not in windows.unique("margin") else wanted)


RECIPE = RewardTraining()


def main(words: Sequence[str] | None = None) -> None:
    run(RECIPE, words)


if __name__ == "__main__":
    main()
