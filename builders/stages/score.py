"""The stage `score`: each scorer of a recipe (`builders.scorers`) scores every candidate, in a folder of its own."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from builders.recipes.recipe import Recipe
from builders.run_folder import schemas
from builders.run_folder.files import write_error
from builders.run_folder.folder import ENGINES, PARTIAL, PROBE, SCORE, SELECT, TRANSLATE
from builders.run_folder.stage_parts import StagePart
from builders.run_folder.unit_reader import UnitReader
from builders.run_folder.unit_writer import beat
from builders.run_folder.units import UnitFiles, read_unit
from builders.scorers import SCORERS, ScorerKind, scorers_of
from builders.scorers.base import AskedPassage, Place, Said, Scoring, all_said, scores_of
from builders.scorers.partial import PartialScores
from builders.scorers.probe import ROWS, greet, probe, surely, told_by
from builders.stages import translate
from builders.stages.common.combine import rescue, rescued_in
from builders.stages.common.context import Build
from builders.stages.common.join_candidates import JoinCandidates, judged_candidate
from builders.stages.common.run_units import UnitPipeline, run_units
from processors.atomic_files import write_text
from processors.errors import EngineError
from processors.languages.language import Language
from processors.reward.score import SourceAndCandidate, judged

NAME = SCORE

T = TypeVar("T")


def parts(recipe: Recipe) -> list[StagePart]:
    """One a scorer, which is ready where its key, model and libraries are there."""
    after = tuple(part.name for part in translate.parts(recipe))
    return [
        # The cost is a guess: 40 ms a row, as a reward model of 1.5 billion parameters may take on a GPU.
        StagePart(
            _name(kind),
            after=after,
            cost=60.0,
            jobs=lambda where: where.reward,
            ready=partial(kind.ready, spec),
            greet=partial(_greet, kind, spec) if kind.greeted(spec) else None,
        )
        for kind, spec in scorers_of(recipe)
    ]


def _name(kind: ScorerKind) -> str:
    return f"{SCORE}/{kind.column}"


def inputs(kind: ScorerKind, spec: Any, build: Build) -> dict[str, Any]:
    """What a scorer's scores depend on."""
    names = [translator.name for translator in build.recipe.translators]
    return {
        TRANSLATE: {name: build.marks[f"{TRANSLATE}/{name}"] for name in names},
        **rescued_in(build),
        "scorer": kind.inputs(spec) | _resolved(kind, spec, build),
        "language": build.recipe.language.model_dump(mode="json"),
    }


def run(build: Build) -> None:
    """Let every scorer score every candidate."""
    for kind, spec in scorers_of(build.recipe):
        if build.executor.wants(_name(kind)):
            _score(build, kind, spec)


def _score(build: Build, kind: ScorerKind, spec: Any) -> None:
    name, recipe = _name(kind), build.recipe
    build.enter(name, partial(inputs, kind, spec))
    place = _place(kind, build)
    if revision := _resolved(kind, spec, build).get("revision"):
        spec = spec.model_copy(update={"revision": revision})
    found = build.decided(f"{name}/probe", partial(_probe, build, kind, spec, place))
    if said := told_by(found):
        say = build.observer.say if surely(found) else build.observer.warn
        say(f"{name}: {said}")
    steps = [
        JoinCandidates({one.name: build.run.stage(TRANSLATE, one.name) for one in recipe.translators}, rescue(recipe)),
        ScoreCandidates(
            kind.column, spec, recipe.language, place, Unfinished(build.run.stage(name, PARTIAL), build.marks[name]),
            build.run.progress(name),
        ),
    ]  # fmt: skip
    reader = UnitReader(build.run.stage(SELECT), build.selected)
    run_units(build, UnitPipeline(name, reader, steps, score_row, schemas.opinions))


def _resolved(kind: ScorerKind, spec: Any, build: Build) -> dict[str, Any]:
    """Which model a name of the Hub or a folder means: decided once, for all machines."""
    return build.decided(f"{_name(kind)}/model", lambda: kind.resolved(spec))


def _place(kind: ScorerKind, build: Build) -> Place:
    answers, engines = build.run.folder / "answers" / SCORE / kind.column, build.run.logs(_name(kind), ENGINES)
    return Place(answers, build.run.spending, build.recipe.max_usd, engines)


def _greet(kind: ScorerKind, spec: Any, build: Build) -> None:
    with kind.open(spec, build.recipe.language, _place(kind, build)) as scoring:
        greet(kind.column, scoring)


def _probe(build: Build, kind: ScorerKind, spec: Any, place: Place) -> dict[str, Any]:
    """The scorer's first questions; a stage that is entered again has their result."""
    file = build.run.stage(_name(kind), PROBE)
    if file.exists():
        return dict(json.loads(file.read_text(encoding="utf-8")))
    with kind.open(spec, build.recipe.language, place) as scoring:
        found = probe(kind.column, scoring, _first(build))
    try:
        write_text(file, json.dumps(found) + "\n")
    except OSError as error:
        raise write_error(error, file.parent) from None
    return found


# Words of a message by which its translation can be known.
_SAYING = 5


def _first(build: Build) -> list[SourceAndCandidate]:
    """The shortest message that says something of each of the first rows, with a translation of it."""
    found: dict[str, SourceAndCandidate] = {}
    for unit in build.selected:
        rows = read_unit(UnitFiles(build.run.stage(SELECT), unit.name), ["id", "messages"]).to_pylist()
        for spec in build.recipe.translators:
            files = UnitFiles(build.run.stage(TRANSLATE, spec.name), unit.name)
            candidates = {row["id"]: row["messages"] for row in read_unit(files, ["id", "messages"]).to_pylist()}
            for row in rows:
                if row["id"] in candidates and (short := _shortest(judged(row["messages"], candidates[row["id"]]))):
                    found.setdefault(short.source[0]["content"], short)
                    if len(found) == ROWS:
                        return list(found.values())
    return list(found.values())


