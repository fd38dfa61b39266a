"""What a difference is worth: Student's distribution, Holm's correction, and how often nothing is called a gain."""

import numpy as np
import pytest

from model_recipes.evaluation.benchmarks.suites import SuiteBenchmark
from model_recipes.evaluation.scoring.scores import ScoredItem
from model_recipes.gate.noise import gain, gain_of, holm, student, student_quantile


@pytest.mark.parametrize(
    # Of the tables of the distribution.
    ("share", "freedom", "t"),
    [(0.95, 1, 6.314), (0.95, 2, 2.920), (0.99, 3, 4.541), (0.975, 4, 2.776), (0.995, 8, 3.355), (0.95, 120, 1.658)],
)
def test_student_is_as_its_tables_say(share: float, freedom: int, t: float) -> None:
    assert student(t, freedom) == pytest.approx(share, abs=2e-4)
    assert student_quantile(share, freedom) == pytest.approx(t, abs=2e-3)
    assert student(-t, freedom) == pytest.approx(1 - share, abs=2e-4)


def test_holm_orders_and_never_falls() -> None:
    assert holm([0.04, 0.001, 0.03, 0.5]) == pytest.approx([0.09, 0.004, 0.09, 0.5])
    assert holm([]) == [] and holm([0.7]) == [0.7]


@pytest.mark.parametrize(("seeds", "most"), [(2, 0.03), (3, 0.05), (5, 0.07)])
def test_where_nothing_differs_a_gain_is_found_no_oftener_than_the_level(seeds: int, most: float) -> None:
    generator = np.random.default_rng(1)
    none = np.zeros((2 * seeds, 2))
    found = [gain_of(generator.normal(size=2 * seeds), none, seeds, 300).chance <= 0.05 for _ in range(2000)]
    assert np.mean(found) <= most


def model(skill: float, seed: int, items: int = 400) -> list[ScoredItem]:
    generator = np.random.default_rng(seed)
    return [ScoredItem("p", str(n), (float(generator.random() < skill),), (1.0,)) for n in range(items)]


def test_a_gain_has_the_noise_of_items_and_of_seeds() -> None:
    about = SuiteBenchmark(name="b", title="b", task="b", metric=["acc"], mean="items")
    base = [model(0.5, seed) for seed in range(5)]
    better = gain(about, base, [model(0.7, seed) for seed in range(10, 15)])
    assert better.chance < 0.001 and 0.15 < better.value < 0.25
    low, high = better.limits(0.95)
    assert 0.1 < low < better.value < high < 0.3
    same = gain(about, base, base)
    assert (same.value, same.chance) == (0, pytest.approx(0.5))
    # Models of one seed alike, on few items: the items are all the noise there is.
    few = gain(about, [model(0.5, 1, 20)] * 2, [model(0.6, 2, 20)] * 2)
    assert few.freedom == pytest.approx(19) and few.error > 0.05
