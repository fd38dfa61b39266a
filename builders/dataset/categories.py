"""How a config's rows divide by what the source says of them: its column `source`, the columns that are carried, and
the domain by which a split was cut. The card has a table of each that divides them into a few."""

from collections.abc import Iterable, Mapping
from typing import Any

# A column of more values, or of longer ones, is no category: an id, a name, a text.
MOST, LONGEST = 30, 80
DOMAIN = "domain"

# {column: {value: [rows, tokens]}}; null for one of too many values.
Divided = dict[str, dict[str, list[int]] | None]


class Categories:
    """Counts rows and tokens by the values of columns."""

    def __init__(self) -> None:
        self._found: Divided = {}

    def add(self, row: Mapping[str, Any], values: Mapping[str, str | None]) -> None:
        """A config's row, and what it is of, by column; null is a value too: that it was not said."""
        for column, value in values.items():
            found = self._found.setdefault(column, {})
            if found is None:
                continue
            counted = found.setdefault(value or "", [0, 0])
            counted[0] += 1
            counted[1] += row["tokens"]
            if len(found) > MOST or len(value or "") > LONGEST:
                self._found[column] = None

    def to_plain(self) -> Divided:
        return {column: found and dict(sorted(found.items())) for column, found in sorted(self._found.items())}


def divided(records: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, dict[str, list[int]]]]:
    """Of the records of a dataset's splits, {column: {config: {value: [rows, tokens]}}}: the columns that divide.

    Not one of a single value, nor one that says no more than the names of the splits do.
    """
    whole: dict[str, dict[str, dict[str, list[int]]]] = {}
    splits: dict[str, dict[str, set[str]]] = {}
    refused = set()
    for record in records:
        for column, found in (record.get("categories") or {}).items():
            if found is None:
                refused.add(column)
                continue
            for value, counted in found.items():
                of = whole.setdefault(column, {}).setdefault(record["config"], {}).setdefault(value, [0, 0])
                of[0], of[1] = of[0] + counted[0], of[1] + counted[1]
                splits.setdefault(column, {}).setdefault(value, set()).add(record["split"])
    kept = {}
    for column, by_config in whole.items():
        values = splits[column]
        of_splits = all(len(names) == 1 for names in values.values()) and len(values) == len(
            set().union(*values.values())
        )
        if column not in refused and 2 <= len(values) <= MOST and not of_splits:
            kept[column] = by_config
    return kept
