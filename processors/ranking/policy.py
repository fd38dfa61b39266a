"""Which candidate a config's row takes: hard checks and thresholds veto, then the recipe's policy decides.

A mean of LR and SCR cannot veto (the published dataset ships a row with LR 0.073 because its SCR is 1), so what is
broken is set aside before any score is looked at.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Literal, get_args

from processors.scoring.columns import COLUMN, PUBLISHED, Order, Score

Outcome = Literal["primary", "replaced_vetoed", "replaced_better", "dropped"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
# What orders candidates where the policy's own score is missing or equal, the best evidence first.
FALLBACKS: tuple[Order, ...] = ("quality", PUBLISHED)


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate as the policy sees it. `vetoes` are hard checks, `scores` what is known; null or absent: nothing.

    `failed` is the reason why a translator has no candidate, such as `finish_reason`.
    """

    translator: str
    scores: Mapping[str, float | None] = field(default_factory=dict)
    vetoes: tuple[str, ...] = ()
    failed: str | None = None


def vetoing(verdicts: Iterable[tuple[str, bool]], veto: Mapping[str, bool]) -> tuple[str, ...]:
    """Which checks veto a candidate, each once, of its verdicts (check, whether it is hard) in their order.

    `veto` says of a check whether all its verdicts veto, or none; of one that is not there its hard ones do.

    >>> vetoing([("numbers", True), ("length", False), ("script", True)], {"numbers": False, "length": True})
    ('length', 'script')
    """
    return tuple(dict.fromkeys(check for check, hard in verdicts if veto.get(check, hard)))


