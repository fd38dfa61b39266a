"""The recipe of a mixture: one YAML that says which rows of which datasets, how often, and how many in all.

Checked as strictly as a build's: an unknown key, a wrong type or a contradiction is one line, before anything is read.
Weights and shares are taken as the decimals that are written down, so that 0.1 of 30 rows are 3.
"""

import difflib
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from builders.recipes.base import Licence, Name, Strict, Terms, look_at_names
from builders.recipes.paths import beside, file_or_id
from builders.recipes.recipe import Decontamination
from builders.recipes.yaml_file import apply_setting, checked, read_mapping
from processors.conversations.tokenizers import APPROXIMATE
from processors.errors import RecipeError

# Of a tokenizer: what the rows' own column `tokens` says counts.
COLUMN_OF_TOKENS = "column"
Unit = Literal["tokens", "rows"]
Weight = Annotated[float, Field(ge=0, le=1000)]


def exactly(number: float) -> Fraction:
    """A number of a recipe as the decimal that it is written as.

    >>> exactly(2.3) * 10
    Fraction(23, 1)
    """
    return Fraction(str(number))


class Where(Strict):
    """Which rows of a source may be taken at all."""

    min: dict[str, float] = Field(
        {}, description="least value of a column of numbers, such as {LR: 0.6, SCR: 0.9, quality: 0.5, reward: 0}"
    )
    max: dict[str, float] = Field({}, description="greatest value of a column of numbers")
    without_noted: list[str] = Field(
        [], description="checks of which a row must have no note (its column `noted`), by name; `*`: any"
    )
    max_tokens: int | None = Field(None, gt=0, description="rows of more are left out")


class MixtureSource(Strict):
    """Rows of one config of one dataset."""

    name: Name = Field(description="what the mixture calls it: its column `origin`, its table and its picture")
    path: str = Field(
        description="`user/name` on the Hub, the run folder of a build, a dataset's folder, or a file (Parquet, JSON "
        "lines, JSON, CSV); chats in any shape that `smolkalam import` takes"
    )
    revision: str | None = Field(None, description="of a dataset on the Hub: branch, tag or commit; null: main")
    config: str | None = Field(None, description="null: the only one there is, or the default one")
    splits: list[str] = Field(["*"], min_length=1, description="split names or shell patterns to take")
    language: str | None = Field(
        None, min_length=2, description="BCP 47 code of its rows, such as ar; for `languages`"
    )
    weight: Weight = Field(1.0, description="how often a row is taken: 0.5 is every second, 2.3 twice or three times")
    split_weights: dict[str, Weight] = Field(
        {}, description="times `weight`, by split name or shell pattern; the first that fits counts"
    )
    where: Where = Where()
    tokens: int | None = Field(None, gt=0, description="this many tokens of it, after weights")
    rows: int | None = Field(None, gt=0, description="this many rows of it, after weights")
    terms: Terms | None = Field(None, description="under which its rows may be used; null: its card's licence")

    @model_validator(mode="after")
    def _one_budget(self) -> "MixtureSource":
        _one_of(self.tokens, self.rows)
        return self


class LanguageShares(Strict):
    """How much of the mixture is in which language."""

    shares: dict[str, float] = Field({}, description="of each language, such as {ar: 0.8, en: 0.2}; together 1")
    by: Unit = Field("tokens", description="what the shares are of")
    weights: dict[str, Weight] = Field({}, description="times each source's `weight`, by its language")

    @model_validator(mode="after")
    def _add_up(self) -> "LanguageShares":
        if any(share <= 0 for share in self.shares.values()):
            raise ValueError("shares: each must be above 0; leave the sources of a language without a share out")
        if self.shares and (total := sum(map(exactly, self.shares.values()))) != 1:
            raise ValueError(f"shares: together they are {float(total)!r}, and must be 1")
        return self


class MixtureOutputs(Strict):
    """The dataset that is written."""

    repo: str = Field("user/mixture", pattern=r"^[\w.-]+/[\w.-]+$", description="user/name, for the card's examples")
    pretty_name: str | None = Field(None, description="the card's title; null: the mixture's name")
    notice: str | None = Field(None, description="a sentence with which the card begins, such as a warning")
    license: Licence | None = Field(None, description="of the card; null: the sources', where all have the same")
    config: Name = Field("SFT", description="of the dataset, and folder of its shards")
    split: Name = Field("train", description="of the dataset")
    row_group_bytes: int = Field(
        50_000_000,
        ge=1_000_000,
        le=100_000_000,
        description="of a Parquet row group, about; the viewer reads whole ones",
    )
    shard_bytes: int = Field(
        200_000_000, ge=10_000_000, le=1_000_000_000, description="of a Parquet file's rows in memory, about"
    )


