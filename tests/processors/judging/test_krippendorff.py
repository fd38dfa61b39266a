import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.judging.krippendorff import Level, krippendorff_alpha

_ = None
# Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011): examples A, B and E.
TWO_BINARY = ([0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0])
TWO_NOMINAL = ("aabbdcccedda", "babbbccceddd")
FOUR_WITH_GAPS = (
    [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
    [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
)
# The worked example of Wikipedia's article on Krippendorff's alpha: three coders, 15 units.
THREE_WITH_GAPS = (
    [_, _, _, _, _, 3, 4, 1, 2, 1, 1, 3, 3, _, 3],
    [1, _, 2, 1, 3, 3, 4, 3, _, _, _, _, _, _, _],
    [_, _, 2, 1, 3, 4, 4, _, 2, 1, 1, 3, 3, _, 4],
)


@pytest.mark.parametrize(
    ("judges", "level", "alpha"),
    [
        (TWO_BINARY, "nominal", 0.095),
        ([[ord(c) for c in judge] for judge in TWO_NOMINAL], "nominal", 0.692),
        (FOUR_WITH_GAPS, "nominal", 0.743),
        (FOUR_WITH_GAPS, "ordinal", 0.815),
        (FOUR_WITH_GAPS, "interval", 0.849),
        (THREE_WITH_GAPS, "nominal", 0.691),
        (THREE_WITH_GAPS, "interval", 0.811),
    ],
)
def test_published_examples(judges: list[list[float | None]], level: Level, alpha: float) -> None:
    assert krippendorff_alpha(list(zip(*judges, strict=True)), level) == pytest.approx(alpha, abs=0.0006)


@pytest.mark.parametrize("units", [[], [[1, None]], [[1, 1], [1, 1]], [[None, None]], [[1], [2]]])
def test_not_defined_where_nothing_can_disagree(units: list[list[float | None]]) -> None:
    assert krippendorff_alpha(units, "nominal") is None


def test_full_agreement_is_1_and_contradiction_below_0() -> None:
    assert krippendorff_alpha([[1, 1], [0, 0]], "ordinal") == 1
    assert krippendorff_alpha([[1, 0], [0, 1]], "nominal") == pytest.approx(-0.5)


VALUES = st.one_of(st.none(), st.integers(-2, 2))


@given(st.lists(st.lists(VALUES, min_size=3, max_size=3), min_size=1, max_size=8), st.randoms())
def test_neither_order_of_judges_nor_names_of_values_count(units: list[list[float | None]], random: object) -> None:
    shuffled = [unit[:] for unit in units]
    for unit in shuffled:
        random.shuffle(unit)  # type: ignore[attr-defined]
    renamed = [[None if value is None else (7 * value) % 11 for value in unit] for unit in units]
    alpha = krippendorff_alpha(units, "nominal")
    assert krippendorff_alpha(shuffled, "nominal") == pytest.approx(alpha) if alpha is not None else True
    assert krippendorff_alpha(renamed, "nominal") == (pytest.approx(alpha) if alpha is not None else None)
