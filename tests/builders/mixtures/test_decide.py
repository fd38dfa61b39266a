"""Which rows a mixture takes: exact for any weights and budgets, the same for the same seed, and nested."""

from fractions import Fraction
from math import ceil, floor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.mixtures.decide import Decision, Pool, apportioned, decide, final_order, mixed, weighted_rows
from builders.mixtures.recipe import Mixture, exactly
from processors.errors import InputError


def pool(source: str, rows: int, weight: float = 1.0, split: str = "train", seed: int = 0, most: int = 900) -> Pool:
    numbers = np.random.default_rng([seed, rows, *source.encode(), *split.encode()])
    keys = numbers.integers(0, 1 << 63, rows, dtype=np.uint64)
    return Pool(source, split, exactly(weight), keys, numbers.integers(1, most, rows))


def mixture(*sources: dict[str, Any], **keys: Any) -> Mixture:
    return Mixture.model_validate({"name": "m", "sources": [{"path": "p", **source} for source in sources], **keys})


def rows_of(decision: Decision) -> list[int]:
    return [int(times.sum()) for times in decision.times]


def tokens_of(pools: list[Pool], decision: Decision) -> list[int]:
    return [int((one.tokens * times).sum()) for one, times in zip(pools, decision.times, strict=True)]


weights = st.decimals(0, 6, places=2).map(float)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), weights), min_size=1, max_size=4), st.integers(0, 99))
def test_weights_are_exact_to_the_row(parts: list[tuple[int, float]], seed: int) -> None:
    pools = [pool("a", rows, weight, f"s{number}") for number, (rows, weight) in enumerate(parts)]
    found = decide(mixture({"name": "a"}, seed=seed), pools)
    for one, times in zip(pools, found.times, strict=True):
        assert times.sum() == weighted_rows(len(one.keys), one.weight)
        assert abs(times.sum() - len(one.keys) * one.weight) <= Fraction(1, 2)
        if len(times):
            assert floor(one.weight) <= times.min() <= times.max() <= ceil(one.weight)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 60), weights), min_size=1, max_size=4),
    st.sampled_from(["rows", "tokens"]),
    st.floats(0, 1),
)
def test_a_budget_is_met_from_below_and_divided_as_the_weights_say(
    parts: list[tuple[int, float]], unit: str, share: float
) -> None:
    pools = [pool("a", rows, weight, f"s{number}") for number, (rows, weight) in enumerate(parts)]
    whole = decide(mixture({"name": "a"}), pools)
    sizes = rows_of(whole) if unit == "rows" else tokens_of(pools, whole)
    budget = max(1, int(sum(sizes) * share))
    if budget > sum(sizes):
        with pytest.raises(InputError, match=f"^{unit}: "):
            decide(mixture({"name": "a"}, **{unit: budget}), pools)
        return
    found = decide(mixture({"name": "a"}, **{unit: budget}), pools)
    got = rows_of(found) if unit == "rows" else tokens_of(pools, found)
    quotas = apportioned(budget, sizes)
    left = [
        int(tokens)
        for one, times, most in zip(pools, found.times, whole.times, strict=True)
        for tokens, fewer in zip(one.tokens, times < most, strict=True)
        if fewer
    ]
    if unit == "rows":
        assert got == quotas
    else:
        assert sum(got) <= budget
        # Nothing that is left would fit.
        assert not left or budget - sum(got) < min(left)
    assert all((times <= most).all() for times, most in zip(found.times, whole.times, strict=True))


@settings(max_examples=100, deadline=None)
@given(st.integers(5, 80), st.integers(5, 80), st.sampled_from([0.8, 0.5, 0.25, 0.95]), weights.filter(bool))
def test_shares_of_languages_are_exact_by_rows(arabic: int, english: int, share: float, weight: float) -> None:
    pools = [pool("a", arabic, weight), pool("e", english)]
    asked = {"ar": share, "en": round(1 - share, 2)}
    sources = {"name": "a", "language": "ar"}, {"name": "e", "language": "en"}
    try:
        found = decide(mixture(*sources, languages={"shares": asked, "by": "rows"}), pools)
    except InputError as error:
        assert "too few for a share" in str(error)
        return
    total = sum(rows_of(found))
    assert [Fraction(rows, total) for rows in rows_of(found)] == [exactly(one) for one in asked.values()]


