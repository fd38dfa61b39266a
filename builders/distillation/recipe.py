"""The recipe of a distillation: which problems, who teaches, and what traces are held to."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from builders.engines import engine_of
from builders.pools.marks import QualityPanel, load_criteria
from builders.pools.recipe import (
    DatasetOutputs,
    PoolRecipe,
    found_answerers,
    load_pool_recipe,
    look_at_answerers,
    look_at_ceiling,
    rubric_file,
)
from builders.recipes.base import Name, Strict, look_at_names
from builders.recipes.paths import dictionary
from builders.recipes.scorers import PanelJudge
from builders.recipes.translators import Translator
from builders.recipes.yaml_file import load_checked
from processors.checks.arabic import KINDS as MISTAKES
from processors.errors import RecipeError
from processors.judging.norms import RegionalNorms
from processors.verification import SolvableKind

SHIPPED, RUBRICS = Path(__file__).parent / "shipped", Path(__file__).parent / "rubrics"
GENERAL = "general"


class Problems(Strict):
    """Which problems are taken, and what is known of them."""

    kind: SolvableKind | None = Field(
        None, description="mathematics, choice or code; null: each row says it in the column `kind`"
    )
    answer: str = Field(
        "answer", description="the column of right answers: a value, a choice's letter, place or words"
    )
    choices: str = Field("choices", description="the column of a question's choices, a list of texts")
    tests: str = Field(
        "tests", description="the column of a program's tests: Python that asserts, or inputs and outputs"
    )
    difficulty: str = Field("difficulty", description="the column of a number that says how hard a problem is")
    region: str = Field("region", description="the column that names a region of the norms")
    domains: list[str] = Field([], description="only these; empty: all")
    least_difficulty: float | None = Field(None, description="by the column; problems without it are left out then")
    most_difficulty: float | None = Field(None, description="by the column; problems without it are left out then")
    least_solved: float = Field(
        0.0, ge=0, le=1, description="share of the teacher's traces that must be right: fewer, and it may be chance"
    )
    most_solved: float = Field(
        1.0, ge=0, le=1, description="and may be right: where nearly all are, the problem teaches little"
    )


class RunsCode(Strict):
    """Whether and how programs of the teacher are run: in a sandbox without network, or not at all."""

    run: bool = Field(False, description="no code is run unless this is true")
    seconds: float = Field(10.0, gt=0, le=600, description="that a test may take")
    megabytes: int = Field(512, ge=64, le=65_536, description="of memory that it may take")


class Linguistics(Strict):
    """What a trace's Arabic is held to (docs/checks.md says what is found)."""

    refuse: list[str] = Field(
        ["language"], description="kinds of mistakes of which one is too many; `language` is a slip into another"
    )
    most: float | None = Field(
        0.02, ge=0, le=1, description="mistakes of all kinds for each word, in thought and answer; null: any"
    )
    dictionary: str | None = Field(
        None,
        description="a hunspell dictionary of yours, such as /usr/share/hunspell/ar, for typing errors (`spelling`); "
        "null: none is looked for",
    )

    @model_validator(mode="after")
    def _kinds_are_there(self) -> "Linguistics":
        for name in self.refuse:
            if name not in MISTAKES:
                raise ValueError(f"refuse: no kind of mistake '{name}'; there are {', '.join(MISTAKES)}")
        return self


class NormsRegion(Strict):
    """A region's norms."""

    title: str = Field(description="what judges are told that it is")
    norms: dict[Name, str] = Field(description="for each norm what keeps to it")


class NormsFile(Strict):
    """A rubric of norms, as a file has it."""

    name: Name = Field(description="of the rubric, on the card")
    about: str = Field("", description="what a judge is told first")
    regions: dict[Name, NormsRegion] = Field(description="`general` holds everywhere, a region's own norms before it")

    @model_validator(mode="after")
    def _has_general(self) -> "NormsFile":
        if GENERAL not in self.regions:
            raise ValueError(f"regions: missing `{GENERAL}`, whose norms hold in all of them")
        return self

    def of(self, region: str) -> RegionalNorms:
        """A region's norms, with those that hold everywhere."""
        own = self.regions[region]
        norms = {**self.regions[GENERAL].norms, **own.norms}
        listed = tuple((name, " ".join(text.split())) for name, text in norms.items())
        return RegionalNorms(own.title, self.about.strip(), listed)


class WritingPanel(QualityPanel):
    """Judges of the Arabic that no rule can tell, who mark each trace by a rubric from 1 to 5, with reasons."""

    rubric: str = Field(
        "arabic_writing", description="one that ships (`arabic_writing`), or a YAML file with name, about, criteria"
    )
    least_mark: float = Field(
        3.0, ge=1, le=5, description="no trace of which the mean mark is below it is kept; nor one that none can mark"
    )


