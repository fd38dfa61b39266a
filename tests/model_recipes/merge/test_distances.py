"""How far experts lie apart: the numbers, the table, and when it warns."""

import numpy as np
import pytest

from model_recipes.merge.distances import Sums, by_part, distances_table, plain, warnings_of


def sums(start: list[float], *experts: list[float]) -> Sums:
    found = Sums()
    reference = np.array(start)
    moved = [np.array(expert) - reference for expert in experts]
    # In two halves, as chunks come.
    for part in (slice(0, 1), slice(1, None)):
        found.add(reference[part], [one[part] for one in moved], [one[part] for one in moved])
    return found


def test_shares_of_the_norm_and_angles() -> None:
    found = sums([3.0, 4.0], [3.5, 4.0], [3.0, 4.5], [2.0, 4.0])
    assert found.shares() == pytest.approx([0.1, 0.1, 0.2])
    assert found.angles() == pytest.approx([90, 180, 90])
    assert sums([3.0, 4.0], [3.0, 4.0], [3.0, 4.5]).angles() == [None]
    assert sums([0.0, 0.0], [1.0, 0.0], [0.0, 0.0]).shares() == [0.0, 0.0]


def test_parts_are_in_order_with_the_whole_last() -> None:
    one = sums([3.0, 4.0], [3.5, 4.0], [3.0, 4.5])
    names = ["model.norm.weight", "model.layers.10.q", "lm_head.weight", "model.layers.9.q", "model.layers.9.k"]
    found = by_part((name, one) for name in names)
    assert list(found) == ["layer 9", "layer 10", "rest", "embeddings", "all"]
    assert found["layer 9"].reference == 50 and found["all"].reference == 125


def test_the_table_shows_each_expert_and_pair_or_the_least_and_largest_angle() -> None:
    few = plain(by_part([("model.layers.0.q", sums([3.0, 4.0], [3.5, 4.0], [3.0, 4.5]))]), ["a", "b"])
    assert distances_table(few, from_base=True).splitlines() == [
        "| part | a | b | angle a / b |",
        "|---|---:|---:|---:|",
        "| layer 0 | 10.000% | 10.000% | 90.0° |",
        "| all | 10.000% | 10.000% | 90.0° |",
    ]
    experts = [[3.5, 4.0], [3.0, 4.5], [2.0, 4.0], [3.0, 3.0], [3.0, 4.1]]
    many = plain(by_part([("model.layers.0.q", sums([3.0, 4.0], *experts))]), list("abcde"))
    lines = distances_table(many, from_base=False).splitlines()
    assert lines[0] == "| part | a | b | c | d | e | least angle of the weights | largest angle of the weights |"
    assert lines[-1].endswith("| 0.0° | 180.0° |")


def test_it_warns_of_what_lies_far_and_of_what_is_opposed() -> None:
    whole = plain(by_part([("q", sums([3.0, 4.0], [3.6, 4.0], [2.9, 4.0]))]), ["a", "b"])["all"]
    told = warnings_of(whole, 0.1, from_base=True)
    assert [line.split(":")[0] for line in told] == [
        "a lies 12.0% of the norm away from its base (max_distance is 10.0%)",
        "a / b",
    ]
    # Between weights an angle says nothing of which way the experts went.
    assert len(warnings_of(whole, 0.1, from_base=False)) == 1
    assert not warnings_of(whole, 0.5, from_base=False)


@pytest.mark.parametrize("from_base", [True, False])
def test_one_model_under_two_names_is_told(*, from_base: bool) -> None:
    whole = plain({"all": sums([3.0, 4.0], [3.5, 4.25], [3.5, 4.25])}, ["a", "b"])["all"]
    (told,) = warnings_of(whole, 1.0, from_base=from_base)
    assert told.startswith("a / b: no angle between them: they are one model under two names")
