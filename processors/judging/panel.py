"""A panel of LLM judges on pairs of translations: each asked in both orders, their verdicts, and how far they agree.

A judge that prefers what it reads first (or second) says the opposite when the order is swapped: such a verdict is a
tie, and how often that happens is the judge's position bias (Zheng et al., 2023, arXiv 2306.05685, section 3).
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from processors.judging.krippendorff import krippendorff_alpha
from processors.judging.rubric import CRITERIA, Judgement
from processors.scoring.wilson import wilson_interval

Winner = Literal["a", "b", "tie"]
VOTES: dict[Winner, int] = {"a": 1, "tie": 0, "b": -1}


@dataclass(frozen=True, slots=True)
class CandidatePair:
    """Two translators' candidates of one row, as texts."""

    id: str
    a: str
    b: str
    source: str
    text_a: str
    text_b: str


@dataclass(frozen=True, slots=True)
class JudgedPair:
    """A judge's verdict on a pair; None, with the failure, where the judge gave none in one of the orders.

    `orders` are the winners with `a` shown first and with `b` shown first. The verdict is theirs if they are the same,
    else a tie; `flipped` where each order had another winner. `scores` are the means of both orders.
    """

    id: str
    a: str
    b: str
    judge: str
    verdict: Winner | None
    orders: tuple[Winner | None, Winner | None]
    flipped: bool = False
    scores: dict[str, dict[str, float]] = field(default_factory=dict)
    reasons: tuple[str, str] = ("", "")
    failure: str | None = None

    def to_json(self) -> str:
        """One line of `verdicts.jsonl`."""
        record = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps(record, ensure_ascii=True)

    @property
    def pair(self) -> tuple[str, str, str]:
        return self.id, self.a, self.b


def combine(pair: CandidatePair, judge: str, forward: Judgement | str, backward: Judgement | str) -> JudgedPair:
    """The verdict of both orders: `forward` has `a` first, `backward` has `b` first; a string is a failure.

    >>> one = {name: 3 for name in CRITERIA}
    >>> always_first = Judgement("first", one, one, "")
    >>> combine(CandidatePair("r", "A", "B", "", "", ""), "j", always_first, always_first).verdict
    'tie'
    """
    failures = [answer for answer in (forward, backward) if isinstance(answer, str)]
    names: tuple[dict[str, Winner], dict[str, Winner]] = (
        {"first": "a", "second": "b", "tie": "tie"},
        {"first": "b", "second": "a", "tie": "tie"},
    )
    orders = tuple(
        None if isinstance(answer, str) else name[answer.better]
        for answer, name in zip((forward, backward), names, strict=True)
    )
    known = {"id": pair.id, "a": pair.a, "b": pair.b, "judge": judge, "orders": orders}
    if isinstance(forward, str) or isinstance(backward, str):
        return JudgedPair(**known, verdict=None, failure="; ".join(dict.fromkeys(failures)))  # type: ignore[arg-type]
    scores = {
        "a": {name: (forward.first[name] + backward.second[name]) / 2 for name in CRITERIA},
        "b": {name: (forward.second[name] + backward.first[name]) / 2 for name in CRITERIA},
    }
    return JudgedPair(
        **known,  # type: ignore[arg-type]
        verdict=orders[0] if orders[0] == orders[1] else "tie",
        flipped=set(orders) == {"a", "b"},
        scores=scores,
        reasons=(forward.reason, backward.reason),
    )


class Share(NamedTuple):
    """`hits` of `of`, and the limits of the 95% Wilson interval of their share (0 and 1 where `of` is 0)."""

    hits: int
    of: int
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.percent} of {self.of:,}" if self.of else "n/a"

    @property
    def percent(self) -> str:
        if not self.of:
            return "n/a"
        return f"{100 * self.hits / self.of:.1f}% [{100 * self.low:.1f}, {100 * self.high:.1f}]"


def share(hits: int, of: int) -> Share:
    """A proportion with its interval.

    >>> str(share(9, 10))
    '90.0% [59.6, 98.2] of 10'
    """
    return Share(hits, of, *wilson_interval(hits, of))


class JudgeReport(NamedTuple):
    """One judge: pairs judged, `flips` (position bias) among those, how many of the flips preferred the first shown,
    ties, failures, and how often it agrees with the others' majority (of pairs on which both decide)."""

    judged: int
    flips: Share
    flips_to_first: int
    ties: int
    failures: Counter[str]
    with_others: Share


