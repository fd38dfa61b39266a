"""What the parts of an ensemble gave: counted of each row that a config takes, as sums that add up in any order."""

from collections import Counter

from builders.dataset.combined import gain_counters, gained_said
from processors.ranking.policy import Policy, Scored, choose
from tests.builders.small_run import small_recipe

A, B = Scored("A", {"quality": 0.1}), Scored("B", {"quality": 0.2})
FUSED = Scored("F", {"quality": 0.7})


def counted(primary: str, *scored: Scored) -> dict[str, int]:
    choice = choose(scored, primary, Policy())
    return gain_counters("C", primary, choice, scored, Policy(), ["F"])


def test_a_better_one_and_a_fused_one_gain_what_they_are_above_the_others() -> None:
    assert counted("A", A, Scored("B", {"quality": 0.8})) == {
        "C/gain_better_rows": 1, "C/gain_better_before_ppm": 100_000, "C/gain_better_after_ppm": 800_000,
    }  # fmt: skip
    assert counted("A", A, B) == {} and counted("F", A, B, FUSED) == {
        "C/gain_fused_rows": 1, "C/gain_fused_before_ppm": 200_000, "C/gain_fused_after_ppm": 700_000,
    }  # fmt: skip
    assert set(counted("A", A, B, FUSED)) == {
        f"C/gain_{part}_{what}" for part in ("better", "fused") for what in ("rows", "before_ppm", "after_ppm")
    }


def test_what_is_vetoed_or_failed_stands_in_for_nothing() -> None:
    broken = Scored("B", {"quality": 0.9}, ("repetition",))
    assert counted("F", Scored("A", failed="empty"), broken, FUSED) == {"C/fused_only": 1}
    assert counted("A", Scored("A", failed="empty"), broken) == {}


def test_the_card_has_a_line_for_each_part_that_gave_anything() -> None:
    recipe = small_recipe(("A", "B"))
    extra = Counter({
        "SFT_A_ranked/gain_better_rows": 2, "SFT_A_ranked/gain_better_before_ppm": 500_000,
        "SFT_A_ranked/gain_better_after_ppm": 1_500_000, "SFT_B_ranked/rescued": 3,
    })  # fmt: skip
    assert gained_said(recipe, extra) == [
        ["`SFT_A_ranked`", "another's, for it is better", "2", "0.250", "0.750"],
        ["`SFT_B_ranked`", "completed by others where all had failed", "3", "", ""],
    ]
