"""What items add up to: a benchmark's score, its interval, and the difference from a baseline on the same items.

Intervals are percentile bootstraps over items within their part (Koehn, 2004, for the paired one): both models are
read off the same resamples, so what makes an item hard for both does not widen their difference.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from model_recipes.evaluation.benchmarks.suites import SuiteBenchmark

_RESAMPLES, _SEED = 1000, 20_260_731
FEWEST = 6
# Counts of a resample are held as (resamples, items): so many items at a time stay within 100 MB.
_CELLS = 6_000_000

Array = np.ndarray


@dataclass(frozen=True, slots=True)
class ScoredItem:
    """One item of a benchmark, answered: for each metric what was reached of what could be.

    `key` is the same for every model. `chance`: what guessing would reach, 0 where nothing is chosen.
    """

    part: str
    key: str
    reached: tuple[float, ...]
    of: tuple[float, ...]
    chance: float = 0.0


class ScoreInterval(NamedTuple):
    """A share from 0 to 1 with its 95% limits."""

    value: float
    low: float
    high: float

    @property
    def percent(self) -> str:
        return f"{100 * self.value:.1f} [{100 * self.low:.1f}, {100 * self.high:.1f}]"


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """Model less baseline on the items that both answered.

    `sure` where the interval leaves 0 out, and there are items enough that chance would not often do so: of fewer than
    FEWEST even a difference on every one has a probability above 5 % by a sign test, and their bootstrap no width.
    """

    interval: ScoreInterval
    items: int

    @property
    def sure(self) -> bool:
        return self.items >= FEWEST and (self.interval.low > 0 or self.interval.high < 0)


def score(benchmark: SuiteBenchmark, items: Sequence[ScoredItem]) -> ScoreInterval:
    """A benchmark's score. Raises ValueError without items."""
    if not items:
        raise ValueError(f"{benchmark.name}: no items")
    value, drawn = resampled(benchmark, [items])
    return interval_of(value[0], drawn[0])


def difference(
    benchmark: SuiteBenchmark, model: Sequence[ScoredItem], baseline: Sequence[ScoredItem]
) -> PairedDifference | None:
    """Model less baseline on the items that both have; None where they share none."""
    other = {(item.part, item.key): item for item in baseline}
    shared = [item for item in model if (item.part, item.key) in other]
    if not shared:
        return None
    value, drawn = resampled(benchmark, [shared, [other[item.part, item.key] for item in shared]])
    return PairedDifference(interval_of(value[0] - value[1], drawn[0] - drawn[1]), len(shared))


def average(benchmarks: Sequence[SuiteBenchmark], items: Mapping[str, Sequence[ScoredItem]]) -> ScoreInterval:
    """The mean of several benchmarks' scores, each by itself resampled."""
    found = [resampled(one, [items[one.name]]) for one in benchmarks]
    value = float(np.mean([values[0] for values, _ in found]))
    return interval_of(value, np.mean([drawn[0] for _, drawn in found], axis=0))


def interval_of(value: float, drawn: Array) -> ScoreInterval:
    """A value with the 95% limits of what was drawn of it."""
    low, high = np.quantile(drawn, [0.025, 0.975])
    return ScoreInterval(float(value), float(low), float(high))


def resampled(benchmark: SuiteBenchmark, models: Sequence[Sequence[ScoredItem]]) -> tuple[Array, Array]:
    """Each model's score, (models,), and its score in every resample, (models, resamples).

    All models have the same items in the same order, and are read off the same resamples.
    """
    names = [benchmark.name if benchmark.mean == "items" else item.part for item in models[0]]
    # By name, not in the order of the run: the same items give the same interval.
    order = sorted(range(len(names)), key=lambda n: (names[n], models[0][n].part, models[0][n].key))
    parts: dict[str, list[int]] = {}
    for n in order:
        parts.setdefault(names[n], []).append(n)
    values, drawn = np.zeros(len(models)), np.zeros((len(models), _RESAMPLES))
    generator = np.random.default_rng([_SEED, *benchmark.name.encode()])
    for places in parts.values():
        reached = np.array([[models[m][n].reached for n in places] for m in range(len(models))])
        of = np.array([[models[m][n].of for n in places] for m in range(len(models))])
        chance = float(np.mean([models[0][n].chance for n in places])) if benchmark.above_chance else 0.0
        values += _ratio(reached.sum(axis=1), of.sum(axis=1), chance)
        drawn += _ratio(*_sums(generator, reached, of), chance)
    return values / len(parts), drawn / len(parts)


def _sums(generator: np.random.Generator, reached: Array, of: Array) -> tuple[Array, Array]:
    """`reached` and `of`, (models, items, metrics), summed over each resample: (models, resamples, metrics)."""
    n = reached.shape[1]
    step = max(1, _CELLS // n)
    sums: tuple[list[Array], list[Array]] = ([], [])
    for start in range(0, _RESAMPLES, step):
        counts = generator.multinomial(n, np.full(n, 1 / n), size=min(step, _RESAMPLES - start)).astype(np.float64)
        for made, values in zip(sums, (reached, of), strict=True):
            made.append(np.einsum("rn,mnk->mrk", counts, values, optimize=True))
    return np.concatenate(sums[0], axis=1), np.concatenate(sums[1], axis=1)


def _ratio(reached: Array, of: Array, chance: float) -> Array:
    """The mean over metrics, the last axis; above chance where asked for, and then never below 0."""
    share = (reached / np.maximum(of, 1e-12)).mean(axis=-1)
    return share if not chance else np.maximum(0.0, (share - chance) / (1 - chance))
