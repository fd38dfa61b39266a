"""A seeded sample of a source's rows, by split, that reads little: for `smolkalam plan`.

A split with few row groups is sampled row by row, each as likely as any other. Parquet reads whole row groups, so of a
split with many only some are drawn, as likely as they are large (systematic sampling), and some rows in each. The rows
that were drawn together are a cluster: they are alike, and an estimate's error must be taken from clusters.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from datatrove.data import Document

from builders.recipes.recipe import Source
from builders.sources.find import Shard
from builders.sources.read import read_rows

# A cluster's rows: reading a row group for fewer costs too much, and more tell little that is new.
CLUSTER_ROWS = 10
# The error is taken from how clusters differ; with fewer than these it is itself a guess.
FEWEST_CLUSTERS = 8
# An error cannot be taken from fewer.
FEWEST_ROWS = 30


@dataclass(frozen=True, slots=True)
class Drawn:
    """The rows drawn of one split. `rows` are numbered over the split, ascending.

    `clusters[i]` is the cluster of `rows[i]`, `weights[i]` how many rows of the split it stands for. `fraction` is the
    sampled part where rows were drawn one by one, and 0 where the sample's size says nothing of what is left.
    """

    split: str
    size: int
    rows: np.ndarray
    clusters: np.ndarray
    weights: np.ndarray
    fraction: float


def allocate(total: int, sizes: Mapping[str, int], weights: Mapping[str, float]) -> dict[str, int]:
    """How many rows to draw of each split: about `total`, in proportion to `weights`, FEWEST_ROWS to all of a split's.

    >>> allocate(100, {"a": 1000, "b": 1000, "c": 5}, {"a": 3.0, "b": 1.0, "c": 1.0})
    {'a': 65, 'b': 30, 'c': 5}
    """

    def at(scale: float) -> dict[str, int]:
        return {s: min(size, max(FEWEST_ROWS, int(scale * weights[s]))) for s, size in sizes.items()}

    low, high = 0.0, max((size / weights[s] for s, size in sizes.items() if weights[s] > 0), default=0.0) + 1
    if sum(at(high).values()) <= total:
        return at(high)
    # Halved 60 times the interval is smaller than any float can tell.
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(at(middle).values()) <= total else (low, middle)
    return at(low)


def draw(split: str, shards: Sequence[Shard], count: int, seed: int) -> Drawn:
    """Draw `count` rows of a split, or a few less; the same for the same seed."""
    generator = np.random.default_rng([seed, *split.encode()])
    groups = np.array([rows for shard in shards for rows in shard.groups if rows], dtype=np.int64)
    size = int(groups.sum())
    clusters = max(FEWEST_CLUSTERS, count // CLUSTER_ROWS)
    if count >= size or len(groups) <= 2 * clusters:
        count = min(count, size)
        rows = np.sort(generator.choice(size, count, replace=False))
        return Drawn(split, size, rows, np.arange(count), np.full(count, size / max(1, count)), count / max(1, size))
    ends = groups.cumsum()
    points = (generator.random() + np.arange(clusters)) * size / clusters
    hit, times = np.unique(np.searchsorted(ends, points, side="right"), return_counts=True)
    taken, cluster, weights = [], [], []
    for number, (group, often) in enumerate(zip(hit, times, strict=True)):
        here = min(int(groups[group]), max(1, round(count / clusters)))
        rows = np.sort(generator.choice(groups[group], here, replace=False)) + ends[group] - groups[group]
        taken.append(rows)
        cluster.append(np.full(here, number))
        weights.append(np.full(here, often * size / clusters / here))
    return Drawn(split, size, np.concatenate(taken), np.concatenate(cluster), np.concatenate(weights), fraction=0.0)


def read_drawn(source: Source, shards: Sequence[Shard], drawn: Drawn, columns: tuple[str, ...]) -> Iterator[Document]:
    """The documents of `drawn.rows`, in order."""
    for shard in shards:
        inside = drawn.rows[(drawn.rows >= shard.first) & (drawn.rows < shard.first + shard.rows)] - shard.first
        if len(inside):
            yield from read_rows(source, shard, inside.tolist(), columns)


def groups_read(shards: Sequence[Shard], drawn: Drawn) -> tuple[int, int]:
    """How many row groups hold the drawn rows, and how many there are."""
    ends = np.array([rows for shard in shards for rows in shard.groups]).cumsum()
    return len(np.unique(np.searchsorted(ends, drawn.rows, side="right"))), len(ends)
