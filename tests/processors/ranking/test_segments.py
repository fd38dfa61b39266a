"""The path through a conversation's segments: the best there is, and none of one's own where nothing tells."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from processors.ranking.segments import DISAGREEMENT, SWITCH, best_path, change_costs, path_gain, segment_gain

NUMBERS = st.integers(-50, 50).map(lambda n: n / 8)


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[list[float]], list[list[list[float]] | None]]:
    length, width = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    gains = [[draw(NUMBERS) for _ in range(width)] for _ in range(length)]
    cost = st.lists(st.lists(NUMBERS.map(abs), min_size=width, max_size=width), min_size=width, max_size=width)
    return gains, [None, *(draw(st.none() | cost) for _ in range(length - 1))]


@given(problems())
def test_no_other_path_is_better(problem: tuple[list[list[float]], list[list[list[float]] | None]]) -> None:
    gains, costs = problem
    path = best_path(gains, costs)
    assert len(path) == len(gains)
    best = max(path_gain(gains, costs, other) for other in product(range(len(gains[0])), repeat=len(gains)))
    assert path_gain(gains, costs, path) == best
    # Among them those that never change hands: it is never worse than a whole candidate.
    assert best >= max(path_gain(gains, costs, [c] * len(gains)) for c in range(len(gains[0])))


@given(st.lists(NUMBERS, min_size=1, max_size=6), st.integers(1, 4))
def test_equal_candidates_change_nothing(values: list[float], width: int) -> None:
    gains = [[value] * width for value in values]
    free = [None] * len(gains)
    assert best_path(gains, free) == [0] * len(gains)
    assert best_path(gains, [None, *([[1.0] * width] * width for _ in gains[1:])]) == [0] * len(gains)


@given(st.lists(NUMBERS, min_size=1, max_size=6))
def test_a_single_candidate_is_itself(values: list[float]) -> None:
    assert best_path([[value] for value in values], [None] * len(values)) == [0] * len(values)


def test_changing_hands_costs_more_where_the_two_have_other_words_for_what_is_repeated() -> None:
    before = ["افتح المستودع ثم انسخ المجلد.", "افتح المستودع ثم انسخ المجلد."]
    same = ["المستودع جاهز الآن.", "صار المستودع جاهزا."]
    other = ["المستودع جاهز الآن.", "صار المخزن جاهزا."]
    assert change_costs(before, same) == [[0.0, SWITCH], [SWITCH, 0.0]]
    apart = change_costs(before, other)
    assert apart[0][1] == SWITCH + DISAGREEMENT and apart[0][0] == apart[1][1] == 0.0
    assert change_costs(["لا", "نعم"], ["لا", "نعم"], 0.5) == [[0.0, 0.5], [0.5, 0.0]]


def test_a_gain_counts_by_the_length_of_its_segment() -> None:
    assert segment_gain(2.0, "x" * 260) == 4.0 and segment_gain(2.0, "") == 0.0
