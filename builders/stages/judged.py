"""A candidate with all that is known of it; of a pair's candidate also what is known of each side.

Scores of a pair: of LR and SCR the lower side's, of the quality the mean of both, for it is a chance among candidates.
A side is scored from its beginning, with the prompt. What other models score (reward, judges, ...), they score of the
prompt and both answers at once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datatrove.data import Document

from builders.run_folder.units import NOT_FUSED
from builders.stages.fit_ranker import ranked_texts
from builders.stages.opinions import opinions_of
from processors.checks.pairs.verdict import Verdict
from processors.conversations.sides import PROMPT, SIDES, Sides
from processors.ranking.model import FittedRanker
from processors.ranking.policy import Scored
from processors.scoring.candidate import unscored
from processors.scoring.columns import COLUMN, ORDERS

# Of quality: processors differ in the last digits of an exponential, and nobody can use them.
_PLACES = 4
_BY_SIDE = ("LR", "SCR", "quality")

Conversation = Sequence[Mapping[str, str]]


@dataclass(slots=True)
class JudgedCandidate:
    """A candidate with all that is known of it; `by_side` only of a pair's."""

    scores: dict[str, float | None]
    verdicts: list[Verdict]
    vetoes: tuple[str, ...]
    messages: list[dict[str, str]]
    custom_instructions: str | None
    tokens: int
    segments: list[dict[str, Any]] | None = None
    by_side: dict[str, dict[str, Any]] | None = None

    def seen(self, translator: str) -> Scored:
        """As the policy sees it."""
        return Scored(translator, self.scores, self.vetoes)

    def row(self, translator: str) -> dict[str, Any]:
        """As a ranked unit has it (`schemas.ranked_unit`)."""
        checks = [{key: getattr(v, key) for key in ("check", "hard", "message", "detail")} for v in self.verdicts]
        return {
            "translator": translator, **self.scores, "checks": checks, "messages": self.messages,
            "custom_instructions": self.custom_instructions, "tokens": self.tokens, "segments": self.segments,
        } | ({"by_side": self.by_side} if self.by_side else {})  # fmt: skip

    def counters(self, hard: tuple[str, ...], limits: list[str]) -> dict[str, int]:
        """Sums are whole numbers of fixed point, so that they do not depend on the order in which rows are added."""
        checks = dict.fromkeys(verdict.check for verdict in self.verdicts)
        counted = {"scored": 1, **dict.fromkeys(limits, 1)}
        counted |= {f"{'veto' if check in hard else 'note'}_{check}": 1 for check in checks}
        for score in ORDERS:
            if (value := self.scores[score]) is not None:
                counted |= {f"{score}_ppm": round(value * 1e6), f"{score}_rows": 1}
        return counted


def scored_by_side(
    source: Conversation,
    target: Conversation,
    sides: Sides,
    score: Callable[[Conversation, Conversation], dict[str, float | None]],
) -> tuple[dict[str, float | None], dict[str, dict[str, Any]]]:
    """A pair's score columns, and those of each side; `score` gives them of a
    conversation and its translation."""
    of_sides = {}
    conversations = zip(sides.conversations(source), sides.conversations(target), strict=True)
    for side, (english, translated) in zip(SIDES, conversations, strict=True):
        of_sides[side] = score(english, translated)
    lower = {name: min(float(of[name] or 0.0) for of in of_sides.values()) for name in ("LR", "SCR")}
    scores = of_sides[SIDES[0]] | lower
    for name, column in COLUMN.items():
        if column.mean_of:
            scores[name] = sum(lower[one] for one in column.mean_of) / len(column.mean_of)
    return scores, {side: {key: of[key] for key in _BY_SIDE} for side, of in of_sides.items()}


def add_quality(fitted: FittedRanker, documents: list[Document], judged: list[dict[str, JudgedCandidate]]) -> None:
    """Sets the quality of every candidate of rows that have two or more: of one there is nothing to say."""
    names = fitted.translators
    asked: list[tuple[dict[str, JudgedCandidate], str | None]] = []
    rows: list[Any] = []
    verdicts: dict[str, list[list[Verdict]]] = {name: [] for name in names}
    for document, row in zip(documents, judged, strict=True):
        sides, source = Sides.of(document.metadata), document.metadata["messages"]
        for place, side in enumerate(SIDES if sides else (None,)):
            asked.append((row, side))
            whole: dict[str | None, Any] = {None: source} | {name: one.messages for name, one in row.items()}
            of = {name: sides.conversations(said)[place] if sides else said for name, said in whole.items()}
            rows.append((of.pop(None), of))
            for name in names:
                verdicts[name].append(_on_side(row[name].verdicts, sides, side) if name in row else [])
    sources, candidates = ranked_texts(rows, names)
    rewards = {name: [row[name].scores["reward"] if name in row else None for row, _ in asked] for name in names}
    opinions = opinions_of(fitted, [row for row, _ in asked])
    ranked = fitted.score(sources, candidates, verdicts, rewards, opinions)
    for (row, side), ranks in zip(asked, ranked, strict=True):
        if len(ranks) < 2:
            continue
        for name, found in ranks.items():
            quality, one = round(found.quality, _PLACES), row[name]
            if side is None or one.by_side is None:
                one.scores["quality"] = quality
                continue
            one.by_side[side]["quality"] = quality
            if side == SIDES[-1]:
                both = sum(of["quality"] for of in one.by_side.values())
                one.scores["quality"] = round(both / len(SIDES), _PLACES)


def _on_side(verdicts: list[Verdict], sides: Sides | None, side: str | None) -> list[Verdict]:
    """The verdicts on one side, its prompt included."""
    if sides is None:
        return verdicts
    return [verdict for verdict in verdicts if sides.side_of(verdict.message) in (PROMPT, side)]


def failed_candidate(translator: str, reason: str, detail: str) -> dict[str, Any]:
    """A translator's place among the candidates where it has none: scores and messages are null, a check says why."""
    said = "not fused" if reason == NOT_FUSED else "not translated"
    verdict = {"check": reason, "hard": True, "message": None, "detail": f"{said}: {detail}"}
    return {
        "translator": translator, **unscored(),
        "checks": [verdict], "messages": None, "custom_instructions": None, "tokens": None, "segments": None,
    }  # fmt: skip