def judge_reports(verdicts: Sequence[JudgedPair]) -> dict[str, JudgeReport]:
    """A report for each judge, in the order in which they come."""
    by_judge: dict[str, list[JudgedPair]] = defaultdict(list)
    by_pair: dict[tuple[str, str, str], list[JudgedPair]] = defaultdict(list)
    for verdict in verdicts:
        by_judge[verdict.judge].append(verdict)
        by_pair[verdict.pair].append(verdict)
    reports = {}
    for judge, own in by_judge.items():
        judged = [verdict for verdict in own if verdict.verdict is not None]
        flipped = [verdict for verdict in judged if verdict.flipped]
        agree = [
            verdict.verdict == others
            for verdict in judged
            if verdict.verdict != "tie"
            and (others := majority([v for v in by_pair[verdict.pair] if v.judge != judge])) not in (None, "tie")
        ]
        reports[judge] = JudgeReport(
            len(judged),
            share(len(flipped), len(judged)),
            sum(verdict.orders[0] == "a" for verdict in flipped),
            sum(verdict.verdict == "tie" and not verdict.flipped for verdict in judged),
            Counter(verdict.failure for verdict in own if verdict.failure is not None),
            share(sum(agree), len(agree)),
        )
    return reports


def majority(verdicts: Sequence[JudgedPair]) -> Winner | None:
    """The panel's verdict on one pair: the sign of its votes. None where nobody gave one."""
    votes = [VOTES[verdict.verdict] for verdict in verdicts if verdict.verdict is not None]
    if not votes:
        return None
    total = sum(votes)
    return "a" if total > 0 else "b" if total < 0 else "tie"


def majorities(verdicts: Sequence[JudgedPair]) -> dict[tuple[str, str, str], Winner]:
    """The panel's verdict on each pair on which there is one."""
    by_pair: dict[tuple[str, str, str], list[JudgedPair]] = defaultdict(list)
    for verdict in verdicts:
        by_pair[verdict.pair].append(verdict)
    return {pair: winner for pair, found in by_pair.items() if (winner := majority(found)) is not None}


def agreements(verdicts: Sequence[JudgedPair]) -> dict[str, float | None]:
    """Krippendorff's alpha between the judges: of the verdicts as names and as an order (b, tie, a), and of each
    criterion's difference in score between the two translations, as an interval. None where it is not defined."""
    judges = list(dict.fromkeys(verdict.judge for verdict in verdicts))
    by_pair: dict[tuple[str, str, str], dict[str, JudgedPair]] = defaultdict(dict)
    for verdict in verdicts:
        if verdict.verdict is not None:
            by_pair[verdict.pair][verdict.judge] = verdict
    rows = [[found.get(judge) for judge in judges] for found in by_pair.values()]
    votes = [[None if v is None or v.verdict is None else VOTES[v.verdict] for v in row] for row in rows]
    alphas = {
        "verdict, nominal": krippendorff_alpha(votes, "nominal"),
        "verdict, ordinal": krippendorff_alpha(votes, "ordinal"),
    }
    for name in CRITERIA:
        differences = [[None if v is None else v.scores["a"][name] - v.scores["b"][name] for v in row] for row in rows]
        alphas[f"{name}, interval"] = krippendorff_alpha(differences, "interval")
    return alphas


def audit(
    panel: Mapping[tuple[str, str, str], Winner], scores: Mapping[tuple[str, str, str], tuple[float, float]]
) -> Share:
    """How often the panel prefers what scores higher: of the pairs on which both decide. `scores`: of a and of b."""
    decided = [
        (scores[pair][0] > scores[pair][1]) == (winner == "a")
        for pair, winner in panel.items()
        if winner != "tie" and pair in scores and scores[pair][0] != scores[pair][1]
    ]
    return share(sum(decided), len(decided))


def to_plain(reports: Mapping[str, JudgeReport]) -> dict[str, Any]:
    """The reports as JSON values."""
    return {
        judge: {
            "judged": report.judged,
            "flips": report.flips._asdict(),
            "flips_to_first": report.flips_to_first,
            "ties": report.ties,
            "failures": dict(report.failures.most_common()),
            "agrees_with_others": report.with_others._asdict(),
        }
        for judge, report in reports.items()
    }
