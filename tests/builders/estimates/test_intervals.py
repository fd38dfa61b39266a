import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.estimates import intervals as estimate
from builders.estimates.intervals import SplitSample, asked_shares, row_weights, selected_rows, student, totals
from builders.estimates.row_sample import Drawn, draw
from builders.sources.find import Shard


def shards(split: str, groups: list[int]) -> list[Shard]:
    return [Shard(split, "file", 0, sum(groups), 1, (), "", tuple(groups))]


def population(generator: np.random.Generator, size: int, block: int) -> np.ndarray:
    """Lengths as conversations have them: skewed, and alike within a block of a shard."""
    level = np.repeat(generator.normal(0, 0.4, -(-size // block)), block)[:size]
    return np.exp(generator.normal(5, 0.9, size) + level)


def whole(drawn: Drawn) -> SplitSample:
    return SplitSample(drawn, np.full(len(drawn.rows), "all"))


def test_the_examples_in_the_docstrings() -> None:
    assert doctest.testmod(estimate).failed == 0


@pytest.mark.parametrize(("freedom", "quantile"), [(3, 3.182), (5, 2.571), (10, 2.228), (30, 2.042), (1e9, 1.960)])
def test_quantiles_are_those_of_the_tables(freedom: float, quantile: float) -> None:
    assert student(0.95, freedom) == pytest.approx(quantile, rel=0.01)


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    """Three splits: one drawn row by row, one in clusters, one of which a cut takes a part, stratified."""
    generator = np.random.default_rng(7)
    plain, clustered = population(generator, 2_000, 50), population(generator, 40_000, 100)
    cut = population(generator, 3_000, 50)
    strata = generator.choice(["code", "math", "science", ""], 3_000, p=[0.05, 0.6, 0.3, 0.05])
    ratio, rows = {"code": 1, "science": 1, "math": 2}, 400
    # Each stratum has more rows than the cut wants, but for code, of which all are taken.
    quotas = estimate.plan_cut({name: int((strata == name).sum()) for name in ratio}, ratio, rows).quotas
    truth = plain.sum() + clustered.sum() + sum(cut[strata == name].mean() * n for name, n in quotas.items())
    inside, widths, errors = 0, [], []
    for seed in range(60):
        one = draw("plain", shards("plain", [1000, 1000]), 150, seed)
        two = draw("clustered", shards("clustered", [100] * 400), 400, seed)
        three = draw("cut", shards("cut", [3000]), 150, seed)
        assert two.fraction == 0
        samples = [whole(one), whole(two), SplitSample(three, strata[three.rows], rows, ratio)]
        columns = [values[drawn.rows, None] for values, drawn in ((plain, one), (clustered, two), (cut, three))]
        interval = totals(samples, columns, seed, 0).interval(lambda sums: sums[..., 0])
        assert interval.low < interval.value < interval.high
        inside += interval.low <= truth <= interval.high
        widths.append(interval.high - interval.low)
        errors.append(interval.value - truth)
    # 95% of 60 are 57. Wide intervals would cover too: theirs is that of the errors that were really made.
    assert inside >= 54, inside
    assert np.mean(widths) < 1.3 * 3.92 * np.std(errors)


def test_a_sample_of_everything_is_exact() -> None:
    values = population(np.random.default_rng(1), 300, 10)
    drawn = draw("a", shards("a", [100, 200]), 10_000, 5)
    sums = totals([whole(drawn)], [values[drawn.rows, None]], 5, 0)
    assert sums.interval(lambda t: t[..., 0]) == pytest.approx((values.sum(),) * 3)
    assert selected_rows([whole(drawn)]) == (300, 300, 300)


def test_what_no_drawn_row_has_is_no_proof() -> None:
    drawn = draw("a", shards("a", [1000]), 50, 5)
    rows = selected_rows([whole(drawn)])
    # Of 50 rows none was dropped: up to 6% may be (the rule of three).
    assert rows.value == rows.high == 1000 and 900 < rows.low < 960


def test_a_cut_takes_exactly_its_rows() -> None:
    drawn = draw("a", shards("a", [5000]), 200, 5)
    strata = np.where(np.arange(200) % 3 == 0, "code", np.where(np.arange(200) % 3 == 1, "math", ""))
    weights = row_weights(SplitSample(drawn, strata, 600, {"code": 1, "math": 2}), drawn.weights)
    assert weights[strata == "code"].sum() == pytest.approx(200) and weights[strata == "math"].sum() == pytest.approx(
        400
    )
    assert not weights[strata == ""].any()


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), min_size=1, max_size=60))
def test_everything_seen_leaves_each_request_once(requests: list[tuple[int, int]]) -> None:
    keys, rows = np.array(requests).T
    shares = asked_shares(keys, rows, np.ones(10), keys, np.zeros(len(keys)))
    assert shares.sum() == pytest.approx(len(set(keys.tolist())))


@pytest.mark.parametrize("fraction", [0.1, 0.5])
@pytest.mark.parametrize("rows_with_it", [1, 2, 5, 40])
def test_savings_by_duplicates_are_those_of_requests_that_are_seen(rows_with_it: int, fraction: float) -> None:
    """As the docstring says: p(m - 1) on average for a request of m rows, and so never too much."""
    generator = np.random.default_rng(rows_with_it)
    saved = []
    for _ in range(1500):
        seen = int(generator.binomial(rows_with_it, fraction))
        weights, alike = np.full(max(1, seen), 1 / fraction), np.full(seen, 3)
        shares = asked_shares(alike, np.arange(seen), weights, alike, np.zeros(seen))
        saved.append((seen - shares.sum()) / fraction)
    expected = (1 - (1 - fraction) ** rows_with_it) * (rows_with_it - 1)
    error = np.std(saved) / 1500**0.5
    assert abs(np.mean(saved) - expected) <= 4 * error + 1e-9
