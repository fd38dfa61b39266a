"""The stage `rank`: joins the candidates of each row by id, scores them, and chooses one a config.

The verdicts came with the candidates as a rule; where the rules have changed since, they are checked here.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from builders.dataset.combined import BY_SEGMENT, REFUSED, filled_counters, rescued_counters
from builders.dataset.duplicates import with_sketches
from builders.dataset.notes import note_counters
from builders.recipes.ranking import Ranking
from builders.recipes.recipe import Recipe
from builders.run_folder import schemas
from builders.run_folder.folder import RANK, RANKER, REWARD, SCORE, SELECT, TRANSLATE, Run
from builders.run_folder.ranked_rows import built_split
from builders.run_folder.stage_parts import StagePart
from builders.run_folder.unit_reader import UnitReader
from builders.run_folder.unit_writer import drop
from builders.run_folder.units import NOT_FUSED, Unit
from builders.stages import calibrate, reward, translate
from builders.stages.common.combine import Segmented, add_gains, chosen_by_segment, rescue
from builders.stages.common.contamination import DropContaminated, benchmarks
from builders.stages.common.context import Build
from builders.stages.common.join_candidates import JoinCandidates, verdicts_on
from builders.stages.common.run_units import UnitPipeline, run_units
from builders.stages.fit_ranker import load_fitted, plan_ranker, ranked_texts
from builders.stages.reward import JoinRewards
from builders.stages.score import JoinScores
from builders.stages.score import parts as score_parts
from processors.checks.pairs.verdict import Verdict
from processors.conversations.token_counts import count_tokens
from processors.judging.votes import Votes, read_votes
from processors.languages.language import Language
from processors.ranking.model import FittedRanker
from processors.ranking.policy import Choice, Policy, Scored, choose, effects, vetoing
from processors.ranking.votes_decide import settle
from processors.scoring.candidate import score_candidate, unscored
from processors.scoring.columns import ORDERS

# A batch of documents is ranked at once, for speed; it ends before it holds more source text than this.
_BATCH_ROWS, _BATCH_CHARACTERS = 256, 1_000_000
# Of quality: processors differ in the last digits of an exponential, and nobody can use them.
_PLACES = 4
# Counts rows on which there are verdicts, whether or not these change the choice.
ROWS_WITH_VERDICTS = "rows_with_verdicts"


NAME = RANK


def parts(recipe: Recipe) -> list[StagePart]:
    scored = [*reward.parts(recipe), *score_parts(recipe)]
    before = [*calibrate.parts(recipe), *(scored or translate.parts(recipe))]
    # The cost: CPU time beside the selection's on real shards (benchmarks/build.py).
    return [StagePart(NAME, after=tuple(part.name for part in before), cost=16.0)]


def inputs(build: Build) -> dict[str, Any]:
    """What the choice depends on."""
    recipe, configs, votes = build.recipe, _configs(build), _votes(build)
    found = {
        TRANSLATE: {name: build.marks[f"{TRANSLATE}/{name}"] for name in configs.values()},
        "ranking": recipe.ranking.model_dump(mode="json", exclude={"reward", "scorers", "verdicts", "calibration"}),
        "verdicts": votes.digest() if votes else None,
        REWARD: build.marks.get(REWARD),
        SCORE: {name: build.marks[f"{SCORE}/{name}"] for name in recipe.ranking.scorers.given()},
        "tokenizer": recipe.outputs.tokenizer,
        "configs": configs,
        "columns": str(schemas.ranked_unit()),
    }
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
    run_units(build, UnitPipeline(NAME, reader, steps, _ranked_row, schemas.ranked_unit))
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
        JoinRewards(run.stage(REWARD) if recipe.ranking.reward else None),
        JoinScores({name: run.stage(SCORE, name) for name in recipe.ranking.scorers.given()}),
        RankCandidates(recipe.ranking, configs, recipe.language, recipe.outputs.tokenizer, fitted),
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
        self, ranking: Ranking, configs: dict[str, str], language: Language, tokenizer: str, ranker: Path | None
    ) -> None:
        super().__init__()
        self.ranking = ranking
        self.configs = configs
        self.language = language
        self.tokenizer = tokenizer
        self.ranker = ranker
        self._votes: Votes | None = None
        self._voted: set[str] = set()
        self._segmented: dict[str, Segmented] = {}
        self._count: Any = None

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        from processors.conversations.tokenizers import load_tokenizer

        self._count = load_tokenizer(self.tokenizer)
        fitted = load_fitted(self.ranker, self.language) if self.ranker else None
        if self.ranking.verdicts:
            self._votes = read_votes(Path(self.ranking.verdicts), list(self.configs.values()))
            self._voted = self._votes.rows()
        for documents in _batches(data):
            with self.track_time():
                judged = [self._judge_all(document) for document in documents]
                if fitted is not None:
                    _add_quality(fitted, documents, judged)
                    self._cut(fitted, documents, judged)
                for document, candidates in zip(documents, judged, strict=True):
                    self._choose(document, candidates)
            yield from documents

    def _judge_all(self, document: Document) -> dict[str, "JudgedCandidate"]:
        row = document.metadata
        return {
            translator: self._judge(
                row["messages"],
                found,
                {"reward": row["rewards"].get(translator)} | row.get("opinions", {}).get(translator, {}),
            )
            for translator, found in row["candidates"].items()
        }

    def _judge(
        self, source: list[dict[str, str]], found: dict[str, Any], opinions: Mapping[str, float | None] | None = None
    ) -> "JudgedCandidate":
        target, script = found["messages"], self.language.script
        threshold = self.ranking.scr_threshold
        scores = score_candidate(source, target, alpha=self.ranking.alpha, script=script, threshold=threshold)
        verdicts = verdicts_on(source, found, self.language)
        contents = [message["content"] for message in target]
        tokens = sum(count_tokens(self._count, contents))
        scored = scores | dict(opinions or {})
        segments = found.get("segments")
        vetoes = vetoing(((verdict.check, verdict.hard) for verdict in verdicts), self.ranking.veto)
        return JudgedCandidate(scored, verdicts, vetoes, target, found["custom_instructions"], tokens, segments)

    def _cut(
        self, fitted: FittedRanker, documents: list[Document], judged: list[dict[str, "JudgedCandidate"]]
    ) -> None:
        """Cuts and scores the rows that are chosen by segment, of the candidates that nothing vetoes."""
        self._segmented = {}
        for document, row in zip(documents, judged, strict=True):
            policy = self.ranking.policy(document.metadata["into"])
            if policy.replace == "segments":
                usable = [name for name, one in row.items() if not one.segments and not policy.vetoes(one.seen(name))]
                if len(usable) > 1:
                    self._segmented[document.id] = Segmented(document, usable)
        add_gains(list(self._segmented.values()), fitted)

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

    def _choose(self, document: Document, judged: dict[str, "JudgedCandidate"]) -> None:
        """Sets `ranked` (a row of `schemas.ranked_unit`) and the counters by config, or drops the document."""
        row, policy = document.metadata, self.ranking.policy(document.metadata["into"])
        candidates, scored, choices, combined = [], [], [], list[dict[str, Any]]()
        counters: dict[str, int] = {ROWS_WITH_VERDICTS: 1} if document.id in self._voted else {}
        counters |= row.get("counters", {})
        for translator in self.configs.values():
            one = judged.get(translator)
            if one is None:
                reason, detail = row["failures"][translator]
                candidates.append(_failed(translator, reason, detail))
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
        for config, primary in self.configs.items():
            by_scores = choose(scored, primary, policy)
            choice = settle(by_scores, scored, primary, policy, partial(self._preference, document.id))
            taken, place = None, None
            if choice is by_scores and choice.translator is not None:
                choice, taken = self._by_segment(document, config, primary, choice, policy, counters)
            if taken is not None:
                place = len(combined)
                combined.append(taken)
            else:
                taken = next((one for one in candidates if one["translator"] == choice.translator), None)
                counters |= rescued_counters(config, taken)
            told = {"translator": choice.translator, "reason": choice.reason, "decisions": choice.decisions}
            choices.append({"config": config, "combined": place, **told})
            counters[f"{config}/{choice.outcome}"] = 1
            if taken is not None:
                counters |= note_counters(config, row["messages"], taken["checks"])
            counters |= {
                f"{config}/changed_by_{what}": 1 for what in effects(scored, primary, policy, by_scores.translator)
            }
            if choice is not by_scores and place is None:
                counters[f"{config}/changed_by_verdicts"] = 1
        document.metadata["counters"] = counters
        document.metadata["ranked"] = {
            "id": document.id,
            **{key: row[key] for key in ("messages", "chat_template_kwargs", "source")},
            "candidates": candidates,
            "combined": combined,
            "choices": choices,
        }
        if all(choice["translator"] is None for choice in choices):
            drop(document, "no_candidate", "; ".join(dict.fromkeys(str(choice["reason"]) for choice in choices)))


@dataclass(slots=True)
class JudgedCandidate:
    """A candidate with all that is known of it."""

    scores: dict[str, float | None]
    verdicts: list[Verdict]
    vetoes: tuple[str, ...]
    messages: list[dict[str, str]]
    custom_instructions: str | None
    tokens: int
    segments: list[dict[str, Any]] | None = None

    def seen(self, translator: str) -> Scored:
        """As the policy sees it."""
        return Scored(translator, self.scores, self.vetoes)

    def row(self, translator: str) -> dict[str, Any]:
        checks = [{key: getattr(v, key) for key in ("check", "hard", "message", "detail")} for v in self.verdicts]
        return {
            "translator": translator, **self.scores, "checks": checks, "messages": self.messages,
            "custom_instructions": self.custom_instructions, "tokens": self.tokens, "segments": self.segments,
        }  # fmt: skip

    def counters(self, hard: tuple[str, ...], limits: list[str]) -> dict[str, int]:
        """Sums are whole numbers of fixed point, so that they do not depend on the order in which rows are added."""
        checks = dict.fromkeys(verdict.check for verdict in self.verdicts)
        counted = {"scored": 1, **dict.fromkeys(limits, 1)}
        counted |= {f"{'veto' if check in hard else 'note'}_{check}": 1 for check in checks}
        for score in ORDERS:
            if (value := self.scores[score]) is not None:
                counted |= {f"{score}_ppm": round(value * 1e6), f"{score}_rows": 1}
        return counted


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


def _add_quality(fitted: FittedRanker, documents: list[Document], judged: list[dict[str, JudgedCandidate]]) -> None:
    """Sets the quality of every candidate of rows that have two or more: of one there is nothing to say."""
    names = fitted.translators
    rows = [
        (document.metadata["messages"], {name: one.messages for name, one in row.items()})
        for document, row in zip(documents, judged, strict=True)
    ]
    sources, candidates = ranked_texts(rows, names)
    verdicts = {name: [row[name].verdicts if name in row else [] for row in judged] for name in names}
    rewards = {name: [row[name].scores["reward"] if name in row else None for row in judged] for name in names}
    for row, ranks in zip(judged, fitted.score(sources, candidates, verdicts, rewards), strict=True):
        if len(ranks) > 1:
            for name, found in ranks.items():
                row[name].scores["quality"] = round(found.quality, _PLACES)


def _failed(translator: str, reason: str, detail: str) -> dict[str, Any]:
    """A translator's place among the candidates where it has none: scores and messages are null, a check says why."""
    said = "not fused" if reason == NOT_FUSED else "not translated"
    verdict = {"check": reason, "hard": True, "message": None, "detail": f"{said}: {detail}"}
    return {
        "translator": translator, **unscored(),
        "checks": [verdict], "messages": None, "custom_instructions": None, "tokens": None, "segments": None,
    }  # fmt: skip


def _ranked_row(document: Document) -> dict[str, Any]:
    return with_sketches(document.metadata["ranked"])
