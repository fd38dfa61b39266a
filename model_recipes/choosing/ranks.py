"""Which variant trains the best model: scores over seeds, differences and average ranks, each with an interval.

A resample draws seeds and items: the items are the same for all models of a benchmark, the seeds are drawn for each
variant by itself. The rank of a variant is its place by score in each benchmark, averaged over benchmarks, as the
paper's tables have it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from model_recipes.evaluation.benchmarks.suites import SuiteBenchmark
from model_recipes.evaluation.scoring.scores import ScoredItem, ScoreInterval, interval_of, resampled

_SEED = 1


@dataclass(frozen=True, slots=True)
class TrainedVariant:
    """A variant: its mean score over benchmarks and seeds, that less the first variant's, its average rank."""

    name: str
    score: ScoreInterval
    difference: ScoreInterval
    rank: ScoreInterval
    benchmarks: dict[str, float]
    seeds: list[float]


@dataclass(frozen=True, slots=True)
class TrainedChoice:
    """All variants in their order, and the best by score; `sure` where its lead over the next leaves 0 out."""

    variants: list[TrainedVariant]
    best: str
    sure: bool


def compare_trained(
    variants: Sequence[str],
    seeds: int,
    items: Mapping[tuple[str, int], Mapping[str, Sequence[ScoredItem]]],
    benchmarks: Sequence[SuiteBenchmark],
) -> TrainedChoice:
    """Compare models of the same benchmarks and items. Raises ValueError where one lacks a benchmark."""
    asked = [one for one in benchmarks if all(found.get(one.name) for found in items.values())]
    if not asked:
        raise ValueError("no benchmark that every model was asked")
    # (variants, seeds, benchmarks) and (..., resamples)
    values, drawn = [], []
    for one in asked:
        order = [items[variant, seed][one.name] for variant in variants for seed in range(1, seeds + 1)]
        value, resamples = resampled(one, aligned(order))
        values.append(value.reshape(len(variants), seeds))
        drawn.append(resamples.reshape(len(variants), seeds, -1))
    value, resamples = np.stack(values, axis=-1), np.stack(drawn, axis=2)
    of_seeds = _over_seeds(resamples)
    means = of_seeds.mean(axis=1)
    ranks = _ranks(of_seeds).mean(axis=1)
    point = value.mean(axis=1)
    rank_point = _ranks(point[..., None])[..., 0].mean(axis=1)
    found = [
        TrainedVariant(
            name,
            interval_of(float(point[v].mean()), means[v]),
            interval_of(float(point[v].mean() - point[0].mean()), means[v] - means[0]),
            interval_of(float(rank_point[v]), ranks[v]),
            {one.name: float(point[v, b]) for b, one in enumerate(asked)},
            [float(x) for x in value[v].mean(axis=1)],
        )
        for v, name in enumerate(variants)
    ]
    best = sorted(range(len(variants)), key=lambda v: -found[v].score.value)
    lead = means[best[0]] - means[best[1]] if len(best) > 1 else np.zeros(1)
    return TrainedChoice(found, variants[best[0]], bool(np.quantile(lead, 0.025) > 0))


def aligned(order: Sequence[Sequence[ScoredItem]]) -> list[list[ScoredItem]]:
    """Each model's items in the first one's order. Raises ValueError where they are not the same items."""
    keys = [(item.part, item.key) for item in order[0]]
    aligned = []
    for items in order:
        by_key = {(item.part, item.key): item for item in items}
        if set(by_key) != set(keys):
            raise ValueError("the models were not asked the same items")
        aligned.append([by_key[key] for key in keys])
    return aligned


def _over_seeds(resamples: np.ndarray) -> np.ndarray:
    """(variants, seeds, benchmarks, resamples) → (variants, benchmarks, resamples), seeds drawn with replacement."""
    variants, seeds, _, n = resamples.shape
    generator = np.random.default_rng(_SEED)
    made = np.empty((variants, resamples.shape[2], n))
    for v in range(variants):
        counts = generator.multinomial(seeds, np.full(seeds, 1 / seeds), size=n).T / seeds
        made[v] = np.einsum("sn,sbn->bn", counts, resamples[v])
    return made


def _ranks(scores: np.ndarray) -> np.ndarray:
    """Places by score along the first axis, 1 is best; equals share their mean place."""
    better = (scores[None] > scores[:, None]).sum(axis=1)
    equal = (scores[None] == scores[:, None]).sum(axis=1)
    return 1 + better + (equal - 1) / 2


def as_table(choice: TrainedChoice, titles: Mapping[str, str]) -> str:
    """Markdown: percent, ranks as places."""
    first = choice.variants[0].name
    names = list(choice.variants[0].benchmarks)
    head = ["variant", "score", f"less {first}", "average rank", *(titles[name] for name in names), "by seed"]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for one in choice.variants:
        less = "" if one.name == first else _signed(one.difference)
        rank = f"{one.rank.value:.2f} [{one.rank.low:.2f}, {one.rank.high:.2f}]"
        marks = [f"{100 * one.benchmarks[name]:.1f}" for name in names]
        by_seed = ", ".join(f"{100 * x:.1f}" for x in one.seeds)
        lines.append(f"| {' | '.join([one.name, one.score.percent, less, rank, *marks, by_seed])} |")
    said = "ahead of the next beyond chance" if choice.sure else "not ahead of the next beyond chance"
    return "\n".join([*lines, "", f"Best: {choice.best}, {said} (95%, over seeds and items)."])


def plain(choice: TrainedChoice) -> dict[str, Any]:
    """As JSON takes it; shares from 0 to 1."""
    return {
        "best": choice.best,
        "sure": choice.sure,
        "variants": {
            one.name: {
                "score": list(one.score),
                "difference": list(one.difference),
                "average_rank": list(one.rank),
                "benchmarks": one.benchmarks,
                "seeds": one.seeds,
            }
            for one in choice.variants
        },
    }


def _signed(found: ScoreInterval) -> str:
    return f"{100 * found.value:+.1f} [{100 * found.low:+.1f}, {100 * found.high:+.1f}]"
