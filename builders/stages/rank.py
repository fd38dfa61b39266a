"""The stage `rank`: joins the candidates of each row by id, scores them, and chooses one a config.

The verdicts came with the candidates as a rule; where the rules have changed since, they are checked here.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from builders.dataset.combined import (
    BY_SEGMENT,
    REFUSED,
    REPAIRED,
    filled_counters,
    fusing_translators,
    gain_counters,
    rescued_counters,
)
from builders.dataset.duplicates import with_sketches
from builders.dataset.notes import note_counters
from builders.recipes.ranking import Ranking
from builders.recipes.recipe import Recipe
from builders.run_folder import schemas
from builders.run_folder.folder import RANK, RANKER, SCORE, SELECT, TRANSLATE, Run
from builders.run_folder.ranked_rows import built_split
from builders.run_folder.stage_parts import StagePart
from builders.run_folder.unit_reader import UnitReader
from builders.run_folder.unit_writer import drop
from builders.run_folder.units import NOT_FUSED, Unit
from builders.stages import calibrate, score, translate
from builders.stages.common.combine import Segmented, add_gains, chosen_by_segment, rescue
from builders.stages.common.contamination import DropContaminated, benchmarks
from builders.stages.common.context import Build
from builders.stages.common.join_candidates import JoinCandidates, verdicts_on
from builders.stages.common.repair import Repair, Repairs
from builders.stages.common.run_units import UnitPipeline, run_units
from builders.stages.fit_ranker import load_fitted, plan_ranker
from builders.stages.judged import JudgedCandidate, add_quality, failed_candidate, scored_by_side
from builders.stages.opinions import note_behind
from builders.stages.score import JoinScores
from processors.checks.arabic import Dictionary, check_spelling, shared_dictionary
from processors.conversations.sides import SIDES, Sides
from processors.conversations.token_counts import count_tokens
from processors.judging.votes import Votes, read_votes
from processors.languages.language import Language
from processors.ranking.model import FittedRanker
from processors.ranking.policy import Choice, Policy, Scored, choose, effects, vetoing
from processors.ranking.votes_decide import settle
from processors.scoring.candidate import score_candidate

# A batch of documents is ranked at once, for speed; it ends before it holds more source text than this.
_BATCH_ROWS, _BATCH_CHARACTERS = 256, 1_000_000
# Counts rows on which there are verdicts, whether or not these change the choice.
ROWS_WITH_VERDICTS = "rows_with_verdicts"


NAME = RANK


def parts(recipe: Recipe) -> list[StagePart]:
    before = [*calibrate.parts(recipe), *(score.parts(recipe) or translate.parts(recipe))]
    # The cost: CPU time beside the selection's on real shards (benchmarks/build.py).
    return [StagePart(NAME, after=tuple(part.name for part in before), cost=16.0)]


def inputs(build: Build) -> dict[str, Any]:
    """What the choice depends on."""
    recipe, configs, votes = build.recipe, _configs(build), _votes(build)
    found: dict[str, Any] = {
        TRANSLATE: {name: build.marks[f"{TRANSLATE}/{name}"] for name in configs.values()},
        "ranking": recipe.ranking.model_dump(
            mode="json", exclude={"reward", "scorers", "verdicts", "calibration", "dictionary"}
        ),
        "verdicts": votes.digest() if votes else None,
        SCORE: {name: build.marks[f"{SCORE}/{name}"] for name in recipe.ranking.scoring()},
        "tokenizer": recipe.outputs.tokenizer,
        "configs": configs,
        "columns": str(schemas.ranked_unit(recipe.source.pairs)),
    }
    if recipe.keeps_donors:
        # A run that was ranked before vetoed candidates were repaired is ranked again.
        found["repairs"] = True
    if recipe.ranking.dictionary:
        found["dictionary"] = Dictionary(recipe.ranking.dictionary).digest()
    if named := benchmarks(build):
        found["decontamination"] = named["digest"]
    return found | ({RANKER: build.marks[RANKER]} if len(configs) > 1 else {})


def run(build: Build) -> None:
    """Check, score and choose."""
    recipe, configs, votes = build.recipe, _configs(build), _votes(build)
    fitted = build.run.stage(RANKER) if len(configs) > 1 else None
    if fitted:
        build.marks[RANKER] = build.executor.planned(RANKER, partial(plan_ranker, build))["mark"]
    build.enter(NAME, inputs)
    *before, last = _steps(recipe, build.run)
    steps = [*before, *([DropContaminated(named["index"])] if (named := benchmarks(build)) else []), last]
    reader = UnitReader(build.run.stage(SELECT), build.selected)
    schema = partial(schemas.ranked_unit, recipe.source.pairs)
    run_units(build, UnitPipeline(NAME, reader, steps, _ranked_row, schema))
    if votes:
        judged, here = len(votes.rows()), build.totals[NAME].extra[ROWS_WITH_VERDICTS]
        if here < judged:
            build.observer.warn(f"ranking.verdicts: {here:,} of the {judged:,} rows that it judges are in this run")


def _steps(recipe: Recipe, run: Run) -> list[PipelineStep]:
    """What joins a row's candidates and scores, and last what ranks them."""
    configs = configs_of(recipe)
    fitted = run.stage(RANKER) if len(configs) > 1 else None
    return [
        JoinCandidates(
            {name: run.stage(TRANSLATE, name) for name in configs.values()},
            rescue(recipe),
            places=fitted is not None and recipe.ranking.by_segment,
        ),
        JoinScores({name: run.stage(SCORE, name) for name in recipe.ranking.scoring()}),
        RankCandidates(
            recipe.ranking, configs, recipe.language, recipe.outputs.tokenizer, fitted, fusing_translators(recipe)
        ),
    ]


