"""Scores of variants, row against row."""

from typing import Any

from builders.ablations.scores import compare


def row(**scores: float | None) -> dict[str, dict[str, Any]]:
    return {
        name: {"LR": score, "SCR": score, "rank_score": score, "quality": None, "reward": None, "vetoed": False}
        for name, score in scores.items()
    }


def test_means_places_and_differences_are_of_the_rows_that_all_have() -> None:
    rows = [row(a=0.5, b=0.9), row(a=0.7, b=0.7), row(a=0.1, b=None), row(a=0.9, b=0.5)]
    found = compare(["a", "b"], rows, dropped=2, seed=1)
    a, b = found.variants
    assert (found.rows, found.compared) == (6, 3)
    assert (a.failed, b.failed) == (0, 1)
    assert abs(a.scores["LR"].mean - 0.7) < 1e-9 and abs(b.scores["LR"].mean - 0.7) < 1e-9
    assert a.mean_rank.mean == b.mean_rank.mean == 1.5
    assert abs(b.difference.mean) < 1e-9 and b.difference.low < 0 < b.difference.high
    assert "quality" not in a.scores


def test_a_vetoed_candidate_is_last_whatever_its_score() -> None:
    rows = [row(a=0.2, b=0.9, c=0.5) for _ in range(5)]
    for one in rows:
        one["b"]["vetoed"] = True
    found = compare(["a", "b", "c"], rows, dropped=0, seed=1)
    assert [variant.mean_rank.mean for variant in found.variants] == [2, 3, 1]
    assert [variant.vetoed for variant in found.variants] == [0, 5, 0]


def test_an_interval_holds_its_mean_and_narrows_with_rows() -> None:
    few = compare(["a", "b"], [row(a=i / 10, b=1 - i / 10) for i in range(10)], 0, 1).variants[0].scores["SCR"]
    many = compare(["a", "b"], [row(a=i / 10, b=1 - i / 10) for i in range(10)] * 30, 0, 1).variants[0].scores["SCR"]
    assert few.low < few.mean < few.high
    assert many.high - many.low < (few.high - few.low) / 3


def test_without_a_row_that_all_have_there_is_nothing_to_average() -> None:
    found = compare(["a", "b"], [row(a=0.5, b=None), row(a=None, b=0.5)], 0, 1)
    assert found.compared == 0 and found.variants[0].scores == {} and found.variants[0].failed == 1


def test_the_same_seed_gives_the_same_intervals() -> None:
    rows = [row(a=i / 7, b=i / 9) for i in range(7)]
    assert compare(["a", "b"], rows, 0, 3) == compare(["a", "b"], rows, 0, 3)