@dataclass(frozen=True, slots=True)
class Policy:
    """`replace`: never, when the primary is vetoed, or also when another is better by more than `margin`; segments as
    better, where a conversation is not put together from several (see `processors.ranking.segments`).

    `margin` is in the unit of `order_by`: a difference; of a relative score (quality), how far the chance that the
    other is the better of the two, `q_other / (q_other + q_primary)`, is above one half, whatever the number of
    candidates. `limits` veto: a candidate below the least value of a score, or without one if it `vetoes_null`
    (reward). A quality that is null passes, for then there is nothing to compare with.
    """

    replace: Literal["never", "vetoed", "better", "segments"] = "better"
    order_by: Order = "quality"
    margin: float | None = None
    limits: Mapping[Score, float] = field(default_factory=dict)

    def vetoes(self, candidate: Scored) -> tuple[str, ...]:
        """Hard checks first, then thresholds such as `LR 0.07 < 0.2`."""
        found = list(candidate.vetoes)
        for score, least in self.limits.items():
            if self.below(candidate, score):
                value = candidate.scores.get(score)
                found.append(f"no {score}" if value is None else f"{score} {_shown(value, least)} < {least:g}")
        return tuple(dict.fromkeys(found))

    def describe(self) -> str:
        """What decides, in a sentence without its end, for a card.

        >>> Policy("vetoed", limits={"LR": 0.2}).describe()
        "a row takes its primary translator's candidate, or the one with the highest quality of the others where that \
is vetoed; vetoed is also what has LR below 0.2"
        """
        limits = " or ".join(f"{score} below {least:g}" for score, least in self.limits.items())
        also = f"; vetoed is also what has {limits}" if limits else ""
        if self.replace == "never":
            return (
                f"a config holds its primary translator's candidates only, and a vetoed one leaves the row out{also}"
            )
        other = f"the one with the highest {self.order_by} of the others where that is vetoed"
        how = f"a row takes its primary translator's candidate, or {other}"
        if self.compares:
            by = (
                f"the better one of the two with a chance above {0.5 + self.by:g}, by their {self.order_by}"
                if COLUMN[self.order_by].relative
                else f"better by more than {self.by:g} in {self.order_by}"
            )
            how += f", or where it is {by}"
        if self.replace == "segments":
            how += (
                "; where the candidates share boundaries, each segment between them takes the best one's, unless to "
                "change hands costs more, and the whole is taken if it passes every check"
            )
        return how + also

    @property
    def compares(self) -> bool:
        """Whether another candidate is taken for being better."""
        return self.replace in ("better", "segments")

    @property
    def by(self) -> float:
        """The margin, given or usual."""
        usual = COLUMN[self.order_by].margin or 0.0
        return usual if self.margin is None else self.margin

    def below(self, candidate: Scored, score: Score) -> bool:
        """Whether the limit of `score` vetoes the candidate."""
        # Without a candidate there is nothing to veto; that it failed is told as such.
        if candidate.failed is not None or score not in self.limits:
            return False
        value = candidate.scores.get(score)
        return COLUMN[score].vetoes_null if value is None else value < self.limits[score]


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen translator (None: the config leaves the row out) and what decided.

    `outcome`: `primary`, `replaced_vetoed` (the primary is vetoed or has no candidate), `replaced_better`, `dropped`.
    `reason` is of the row, `decisions` are of the candidates, in their order.
    """

    translator: str | None
    reason: str
    outcome: Outcome
    decisions: tuple[str, ...] = ()


def decided(decision: str) -> str:
    """What a candidate's decision says in a word.

    It is `chosen`, `chosen_by_segment`, `not_chosen`, `vetoed` or `not_translated`.

    >>> decided("not chosen: rank_score 0.900 to 0.950")
    'not_chosen'
    """
    return decision.partition(":")[0].replace(" ", "_")


def choose(candidates: Sequence[Scored], primary: str, policy: Policy) -> Choice:
    """Choose for the config of `primary`. Ties go to the primary, then to the recipe's order of translators.

    >>> good = Scored("good", {"quality": 0.7})
    >>> poor = Scored("poor", {"quality": 0.3}, ("repetition",))
    >>> choose([good, poor], "poor", Policy("vetoed")).reason
    'poor vetoed: repetition'
    >>> choose([good, poor], "poor", Policy("never")).outcome
    'dropped'
    >>> choose([good, Scored("fair", {"quality": 0.2})], "fair", Policy()).reason
    'good better than fair: quality 0.700 to 0.200'
    >>> choose([good, poor], "good", Policy()).decisions
    ('chosen: no other usable candidate', 'vetoed: repetition')
    """
    vetoes = {c.translator: policy.vetoes(c) for c in candidates}
    own = next((c for c in candidates if c.translator == primary), Scored(primary, failed="absent"))
    chosen, outcome = _pick(candidates, vetoes, own, policy)
    return _explained(candidates, vetoes, own, chosen, outcome, policy)


def effects(candidates: Sequence[Scored], primary: str, policy: Policy, chosen: str | None) -> list[str]:
    """What of the policy changed this row of the config of `primary`: each limit without which, and `order` if with
    rank_score instead, it would not be `chosen`.

    >>> short, long = Scored("a", {"LR": 0.1, "quality": 0.6}), Scored("b", {"LR": 0.9, "quality": 0.4})
    >>> effects([short, long], "a", Policy(limits={"LR": 0.2, "quality": 0.3}), "b")
    ['LR']
    """
    own = next((c for c in candidates if c.translator == primary), Scored(primary, failed="absent"))

    def differs(other: Policy) -> bool:
        found, _ = _pick(candidates, {c.translator: other.vetoes(c) for c in candidates}, own, other)
        return (found.translator if found else None) != chosen

    changed: list[str] = []
    for limit in policy.limits:
        # Most rows keep all limits.
        if any(policy.below(c, limit) for c in candidates):
            others = {score: least for score, least in policy.limits.items() if score != limit}
            if differs(Policy(policy.replace, policy.order_by, policy.margin, others)):
                changed.append(limit)
    # With one candidate, or none that may replace it, no order changes anything.
    ordered = policy.order_by != PUBLISHED and policy.replace != "never" and len(candidates) > 1
    if ordered and differs(Policy(policy.replace, PUBLISHED, None, policy.limits)):
        changed.append("order")
    return changed


def _pick(
    candidates: Sequence[Scored], vetoes: Mapping[str, tuple[str, ...]], own: Scored, policy: Policy
) -> tuple[Scored | None, Outcome]:
    usable = [c for c in candidates if c.failed is None and not vetoes[c.translator]]
    best = max(usable, key=lambda c: (*_key(c, policy.order_by), c is own), default=None)
    # The primary stays unless the best is better by the margin; what is vetoed has no claim to stay.
    if best is not None and any(c is own for c in usable):
        better = policy.compares and is_better(best, own, policy)
        return (best, "replaced_better") if better else (own, "primary")
    if policy.replace != "never" and best is not None:
        return best, "replaced_vetoed"
    return None, "dropped"


def is_better(other: Scored, own: Scored, policy: Policy) -> bool:
    """Whether `other` is better than `own` by more than the policy's margin; where a score is missing, it is not."""
    a, b = (c.scores.get(policy.order_by) for c in (other, own))
    if a is None or b is None:
        return False
    if COLUMN[policy.order_by].relative:
        # Chances of a row add up to 1 over all its candidates: only their ratio is the same for two as for six.
        return a > b and a / (a + b) - 0.5 > policy.by
    return a - b > policy.by


