"""Totals over all rows from a sample of them, each with a 95% confidence interval: pure arithmetic for `plan`.

A row's weight is the number of rows for which it stands: that of its draw, scaled within each stratum to what the cut
of its split takes. Errors are taken by resampling clusters within splits (the rescaling bootstrap of Rao and Wu, 1988,
with its finite-population correction), so that whatever is computed from the totals has an interval too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from builders.estimates.row_sample import Drawn
from processors.selection.choose_rows import plan_cut

# Of the bootstrap, for a standard error: its own error is then 1 / sqrt(2 * 500), 3 %.
REPLICATES = 500
CONFIDENCE = 0.95


class Interval(NamedTuple):
    """An estimate between the limits of its 95% confidence interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class SplitSample:
    """The drawn rows of one split after the selection's filters.

    `strata[i]` is the stratum of row i, or "" if the row is dropped. A cut takes `cut_rows` rows (None: all that are
    left) in the proportions `ratio`, by stratum.
    """

    drawn: Drawn
    strata: np.ndarray
    cut_rows: int | None = None
    ratio: Mapping[str, int] | None = None


def row_weights(sample: SplitSample, base: np.ndarray) -> np.ndarray:
    """How many selected rows each drawn row stands for; `base` and the result have the shape (rows,).

    >>> drawn = Drawn("a", 40, np.arange(4), np.arange(4), np.full(4, 10.0), 0.1)
    >>> row_weights(SplitSample(drawn, np.array(["all", "all", "", "all"]), 15), drawn.weights).tolist()
    [5.0, 5.0, 0.0, 5.0]
    """
    weights = np.where(sample.strata == "", 0.0, base)
    if sample.cut_rows is None:
        return weights
    names = sorted(set(sample.strata.tolist()) - {""})
    available = {name: float(weights[sample.strata == name].sum()) for name in names}
    quotas = plan_cut({name: round(n) for name, n in available.items()}, sample.ratio or {}, sample.cut_rows).quotas
    for name in names:
        if available[name] > 0:
            weights[sample.strata == name] *= quotas[name] / available[name]
    return weights


def replicate_weights(sample: SplitSample, seed: int, replicates: int = REPLICATES) -> np.ndarray:
    """`row_weights` of resampled clusters, in the shape (replicates, rows)."""
    drawn = sample.drawn
    numbers, cluster = np.unique(drawn.clusters, return_inverse=True)
    count = len(numbers)
    if count < 2 or drawn.fraction >= 1:
        return np.tile(row_weights(sample, drawn.weights), (replicates, 1))
    generator = np.random.default_rng([seed, *drawn.split.encode()])
    times = generator.multinomial(count - 1, np.full(count, 1 / count), size=replicates)
    factors = 1 + (1 - drawn.fraction) ** 0.5 * (count / (count - 1) * times - 1)
    base = drawn.weights * factors[:, cluster]
    if sample.cut_rows is None:
        return np.where(sample.strata == "", 0.0, base)
    if sample.ratio:
        weights = np.stack([row_weights(sample, one) for one in base])
    else:
        weights = np.where(sample.strata == "", 0.0, base)
        left = weights.sum(axis=1, keepdims=True)
        weights *= np.minimum(1.0, sample.cut_rows / np.maximum(left, 1e-9))
    return _chosen_at_random(sample, weights, base, generator)


