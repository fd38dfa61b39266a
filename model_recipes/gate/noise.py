"""What a difference between two mixtures' models is worth: its standard error, its chance of being none, its limits.

Two sources of chance add up. Items: the difference is read off the same resamples of items for all models (the paired
bootstrap of `model_recipes.evaluation.scoring.scores`), for what makes an item hard makes it hard for both. Seeds: the
models of a mixture differ among themselves, by their sample variance. A bootstrap over seeds would not do, for of few
it sees too little of their spread: where nothing differs it finds a gain at the level of 5 % in 16.6 % of cases with 2
seeds, 12.8 % with 3, 9.8 % with 5 and 8.4 % with 8; Welch's t, as here, in 1.1, 3.1, 4.9 and 5.3 % (4,000 draws of
normal scores; `tests/model_recipes/gate/test_noise.py` holds a smaller number of them).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model_recipes.choosing import aligned
from model_recipes.evaluation.benchmarks.suites import SuiteBenchmark
from model_recipes.evaluation.scoring.scores import ScoredItem, resampled


@dataclass(frozen=True, slots=True)
class Gain:
    """A mixture's score less the base's, means over seeds: shares from 0 to 1. `freedom`: Welch's degrees of it."""

    base: float
    score: float
    error: float
    freedom: float

    @property
    def value(self) -> float:
        return self.score - self.base

    @property
    def chance(self) -> float:
        """How likely at least this gain is where there is none (one-sided)."""
        if not self.error:
            return 0.0 if self.value > 0 else 1.0
        return 1 - student(self.value / self.error, self.freedom)

    def limits(self, confidence: float) -> tuple[float, float]:
        """The limits beyond each of which it lies with at most 1 - confidence, each by itself."""
        far = student_quantile(confidence, self.freedom) * self.error
        return self.value - far, self.value + far


def gain(
    benchmark: SuiteBenchmark, base: Sequence[Sequence[ScoredItem]], other: Sequence[Sequence[ScoredItem]]
) -> Gain:
    """What `other`'s models (one a seed) have over `base`'s on a benchmark. Raises ValueError for unlike items."""
    scores, drawn = resampled(benchmark, aligned([*base, *other]))
    return gain_of(scores, drawn, len(base), min(len(items) for items in base))


def gain_of(scores: np.ndarray, drawn: np.ndarray, seeds: int, items: int) -> Gain:
    """Of scores (models,) and resampled ones (models, resamples), of which the first `seeds` are the base's."""
    ours, theirs = scores[:seeds], scores[seeds:]
    # Each: the variance that it adds to the difference, and how well that is known.
    parts = [(float(np.var(one, ddof=1)) / len(one), len(one) - 1) for one in (ours, theirs)] + [
        (float(np.var(drawn[seeds:].mean(axis=0) - drawn[:seeds].mean(axis=0))), max(1, items - 1))
    ]
    variance = sum(part for part, _ in parts)
    below = sum(part**2 / freedom for part, freedom in parts)
    freedom = variance**2 / below if below else math.inf
    return Gain(float(ours.mean()), float(theirs.mean()), math.sqrt(variance), freedom)


def student(t: float, freedom: float) -> float:
    """The share of Student's t below `t`; of whole degrees of freedom, of others of the next below, which is wider.

    >>> round(student(2.132, 4), 4), round(student(-1.0, 1), 4), round(student(2.353, 3.9), 4)
    (0.95, 0.25, 0.95)
    """
    degrees = int(min(max(1.0, freedom), 10_000))
    angle = math.atan(t / math.sqrt(degrees))
    sine, square = math.sin(angle), math.cos(angle) ** 2
    term = total = math.cos(angle) if degrees % 2 else 1.0
    if degrees == 1:
        return 0.5 + angle / math.pi
    # Abramowitz and Stegun, 26.7.3 and 26.7.4.
    for step in range(3 if degrees % 2 else 2, degrees - 1, 2):
        term *= square * (step - 1) / step
        total += term
    within = 2 / math.pi * (angle + sine * total) if degrees % 2 else sine * total
    return (1 + within) / 2


def student_quantile(share: float, freedom: float) -> float:
    """The t below which a share of Student's distribution lies.

    >>> round(student_quantile(0.95, 4), 3), student_quantile(0.5, 4)
    (2.132, 0.0)
    """
    if share == 0.5:
        return 0.0
    low, high = -1e6, 1e6
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if student(middle, freedom) < share else (low, middle)
    return (low + high) / 2


def holm(chances: Sequence[float]) -> list[float]:
    """Holm's (1979) adjusted chances: which may each be held against the level of all together.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(chances)), key=lambda n: chances[n])
    adjusted = [0.0] * len(chances)
    reached = 0.0
    for place, n in enumerate(order):
        reached = max(reached, min(1.0, (len(chances) - place) * chances[n]))
        adjusted[n] = reached
    return adjusted
