"""The rule: a candidate is kept if a critical benchmark becomes better beyond chance, and none falls too far.

Better: the chance of the gain, one-sided, after Holm's correction over all candidates and critical benchmarks of the
round, is at most the level; the level of the whole is shared out equally among the rounds that there may be, so that
what is tried again and again does not pass by luck. Not worse: the one-sided lower limit of each benchmark's change is
above its tolerance. That needs no correction, for a candidate must pass all of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from model_recipes.choosing import Items
from model_recipes.evaluation.benchmarks.suites import SuiteBenchmark
from model_recipes.gate.noise import Gain, gain, holm
from model_recipes.gate.plan import GatePlan


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate on a benchmark. `chance` after the correction, of a critical one; `low`, `high`: one-sided limits.

    `found`: `better`, `fell` (by more than its tolerance, as measured), `may have fallen` (its limit says), or `same`.
    """

    benchmark: str
    gain: Gain
    low: float
    high: float
    tolerance: float
    chance: float | None
    found: str

    def plain(self) -> dict[str, Any]:
        """As JSON takes it; shares from 0 to 1."""
        about = {"base": self.gain.base, "score": self.gain.score, "change": self.gain.value}
        about |= {"error": self.gain.error, "freedom": self.gain.freedom, "low": self.low, "high": self.high}
        found = {name: round(value, 9) for name, value in about.items() if value != float("inf")}
        chance = None if self.chance is None else round(self.chance, 9)
        return found | {"tolerance": self.tolerance, "chance_corrected": chance, "found": self.found}


@dataclass(frozen=True, slots=True)
class GateDecision:
    """What became of a candidate in a round, and why, in words."""

    candidate: str
    round: int
    kept: bool
    why: str
    benchmarks: list[Judged] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        """As JSON takes it."""
        judged = {one.benchmark: one.plain() for one in self.benchmarks}
        return {"kept": self.kept, "why": self.why, "round": self.round, "benchmarks": judged}


def decide(
    plan: GatePlan,
    benchmarks: Sequence[SuiteBenchmark],
    items: Mapping[str, Sequence[Items]],
    base: Sequence[Items],
    round_: int,
) -> list[GateDecision]:
    """Decide on a round's candidates, by name in `items`; both have one entry a seed. A pure function of these."""
    gains = {
        name: {
            one.name: gain(one, [of[one.name] for of in base], [of[one.name] for of in models]) for one in benchmarks
        }
        for name, models in items.items()
    }
    asked = [(name, one) for name in items for one in plan.critical if one in gains[name]]
    chances = dict(zip(asked, holm([gains[name][one].chance for name, one in asked]), strict=True))
    level = (1 - plan.confidence) / (1 + (plan.refine.rounds if plan.refine else 0))
    found = []
    for name in items:
        judged = [
            _judged(plan, one.name, gains[name][one.name], chances.get((name, one.name)), level) for one in benchmarks
        ]
        kept, why = _said(judged, plan.critical)
        found.append(GateDecision(name, round_, kept, why, judged))
    return found


def _judged(plan: GatePlan, name: str, found: Gain, chance: float | None, level: float) -> Judged:
    low, high = found.limits(plan.confidence)
    tolerance = plan.tolerance_of(name)
    if found.value < -tolerance:
        said = "fell"
    elif low < -tolerance:
        said = "may have fallen"
    else:
        said = "better" if chance is not None and chance <= level else "same"
    return Judged(name, found, low, high, tolerance, chance, said)


def _said(judged: Sequence[Judged], critical: Sequence[str]) -> tuple[bool, str]:
    better = [one.benchmark for one in judged if one.found == "better"]
    fell = [one for one in judged if one.found in ("fell", "may have fallen")]
    parts = [f"better on {', '.join(better)}"] if better else [f"none of {', '.join(critical)} better beyond chance"]
    for one in fell:
        what = f"{one.found} on {one.benchmark}" if one.found == "fell" else f"{one.benchmark} may have fallen"
        limit = one.gain.value if one.found == "fell" else one.low
        parts.append(f"{what} ({100 * limit:+.1f} points{'' if one.found == 'fell' else ' at worst'}, "
                     f"{100 * one.tolerance:.1f} allowed)")  # fmt: skip
    return bool(better) and not fell, "; ".join(parts)
