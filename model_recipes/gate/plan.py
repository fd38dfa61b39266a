"""The plan of a gate: the base, the candidates, and by which benchmarks they are judged."""

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from builders.arbitrage import load_arbitrage
from builders.mixtures.recipe import Mixture, MixtureSource, in_folder, source_in_folder
from builders.pools.recipe import found_answerers, look_at_answerers
from builders.recipes.base import Strict
from builders.recipes.paths import resolved
from builders.recipes.translators import Translator
from builders.recipes.yaml_file import read_mapping
from model_recipes.evaluation.benchmarks.suites import SuiteBenchmark, chosen
from model_recipes.plans import InPlanFolder, PlanFile, load_plan
from processors.errors import InputError, RecipeError
from processors.languages.language import Language

# What the models are called that are trained on the base alone.
BASE = "base"
_TASKS = (".yaml", ".yml")


class Refinement(Strict):
    """What becomes of a candidate that did not pass: its prompts are rewritten, answered anew, and it is tried again.

    The new prompts are answered by a pool of models, of whose answers the best is taken (`arbitrage`), or by one model
    (`answerer`).
    """

    rounds: int = Field(1, ge=1, le=5, description="how often at most")
    rewriter: Translator = Field(description="the model that rewrites prompts: an engine, as of a build's translator")
    answerer: Translator | None = Field(None, description="the model that answers them")
    arbitrage: InPlanFolder | None = Field(None, description="recipe of `smolkalam arbitrate`, in place of `answerer`")
    rubric: InPlanFolder | None = Field(None, description="a text for the rewriter; null: the one that ships")
    evidence: int = Field(8, ge=0, le=50, description="failing items that the rewriter is shown")
    rows: int | None = Field(None, ge=1, description="prompts of the candidate at most, drawn by the seed; null: all")
    language: Language = Field(Language(), description="that prompts and answers are to be in")
    answer_tokens: int = Field(600, ge=1, description="length of an answer, for the estimate")

    @model_validator(mode="after")
    def _answered(self) -> "Refinement":
        if (self.answerer is None) == (self.arbitrage is None):
            raise ValueError("give either answerer or arbitrage: who answers the new prompts")
        look_at_answerers([self.rewriter])
        if self.answerer is not None:
            look_at_answerers([self.answerer])
        return self


class GatePlan(PlanFile):
    """A base mixture, the datasets that might be added to it, and what must become better and what not worse."""

    mixture: Mixture = Field(description="the base, as `smolkalam mix` has it; its budget and shares hold with each "
                             "candidate too")  # fmt: skip
    candidates: list[MixtureSource] = Field(min_length=1, description="one more source of the mixture each")
    train: InPlanFolder = Field(description="the settings of `smolkalam train sft` for every model")
    seeds: int = Field(5, description="trainings of each mixture, by seeds from 1 on; at least 2")
    benchmarks: dict[str, list[str]] = Field(
        min_length=1,
        description="by language (ar, en): suites, benchmarks, or the YAML of tasks, as `--suite` has them",
    )
    critical: list[str] = Field(min_length=1, description="benchmarks of which one must become better")
    tolerance: float = Field(1.0, ge=0, description="points of 100 that a benchmark may fall by")
    tolerances: dict[str, float] = Field({}, description="the same of single benchmarks, by name")
    confidence: float = Field(0.95, ge=0.5, lt=1, description="of both decisions")
    contamination: Literal["refuse", "drop"] = Field(
        "refuse", description="of a candidate that has items of the benchmarks; of the base they are always dropped"
    )
    data: InPlanFolder | None = Field(None, description="folder of benchmarks' local rows, as of `evaluate --data`")
    batch_size: int = Field(8, ge=1, description="sequences at once in evaluation")
    chat: bool = Field(False, description="ask in the model's chat template")
    limit: int | None = Field(None, ge=1, description="items of each part at most: to try")
    refine: Refinement | None = None

    @field_validator("seeds")
    @classmethod
    def _noise_is_known(cls, seeds: int) -> int:
        if seeds < 2:
            raise ValueError("one training of each mixture does not tell what is chance; give 2 or more (5 is usual)")
        return seeds

    @model_validator(mode="after")
    def _hold_together(self) -> "GatePlan":
        names = [one.name.casefold() for one in [*self.mixture.sources, *self.candidates]]
        for place, one in enumerate(self.candidates, len(self.mixture.sources)):
            if names[place] in names[:place] or names[place] == BASE:
                raise ValueError(f"candidate '{one.name}': another source is named so, or the base; rename it")
        for one in self.candidates:
            self.with_candidate(one)
        return self

    def asked(self) -> list[SuiteBenchmark]:
        """All benchmarks, each once."""
        return list({one.name: one for found in self.by_language().values() for one in found}.values())

    def by_language(self) -> dict[str, list[SuiteBenchmark]]:
        """The benchmarks of each language. Raises InputError for a name that there is not."""
        found = {}
        for language, wanted in self.benchmarks.items():
            try:
                found[language] = chosen(wanted)
            except InputError as error:
                raise InputError(str(error).replace("--suite", f"benchmarks.{language}:", 1)) from None
        return found

    def tolerance_of(self, name: str) -> float:
        """The share from 0 to 1 that a benchmark may fall by."""
        return self.tolerances.get(name, self.tolerance) / 100

    def with_candidate(self, candidate: MixtureSource | None, *, others: Iterable[MixtureSource] = ()) -> Mixture:
        """The base with a candidate and `others`; of the base alone, where there is none.

        Raises ValueError where the mixture would contradict itself.
        """
        more = [*others, *([candidate] if candidate else [])]
        plain = self.mixture.model_dump(mode="json")
        plain["sources"] += [one.model_dump(mode="json") for one in more]
        return Mixture.model_validate(plain)


