"""How well rewards agree with preferences: pairwise accuracy with intervals, and calibration. NumPy only."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from processors.scoring.wilson import wilson_interval

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Accuracy:
    """The share of pairs whose chosen side has the larger reward (a tie counts one half), with its 95% interval."""

    pairs: int
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Pairs of similar confidence, sigmoid(|difference of the rewards|): its mean, and how often the larger reward was
    right."""

    pairs: int
    confidence: float
    accuracy: float
    low: float
    high: float


def pairwise_accuracy(differences: Sequence[float]) -> Accuracy:
    """Of rewards of the chosen less those of the rejected; the interval is Wilson's, for independent pairs."""
    right = float(_right(np.asarray(differences, dtype=float)).sum())
    n = len(differences)
    return Accuracy(n, right / n if n else 0.0, *wilson_interval(right, n))


def clustered_accuracy(differences: Sequence[float], rows: Sequence[str], seed: int = 0) -> Accuracy:
    """The same with a bootstrap over source rows: pairs of one row share its difficulty and its candidates.

    Where all pairs are right, or all wrong, every draw is alike and would claim certainty: the interval is then
    Wilson's, of as many trials as there are rows.
    """
    right = _right(np.asarray(differences, dtype=float))
    _, row = np.unique(np.asarray(rows), return_inverse=True)
    sums, sizes = np.bincount(row, weights=right), np.bincount(row)
    # 2,000 draws place the ends of a 95 % interval by 50 draws each.
    drawn = np.random.default_rng(seed).integers(0, len(sums), (2000, len(sums)))
    shares = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.quantile(shares, [0.025, 0.975])
    if low == high:
        low, high = wilson_interval(float(right.mean()) * len(sums), len(sums))
    return Accuracy(len(right), float(right.mean()), float(low), float(high))


def by_translators(
    differences: Sequence[float], chosen: Sequence[str], rejected: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Accuracy for each two translators, and how often the first of them was the preferred one."""
    found: dict[tuple[str, str], list[tuple[float, bool]]] = {}
    for difference, a, b in zip(differences, chosen, rejected, strict=True):
        first, second = sorted((a, b))
        found.setdefault((first, second), []).append((difference, a == first))
    return {
        f"{first} / {second}": {
            **asdict(pairwise_accuracy([difference for difference, _ in pairs])),
            "first_preferred": sum(is_first for _, is_first in pairs) / len(pairs),
        }
        for (first, second), pairs in sorted(found.items())
    }


def reliability(differences: Sequence[float], bins: int = 10) -> list[Bin]:
    """Bins of equally many pairs, by confidence. Without a tie for a side, a confidence is one half at least."""
    values = np.asarray(differences, dtype=float)
    confidence, right = sigmoid(np.abs(values)), _right(values)
    order = np.argsort(confidence, kind="stable")
    parts = [part for part in np.array_split(order, min(bins, len(order))) if len(part)]
    return [
        Bin(
            len(part),
            float(confidence[part].mean()),
            float(right[part].mean()),
            *wilson_interval(float(right[part].sum()), len(part)),
        )
        for part in parts
    ]


def calibration_error(bins: Sequence[Bin]) -> float:
    """Expected calibration error: the mean distance of confidence and accuracy, weighted by pairs."""
    total = sum(b.pairs for b in bins)
    return sum(b.pairs * abs(b.confidence - b.accuracy) for b in bins) / total if total else 0.0


def log_loss(differences: Sequence[float]) -> float:
    """The Bradley-Terry loss without margin: -log sigmoid(difference), natural logarithm; a coin has 0.693."""
    return float(np.logaddexp(0.0, -np.asarray(differences, dtype=float)).mean())


def sigmoid(values: Floats) -> Floats:
    result: Floats = 0.5 * (1 + np.tanh(values / 2))
    return result


def _right(differences: Floats) -> Floats:
    result: Floats = 0.5 * (1 + np.sign(differences))
    return result