def _key(candidate: Scored, order: Order) -> tuple[float, ...]:
    """What orders; where it is missing or equal, the next best thing that is known."""
    values = (candidate.scores.get(score) for score in (order, *FALLBACKS))
    return tuple(-inf if value is None else value for value in values)


def _explained(
    candidates: Sequence[Scored],
    vetoes: Mapping[str, tuple[str, ...]],
    own: Scored,
    chosen: Scored | None,
    outcome: Outcome,
    policy: Policy,
) -> Choice:
    def broken(candidate: Scored) -> str | None:
        if candidate.failed is not None:
            return f"not translated: {candidate.failed}"
        return f"vetoed: {', '.join(found)}" if (found := vetoes[candidate.translator]) else None

    order = policy.order_by
    others = [c for c in candidates if c is not chosen and not broken(c)]
    if why := broken(own):
        reason = f"{own.translator} {why}"
    elif chosen is None or chosen is own:
        reason = "primary"
    else:
        reason = f"{chosen.translator} better than {own.translator}: {order} {_both(chosen, own, order)}"
    decisions = []
    for candidate in candidates:
        if why := broken(candidate):
            decisions.append(why)
        elif candidate is chosen:
            decisions.append(f"chosen: {_for(candidate, others, own, outcome, policy)}")
        elif chosen is None:
            decisions.append(f"not chosen: the config takes {own.translator} only")
        elif outcome == "primary" and not policy.compares:
            decisions.append(f"not chosen: {own.translator} is not vetoed")
        elif outcome == "primary" and _key(candidate, order) > _key(chosen, order):
            decisions.append(f"not chosen: {order} {_both(candidate, chosen, order)}, not above the margin")
        else:
            decisions.append(f"not chosen: {order} {_both(candidate, chosen, order)}")
    return Choice(chosen.translator if chosen else None, reason, outcome, tuple(decisions))


def _for(chosen: Scored, others: Sequence[Scored], own: Scored, outcome: Outcome, policy: Policy) -> str:
    if not others:
        return "no other usable candidate"
    if outcome == "primary" and not policy.compares:
        return "the config's own, not vetoed"
    rival = max(others, key=lambda c: _key(c, policy.order_by))
    compared = f"{policy.order_by} {_both(chosen, rival, policy.order_by)}"
    if outcome == "primary" and rival.scores.get(policy.order_by) == chosen.scores.get(policy.order_by):
        return f"the config's own, {rival.translator} is as good: {compared}"
    if outcome == "primary" and _key(rival, policy.order_by) > _key(chosen, policy.order_by):
        return f"the config's own, {rival.translator} is not better by more than the margin: {compared}"
    return f"best of those not vetoed: {compared}"


def _both(one: Scored, other: Scored, order: Order) -> str:
    values = (c.scores.get(order) for c in (one, other))
    return " to ".join("unknown" if value is None else f"{value:.3f}" for value in values)


def _shown(value: float, least: float) -> str:
    """With so many places that it reads as below `least`."""
    places = next((n for n in range(2, 9) if float(f"{value:.{n}f}") < least), 9)
    return f"{value:.{places}f}"
