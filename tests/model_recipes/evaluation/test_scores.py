"""Scores, intervals and differences, by hand and by simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_recipes.evaluation.benchmarks.suites import SuiteBenchmark
from model_recipes.evaluation.scoring.scores import ScoredItem, average, difference, score


def bench(mean: str = "items", metric: tuple[str, ...] = ("acc",), above_chance: bool = False) -> SuiteBenchmark:
    return SuiteBenchmark.model_validate(
        {"name": "b", "title": "B", "task": "t", "metric": list(metric), "mean": mean, "above_chance": above_chance}
    )


def items(rights: dict[str, list[int]], chance: float = 0.25) -> list[ScoredItem]:
    return [
        ScoredItem(part, f"{n}", (float(right),), (1.0,), chance)
        for part, found in rights.items()
        for n, right in enumerate(found)
    ]


def test_parts_count_the_same_or_items_do() -> None:
    found = items({"small": [1, 1], "large": [0] * 6})
    assert score(bench("parts"), found).value == 0.5
    assert score(bench("items"), found).value == 0.25


def test_above_chance_guessing_is_nothing_and_below_it_is_not_less() -> None:
    parts = items({"a": [1, 0, 0, 0], "b": [1, 1, 1, 0], "c": [0, 0, 0, 0]})
    # 0.25 → 0, 0.75 → 2/3, 0 → 0 and not -1/3.
    assert score(bench("parts", above_chance=True), parts).value == pytest.approx(2 / 9)


def test_two_metrics_are_averaged_and_a_list_counts_by_its_entries() -> None:
    """IFEval: one prompt of two whole, and three of four instructions."""
    found = [ScoredItem("p", "1", (1.0, 1.0), (1.0, 1.0)), ScoredItem("p", "2", (0.0, 2.0), (1.0, 3.0))]
    assert score(bench(metric=("prompt", "inst")), found).value == pytest.approx((0.5 + 0.75) / 2)


def test_an_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    draw = np.random.default_rng(7)
    held = 0
    for _ in range(120):
        low, high = score(bench(), items({"p": list(draw.random(150) < 0.6)}))[1:]
        held += low <= 0.6 <= high
    # 95 % of 120 is 114; fewer than 106 has a chance of one in a thousand.
    assert held >= 106


def test_a_paired_difference_is_narrower_than_two_intervals() -> None:
    draw = np.random.default_rng(1)
    easy = draw.random(400)
    worse, better = [int(x > 0.5) for x in easy], [int(x > 0.45) for x in easy]
    found = difference(bench(), items({"p": better}), items({"p": worse}))
    assert found and found.sure and found.items == 400
    assert found.interval.value == pytest.approx((sum(better) - sum(worse)) / 400)
    alone = score(bench(), items({"p": better}))
    assert found.interval.high - found.interval.low < 0.6 * (alone.high - alone.low)


def test_the_same_model_differs_by_nothing_and_is_not_sure() -> None:
    found = difference(bench(), items({"p": [1, 0, 1]}), items({"p": [1, 0, 1]}))
    assert found and found.interval == (0, 0, 0) and not found.sure


def test_of_a_few_items_no_difference_is_sure() -> None:
    """A bootstrap of one item has no width: it would be sure of anything."""
    for n in (1, 2, 5, 6, 7):
        found = difference(bench(), items({"p": [1] * n}), items({"p": [0] * n}))
        assert found and found.interval == (1, 1, 1) and found.sure == (n >= 6)


def test_only_shared_items_are_compared() -> None:
    found = difference(bench(), items({"p": [1, 1, 1, 1]}), items({"p": [0, 1]}))
    assert found and found.items == 2 and found.interval.value == 0.5
    assert difference(bench(), items({"p": [1]}), items({"q": [1]})) is None


@settings(deadline=None, max_examples=25)
@given(st.lists(st.booleans(), min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_the_order_of_items_does_not_change_a_score(rights: list[bool], random: object) -> None:
    found = items({"p": list(map(int, rights)), "q": [1, 0]})
    other = list(found)
    random.shuffle(other)  # type: ignore[attr-defined]
    assert score(bench("parts"), found) == score(bench("parts"), other)
    assert 0 <= score(bench(), found).low <= score(bench(), found).value <= score(bench(), found).high <= 1


def test_an_average_is_of_benchmarks_not_of_items() -> None:
    one, two = bench(), bench().model_copy(update={"name": "c"})
    found = {"b": items({"p": [1] * 9}), "c": items({"p": [0]})}
    assert average([one, two], found).value == 0.5
