import copy
from typing import Any

from hub.card.changelog import changelog, read_statistics, with_changelog
from hub.card.merging.kept_sections import generated, merge_card
from tests.conftest import Demo

MEANS = {"rows": 10, "LR": 0.8, "SCR": 0.9, "turns": 2.0, "tokens": 100.0, "total_tokens": 1000}


def version(**splits: dict[str, Any]) -> dict[str, Any]:
    rows = sum(split["rows"] for split in splits.values())
    return {"SFT_one_ranked": {"splits": splits, "summary": MEANS | {"rows": rows}}}


def test_nothing_changed_is_nothing_to_say() -> None:
    assert changelog(version(a=MEANS), version(a=MEANS)) == ""
    card = generated("", ["# Name"])
    assert with_changelog(card, "", "v2") == card


def test_counts_and_scores_are_compared_by_split() -> None:
    old = version(a=MEANS, gone=MEANS, same=MEANS)
    made = changelog(old, version(a=MEANS | {"rows": 12, "LR": 0.8104}, new=MEANS, same=MEANS))
    lines = made.splitlines()
    assert "| `SFT_one_ranked`: `a` | 12 (+2) | 0.810 (+0.010) | 0.900 | 2.00 | 100 |" in lines
    assert any("`new`" in line and "10 (new)" in line for line in lines)
    assert any("`gone`" in line and "| gone |" in line for line in lines)
    assert not any("`same`" in line for line in lines)
    assert any("**all**" in line and "32 (+2)" in line for line in lines)


def test_quality_and_reward_are_compared_where_a_version_has_them() -> None:
    old, new = version(a=MEANS | {"quality": 0.5}), version(a=MEANS | {"quality": 0.613, "reward": -1.5})
    lines = changelog(old, new).splitlines()
    assert lines[0] == "| Config and split | Rows | LR | SCR | Quality | Reward | Turns | Tokens a row |"
    assert "| `SFT_one_ranked`: `a` | 10 | 0.800 | 0.900 | 0.613 (+0.113) | -1.500 (new) | 2.00 | 100 |" in lines


def test_a_difference_that_no_table_shows_is_none() -> None:
    made = changelog(version(a=MEANS), version(a=MEANS | {"LR": 0.80001, "rows": 11}))
    assert "| 11 (+1) | 0.800 | 0.900 |" in made


def test_configs_that_come_and_go() -> None:
    new = version(a=MEANS)
    new["SFT_two_ranked"] = new.pop("SFT_one_ranked")
    assert changelog(version(a=MEANS), new).splitlines() == [
        "- `SFT_two_ranked` is new: 10 rows",
        "- `SFT_one_ranked` is gone: it had 10 rows",
    ]


def test_the_newest_entry_stands_first_is_not_written_twice_and_survives_regeneration() -> None:
    card = generated("", ["# Name", "## Splits\n\n10"])
    first = with_changelog(card, "- one", "v1")
    second = with_changelog(merge_card(card, first), "- two", "v2")
    assert second.index("### v2") < second.index("### v1")
    assert with_changelog(second, "- two", "v2") == second
    assert merge_card(generated("", ["# Name", "## Splits\n\n20"]), second).count("###") == 2


def test_a_build_s_statistics_are_what_is_compared(demo: Demo) -> None:
    new = read_statistics(demo.run / "dataset")
    assert list(new) == ["SFT_draft_ranked", "SFT_reference_ranked"] and changelog(new, new) == ""
    old = copy.deepcopy(new)
    old["SFT_draft_ranked"]["summary"]["rows"] -= 4
    assert "94 (+4)" in changelog(old, new)
