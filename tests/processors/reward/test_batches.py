import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.errors import SmolKalamError
from processors.reward.batches import combine, make_batches, padding_share
from processors.reward.score import TokenIds, score_candidates, score_windows


@given(st.lists(st.integers(1, 300), max_size=60), st.integers(1, 1000))
def test_every_sequence_is_in_one_batch_within_the_bound(lengths: list[int], bound: int) -> None:
    batches = make_batches(lengths, bound)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= bound
    assert 0 <= padding_share(lengths, batches) < 1


def test_similar_lengths_share_a_batch() -> None:
    lengths = [10, 500] * 50
    batches = make_batches(lengths, 2000)
    assert padding_share(lengths, batches) < 0.1
    assert padding_share(lengths, [list(range(100))]) == pytest.approx(1 - 25_500 / 50_000)


@given(st.lists(st.tuples(st.floats(-50, 50), st.integers(1, 4000)), min_size=1, max_size=9))
def test_a_reward_lies_between_those_of_its_windows(windows: list[tuple[float, int]]) -> None:
    rewards, tokens = zip(*windows, strict=True)
    assert min(rewards) - 1e-4 <= combine(rewards, tokens) <= max(rewards) + 1e-4


def test_longer_windows_weigh_more_and_rewards_are_rounded() -> None:
    assert combine([1.0, 0.0], [1, 2]) == 0.3333
    assert str(combine([-0.00001], [5])) == "0.0"


@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
def test_a_broken_model_is_an_error(broken: float) -> None:
    with pytest.raises(SmolKalamError, match="as a reward"):
        combine([0.5, broken], [10, 10])


class Lengths:
    """A scorer whose reward is the length, and that knows what it was asked."""

    def __init__(self, fail_at: int | None = None) -> None:
        self.asked: list[list[TokenIds]] = []
        self.fail_at = fail_at

    def score(self, batches, keep) -> None:
        for number, batch in reversed(list(enumerate(batches))):
            if len(self.asked) == self.fail_at:
                raise KeyboardInterrupt
            self.asked.append(batch)
            keep(number, [float(len(ids)) for ids in batch])


WINDOWS = [[[1] * 10, [2] * 30], [[3] * 5], [[4] * 20], [[5] * 20, [6] * 20, [7] * 2]]


def test_rewards_come_back_to_their_candidates() -> None:
    assert score_candidates(WINDOWS, Lengths(), 40) == [(100 + 900) / 40, 5, 20, round((800 + 4) / 42, 4)]
    assert score_candidates([], Lengths(), 40) == []


def test_what_was_scored_before_is_not_scored_again() -> None:
    flat, kept, whole = [ids for of in WINDOWS for ids in of], dict[int, float](), Lengths()

    def keep(places, values) -> None:
        kept.update(zip(places, values, strict=True))

    score_windows(flat, whole, 40, (), keep)
    expected = dict(kept)
    kept.clear()
    with pytest.raises(KeyboardInterrupt):
        score_windows(flat, Lengths(fail_at=2), 40, (), keep)
    again = Lengths()
    score_windows(flat, again, 40, dict(kept), keep)
    assert kept == expected
    assert len(again.asked) == len(whole.asked) - 2


def test_a_scorer_that_loses_a_reward_is_an_error() -> None:
    class Short:
        def score(self, batches, keep) -> None:
            keep(0, [1.0])

    with pytest.raises(SmolKalamError, match="1 rewards came back for 2 texts"):
        score_candidates([[[1]], [[2]]], Short(), 40)
