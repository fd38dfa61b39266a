"""Rows by what the source says of them: what is a category, what is none, and that the card's table adds up."""

import re

from builders.dataset.categories import LONGEST, MOST, Categories, divided
from tests.conftest import Demo


def record(split: str, rows: list[dict[str, str | None]], config: str = "c") -> dict[str, object]:
    found = Categories()
    for values in rows:
        found.add({"tokens": 10}, values)
    return {"config": config, "split": split, "categories": found.to_plain()}


def test_rows_and_tokens_of_all_splits_are_counted_by_value() -> None:
    records = [record("a", [{"topic": "law"}, {"topic": "law"}, {"topic": None}]), record("b", [{"topic": "law"}])]
    assert divided(records) == {"topic": {"c": {"": [1, 10], "law": [3, 30]}}}


def test_a_column_of_one_value_of_too_many_or_of_long_ones_is_no_category() -> None:
    same = [{"a": "x", "b": str(number), "c": "y" * (LONGEST + number % 2)} for number in range(MOST + 1)]
    assert divided([record("one", same), record("two", same)]) == {}
    # One split too many is enough: half a table would not add up.
    assert divided([record("one", same), record("two", [{"b": "1"}, {"b": "2"}])]) == {}


def test_what_says_no_more_than_the_splits_do_is_none() -> None:
    apart = [record(split, [{"source": split}] * 2) for split in ("a", "b")]
    assert divided(apart) == {}
    assert divided([*apart, record("c", [{"source": "a"}])]) == {"source": {"c": {"a": [3, 30], "b": [2, 20]}}}
    # Of a build before there were any.
    assert divided([{"config": "c", "split": "a"}]) == {}


def test_the_demos_card_has_the_domains_of_its_cuts(demo: Demo) -> None:
    card = (demo.run / "dataset" / "README.md").read_text(encoding="utf-8")
    table = card[card.index("| Domain, by which splits were cut |") :].split("\n\n")[0]
    lines = re.findall(r"\| (\w+) \| `SFT_reference_ranked` \| (\d+) \| ([\d.]+)% \|", table)
    assert {name for name, _, _ in lines} == {"code", "math", "science"}
    cut = re.findall(r"\| `OpenThoughts3_\w+` \| `SFT_reference_ranked` \| (\d+) \|", card)
    assert sum(int(rows) for _, rows, _ in lines) == sum(map(int, cut))
    assert abs(sum(float(share) for _, _, share in lines) - 100) < 0.2
    assert "<summary>By <code>source</code>: 40 lines</summary>" in card