def load_gate(path: Path, settings: Iterable[str] = ()) -> GatePlan:
    """A gate's plan, with its paths absolute and all that it names looked for. Raises InputError and RecipeError."""
    plan = load_plan(path, GatePlan, settings)
    folder = path.absolute().parent
    updates = {
        "mixture": in_folder(plan.mixture, folder),
        "candidates": [source_in_folder(one, folder) for one in plan.candidates],
        "benchmarks": {
            language: [resolved(name, folder) if name.endswith(_TASKS) else name for name in wanted]
            for language, wanted in plan.benchmarks.items()
        },
    }
    if refine := plan.refine:
        given = {name: getattr(refine, name) for name in ("rewriter", "answerer") if getattr(refine, name)}
        found = dict(zip(given, found_answerers(list(given.values()), folder), strict=True))
        updates["refine"] = refine.model_copy(update=found)
    plan = plan.model_copy(update=updates)
    try:
        _look_at_benchmarks(plan)
        _look_at_files(plan)
        _look_at_candidates(plan)
    except InputError as error:
        raise RecipeError(f"{path}: {error}") from None
    return plan


def _look_at_benchmarks(plan: GatePlan) -> None:
    names = [one.name for one in plan.asked()]
    for key, given in (("critical", plan.critical), ("tolerances", plan.tolerances)):
        for name in given:
            if name not in names:
                near = difflib.get_close_matches(name, names, n=1)
                hint = f"did you mean '{near[0]}'? " if near else ""
                raise InputError(f"{key}: no benchmark '{name}' is asked; {hint}they are {', '.join(names)}")
    for name, value in plan.tolerances.items():
        if value < 0:
            raise InputError(f"tolerances.{name}: {value:g} is below 0; give the points that it may fall by")


def _look_at_files(plan: GatePlan) -> None:
    if not Path(plan.train).is_file():
        raise InputError(f"train: {plan.train}: no such file; expected the YAML of `smolkalam train sft`")
    if plan.data is not None and not Path(plan.data).is_dir():
        raise InputError(f"data: {plan.data}: no such folder")
    if plan.refine:
        for name in ("rubric", "arbitrage"):
            file = getattr(plan.refine, name)
            if file is not None and not Path(file).is_file():
                raise InputError(f"refine.{name}: {file}: no such file")
        if plan.refine.arbitrage is not None:
            load_arbitrage(plan.refine.arbitrage)


def _look_at_candidates(plan: GatePlan) -> None:
    """Raises InputError for a candidate that is a source of the base, or another candidate, by another name."""
    known = {_rows_of(one): f"the base's source '{one.name}'" for one in plan.mixture.sources}
    for number, one in enumerate(plan.candidates):
        same = known.get(_rows_of(one))
        if same is not None:
            raise InputError(
                f"candidates[{number}] ({one.name}): has the same rows as {same}; nothing could come of it"
            )
        known[_rows_of(one)] = f"candidate '{one.name}'"


def _rows_of(source: MixtureSource) -> str:
    """Which rows a source is."""
    return source.model_dump_json(exclude={"name", "weight", "split_weights", "tokens", "rows", "terms", "language"})


def is_bounded(plan: GatePlan) -> bool:
    """Whether a model with a candidate is trained on no more than one without: by a budget, or a number of steps."""
    settings, _ = read_mapping(Path(plan.train), "expected the settings of `smolkalam train sft`, a mapping")
    steps = settings.get("max_steps", -1)
    return plan.mixture.tokens is not None or plan.mixture.rows is not None or (isinstance(steps, int) and steps > 0)
