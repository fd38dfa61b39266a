"""A training's settings: TRL's own keys, checked against TRL's own dataclasses, and a few of ours.

`python -m trl.scripts.sft --config` ignores a key that it does not know in silence, and `trl sft --config` hands it to
accelerate (TRL 1.16): `assistant_only_los: true` trains on everything and says nothing. Here a key that nothing reads
is a mistake with its line and the nearest name, and so is one that TRL knows and this recipe would not use.
"""

import dataclasses
import datetime
import os
import sys
import typing
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model

from builders.recipes.yaml_file import apply_setting, checked, read_mapping
from model_recipes.training.slurm import SlurmTraining
from processors.errors import RecipeError

Own = TypeVar("Own", bound=BaseModel)

# The least value of numbers that TRL's dataclasses take of any size: 0 rows at once divide by zero after the data have
# been read, -3 epochs save the model as it was, a max_length of -5 cuts the last five tokens off each row, and by
# a beta below 0 DPO teaches the rejected answers.
_LEAST = {
    **dict.fromkeys(("per_device_train_batch_size", "per_device_eval_batch_size", "gradient_accumulation_steps"), 1),
    **dict.fromkeys(("max_length", "lora_r", "lora_alpha"), 1),
    **dict.fromkeys(
        ("learning_rate", "weight_decay", "max_grad_norm", "seed", "data_seed", "warmup_steps", "beta"), 0
    ),
}
_ABOVE = {"num_train_epochs": 0}


def _day(text: str) -> str:
    # Of the ways to write a day that Python reads, the one that is written down.
    try:
        if datetime.date.fromisoformat(text).isoformat() == text:
            return text
    except ValueError:
        pass
    raise ValueError("expected a day such as 2026-07-31")


_Day = Annotated[str, AfterValidator(_day)]


class RowSource(BaseModel):
    """One source of rows."""

    model_config = ConfigDict(extra="forbid")
    path: str = Field(description="A dataset of the Hub, a folder, or a JSON lines or Parquet file.")
    name: str | None = Field(None, description="The config, such as SFT_SeedX_ranked.")
    split: str = Field("all", description="A split, several as a+b, or all.")
    revision: str | None = Field(None, description="Of a dataset of the Hub.")


class DataSettings(BaseModel):
    """The keys of ours beside TRL's."""

    model_config = ConfigDict(extra="forbid")
    datasets: list[RowSource] = Field(default=[], description="What to train on, put together in this order.")
    test_rows: int = Field(0, ge=0, description="So many rows, drawn by the seed, are held back for evaluation.")
    max_left_out: float = Field(0.02, ge=0, le=1, description="Stop if more than this share of the rows is left out.")
    date: _Day | None = Field(
        None,
        description="The day that a chat template which writes today's date is told; the start's if not given.",
    )
    slurm: SlurmTraining | None = Field(None, description="What the job of `--on slurm` asks of the cluster.")


def read_settings(
    path: Path,
    overrides: Sequence[str],
    kinds: Sequence[type],
    own: type[Own],
    without_effect: Mapping[str, str],
) -> tuple[list[dict[str, Any]], Own]:
    """The keyword arguments for each of `kinds` (dataclasses), and what the file says of our own keys.

    `overrides` are `a.b=c`. `without_effect`: keys of `kinds` that the recipe does not use, with the reason.
    Raises RecipeError, one line per mistake with the line of the file.
    """
    data, tree = read_mapping(path, "a training's settings are a mapping such as `learning_rate: 2e-5`")
    set_here = {tuple(apply_setting(data, setting)): setting for setting in overrides}
    if unused := [key for key in data if key in without_effect]:
        raise RecipeError("\n".join(f"{path}: {key}: has no effect here: {without_effect[key]}" for key in unused))
    model = strict_model(kinds, own, without_effect)
    read = checked(path, data, tree, model, set_here)
    given = {key: getattr(read, key) for key in read.model_fields_set}
    arguments = [{key: given[key] for key in _keys(kind) if key in given} for kind in kinds]
    ours = {key: data[key] for key in own.model_fields if key in data}
    return arguments, own.model_validate(ours)


def strict_model(kinds: Sequence[type], own: type[BaseModel], without: Collection[str] = ()) -> type[BaseModel]:
    """A model with every key of `kinds` (dataclasses), of their types and in range, and of `own`; no other."""
    fields: dict[str, Any] = {}
    for kind in kinds:
        hints = typing.get_type_hints(kind)
        # The dataclass has the defaults: here a key is given or not.
        fields |= {
            key: (hints[key], Field(default=None, ge=_LEAST.get(key), gt=_ABOVE.get(key)))
            for key in _keys(kind)
            if key not in without
        }
    fields |= {key: (field.annotation, field) for key, field in own.model_fields.items()}
    config = ConfigDict(extra="forbid", protected_namespaces=(), arbitrary_types_allowed=True, allow_inf_nan=False)
    return create_model("Settings", __config__=config, **fields)


def _keys(kind: type) -> list[str]:
    return [field.name for field in dataclasses.fields(kind) if field.init]


def make(kind: type, arguments: dict[str, Any], path: Path) -> Any:
    """A dataclass of TRL's, which looks at its arguments itself. Raises RecipeError for what it says."""
    try:
        return kind(**arguments)
    except (ValueError, ImportError, TypeError) as error:
        raise RecipeError(f"{path}: {' '.join(str(error).split())}") from None


def for_this_machine(arguments: dict[str, Any], *, quiet: bool = False) -> dict[str, Any]:
    """With what a machine without a GPU needs, and that is said: TRL's defaults raise there."""
    import torch

    if torch.cuda.is_available() or torch.backends.mps.is_available():
        return arguments
    # Of several processes the first says it.
    if not quiet and os.environ.get("RANK", "0") == "0":
        print("no GPU here: training on the CPU, in the weights' own type instead of bf16", file=sys.stderr)
    return {"use_cpu": True, **arguments, "bf16": False, "fp16": False}