class Mixture(Strict):
    """Which rows of which datasets, how often, and how many in all."""

    name: Name = Field(description="the mixture's name")
    seed: int = Field(42, ge=0, description="draws the rows and their order; another seed, other rows")
    sources: list[MixtureSource] = Field(min_length=1, description="of two equal rows the earlier source's is taken")
    languages: LanguageShares = LanguageShares()
    tokens: int | None = Field(None, gt=0, description="this many in all, divided as the weights and shares say")
    rows: int | None = Field(None, gt=0, description="this many in all, divided as the weights and shares say")
    tokenizer: str = Field(
        APPROXIMATE,
        description="counts the tokens of budgets and shares: a `tokenizer.json`, a folder with one, a model of the "
        "Hub, `approximate`, or `column` for what the rows' own column `tokens` says",
    )
    deduplicate: bool | Literal["near"] = Field(
        True,
        description="take one of several rows that say the same, but for case and spaces; `near`: also of those that "
        "say nearly the same, which takes 200 bytes of memory a row",
    )
    decontamination: Decontamination | None = Field(
        None, description="which benchmarks' items no row may hold; null: none is looked for"
    )
    outputs: MixtureOutputs = MixtureOutputs()

    @model_validator(mode="after")
    def _hold_together(self) -> "Mixture":
        look_at_names([source.name for source in self.sources], "sources")
        _one_of(self.tokens, self.rows)
        other = "rows" if self.languages.by == "tokens" else "tokens"
        if self.languages.shares and getattr(self, other) is not None:
            raise ValueError(
                f"{other}: the shares are by {self.languages.by}; give {self.languages.by}, or other shares"
            )
        self._languages_are_there()
        return self

    def _languages_are_there(self) -> None:
        used = {source.language for source in self.sources}
        for block in ("shares", "weights"):
            named: dict[str, float] = getattr(self.languages, block)
            for language in named:
                if language not in used:
                    raise ValueError(f"languages.{block}: no source is in '{language}'{_near(language, used)}")
        for source in self.sources:
            if self.languages.shares and source.language not in self.languages.shares:
                what = (
                    "no language" if source.language is None else f"the language '{source.language}', without a share"
                )
                raise ValueError(
                    f"source '{source.name}' has {what}; languages.shares has {', '.join(self.languages.shares)}"
                )

    def weight(self, source: MixtureSource, split_weight: Fraction) -> Fraction:
        """How often a row of the source's split is taken."""
        of_language = self.languages.weights.get(source.language or "", 1.0)
        return exactly(source.weight) * split_weight * exactly(of_language)


def _one_of(tokens: int | None, rows: int | None) -> None:
    if tokens is not None and rows is not None:
        raise ValueError("tokens and rows are both given; give one of them")


def _near(name: str, there: Iterable[str | None]) -> str:
    names = sorted(one for one in there if one is not None)
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return f"; did you mean '{near[0]}'?"
    return f"; they are in {', '.join(names)}" if names else "; none has a `language`"


def load_mixture(name: str, settings: Iterable[str] = ()) -> tuple[Mixture, str]:
    """A mixture's recipe by path, or by the name of one that ships, and where it is for messages.

    Paths in it are relative to its own folder. Raises RecipeError, one line per mistake.
    """
    path = _find(name)
    data, tree = read_mapping(path, "a mixture is a mapping with the keys name, sources, ...")
    set_here = {tuple(apply_setting(data, setting)): setting for setting in settings}
    return in_folder(checked(path, data, tree, Mixture, set_here), path.parent), str(path)


def in_folder(mixture: Mixture, folder: Path) -> Mixture:
    """A mixture as a file in `folder` has it, with its paths absolute."""
    sources = [source_in_folder(one, folder) for one in mixture.sources]
    updates = {"sources": sources, "tokenizer": beside(mixture.tokenizer, folder)}
    if against := mixture.decontamination:
        named = [one.model_copy(update={"path": file_or_id(one.path, folder)}) for one in against.against]
        updates["decontamination"] = against.model_copy(update={"against": named})  # type: ignore[assignment]
    return mixture.model_copy(update=updates)


def source_in_folder(source: MixtureSource, folder: Path) -> MixtureSource:
    """One source of it, likewise."""
    return source.model_copy(update={"path": file_or_id(source.path, folder)})


def _find(name: str) -> Path:
    shipped = shipped_mixtures()
    if name in shipped:
        return shipped[name]
    if Path(name).is_file():
        return Path(name)
    near = difflib.get_close_matches(name, shipped, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    raise RecipeError(f"no mixture '{name}': {hint}give a YAML file or one of {', '.join(shipped)}")


def shipped_mixtures() -> dict[str, Path]:
    """The mixtures that come with the project, by bare name."""
    return {path.stem: path for path in sorted((Path(__file__).parent / "shipped").glob("*.yaml"))}
