"""What one method of training differs in: its keys, its rows, its trainer. All else is `run.py`'s.

A recipe is a subclass in a folder of its own, made once as `RECIPE` in its `train.py`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

from model_recipes.training.accounts import Account
from model_recipes.training.data import load_tokenizer, read_template
from model_recipes.training.settings import DataSettings


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
    recipe does not use, with the reason. `sides` is how many sequences a row has; `task` is what the Hub calls the
    model that comes out.
    """

    name: ClassVar[str]
    trainer_name: ClassVar[str]
    decisive: ClassVar[tuple[str, ...]] = ()
    without_effect: ClassVar[Mapping[str, str]] = {}
    own: ClassVar[type[DataSettings]] = DataSettings
    sides: ClassVar[int] = 1
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

    def save(self, trainer: Any, folder: Path) -> None:
        """Save the model for those who use it."""
        trainer.save_model(str(folder))
