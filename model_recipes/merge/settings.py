"""What a merge is told: which experts, with which weights, and where the result goes."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from model_recipes.training.settings import read_settings
from processors.errors import InputError, RecipeError

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}


def shard_bytes(text: str) -> int:
    """`5GB` as a number of bytes, as transformers reads it. Raises ValueError.

    >>> shard_bytes("5GB"), shard_bytes("200KB")
    (5000000000, 200000)
    """
    found = re.fullmatch(r"(\d+)\s*([KMG]?)B", text.strip(), re.IGNORECASE)
    if not found or not int(found[1]):
        raise ValueError("expected a size such as 5GB")
    return int(found[1]) * _UNITS[found[2].upper()]


def _size(text: str) -> str:
    shard_bytes(text)
    return text


class ExpertSettings(BaseModel):
    """One of the models or adapters that are merged."""

    model_config = ConfigDict(extra="forbid")
    path: str = Field(description="A folder, or a model of the Hub.")
    revision: str | None = Field(None, description="Of a model of the Hub.")
    capability: str | None = Field(None, description="What it is good at; for the model's card.")
    importance: float | None = Field(None, gt=0, allow_inf_nan=False, description="With `weights: importance`.")
    size: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="With `weights: size`; unless given, tokens of training.json."
    )


class MergeSettings(BaseModel):
    """The keys of a merge's YAML."""

    model_config = ConfigDict(extra="forbid")
    output_dir: str = Field(description="The merged model's folder.")
    experts: list[ExpertSettings] = Field(default=[], description="Two or more, all models or all LoRA adapters.")
    base: str | None = Field(
        None, description="What the experts were trained from; of adapters it is known unless it was moved."
    )
    base_revision: str | None = Field(None, description="Of a model of the Hub.")
    weights: Literal["equal", "importance", "size"] = Field(
        "equal", description="All the same, by the experts' `importance`, or by the size of what they were trained on."
    )
    max_distance: float = Field(
        0.1,
        gt=0,
        description="Warn of an expert that lies farther from its base, as a share of the base's norm.",
    )
    max_shard_size: Annotated[str, AfterValidator(_size)] = Field("5GB", description="Of each file of the result.")
    chat_template: str | None = Field(None, description="A Jinja file, where the experts' templates differ.")


def read_merge(config: Path, overrides: Sequence[str]) -> MergeSettings:
    """Raises RecipeError, one line per mistake."""
    _, settings = read_settings(config, overrides, (), MergeSettings, {})
    experts = settings.experts
    if not experts:
        raise RecipeError(f"{config}: experts: 0 given; name two or more, such as [{{path: sft-math}}]")
    # One folder by whatever ways it is named.
    names = [
        (str(Path(expert.path).resolve()) if Path(expert.path).exists() else expert.path, expert.revision)
        for expert in experts
    ]
    if twice := next((expert for expert, name in zip(experts, names, strict=True) if names.count(name) > 1), None):
        raise RecipeError(f"{config}: experts: {twice.path} is given twice")
    for key in ("importance", "size"):
        given = [expert for expert in experts if getattr(expert, key) is not None]
        if given and settings.weights != key:
            raise RecipeError(f"{config}: experts: {given[0].path}: `{key}` has no effect; set `weights: {key}`")
    if settings.weights == "importance" and (missing := [e.path for e in experts if e.importance is None]):
        raise RecipeError(f"{config}: experts: {missing[0]}: `weights: importance` needs its `importance`")
    return settings


def normalised(weights: Sequence[float]) -> list[float]:
    """Shares that add up to one, to be read; the sums themselves divide once, at their end."""
    if not weights or min(weights) <= 0:
        raise InputError("weights: each must be above 0")
    return [weight / sum(weights) for weight in weights]
