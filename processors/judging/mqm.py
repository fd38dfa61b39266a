"""Errors that people mark in translations, by MQM's categories and severities, and what they make of a verdict.

A verdict without marks is a whole vote. Marks say how large the difference is: where the worse translation has only a
minor error more, the vote is a fifth of one; from a major error on it is whole. A translation with a critical error is
never a better one, as one with a hard check against it is none: such a verdict counts as a tie.
"""

from collections.abc import Iterable
from typing import Literal, get_args

Category = Literal["accuracy", "fluency", "terminology", "style", "locale"]
Severity = Literal["minor", "major", "critical"]
CATEGORIES: tuple[Category, ...] = get_args(Category)
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
# MQM's usual weights.
POINTS: dict[Severity, int] = {"minor": 1, "major": 5, "critical": 25}


def weight_of(better: Iterable[Severity], worse: Iterable[Severity]) -> float:
    """How much of a vote it is that one translation is better than another: 0 to 1, by the errors marked in both.

    >>> weight_of([], []), weight_of([], ["minor"]), weight_of(["minor"], ["major"]), weight_of(["critical"], [])
    (1.0, 0.2, 0.8, 0.0)
    """
    better, worse = list(better), list(worse)
    if not better and not worse:
        return 1.0
    if "critical" in better:
        return 0.0
    apart = sum(POINTS[one] for one in worse) - sum(POINTS[one] for one in better)
    # Whoever prefers the one with more marks has other reasons: it is a preference all the same.
    return min(1.0, max(POINTS["minor"], apart) / POINTS["major"])