def _chosen_at_random(
    sample: SplitSample, weights: np.ndarray, base: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """`weights` as they vary with the rows that a cut happens to take of those that each drawn row stands for."""
    taken = np.divide(weights, base, out=np.ones_like(weights), where=base > 0)
    varied = weights + np.sqrt(np.maximum(0.0, weights * (1 - taken))) * generator.standard_normal(weights.shape)
    # A cut takes exactly so many of each stratum.
    for name in set(sample.strata.tolist()) - {""}:
        inside = sample.strata == name
        wanted, got = weights[:, inside].sum(axis=1), varied[:, inside].sum(axis=1)
        varied[:, inside] *= np.divide(wanted, got, out=np.ones_like(got), where=got > 0)[:, None]
    return varied


@dataclass(frozen=True, slots=True)
class SampleTotals:
    """Sums over all selected rows: `values` of the shape (columns,), `replicates` (replicates, columns).

    `freedom` are the degrees of freedom of their errors.
    """

    values: np.ndarray
    replicates: np.ndarray
    freedom: float

    def interval(self, of: Callable[[np.ndarray], np.ndarray]) -> Interval:
        """The interval of what `of` computes from totals (shape (..., columns) to (...)).

        On a logarithmic scale: conversations' lengths are skewed, and a sample that happens to lack the long ones
        shows too small a mean and too small an error together.
        """
        value, spread = float(of(self.values)), float(np.std(of(self.replicates)))
        if value <= 0 or not spread:
            return Interval(value, value, value)
        reach = student(CONFIDENCE, self.freedom) * spread / value
        return Interval(value, value * exp(-reach), value * exp(min(reach, 50)))


def totals(samples: Sequence[SplitSample], columns: Sequence[np.ndarray], seed: int, decisive: int) -> SampleTotals:
    """Sums over all splits. `columns[i]`: float array (rows, columns) of what each drawn row of `samples[i]` has.

    `decisive` is the column whose errors give the degrees of freedom (Satterthwaite).
    """
    width = columns[0].shape[1]
    values, replicates = np.zeros(width), np.zeros((REPLICATES, width))
    above = below = 0.0
    for sample, column in zip(samples, columns, strict=True):
        values += row_weights(sample, sample.drawn.weights) @ column
        resampled = replicate_weights(sample, seed) @ column
        replicates += resampled
        variance = float(np.var(resampled[:, decisive]))
        above += variance
        below += variance**2 / max(1, len(np.unique(sample.drawn.clusters)) - 1)
    return SampleTotals(values, replicates, above**2 / below if below else float("inf"))


def selected_rows(samples: Sequence[SplitSample]) -> Interval:
    """How many rows are selected. A sample without a dropped row does not prove that there is none (Agresti-Coull)."""
    value = variance = most = 0.0
    for sample in samples:
        drawn, count = sample.drawn, len(sample.strata)
        value += float(row_weights(sample, drawn.weights).sum())
        left = float(drawn.weights[sample.strata != ""].sum())
        most += min(drawn.size, sample.cut_rows or drawn.size)
        if count and (sample.cut_rows is None or left < 1.1 * sample.cut_rows):
            dropped = (int((sample.strata == "").sum()) + 2) / (count + 4)
            variance += drawn.size**2 * dropped * (1 - dropped) / count * (1 - min(1.0, drawn.fraction))
    reach = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * variance**0.5
    return Interval(value, max(0.0, value - reach), min(most, value + reach))


def student(confidence: float, freedom: float) -> float:
    """The quantile of Student's distribution for a two-sided interval (Fisher's expansion, within 1% from 4 on).

    >>> round(student(0.95, float("inf")), 2), round(student(0.95, 10), 2)
    (1.96, 2.23)
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    freedom = max(freedom, 3.0)
    first, second = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3


def asked_shares(
    keys: np.ndarray, rows: np.ndarray, weights: np.ndarray, messages: np.ndarray, known: np.ndarray
) -> np.ndarray:
    """For each request in the sample the part of it that has to be asked, as equal requests are asked once.

    `keys`, `rows` and `messages` (shape (requests,)) name what is asked, in which row of the sample and as a part of
    which message; `weights` (shape (rows,)) says for how many rows each stands; `known` (shape (requests,)) how many
    rows have the message, or 0 or less where that was not counted.

    Where it was counted, a request of M rows is asked 1/M times for each: what is saved is estimated without bias.
    Else a request seen in one row counts as asked by each row that it stands for, one seen in several rows as asked
    once in all. That never overstates what is saved: a request that m rows have, of which the sample sees at least one
    with probability p, counts as p(m - 1) saved of m - 1 on average. How often a request that was seen once comes
    again, no sample can tell (Charikar et al., 2000).

    >>> tens = np.full(2, 10.0)
    >>> asked_shares(np.array([7, 7, 7, 9]), np.array([0, 0, 1, 1]), tens, np.ones(4), np.zeros(4)).tolist()
    [0.025, 0.025, 0.05, 1.0]
    >>> asked_shares(np.array([7, 9]), np.array([0, 0]), tens, np.array([5, 6]), np.array([4, 1])).tolist()
    [0.25, 1.0]
    """
    if not len(keys):
        return np.zeros(0)
    _, key = np.unique(keys, return_inverse=True)
    pairs, pair, times = np.unique(np.stack([key, rows]), axis=1, return_inverse=True, return_counts=True)
    seen_in = np.bincount(pairs[0])
    stands_for = np.bincount(pairs[0], weights=weights[pairs[1]])
    # The messages of which a request is a part, each once, and how many rows have them.
    parts, first = np.unique(np.stack([key, np.unique(messages, return_inverse=True)[1]]), axis=1, return_index=True)
    of_messages = np.bincount(parts[0], weights=np.maximum(known[first], 0))
    counted = (np.bincount(parts[0]) == 1) & (of_messages > 0)
    by_sample = np.where(seen_in > 1, np.maximum(stands_for, of_messages), 1.0)
    share = 1 / np.maximum(np.where(counted, of_messages, by_sample), 1.0)
    return share[key] / times[pair.reshape(-1)]