def test_shares_of_languages_by_tokens_are_exact_where_rows_are_many() -> None:
    pools = [pool("a", 3000, 2.5), pool("e", 4000, most=40)]
    sources = {"name": "a", "language": "ar", "weight": 2.5}, {"name": "e", "language": "en"}
    for tokens, wanted in ((100_000, [80_000, 20_000]), (100_001, [80_001, 20_000]), (99_999, [79_999, 20_000])):
        found = decide(mixture(*sources, languages={"shares": {"ar": 0.8, "en": 0.2}}, tokens=tokens), pools)
        assert tokens_of(pools, found) == wanted
        assert found.times[0].max() == 1


def test_a_longer_row_is_taken_for_a_shorter_one_to_meet_a_budget() -> None:
    keys = np.arange(4, dtype=np.uint64)
    one = Pool("a", "train", Fraction(1), keys, np.array([10, 10, 10, 13]))
    (times,) = decide(mixture({"name": "a"}, tokens=23), [one]).times
    assert int((times * one.tokens).sum()) == 23


def test_a_budget_of_a_source_comes_before_the_budget_of_the_whole() -> None:
    pools = [pool("a", 100), pool("a", 300, split="more"), pool("b", 1000)]
    sources = {"name": "a", "rows": 40}, {"name": "b"}
    assert rows_of(decide(mixture(*sources), pools)) == [10, 30, 1000]
    assert rows_of(decide(mixture(*sources, rows=104), pools)) == [1, 3, 100]


def test_a_smaller_budget_is_a_part_of_a_larger_one_and_no_row_comes_twice_before_all_came_once() -> None:
    pools = [pool("a", 200, 3.0)]
    small, large = (decide(mixture({"name": "a"}, rows=rows), pools).times[0] for rows in (150, 500))
    assert (small <= large).all() and small.max() == 1 and large.min() == 2 and large.max() == 3


def test_a_seed_draws_other_rows_and_rows_elsewhere_change_nothing() -> None:
    pools = [pool("a", 500), pool("b", 500)]
    one = decide(mixture({"name": "a", "rows": 250}, {"name": "b"}, seed=1), pools)
    two = decide(mixture({"name": "a", "rows": 250}, {"name": "b"}, seed=2), pools)
    assert (one.times[0] != two.times[0]).sum() > 100
    turned = Pool("a", "train", pools[0].weight, pools[0].keys[::-1], pools[0].tokens[::-1])
    again = decide(mixture({"name": "a", "rows": 250}, {"name": "b"}, seed=1), [turned, pools[1]])
    assert (again.times[0][::-1] == one.times[0]).all()


def test_too_little_says_what_there_is_and_which_weight_would_do() -> None:
    pools = [pool("a", 100)]
    with pytest.raises(InputError) as raised:
        decide(mixture({"name": "a", "rows": 251}), pools)
    assert str(raised.value) == (
        "sources[0].rows (a): 251 rows are asked for and there are 100; ask for at most that, or raise the weights "
        "2.51 times, by which rows are repeated"
    )
    with pytest.raises(InputError, match=r"^tokens: 5 tokens are asked for and there are none$"):
        decide(mixture({"name": "a"}, tokens=5), [pool("a", 0)])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), weights), min_size=1, max_size=4), st.integers(0, 9))
def test_every_copy_has_a_place_of_its_own(parts: list[tuple[int, float]], seed: int) -> None:
    pools = [pool("a", rows, weight, f"s{number}") for number, (rows, weight) in enumerate(parts)]
    times = decide(mixture({"name": "a"}, seed=seed), pools).times
    ordered = final_order(pools, times, seed)
    places = np.concatenate([places for _, _, places in ordered])
    assert sorted(places) == list(range(sum(map(int, map(np.sum, times)))))
    for (rows, copies, _), one in zip(ordered, times, strict=True):
        assert (np.bincount(rows, minlength=len(one)) == one).all()
        assert set(zip(rows.tolist(), copies.tolist(), strict=True)) == {
            (row, copy) for row, count in enumerate(one.tolist()) for copy in range(count)
        }


def test_the_order_is_shuffled_and_keys_stay_apart() -> None:
    pools = [pool("a", 1000), pool("b", 1000)]
    (_, _, first), _ = final_order(pools, [np.ones(1000, np.int64)] * 2, 7)
    assert 400 < (first < 1000).sum() < 600
    assert abs(np.corrcoef(np.arange(1000), first)[0, 1]) < 0.1
    assert len(np.unique(mixed(np.arange(100_000, dtype=np.uint64), 5))) == 100_000
