"""What one method of training differs in, its keys, its rows, its trainer; and a training by it up to its first step.

A recipe is a subclass in a folder of its own, made once as `RECIPE` in its `train.py`.
"""

import inspect
import sys
import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, ClassVar

from model_recipes.lora.targets import look_at_targets
from model_recipes.needs import context_of, look_at_vocabulary, read_config, unstopped_end
from model_recipes.training.accounts import Account, look_at, table
from model_recipes.training.data import CONVERSATIONS, hold_back, load_tokenizer, read_template
from model_recipes.training.resume import described_before
from model_recipes.training.settings import DataSettings, for_this_machine, make, read_settings
from processors.errors import InputError

# What the trainer itself gives to a schedule.
_OF_THE_TRAINER = ("optimizer", "num_warmup_steps", "num_training_steps", "scheduler_specific_kwargs")


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
    recipe does not use, with the reason, `held_back` how rows to evaluate on are given. `sides` is how many sequences
    a row has, `has_reference` whether a second model is asked of each, `reads` a row's columns, `task` what the Hub
    calls the model that comes out.
    """

    name: ClassVar[str]
    trainer_name: ClassVar[str]
    decisive: ClassVar[tuple[str, ...]] = ()
    without_effect: ClassVar[Mapping[str, str]] = {}
    held_back: ClassVar[str] = "set test_rows"
    own: ClassVar[type[DataSettings]] = DataSettings
    sides: ClassVar[int] = 1
    has_reference: ClassVar[bool] = False
    reads: ClassVar[tuple[str, ...]] = CONVERSATIONS
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

    def encoder(self, args: Any, tokenizer: Any, day: date) -> Any:
        """What encodes a row; made before rows are read too, since it says what the chat template cannot do.

        None where the recipe has another for each source. Raises InputError.
        """
        return None

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

    def evaluates(self, ours: DataSettings) -> bool:
        """Whether there are rows to evaluate on; `held_back` says how to have some."""
        return ours.test_rows > 0

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


def look_ahead(
    recipe: TrainingRecipe, args: Any, model: Any, ours: DataSettings, *, weights: bool = True
) -> tuple[Any, Any]:
    """The model's configuration and its tokenizer. Raises InputError for what can be told of a training without a row
    of its data: no such model, or (`weights`) none of its weights, LoRA that finds nothing, another model's tokenizer,
    a chat template that cannot do what is asked, nothing to evaluate on.
    """
    if str(getattr(args.eval_strategy, "value", args.eval_strategy)) != "no" and not recipe.evaluates(ours):
        raise InputError(f"eval_strategy: there is nothing to evaluate on; {recipe.held_back}, or set it to 'no'")
    _look_at_schedule(args)
    config = read_config(model.model_name_or_path, model.model_revision, weights=weights)
    look_at_targets(model)
    tokenizer = recipe.tokenizer(args, model, ours)
    look_at_vocabulary(model.model_name_or_path, config, tokenizer)
    recipe.encoder(args, tokenizer, datetime.now(UTC).date())
    return config, tokenizer


def _look_at_schedule(args: Any) -> None:
    """Raises InputError for an argument that the learning rate's schedule has not: TRL makes it after all else."""
    from transformers.optimization import TYPE_TO_SCHEDULER_FUNCTION

    given = args.lr_scheduler_kwargs or {}
    schedule = TYPE_TO_SCHEDULER_FUNCTION.get(args.lr_scheduler_type)
    if not isinstance(given, dict) or schedule is None:
        return
    known = [name for name in inspect.signature(schedule).parameters if name not in _OF_THE_TRAINER]
    for name in given:
        if name not in known:
            near = get_close_matches(name, known, 1)
            raise InputError(
                f"lr_scheduler_kwargs.{name}: unknown to {args.lr_scheduler_type.value}"
                f"{f'; did you mean {near[0]!r}?' if near else ''}; it takes {', '.join(known) or 'none'}"
            )


def _look_at_rows(recipe: TrainingRecipe, about: Prepared, config: Any) -> None:
    """Raises InputError where rows have tokens that the model has not, or more than it reads at once."""
    columns = [name for name in about.training.column_names if name.endswith("ids")]

    def used() -> int:
        lists = (ids for batch in about.training.iter(1000) for name in columns for ids in batch[name])
        return max(max(ids, default=0) for ids in lists)

    look_at_vocabulary(about.model.model_name_or_path, config, about.tokenizer, used)
    context, limit = context_of(config), about.args.max_length
    if context and (limit is None or limit > context):
        longer = [length for length in recipe.lengths(about) if length > context]
        if longer:
            raise InputError(
                f"max_length: {limit}: {len(longer):,} sequences of up to {max(longer):,} tokens are longer than the "
                f"{context:,} that {about.model.model_name_or_path} reads at once (max_position_embeddings); set "
                f"max_length to {context} at most, or give a model that was stretched"
            )


def _warn_of_the_end(recipe: TrainingRecipe, about: Prepared) -> None:
    """Say where the model would learn an end of its turn that no generation stops at."""
    model = about.model
    given = getattr(about.args, "eos_token", None)
    if recipe.task == "text-generation" and (
        end := unstopped_end(model.model_name_or_path, model.model_revision, about.tokenizer, given)
    ):
        print(
            f"warning: the chat template ends the assistant's turn with {end}, and generation stops at "
            f"{given or about.tokenizer.eos_token}: the trained model would talk on, unless what asks it is told to "
            "stop there; give the model's own template, or set eos_token (sft)",
            file=sys.stderr,
        )


def prepare(
    recipe: TrainingRecipe, args: Any, model: Any, ours: DataSettings, settings: dict[str, Any], *, dry: bool = False
) -> Prepared:
    """Encode and count the rows, print what became of them, and hold back what was asked for. Raises InputError.

    For a `dry` run the model need not have weights.
    """
    from accelerate import PartialState

    config, tokenizer = look_ahead(recipe, args, model, ours, weights=not dry)
    day = ours.date or described_before(Path(args.output_dir)).get("date") or datetime.now(UTC).date().isoformat()
    about = Prepared(args, model, ours, settings, tokenizer, day, training=None, held_back=None, accounts=[])
    with PartialState().main_process_first():
        rows, about.accounts = recipe.encode(about, ours.datasets, date.fromisoformat(day))
    if PartialState().is_main_process:
        print(table(about.accounts), file=sys.stderr)
        _warn_of_the_end(recipe, about)
    look_at(about.accounts, ours.max_left_out)
    about.training = rows
    _look_at_rows(recipe, about, config)
    about.training, about.held_back = hold_back(rows, ours.test_rows, args.seed)
    return about