def ranked_again(recipe: Recipe, run: Run, units: Sequence[str], wanted: Collection[str]) -> Iterator[dict[str, Any]]:
    """Rows of a finished run, as it ranked them (`schemas.ranked_unit`): of these units those whose ids are `wanted`.

    For rows that no config takes, of which the stage writes their reasons only.
    """
    named = [Unit(name, name.rpartition("-")[0], "", "", 0, 0, 0) for name in units]
    data: Any = (document for document in UnitReader(run.stage(SELECT), named).run() if document.id in wanted)
    data = (_into(document, built_split(recipe, document.id)) for document in data)
    for step in _steps(recipe, run):
        data = step.run(data)
    for document in data:
        yield document.metadata["ranked"]


def _into(document: Document, split: str) -> Document:
    document.metadata["into"] = split
    return document


def configs_of(recipe: Recipe) -> dict[str, str]:
    """The translator of each config that is built."""
    return {recipe.config_name(spec.name): spec.name for spec in recipe.translators}


def _configs(build: Build) -> dict[str, str]:
    return configs_of(build.recipe)


def _votes(build: Build) -> Votes | None:
    verdicts = build.recipe.ranking.verdicts
    return read_votes(Path(verdicts), list(_configs(build).values())) if verdicts is not None else None


class RankCandidates(PipelineStep):
    """Checks and scores every candidate and chooses one for each config; a row that no config takes is dropped.

    `ranker` is the folder of the run's fitted ranker; None with one translator, whose quality is null.
    """

    name = "Rank"
    type = "RANK"

    def __init__(
        self, ranking: Ranking, configs: dict[str, str], language: Language, tokenizer: str, ranker: Path | None,
        fusing: Collection[str] = (),
    ) -> None:  # fmt: skip
        super().__init__()
        self.ranking = ranking
        self.configs = configs
        self.language = language
        self.tokenizer = tokenizer
        self.ranker = ranker
        self.fusing = fusing
        self._votes: Votes | None = None
        self._voted: set[str] = set()
        self._segmented: dict[str, Segmented] = {}
        self._repaired: dict[str, Repair] = {}
        self._count: Any = None
        self._dictionary: Dictionary | None = None

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        from processors.conversations.tokenizers import load_tokenizer

        self._count = load_tokenizer(self.tokenizer)
        self._dictionary = shared_dictionary(self.ranking.dictionary) if self.ranking.dictionary else None
        fitted = load_fitted(self.ranker, self.language) if self.ranker else None
        if self.ranking.verdicts:
            self._votes = read_votes(Path(self.ranking.verdicts), list(self.configs.values()))
            self._voted = self._votes.rows()
        columns = ("reward", *self.ranking.scoring())
        repairs = Repairs(self.language, self.ranking.veto, self._judge, columns)
        for documents in _batches(data):
            with self.track_time():
                judged = [self._judge_all(document) for document in documents]
                if fitted is not None:
                    add_quality(fitted, documents, judged)
                    note_behind(fitted, judged, self.ranking.veto)
                    self._repaired = repairs.of_rows(documents, judged, self._repairing, partial(add_quality, fitted))
                    self._cut(fitted, documents, judged)
                for document, candidates in zip(documents, judged, strict=True):
                    self._choose(document, candidates)
            yield from documents

    def _judge_all(self, document: Document) -> dict[str, JudgedCandidate]:
        row = document.metadata
        return {
            translator: self._judge(
                row["messages"],
                found,
                {"reward": None} | row.get("opinions", {}).get(translator, {}),
                Sides.of(row),
            )
            for translator, found in row["candidates"].items()
        }

    def _judge(
        self,
        source: list[dict[str, str]],
        found: dict[str, Any],
        opinions: Mapping[str, float | None] | None = None,
        sides: Sides | None = None,
    ) -> JudgedCandidate:
        target, by_side = found["messages"], None
        alpha, threshold, script = self.ranking.alpha, self.ranking.scr_threshold, self.language.script
        score = partial(score_candidate, alpha=alpha, script=script, threshold=threshold)
        verdicts = verdicts_on(source, found, self.language, sides)
        if self._dictionary:
            verdicts += check_spelling(source, target, self._dictionary)
        lengths = count_tokens(self._count, [message["content"] for message in target])
        tokens = sum(lengths)
        if sides:
            scores, by_side = scored_by_side(source, target, sides, score)
            for side, of_answer in zip(SIDES, sides.parts(lengths)[1:], strict=True):
                by_side[side]["tokens"] = sum(of_answer)
        else:
            scores = score(source, target)
        scored = scores | dict(opinions or {})
        segments = found.get("segments")
        vetoes = vetoing(((verdict.check, verdict.hard) for verdict in verdicts), self.ranking.veto)
        return JudgedCandidate(
            scored, verdicts, vetoes, target, found["custom_instructions"], tokens, segments, by_side
        )

    def _cut(self, fitted: FittedRanker, documents: list[Document], judged: list[dict[str, JudgedCandidate]]) -> None:
        """Cuts and scores the rows that are chosen by segment, of the candidates that nothing vetoes."""
        self._segmented = {}
        for document, row in zip(documents, judged, strict=True):
            policy = self.ranking.policy(document.metadata["into"])
            if policy.replace == "segments":
                usable = [name for name, one in row.items() if not one.segments and not policy.vetoes(one.seen(name))]
                if len(usable) > 1:
                    self._segmented[document.id] = Segmented(document, usable)
        add_gains(list(self._segmented.values()), fitted)

    def _repairing(self, document: Document) -> Policy | None:
        """The policy of a row whose vetoed candidates may be repaired."""
        into = document.metadata["into"]
        return self.ranking.policy(into) if self.ranking.rescues(into) else None

    def _by_segment(
        self, document: Document, config: str, primary: str, choice: Choice, policy: Policy, counters: dict[str, int]
    ) -> tuple[Choice, dict[str, Any] | None]:
        """The choice, and what is put together of several candidates where that passes everything that one must."""
        found = self._segmented.get(document.id)
        candidate = found.best(primary) if found else None
        if candidate is None:
            return choice, None
        one = self._judge(document.metadata["messages"], candidate)
        made, name = chosen_by_segment(choice, candidate["segments"], primary, list(self.configs.values()))
        if policy.vetoes(one.seen(name)):
            counters[f"{config}/{REFUSED}"] = 1
            return choice, None
        counters[f"{config}/{BY_SEGMENT}"] = 1
        return made, one.row(name)

    def _preference(self, row: str, a: str, b: str) -> float | None:
        return self._votes.difference(row, a, b, {}) if self._votes else None

    def _choose(self, document: Document, judged: dict[str, JudgedCandidate]) -> None:
        """Sets `ranked` (a row of `schemas.ranked_unit`) and the counters by config, or drops the document."""
        row, policy = document.metadata, self.ranking.policy(document.metadata["into"])
        sides = Sides.of(row)
        candidates, scored, combined = [], [], list[dict[str, Any]]()
        counters: dict[str, int] = {ROWS_WITH_VERDICTS: 1} if document.id in self._voted else {}
        counters |= row.get("counters", {})
        for translator in self.configs.values():
            one = judged.get(translator)
            if one is None:
                reason, detail = row["failures"][translator]
                candidates.append(failed_candidate(translator, reason, detail))
                scored.append(Scored(translator, failed=reason))
                counters[f"{translator}/{NOT_FUSED if reason == NOT_FUSED else f'failed_{reason}'}"] = 1
                continue
            candidate = one.seen(translator)
            candidates.append(one.row(translator))
            scored.append(candidate)
            limits = [f"veto_{score}" for score in policy.limits if policy.below(candidate, score)]
            counters |= {
                f"{translator}/{name}": value for name, value in one.counters(candidate.vetoes, limits).items()
            }
        counters |= filled_counters(candidates)
        of = _RankedRow(document, policy, candidates, scored, combined, counters)
        choices = [self._config(of, config, primary) for config, primary in self.configs.items()]
        document.metadata["counters"] = counters
        document.metadata["ranked"] = {
            "id": document.id,
            **{key: row[key] for key in ("messages", "chat_template_kwargs", "source")},
            "candidates": candidates,
            "combined": combined,
            "choices": choices,
        }
        if sides:
            document.metadata["ranked"] |= {"sides": row["sides"], "source_tokens": self._source_tokens(row, sides)}
        if all(choice["translator"] is None for choice in choices):
            drop(document, "no_candidate", "; ".join(dict.fromkeys(str(choice["reason"]) for choice in choices)))

    def _config(self, of: "_RankedRow", config: str, primary: str) -> dict[str, Any]:
        """What a config takes of a row, and its counters."""
        row, counters = of.document.metadata, of.counters
        repair = self._repaired.get(of.document.id)
        pool = repair.scored(of.scored) if repair else of.scored
        by_scores = choose(pool, primary, of.policy)
        # Verdicts are on the candidates as they are, and say nothing of one that was repaired.
        if repair and by_scores.translator in repair.vetoed:
            settled = by_scores
        else:
            settled = settle(by_scores, of.scored, primary, of.policy, partial(self._preference, of.document.id))
        choice = repair.told(settled, list(self.configs.values()), primary) if repair else settled
        taken, place = None, None
        if settled is by_scores and settled.translator is not None:
            choice, taken = self._by_segment(of.document, config, primary, choice, of.policy, counters)
        if taken is None:
            counters |= gain_counters(config, primary, choice, pool, of.policy, self.fusing)
            # Votes settle for none that was repaired.
            taken = repair.row(choice) if repair else None
            counters |= {f"{config}/{REPAIRED}": 1} if taken else {}
        if taken is not None:
            place = len(of.combined)
            of.combined.append(taken)
        else:
            taken = next((one for one in of.candidates if one["translator"] == choice.translator), None)
            counters |= rescued_counters(config, taken)
        counters[f"{config}/{choice.outcome}"] = 1
        if taken is not None:
            counters |= note_counters(config, row["messages"], taken["checks"], Sides.of(row))
        changed = effects(pool, primary, of.policy, by_scores.translator)
        counters |= {f"{config}/changed_by_{what}": 1 for what in changed}
        if settled is not by_scores:
            counters[f"{config}/changed_by_verdicts"] = 1
        told = {"translator": choice.translator, "reason": choice.reason, "decisions": choice.decisions}
        return {"config": config, "combined": place, **told}

    def _source_tokens(self, row: Mapping[str, Any], sides: Sides) -> dict[str, int]:
        """Tokens of each side's answer in the source."""
        lengths = count_tokens(self._count, [message["content"] for message in row["messages"]])
        return dict(zip(SIDES, map(sum, sides.parts(lengths)[1:]), strict=True))


class _RankedRow(NamedTuple):
    """A row that is being ranked: its candidates as they are published and as a policy sees them, and what comes of
    it: what configs put together, and the counters."""

    document: Document
    policy: Policy
    candidates: list[dict[str, Any]]
    scored: list[Scored]
    combined: list[dict[str, Any]]
    counters: dict[str, int]


def _batches(data: Iterable[Document]) -> Iterator[list[Document]]:
    batch: list[Document] = []
    characters = 0
    for document in data:
        size = sum(len(message["content"]) for message in document.metadata["messages"])
        if batch and (len(batch) == _BATCH_ROWS or characters + size > _BATCH_CHARACTERS):
            yield batch
            batch, characters = [], 0
        batch.append(document)
        characters += size
    if batch:
        yield batch


def _ranked_row(document: Document) -> dict[str, Any]:
    return with_sketches(document.metadata["ranked"])
