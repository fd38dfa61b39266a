"""What one method of training differs in, its keys, its rows, its trainer; and a training by it up to its first step.

A recipe is a subclass in a folder of its own, made once as `RECIPE` in its `train.py`.
"""

import sys
import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, ClassVar

from model_recipes.lora.targets import look_at_targets
from model_recipes.training.accounts import Account, look_at, table
from model_recipes.training.data import hold_back, load_tokenizer, read_template
from model_recipes.training.resume import described_before
from model_recipes.training.settings import DataSettings, for_this_machine, make, read_settings
from processors.errors import InputError


@dataclass
class Prepared:
    """A training before its first step: all that is known without the model's weights."""

    args: Any
    model: Any
    ours: DataSettings
    settings: dict[str, Any]
    tokenizer: Any
    day: str
    training: Any
    held_back: Any
    accounts: list[Account]


class TrainingRecipe(ABC):
    """A method of training with a trainer of TRL's.

    `name` is its folder and what `smolkalam train` calls it, `trainer_name` TRL's class, `decisive` the trainer's own
    keys that a checkpoint must have been trained with to be gone on from, `without_effect` the keys of TRL's that the
    recipe does not use, with the reason. `sides` is how many sequences a row has, `has_reference` whether a second
    model is asked of each, `task` what the Hub calls the model that comes out.
    """

    name: ClassVar[str]
    trainer_name: ClassVar[str]
    decisive: ClassVar[tuple[str, ...]] = ()
    without_effect: ClassVar[Mapping[str, str]] = {}
    own: ClassVar[type[DataSettings]] = DataSettings
    sides: ClassVar[int] = 1
    has_reference: ClassVar[bool] = False
    task: ClassVar[str] = "text-generation"

    @abstractmethod
    def config(self) -> type:
        """TRL's dataclass of the trainer's arguments."""

    @abstractmethod
    def encode(self, about: Prepared, sources: Any, day: date) -> tuple[Any, list[Account]]:
        """The kept rows as the trainer takes them, and an account of each source."""

    @abstractmethod
    def trainer(self, about: Prepared, shared: dict[str, Any]) -> Any:
        """The trainer. `shared` is what every trainer of TRL's takes: model, args, data sets, tokenizer, peft."""

    def tokenizer(self, args: Any, model: Any, ours: DataSettings) -> Any:
        """The tokenizer with its chat template as the trainer will see it. Raises InputError."""
        tokenizer = load_tokenizer(model.model_name_or_path, model.model_revision, "model_name_or_path:")
        given: Any = args if hasattr(args, "chat_template_path") else ours
        if template := given.chat_template_path:
            tokenizer.chat_template = read_template(Path(template), f"chat_template_path: {template}")
        if given is args:
            args.chat_template_path = None
        return tokenizer

    def lengths(self, about: Prepared) -> list[int]:
        """Tokens of each sequence that is trained on in an epoch."""
        return [len(ids) for batch in about.training.iter(1000) for ids in batch["input_ids"]]

    def batches_of(self, about: Prepared) -> int:
        """How many rows the trainer makes its batches of."""
        return len(about.training)

    def save(self, trainer: Any, folder: Path) -> None:
        """Save the model for those who use it."""
        trainer.save_model(str(folder))

    def finish(self, about: Prepared, folder: Path) -> None:
        """What is done with the saved model, on one process; the card stands already. Nothing unless overridden."""
        return


def _quieten() -> None:
    """Silence the one warning that TRL (1.16) raises in every training by itself: it still sets and asks for
    `gradient_checkpointing`, which transformers (5.24) has renamed, four lines at each start and at each evaluation.

    Nobody who trains can mend it. Every other warning is shown.
    """
    about = r"`(is_)?gradient_checkpointing(_kwargs|_enable|_disable)?` is deprecated and will be removed in v6"
    warnings.filterwarnings("ignore", message=about, category=FutureWarning)


def read(
    recipe: TrainingRecipe, config: Path, overrides: Sequence[str], *, dry: bool = False
) -> tuple[Any, Any, Any, dict[str, Any]]:
    """The trainer's arguments, TRL's ModelConfig, ours, and all that was set. Raises InputError.

    They are for this machine; where only that is to be known which a machine does not change (`dry`), it is not said.
    """
    from trl import ModelConfig

    _quieten()
    (trainer_keys, model_keys), ours = read_settings(
        config, overrides, (recipe.config(), ModelConfig), recipe.own, recipe.without_effect
    )
    if not ours.datasets:
        raise InputError(f"{config}: datasets: missing; name what to train on, such as [{{path: USER/DATASET}}]")
    if not model_keys.get("model_name_or_path"):
        raise InputError(f"{config}: model_name_or_path: missing; name a model of the Hub or a folder")
    args = make(recipe.config(), for_this_machine(trainer_keys, quiet=dry), config)
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
