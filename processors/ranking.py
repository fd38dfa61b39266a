"""Which candidate a config's row takes: hard checks veto, then the recipe's policy decides.

A mean of LR and SCR cannot veto (the published dataset ships a row with LR 0.073 because its SCR is 1), so what is
broken is set aside before any score is looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Outcome = Literal["primary", "replaced_vetoed", "replaced_better", "dropped"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate as the policy sees it. `vetoes` are reasons such as `protected` or `LR 0.07 < 0.2`."""

    translator: str
    rank_score: float
    vetoes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """`replace`: never, when the primary is vetoed, or also when another is better by `margin` in rank_score."""

    replace: Literal["never", "vetoed", "better"] = "vetoed"
    margin: float = 0.05


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen translator (None: the config leaves the row out) and what decided.

    `outcome`: `primary`, `replaced_vetoed` (the primary is vetoed or has no candidate), `replaced_better`, `dropped`.
    """

    translator: str | None
    reason: str
    outcome: Outcome


def choose(candidates: Sequence[Scored], primary: str, policy: Policy) -> Choice:
    """Choose for the config of `primary`. Ties go to the primary, then to the recipe's order of translators.

    >>> good, poor = Scored("good", 0.9), Scored("poor", 0.95, ("repetition",))
    >>> choose([good, poor], "poor", Policy())
    Choice(translator='good', reason='poor vetoed: repetition', outcome='replaced_vetoed')
    >>> choose([good, poor], "poor", Policy(replace="never"))
    Choice(translator=None, reason='poor vetoed: repetition', outcome='dropped')
    >>> choose([good, Scored("fair", 0.8)], "fair", Policy(replace="better", margin=0.05)).reason
    'good better by 0.100'
    """
    own = next((c for c in candidates if c.translator == primary), None)
    why = f"{primary} vetoed: {', '.join(own.vetoes)}" if own and own.vetoes else f"{primary} has no candidate"
    usable = [c for c in candidates if not c.vetoes]
    own = None if own is None or own.vetoes else own
    if own is not None:
        best = max(usable, key=lambda c: (c.rank_score, c is own))
        if policy.replace == "better" and best.rank_score - own.rank_score > policy.margin:
            why = f"{best.translator} better by {best.rank_score - own.rank_score:.3f}"
            return Choice(best.translator, why, "replaced_better")
        return Choice(primary, "primary", "primary")
    if policy.replace == "never" or not usable:
        return Choice(None, why, "dropped")
    best = max(usable, key=lambda c: c.rank_score)
    return Choice(best.translator, why, "replaced_vetoed")
