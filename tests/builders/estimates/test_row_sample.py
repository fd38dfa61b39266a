import doctest
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.estimates import row_sample
from builders.estimates.row_sample import FEWEST_ROWS, allocate, draw, groups_read, read_drawn
from builders.recipes.recipe import Source
from builders.sources.find import Shard, find_shards, plan_units
from builders.sources.read import ShardReader, read_rows
from processors.errors import InputError

Row = Callable[..., dict[str, Any]]
Write = Callable[..., Path]


def shards(*files: list[int]) -> list[Shard]:
    made: list[Shard] = []
    for number, groups in enumerate(files):
        first = sum(shard.rows for shard in made)
        made.append(Shard("a", f"{number}", first, sum(groups), 1, (), "", tuple(groups)))
    return made


def test_the_examples_in_the_docstrings() -> None:
    assert doctest.testmod(row_sample).failed == 0


@given(
    st.dictionaries(
        st.text(max_size=3), st.tuples(st.integers(1, 5000), st.floats(0.001, 1e9)), min_size=1, max_size=8
    ),
    st.integers(1, 6000),
)
def test_a_split_gets_enough_rows_and_never_more_than_it_has(splits: dict[str, tuple[int, float]], total: int) -> None:
    sizes = {name: size for name, (size, _) in splits.items()}
    quotas = allocate(total, sizes, {name: weight for name, (_, weight) in splits.items()})
    assert all(min(size, FEWEST_ROWS) <= quotas[name] <= size for name, size in sizes.items())
    assert sum(quotas.values()) <= max(total, sum(min(size, FEWEST_ROWS) for size in sizes.values()))
    if total >= sum(sizes.values()):
        assert quotas == sizes


@given(
    st.lists(st.lists(st.integers(0, 60), max_size=40), min_size=1, max_size=4), st.integers(1, 300), st.integers(0)
)
def test_drawn_rows_are_different_ones_and_stand_for_all(files: list[list[int]], count: int, seed: int) -> None:
    source = shards(*files)
    size = sum(shard.rows for shard in source)
    if not size:
        return
    drawn = draw("a", source, count, seed)
    assert np.all(np.diff(drawn.rows) > 0) and drawn.rows[0] >= 0 and drawn.rows[-1] < size
    assert drawn.weights.sum() == pytest.approx(size)
    again = draw("a", source, count, seed)
    assert np.array_equal(drawn.rows, again.rows) and np.array_equal(drawn.clusters, again.clusters)


def test_of_many_row_groups_few_are_read() -> None:
    source = shards([100] * 500, [100] * 500)
    drawn = draw("a", source, 500, 1)
    read, there = groups_read(source, drawn)
    assert there == 1000 and read == 50 and len(drawn.rows) == 500 and drawn.fraction == 0
    assert len(np.unique(drawn.clusters)) == 50
    # Few groups: each row for itself.
    assert draw("a", shards([25_000, 25_000]), 500, 1).fraction == 0.01


def test_every_row_is_as_likely_as_any_other() -> None:
    source = shards([10, 90] * 30)
    counts = np.zeros(3000)
    for seed in range(1500):
        drawn = draw("a", source, 100, seed)
        counts[drawn.rows] += drawn.weights
    # Its weight whenever it is drawn: 1 on average for each, in small groups as in large ones.
    groups = np.add.reduceat(counts, np.cumsum([0, *[10, 90] * 30])[:-1]) / np.array([10, 90] * 30) / 1500
    assert np.all(np.abs(groups - 1) < 0.25) and groups[::2].mean() == pytest.approx(1, abs=0.03)


def test_single_rows_are_those_of_the_build(row: Row, write_split: Write) -> None:
    rows = [row(("user", f"question {i}"), ("assistant", "x" * i)) for i in range(300)]
    folder = write_split("alpha", rows, shards=3, row_group_size=40)
    source = Source(path=str(folder))
    found, _, _ = find_shards(source)
    assert [shard.groups for shard in found] == [(40, 40, 20)] * 3
    everything = {d.id: d.metadata["messages"] for d in ShardReader(source, plan_units(found, {})).run()}
    drawn = draw("alpha", found, 50, 3)
    documents = list(read_drawn(source, found, drawn, ()))
    assert [d.metadata["row"] for d in documents] == drawn.rows.tolist()
    assert all(d.metadata["messages"] == everything[d.id] for d in documents)
    assert [d.metadata["row"] for d in read_rows(source, found[1], [0, 39, 40, 99])] == [100, 139, 140, 199]
    assert list(read_rows(source, found[1], [])) == []


def test_rows_of_another_file_system_and_damaged_ones(row: Row, write_split: Write) -> None:
    folder = write_split("alpha", [row(("user", f"q {i}"), ("assistant", "a" * 50)) for i in range(400)])
    memory = fsspec.filesystem("memory")
    memory.put(str(folder), "/row-sample", recursive=True)
    try:
        source = Source(path="memory://row-sample")
        found, _, _ = find_shards(source)
        assert [d.metadata["row"] for d in read_rows(source, found[0], [7, 399])] == [7, 399]
    finally:
        memory.rm("/row-sample", recursive=True)
    path = folder / "SFT" / found[0].file.rsplit("/", 1)[-1]
    data = bytearray(path.read_bytes())
    data[4:600] = bytes(596)
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"damaged: .*download it again"):
        list(read_rows(Source(path=str(folder)), found[0], [7]))
