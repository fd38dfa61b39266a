import re

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.card.merging.kept_sections import (
    CLOSE,
    OPEN,
    Card,
    edited_sections,
    generated,
    is_ours,
    merge_card,
    replaced_keys,
)

FRONT = "language:\n- ar\ntags:\n- sft\nlicense: other"


def card(rows: int = 10, front: str = FRONT) -> str:
    return generated(
        front, ["# Name\n\nWhat it is.", f"## Splits\n\n| Rows |\n|---:|\n| {rows} |", "## Licence\n\n- other"]
    )


def test_a_card_without_edits_is_the_new_one() -> None:
    assert merge_card(card(20), card(10)) == card(20)
    assert merge_card(card(), card()) == card() == Card.parse(card()).dump()


def test_a_person_s_section_stays_after_the_one_that_it_followed() -> None:
    old = card().replace("## Licence", "## Who uses it\n\nWe do.\n\n```md\n## no heading\n```\n\n## Licence")
    merged = merge_card(card(20), old)
    assert [s.title for s in Card.parse(merged).sections] == ["", "Splits", "Who uses it", "Licence"]
    assert "```md\n## no heading\n```" in merged and "| 20 |" in merged and "| 10 |" not in merged


def test_marked_text_stays_in_its_section_while_the_figures_change() -> None:
    old = card().replace("| 10 |", f"| 10 |\n\n{OPEN}\nMind row 7.\n{CLOSE}")
    merged = merge_card(card(20), old)
    assert "| 20 |" in merged and "| 10 |" not in merged
    assert f"{OPEN}\nMind row 7.\n{CLOSE}" in merged.split("## Licence")[0]
    assert merge_card(card(30), merged).count("Mind row 7.") == 1


def test_an_edit_stays_where_nothing_else_changed_and_below_the_new_figures_where_they_did() -> None:
    old = card().replace("What it is.", "What it really is.").replace("| 10 |", "| 10 |\n\nCounted twice.")
    assert edited_sections(old) == ["", "Splits"]
    same = merge_card(card(), old)
    assert same == old
    merged = merge_card(card(20), old)
    assert "What it really is." in merged and "What it is." not in merged
    assert merged.index("| 20 |") < merged.index("<details>") < merged.index("Counted twice.")
    assert merge_card(card(20), merged) == merged
    later = merge_card(card(30), merged)
    assert "| 30 |" in later and "| 20 |" not in later and later.count("Counted twice.") == 1


def test_a_card_that_is_none_of_ours_loses_nothing() -> None:
    old = "# Mine\n\nHello.\n\n## Licence\n\nAsk me.\n\nA setext heading\n---\n\ntext\n"
    merged = merge_card(card(), old)
    assert merged.startswith("---\nlanguage")
    for line in ("Hello.", "Ask me.", "A setext heading", "text"):
        assert line in merged
    assert "From the card that was here before" in merged and "edited by hand" not in merged
    assert merge_card(card(), merged) == merged


def test_front_matter_keeps_a_person_s_keys_and_tags_and_takes_our_values() -> None:
    old = card(front="language:\n- fr\nlicense: mit\ntags:\n- mine\n- sft\nextra_gated_prompt: Be kind\nviewer: false")
    merged = merge_card(card(), old)
    data = yaml.safe_load(merged.split("---\n")[1])
    assert data == {
        "language": ["ar"], "tags": ["sft", "mine"], "license": "other",
        "extra_gated_prompt": "Be kind", "viewer": False,
    }  # fmt: skip
    assert merge_card(card(), merged) == merged


def test_task_categories_that_people_add_stay() -> None:
    front = "task_categories:\n- text-generation\nlicense: other"
    old = card(front="license: other\ntask_categories:\n- question-answering\n- text-generation")
    merged = merge_card(card(front=front), old)
    assert yaml.safe_load(merged.split("---\n")[1])["task_categories"] == ["text-generation", "question-answering"]
    assert merge_card(card(front=front), merged) == merged


def test_a_licence_that_a_person_corrected_is_not_replaced_in_silence() -> None:
    [line] = replaced_keys(card(), card(front="license: mit\nlanguage:\n- fr"))
    assert "'mit'" in line and "'other'" in line and "outputs.license" in line
    assert replaced_keys(card(), card(20)) == replaced_keys(card(), "no card") == []


def test_whose_card_it_is() -> None:
    assert is_ours(card())
    assert is_ours(card().rsplit("<!--", 1)[0].replace("- sft", "- smolkalam"))
    for other in (
        "",
        "# Mine\n",
        "---\ntags: smolkalam\n---\n",
        "---\n[broken\n---\n",
        f"---\n{FRONT}\n---\n# Mine\n",
    ):
        assert not is_ours(other)


def test_the_tag_of_pseudo_localised_text_goes_with_it() -> None:
    pseudo, real = card(front="tags:\n- sft\n- pseudo-localised"), card(front="tags:\n- sft")
    pseudo_edited = card(front="tags:\n- sft\n- pseudo-localised\n- mine")
    assert yaml.safe_load(merge_card(real, pseudo_edited).split("---\n")[1]) == {"tags": ["sft", "mine"]}
    assert yaml.safe_load(merge_card(pseudo, pseudo_edited).split("---\n")[1]) == {
        "tags": ["sft", "pseudo-localised", "mine"]
    }


@pytest.mark.parametrize("front", ["[broken", "- a list", "tags: none", ""])
def test_front_matter_that_nobody_could_read_is_replaced(front: str) -> None:
    assert merge_card(card(), f"---\n{front}\n---\n\ntext\n").startswith(f"---\n{FRONT}\n---\n")


def test_windows_line_ends_are_no_edit() -> None:
    assert edited_sections(card().replace("\n", "\r\n")) == []
    assert merge_card(card(20), card().replace("\n", "\r\n")) == card(20)


def test_a_section_that_we_no_longer_write_goes_unless_it_was_edited() -> None:
    before = generated(FRONT, ["# Name", "## Old\n\nours", "## Older\n\nours"])
    before = before.replace("## Older\n\nours", "## Older\n\nmine")
    merged = merge_card(card(), before)
    assert "## Old\n" not in merged and "## Older\n\nmine" in merged


WORDS = st.lists(
    st.sampled_from(["سلام", "row 7", "## Mine", "## Splits", "# Top", "> q", "- x", "```", "| a |", OPEN, CLOSE, ""]),
    max_size=8,
)


@settings(max_examples=150)
@given(WORDS, st.integers(0, 12), st.sampled_from([10, 20]))
def test_no_line_that_a_person_added_is_lost_and_merging_again_changes_nothing(
    added: list[str], at: int, rows: int
) -> None:
    lines = card().split("\n")
    first = next(i for i, line in enumerate(lines) if line == "# Name")
    place = min(first + at, len(lines) - 2)
    old = "\n".join([*lines[:place], *added, *lines[place:]])
    merged = merge_card(card(rows), old)
    for line in added:
        if line and not re.match(r"#|<!--|```", line):
            assert line in merged
    assert merge_card(card(rows), merged) == merged
    assert merged.startswith("---\nlanguage:")