class Norms(Strict):
    """Regional norms: judges say which of them a trace breaks, and it is rewritten or left out."""

    rubric: str = Field("norms", description="one that ships (`norms`), or a YAML file with name, about, regions")
    region: Name = Field(GENERAL, description="of rows whose column `region` names none of the rubric's")
    judges: list[PanelJudge] = Field(min_length=1)
    broken: Literal["rewrite", "drop"] = Field(
        "rewrite", description="what becomes of a trace of which most judges say that it breaks a norm"
    )
    rewriter: Translator | None = Field(None, description="who rewrites; null: the teacher")
    rewrites: int = Field(1, ge=1, le=5, description="tries; each is verified and judged again")

    @model_validator(mode="after")
    def _hold_together(self) -> "Norms":
        look_at_names([judge.name for judge in self.judges], "judges")
        if self.rewriter is not None:
            look_at_answerers([self.rewriter])
            if self.broken == "drop":
                raise ValueError("rewriter: nothing is rewritten with `broken: drop`; leave it out")
        return self


class DistillationOutputs(DatasetOutputs):
    """The dataset that is written."""

    config: Name | None = Field(None, description="null: Reasoning_<teacher's name>")


class DistillationRecipe(PoolRecipe):
    """Problems with a known answer, a teacher's traces in Arabic, verified in four phases."""

    problems: Problems = Problems()
    teacher: Translator = Field(description="who solves the problems, `answering.samples` times each")
    traces: int = Field(1, ge=1, le=64, description="right traces of a problem that are kept, the cleanest first")
    code: RunsCode = RunsCode()
    linguistics: Linguistics = Linguistics()
    writing: WritingPanel | None = Field(None, description="null: only rules look at the Arabic")
    norms: Norms | None = None
    outputs: DistillationOutputs = DistillationOutputs()

    @model_validator(mode="after")
    def _hold_together(self) -> "DistillationRecipe":
        look_at_answerers([self.teacher], self.answering.samples)
        if self.problems.kind == "code" and not self.code.run:
            raise ValueError("code.run: programs are verified by running them; say `code: {run: true}`")
        if self.norms and self.norms.rewriter and self.norms.rewriter.name == self.teacher.name:
            raise ValueError("norms.rewriter: has the teacher's name; rename it, or leave it out")
        models = [self.teacher, *([self.norms.rewriter] if self.norms and self.norms.rewriter else [])]
        judges = [judge for panel in (self.writing, self.norms) if panel for judge in panel.judges]
        look_at_ceiling(self.max_usd, [engine_of(one).cost for one in models] + [one.cost for one in judges])
        return self

    @property
    def config(self) -> str:
        """The dataset's config."""
        return self.outputs.config or f"Reasoning_{self.teacher.name}"


def load_distillation(name: str, settings: Iterable[str] = ()) -> tuple[DistillationRecipe, str]:
    """A recipe by path or shipped name, and where it is for messages; its paths are absolute. Raises RecipeError."""
    recipe, path = load_pool_recipe(name, DistillationRecipe, SHIPPED, settings)
    folder = path.parent
    updates: dict[str, object] = {"teacher": found_answerers([recipe.teacher], folder)[0]}
    if given := recipe.linguistics.dictionary:
        updates["linguistics"] = recipe.linguistics.model_copy(
            update={"dictionary": dictionary(given, folder, f"{path}: linguistics.dictionary")}
        )
    if writing := recipe.writing:
        updates["writing"] = writing.model_copy(update={"rubric": writing.found(folder, "writing.rubric")})
        load_criteria(updates["writing"].rubric)  # type: ignore[attr-defined]
    if norms := recipe.norms:
        found = {"rubric": rubric_file(norms.rubric, folder, RUBRICS, "norms.rubric")}
        rewriter = found_answerers([norms.rewriter], folder)[0] if norms.rewriter else None
        norms = norms.model_copy(update={**found, "rewriter": rewriter})
        rubric = load_norms(norms.rubric)
        if norms.region not in rubric.regions:
            there = ", ".join(rubric.regions)
            raise RecipeError(f"{path}: norms.region: '{norms.region}' is none of the rubric's: {there}")
        updates["norms"] = norms
    return recipe.model_copy(update=updates), str(path)


def load_norms(path: str) -> NormsFile:
    """A rubric's file. Raises RecipeError, one line per mistake."""
    return load_checked(Path(path), NormsFile, "a rubric of norms is a mapping with the keys name, about, regions")
