"""The card's section on notes."""

from hub.card.noted import notes_section
from tests.hub.card.test_write import SPLITS, build, recipe


def test_the_card_says_which_rows_have_notes_and_what_share_of_calls_is_said() -> None:
    made = build(recipe("one", "two"), SPLITS)
    made.totals["rank"].extra.update(
        {"SFT_one_ranked/noted": 4, "SFT_one_ranked/noted_script": 3, "SFT_one_ranked/noted_prose_in_code": 1,
         "SFT_one_ranked/calls_said": 8, "SFT_one_ranked/calls_grounded": 6}
    )  # fmt: skip
    text = notes_section(made)
    assert "| `SFT_one_ranked` | 4 | 25.0% | script 3, prose_in_code 1 |" in text
    assert "| `SFT_two_ranked` | 0 | 0.0% | none |" in text
    assert "6 of 8 rows with such calls (75.0%)" in text and "`SFT_two_ranked`: " not in text
