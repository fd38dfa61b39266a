"""Which variant is said to be best, by scores over seeds."""

import numpy as np
import pytest

from model_recipes.choosing.ranks import as_table, compare_trained, plain
from model_recipes.evaluation.benchmarks.suites import SuiteBenchmark
from model_recipes.evaluation.scoring.scores import ScoredItem

BENCHMARKS = [SuiteBenchmark(name=name, title=name, task="t", metric=["acc"], mean="items") for name in ("x", "y")]


def models(shares: dict[str, list[float]], n: int = 400) -> dict[tuple[str, int], dict[str, list[ScoredItem]]]:
    """Models with a share of right answers for each seed, the easy items first, the same for all."""
    return {
        (variant, seed): {
            one.name: [ScoredItem("p", str(i), (float(i < share * n),), (1.0,)) for i in range(n)]
            for one in BENCHMARKS
        }
        for variant, of_seeds in shares.items()
        for seed, share in enumerate(of_seeds, 1)
    }


def test_a_better_variant_is_found_and_sure() -> None:
    found = compare_trained(
        ["a", "b", "c"], 3, models({"a": [0.5, 0.52, 0.51], "b": [0.6, 0.61, 0.62], "c": [0.4, 0.4, 0.4]}), BENCHMARKS
    )
    assert found.best == "b" and found.sure
    a, b, c = found.variants
    assert [round(one.rank.value, 2) for one in (a, b, c)] == [2.0, 1.0, 3.0]
    assert b.score.value == pytest.approx(0.61) and b.difference.value == pytest.approx(0.1)
    assert b.difference.low > 0 > c.difference.high and a.difference == (0, 0, 0)
    assert b.seeds == pytest.approx([0.6, 0.61, 0.62])


def test_seeds_that_disagree_make_nothing_sure() -> None:
    found = compare_trained(["a", "b"], 3, models({"a": [0.5, 0.6, 0.4], "b": [0.6, 0.45, 0.5]}), BENCHMARKS)
    assert found.best == "b" and not found.sure and "not ahead" in as_table(found, {"x": "X", "y": "Y"})


def test_equal_variants_share_their_place() -> None:
    found = compare_trained(["a", "b"], 1, models({"a": [0.5], "b": [0.5]}), BENCHMARKS)
    assert [one.rank.value for one in found.variants] == [1.5, 1.5] and not found.sure
    assert plain(found)["variants"]["b"]["average_rank"][0] == 1.5


def test_the_interval_of_no_difference_holds_nothing_as_often_as_it_says() -> None:
    draw = np.random.default_rng(3)
    false = 0
    for _ in range(60):
        items = {
            (variant, seed): {
                "x": [ScoredItem("p", str(i), (float(draw.random() < 0.5),), (1.0,)) for i in range(120)]
            }
            for variant in "ab"
            for seed in (1, 2, 3, 4, 5)
        }
        low, high = compare_trained(["a", "b"], 5, items, BENCHMARKS[:1]).variants[1].difference[1:]
        false += not low <= 0 <= high
    # Five of a hundred are expected; eleven of sixty have a chance of one in ten thousand.
    assert false <= 10


def test_models_of_other_items_are_not_compared() -> None:
    items = models({"a": [0.5], "b": [0.5]})
    items["b", 1]["x"] = items["b", 1]["x"][1:]
    with pytest.raises(ValueError, match="not asked the same items"):
        compare_trained(["a", "b"], 1, items, BENCHMARKS)