def _shortest(pair: SourceAndCandidate) -> SourceAndCandidate | None:
    both = [both for both in zip(pair.source, pair.target, strict=True) if len(both[0]["content"].split()) >= _SAYING]
    source, target = min(both, key=lambda both: len(both[0]["content"]), default=(None, None))
    return SourceAndCandidate([source], [target]) if source and target else None


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Where it is kept what is scored of units that are not done, by what is named by `mark`."""

    folder: Path
    mark: str

    def of(self, unit: str, passages: Sequence[AskedPassage]) -> PartialScores:
        return PartialScores.of(self.folder / f"{unit}.jsonl", self.mark, passages)


@dataclass(frozen=True, slots=True)
class CutUnit:
    """A unit's documents, and the passages of each candidate."""

    unit: str
    documents: list[Document]
    candidates: list[tuple[Document, str]]
    passages: list[list[AskedPassage]]


class ScoreCandidates(PipelineStep):
    """Adds `scores`, {translator: score or None}, to each document from its `candidates` (see JoinCandidates).

    What is scored together is decided by a unit's passages, so scores do not depend on the number of tasks and
    workers. What is scored of an `unfinished` unit is kept: one that was interrupted goes on where it stopped.
    """

    name = "Score"
    type = "RANK"

    def __init__(
        self, column: str, spec: Any, language: Language, place: Place, unfinished: Unfinished, progress: Path
    ) -> None:
        super().__init__()
        self.column = column
        self.spec = spec
        self.language = language
        self.place = place
        self.unfinished = unfinished
        self.progress = progress

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        with SCORERS[self.column].open(self.spec, self.language, self.place) as scoring:
            for unit in ahead(_cut(data, scoring)):
                with self.track_time():
                    self.score(unit, scoring, rank)
                yield from unit.documents

    def score(self, unit: CutUnit, scoring: Scoring, rank: int) -> None:
        """Add the scores of a unit's candidates."""
        flat = [passage for of in unit.passages for passage in of]
        unfinished = self.unfinished.of(unit.unit, flat)
        with unfinished:
            known = unfinished.read()
            done, told = len(known), -1

            def keep(places: Sequence[int], values: Sequence[Said]) -> None:
                nonlocal done, told
                unfinished.add(places, values)
                done += len(places)
                if (rows := done * len(unit.documents) // len(flat)) != told:
                    beat(self.progress, rank, told := rows)

            try:
                found = scores_of(unit.passages, all_said(scoring, flat, known, keep) if flat else [])
            except EngineError as error:
                raise EngineError(self._ended(error, unit, len(flat) - done, len(flat))) from None
        for document in unit.documents:
            document.metadata["scores"], document.metadata["counters"] = {}, {}
        for (document, name), score in zip(unit.candidates, found, strict=True):
            document.metadata["scores"][name] = score.value
            counted = {"passages": score.passages, "scored" if score.value is not None else "no_score": 1}
            document.metadata["counters"] |= {f"{name}/{key}": value for key, value in counted.items()}
        unfinished.path.unlink(missing_ok=True)

    def _ended(self, error: EngineError, unit: CutUnit, missing: int, of: int) -> str:
        """What is said where a scorer gives no more scores."""
        key = "ranking.reward" if self.column == "reward" else f"ranking.scorers.{self.column}"
        return (
            f"{SCORE}/{self.column}: {error}; of {unit.unit} {missing:,} of {of:,} passages have no score yet, and "
            f"what came is kept. To build without this scorer, leave {key} out"
        )


def _cut(data: Iterable[Document], scoring: Scoring) -> Iterator[CutUnit]:
    for name, group in groupby(data, key=lambda document: document.metadata["unit"]):
        documents = list(group)
        candidates = [(document, one) for document in documents for one in document.metadata["candidates"]]
        items = [judged_candidate(document, one) for document, one in candidates]
        yield CutUnit(name, documents, candidates, scoring.cut(items))


def ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items, each made in a thread while the one before is in use: a GPU need not wait for the tokenizer."""
    end = object()
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, items, end)
        while (item := coming.result()) is not end:
            coming = pool.submit(next, items, end)
            yield item  # type: ignore[misc]


def score_row(document: Document) -> dict[str, Any]:
    """A document's scores as a row of `schemas.opinions`."""
    scores = [{"translator": name, "score": value} for name, value in document.metadata["scores"].items()]
    return {"id": document.id, "scores": scores}


class JoinScores(PipelineStep):
    """Adds each document's `opinions`, {translator: {column: score}}, as the scorers wrote them in `folders`."""

    name = "Scores"
    type = "JOIN"

    def __init__(self, folders: Mapping[str, Path]) -> None:
        super().__init__()
        self.folders = folders

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        for unit, documents in groupby(data, key=lambda document: document.metadata["unit"]):
            rows: dict[str, dict[str, dict[str, float | None]]] = {}
            for column, folder in self.folders.items():
                for row in read_unit(UnitFiles(folder, unit)).to_pylist():
                    of = rows.setdefault(row["id"], {})
                    for one in row["scores"]:
                        of.setdefault(one["translator"], {})[column] = one["score"]
            for document in documents:
                document.metadata["opinions"] = rows.get(document.id, {})
                yield document
