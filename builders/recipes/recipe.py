"""The recipe: one YAML that describes a build, checked strictly before anything runs.

An unknown key, a wrong type or a contradiction is one line that names the file, the line, the key and what to write
instead. The models below are the documentation of the format: every field has its default and its unit.
"""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from builders.recipes.base import ConfigName, Licence, Name, Strict, Terms, look_at_names
from builders.recipes.executors import ExecutorRecipe, LocalRun
from builders.recipes.ranking import Ranking
from builders.recipes.translator_base import AskedTranslator
from builders.recipes.translators import Translator, others_of
from processors.languages.language import Language


class SourcePart(Strict):
    """Splits of a source that come from one dataset."""

    splits: list[str] = Field(description="of the source, by name or pattern: OpenHermes*")
    title: str = Field(description="the dataset that they come from")
    terms: Terms | None = Field(None, description="under which its rows may be used; null: not known")


class Source(Strict):
    """Where the English rows are: a dataset of the Hub, or a folder or file as a dataset of the Hub has it."""

    path: str = Field(
        description="folder, file, `hf://datasets/user/name@revision`, or `sample` (the conversations that ship with "
        "the project)"
    )
    config: ConfigName = Field(
        "SFT", description="config of the source, and folder of its shards; with `fields`, `default` if not given"
    )
    pairs: bool = Field(
        False, description="its rows are preference pairs (`chosen`, `rejected`), as in SmolTalk2's `Preference`"
    )
    keep: list[str] = Field(["*"], min_length=1, description="split names or shell patterns to take")
    drop: list[str] = Field([], description="split names or shell patterns to leave out, after `keep`")
    carry: list[Name] = Field(
        [], description="further columns of the source that the dataset shall have, as text (what is none, as JSON)"
    )
    fields: list[str] = Field(
        [],
        description="of rows that are no chat, the texts to translate, by path: question, choices.*, turns.*.content; "
        "all else is carried as it is",
    )
    verbatim: list[str] = Field(
        [], description="with `fields`: paths that have to be there and stay as they are, also where a `*` meets them"
    )
    title: str | None = Field(None, description="what the card calls the source; null: the last part of its path")
    terms: Terms | None = Field(None, description="under which its rows may be used; null: as far as is known")
    parts: list[SourcePart] = Field([], description="where splits come from datasets with terms of their own")

    @model_validator(mode="before")
    @classmethod
    def _config_of_fields(cls, given: Any) -> Any:
        """What is no chat is not SmolTalk2's: it is called as the Hub calls what has no configs."""
        if isinstance(given, dict) and given.get("fields") and "config" not in given:
            return given | {"config": "default"}
        return given

    @model_validator(mode="after")
    def _by_fields_or_chat(self) -> "Source":
        if self.verbatim and not self.fields:
            raise ValueError("verbatim: is for a source that is read by its fields; give fields, such as [question]")
        for key, given in (("carry", bool(self.carry)), ("pairs", self.pairs)):
            if self.fields and given:
                raise ValueError(f"{key}: with fields all columns are carried, as they are; leave {key} out")
        for key, paths in (("fields", self.fields), ("verbatim", self.verbatim)):
            if wrong := next((path for path in paths if not all(path.split("."))), None):
                raise ValueError(f"{key}: '{wrong}' is no path; write names with single dots, such as choices.*.text")
        return self

    @model_serializer(mode="wrap")
    def _without_unset(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A source of conversations is written down as it was before there were pairs and fields."""
        written: dict[str, Any] = plain(self)
        unset = {*(() if self.pairs else ("pairs",)), *(() if self.fields else ("fields", "verbatim"))}
        return {key: value for key, value in written.items() if key not in unset}


class CutRecipe(Strict):
    """Reduce one split to an exact number of rows, stratified by domain (paper section 3.1)."""

    split: str = Field(description="name of the split in the source")
    into: Name = Field(description="name of the split in the built dataset")
    rows: int = Field(gt=0, description="rows that are kept, exactly")
    strata: dict[Literal["code", "science", "math"], int] = Field(
        {}, description="parts by domain, such as {code: 1, science: 1, math: 2}; empty: no stratification"
    )


class Selection(Strict):
    """Which rows are translated."""

    drop_han: bool = Field(True, description="drop rows with a Han character (paper section 3.1)")
    cuts: list[CutRecipe] = Field([])
    max_rows_per_split: int | None = Field(
        None, gt=0, description="take at most this many rows of each split, also of one that `cuts` names"
    )
    domain_index: str | None = Field(
        None, description="folder or hf:// path of the original OpenThoughts3 shards, to look domains up by prompt"
    )

    def rows_of(self, split: str) -> tuple[int | None, dict[str, int]]:
        """How many rows of a split are taken (None: all), and in which parts by domain."""
        cut = next((cut for cut in self.cuts if cut.split == split), None)
        rows = [rows for rows in (cut.rows if cut else None, self.max_rows_per_split) if rows is not None]
        return min(rows, default=None), {str(name): n for name, n in cut.strata.items()} if cut else {}

    @model_validator(mode="after")
    def _one_cut_a_split(self) -> "Selection":
        for names in ([cut.split for cut in self.cuts], [cut.into for cut in self.cuts]):
            if len(names) != len(set(names)):
                raise ValueError(f"a split is cut twice: {sorted(n for n in names if names.count(n) > 1)[0]}")
        return self


class BenchmarkRows(Strict):
    """A benchmark whose items no row of the dataset shall hold: as one, its questions and options."""

    path: str = Field(
        description="a file, a folder of files, `user/name`, `user/name:config@revision`, or an `index.npz` that "
        "`smolkalam decontaminate` wrote"
    )
    question: str | None = Field(None, description="column of the question; by its name if null")
    options: list[str] = Field([], description="columns of the options; by their names if empty")
    split: str | None = Field(None, description="of a dataset on the Hub the only split that is read")


class Decontamination(Strict):
    """Rows are left out in which items of a benchmark stand: before they are translated, and in their translations."""

    against: list[BenchmarkRows] = Field(min_length=1, description="English ones and ones in the target language")


class Outputs(Strict):
    """The dataset that is built."""

    repo: str = Field("user/SmolKalam", pattern=r"^[\w.-]+/[\w.-]+$", description="user/name, for the card's examples")
    pretty_name: str | None = Field(None, description="the card's title; null: the source's, in the language's name")
    license: Licence | None = Field(None, description="the card's licence, by the Hub's names; null: the source's")
    notice: str | None = Field(None, description="a sentence with which the card begins, such as a warning")
    parallel: bool = Field(True, description="also build the config `parallel`, the English beside every candidate")
    duplicates: Literal["keep", "drop_new", "drop"] = Field(
        "keep",
        description="rows of a config that say again what an earlier one says: `keep` counts them, `drop` leaves them "
        "out, `drop_new` only those whose sources differ, such as a stub for many rows",
    )
    system_message: bool = Field(
        False,
        description="also put a row's custom instructions before its messages as a system message, for chat templates "
        "that do not read `chat_template_kwargs`",
    )
    tokenizer: str = Field(
        "approximate", description="counts the column `tokens`; the paper's is Llama-3.1-8B-Instruct's"
    )
    row_group_bytes: int = Field(
        50_000_000,
        ge=1_000_000,
        le=100_000_000,
        description="of a Parquet row group; the Hub's viewer reads a whole one for a page, and at most 300 MB",
    )
    shard_bytes: int = Field(500_000_000, ge=10_000_000, description="of a Parquet file, about; the unit of an upload")


class Recipe(Strict):
    """A build: source, selection, target language, translators, ranking, outputs."""

    name: Name = Field(description="names the run folder: run/<name>")
    seed: int = Field(42, ge=0, description="draws every sample and cut; another seed, other rows")
    source: Source
    selection: Selection = Selection()
    decontamination: Decontamination | None = Field(
        None, description="which benchmarks' items no row may hold; null: none is looked for"
    )
    language: Language = Language()
    translators: list[Translator] = Field(min_length=1, description="who translates, each by its `backend`")
    ranking: Ranking = Ranking()
    outputs: Outputs = Outputs()
    max_usd: float | None = Field(
        None, gt=0, description="what all translators together may cost in this run folder; then the run stops"
    )
    executor: ExecutorRecipe = Field(LocalRun(), description="where the stages run, by its `kind`")

    @model_validator(mode="after")
    def _names_differ(self) -> "Recipe":
        look_at_names([translator.name for translator in self.translators], "translators")
        return self

    @model_validator(mode="after")
    def _a_ceiling_needs_prices(self) -> "Recipe":
        if self.max_usd is None:
            return self
        asked = [one for one in self.translators if isinstance(one, AskedTranslator)]
        for one in asked:
            if one.addresses() and one.prices is None:
                raise ValueError(f"max_usd: translator '{one.name}' has no cost; give {one.priced_by}, 0 if free")
        if not any(one.prices and one.prices.priced for one in asked):
            raise ValueError("max_usd: no translator has a price; give one its cost, or leave max_usd out")
        return self

    @model_validator(mode="after")
    def _glossaries_are_fair(self) -> "Recipe":
        """What one alone is asked for would count against it alone when candidates are compared."""
        having = [one.name for one in self.translators if one.glossary is not None]
        if having and (missing := [one.name for one in self.translators if one.glossary is None]):
            raise ValueError(
                f"glossary: {having[0]} has one and {missing[0]} has none, so that missing terms would count against "
                f"{having[0]} alone; give it to {missing[0]} too (who has no place for terms is only checked)"
            )
        return self

    @model_validator(mode="after")
    def _fusions_have_an_end(self) -> "Recipe":
        names = [one.name for one in self.translators]
        for one in self.translators:
            for other in others_of(one):
                if other == one.name:
                    raise ValueError(f"translator '{one.name}': of: names itself; give others")
                if other not in names:
                    there = ", ".join(name for name in names if name != one.name) or "none"
                    raise ValueError(f"translator '{one.name}': of: there is no {other}; the others are {there}")
        if waiting := [one.name for one in self.translators if one not in self.in_order()]:
            raise ValueError(
                f"translators {' and '.join(waiting)} wait for each other's candidates (`of`); let one do without"
            )
        return self

    @model_validator(mode="after")
    def _ranking_can_be_done(self) -> "Recipe":
        self.ranking.check(len(self.translators))
        if self.source.pairs and (fusing := [one.name for one in self.translators if others_of(one)]):
            raise ValueError(
                f"translator '{fusing[0]}': of: what is fused is of several translators, and both sides of a pair "
                "must be of one (source.pairs); leave it out"
            )
        if self.outputs.system_message and self.source.fields:
            raise ValueError(
                "outputs.system_message puts a message before those of a row, which rows of fields do not have "
                "(source.fields); leave it out"
            )
        if self.source.pairs and self.ranking.by_segment:
            raise ValueError(
                "ranking.replace: segments puts a row together from several translators, and both sides of a pair "
                "must be of one (source.pairs); give better"
            )
        return self

    @model_serializer(mode="wrap")
    def _without_unset(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A recipe without the block is written down as it was before there was one."""
        written: dict[str, Any] = plain(self)
        if written.get("decontamination") is None:
            written.pop("decontamination", None)
        return written

    def in_order(self) -> list[Translator]:
        """The translators in the order of their work: the recipe's, but who fuses others' candidates behind those."""
        left = {one.name: one for one in self.translators}
        ordered: list[Translator] = []
        while free := [one for one in left.values() if not left.keys() & set(others_of(one))]:
            ordered.append(left.pop(free[0].name))
        return ordered

    @property
    def keeps_donors(self) -> bool:
        """Whether what is good in a failed conversation is kept for the other translators. Never of a pair: a model
        that is trained on it would learn to tell translators apart."""
        return self.ranking.rescue and len(self.translators) > 1 and not self.source.pairs

    def config_name(self, translator: str) -> str:
        """Name of the config whose primary translator is `translator`, as in the published dataset."""
        return f"{self.source.config}_{translator}_ranked"


def shipped_recipes() -> dict[str, Path]:
    """The recipes that come with the project, by bare name."""
    folder = Path(__file__).parent / "shipped"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def summaries() -> dict[str, str]:
    """What each shipped recipe builds, by bare name: the comment in its first line."""
    return {
        name: path.read_text(encoding="utf-8").splitlines()[0].removeprefix("#").strip()
        for name, path in shipped_recipes().items()
    }
