"""Statistics of a built configuration: the paper's tables 1 and 2 (arXiv 2511.18411), exact and mergeable.

A `turn` is a message, whatever its role. The paper does not define it, but its two summaries do: the configurations
differ by one split of 244,736 rows and one of 13,203, and their totals (3.10 and 3.27 turns a row) differ by about
455,000, which is two messages a row for each, not one exchange. What it calls median turns is the mean over rows.

Sums are integers of fixed point, so a summary does not depend on the order of the rows or the number of tasks. Rows
are counted by their length, for a context length that holds most of them says more than a mean: `tokens_p95`.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from processors.errors import InputError
from processors.scoring.columns import COLUMN, SUMMED, Column

# What is not a score, with its range.
_COUNTED = {"turns": (0.0, 1e12), "tokens": (0.0, 1e12)}
_SCORES = {column.name: column for column in SUMMED}
# Null in some rows: their means are over the rows that have a value.
_OPTIONAL = tuple(column.name for column in SUMMED if column.optional)
# In the order of `statistics/`: what every row has, and then what some have.
COLUMNS = (*(name for name in _SCORES if name not in _OPTIONAL), *_COUNTED, *_OPTIONAL)
_RANGES = {name: (column.low, column.high) for name, column in _SCORES.items()} | _COUNTED
# 64 binary places: exact for every double of at least 2**-11, and off by less than 2**-64 a row below that.
_PLACES = 64


@dataclass(slots=True)
class SplitStatistics:
    """Rows and sums of one split, or of several merged. Sums are in units of 2**-64; read the means instead.

    `having` counts the rows that have a column which may be null; `lengths` those of each number of tokens.
    """

    rows: int = 0
    sums: Counter[str] = field(default_factory=Counter)
    having: Counter[str] = field(default_factory=Counter)
    lengths: Counter[int] = field(default_factory=Counter)

    @classmethod
    def from_means(cls, rows: int, **means: float) -> "SplitStatistics":
        """A split of which only the row count and the means are known, such as a published table's."""
        if rows < 0:
            raise InputError(f"statistics: rows is {rows}: expected 0 or more")
        one = cls()
        one.add(means)
        return cls(rows, Counter({name: rows * total for name, total in one.sums.items()}))

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "SplitStatistics":
        """What `to_plain` gave."""
        sums = Counter({name: plain.get(f"{name}_sum", 0) for name in COLUMNS})
        having = Counter({name: plain.get(f"{name}_rows", 0) for name in _OPTIONAL})
        return cls(plain["rows"], sums, having, Counter(dict(plain.get("lengths", ()))))

    def to_plain(self) -> dict[str, Any]:
        """`{"rows", "<column>_sum", ..., "<column>_rows", ..., "lengths": [[tokens, rows], ...]}`, for JSON."""
        sums = {f"{name}_sum": self.sums[name] for name in COLUMNS}
        counted = {f"{name}_rows": self.having[name] for name in _OPTIONAL}
        return {"rows": self.rows, **sums, **counted, "lengths": [list(pair) for pair in sorted(self.lengths.items())]}

    def add(self, row: Mapping[str, Any]) -> None:
        """Adds a row that has `COLUMNS`; an optional one may be null or missing.

        Raises `InputError` for a value that is out of its column's range or no number, and then adds nothing.
        """
        for name in COLUMNS:
            low, high = _RANGES[name]
            value = row.get(name) if name in _OPTIONAL else row[name]
            if value is None and name in _OPTIONAL:
                continue
            if value is None or not low <= value <= high:
                raise InputError(f"statistics: {name} is {value}: expected a number from {low:g} to {high:g}")
        self.rows += 1
        if isinstance(row["tokens"], int):
            self.lengths[row["tokens"]] += 1
        for name in COLUMNS:
            if (value := row.get(name)) is not None:
                self.sums[name] += _fixed(value)
                self.having[name] += name in _OPTIONAL

    def merge(self, other: "SplitStatistics") -> None:
        """Adds the rows of `other`: exact, so merging commutes and associates."""
        self.rows += other.rows
        self.lengths.update(other.lengths)
        # Not Counter's own sum, which drops what is not positive: a reward may be negative.
        for mine, theirs in ((self.sums, other.sums), (self.having, other.having)):
            for name, value in theirs.items():
                mine[name] += value

    @property
    def tokens_p95(self) -> int | None:
        """The least number of tokens that 95 % of the rows do not pass; None without rows or without their lengths."""
        if not self.rows or self.lengths.total() != self.rows:
            return None
        # In whole numbers: 0.95 is none of a double's.
        wanted, seen = -(-95 * self.rows // 100), 0
        for length in sorted(self.lengths):
            seen += self.lengths[length]
            if seen >= wanted:
                return length
        return None

    @property
    def total_tokens(self) -> int:
        """Tokens of all rows; rounded where the statistics come from published means."""
        return (self.sums["tokens"] + (1 << (_PLACES - 1))) >> _PLACES

    def mean(self, column: str) -> float | None:
        """The mean of one of `COLUMNS` over the rows that have it, correctly rounded; None without such rows.

        Also of a score that is the mean of others (rank_score).
        """
        if column in COLUMN and (of := COLUMN[column].mean_of):
            means = [mean for name in of if (mean := self.mean(name)) is not None]
            return sum(means) / len(of) if len(means) == len(of) else None
        rows = self.having[column] if column in _OPTIONAL else self.rows
        return self.sums[column] / (rows << _PLACES) if rows else None

    def _has(self, column: str) -> bool:
        """Whether a dataset has the column: some only where a model gives it."""
        return not (column in COLUMN and COLUMN[column].on_demand) or self.having[column] > 0

    def means(self) -> dict[str, Any]:
        """`{"rows", <each of COLUMNS>, "tokens_p95", "total_tokens"}`: what is published.

        Without `tokens_p95` where lengths are not known, as of a paper's means.
        """
        p95 = self.tokens_p95
        return {
            "rows": self.rows,
            **{column: self.mean(column) for column in COLUMNS if self._has(column)},
            **({} if p95 is None else {"tokens_p95": p95}),
            "total_tokens": self.total_tokens,
        }


def summarise(splits: Iterable[SplitStatistics]) -> SplitStatistics:
    """All rows of a configuration's splits: every row counts once, whichever split it is in."""
    total = SplitStatistics()
    for split in splits:
        total.merge(split)
    return total


def to_json(
    splits: Mapping[str, SplitStatistics],
    effects: Mapping[str, Mapping[str, int]] | None = None,
    sides: Mapping[str, Any] | None = None,
) -> str:
    """`{"splits": {name: means}, "summary": means}` in the order given, with a final newline.

    With `effects`, also `"policy"`: what the ranking did to each split (see `builders.dataset.policy_effects`); with
    `sides`, what is known of the sides of pairs (`builders.dataset.side_statistics`). The same bytes for the same
    rows, whatever the order in which they came or how they were merged.
    """
    content: dict[str, Any] = {
        "splits": {name: split.means() for name, split in splits.items()},
        "summary": summarise(splits.values()).means(),
    }
    if effects is not None:
        content["policy"] = effects
    if sides is not None:
        content["sides"] = sides
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def to_markdown(splits: Mapping[str, SplitStatistics]) -> str:
    """The table of the paper, one row a split in the order given and the summary last, with a final newline.

    Scores with their decimals, turns with two, tokens a row as a whole number. Totals in millions of tokens from a
    million on. What may be null (quality, reward) has a column where a row has one.
    """
    whole = summarise(splits.values())
    scores = [column for column in SUMMED if not column.optional or whole.mean(column.name) is not None]
    titles = ["Split", "Rows", *(column.title for column in scores)]
    title, shown = tokens_column(whole.total_tokens)
    with_p95 = whole.tokens_p95 is not None
    titles += ["Turns", "Tokens a row", *(["95 % have at most"] if with_p95 else []), title]
    lines = [
        f"| {' | '.join(titles)} |",
        "|---" + "|---:" * (len(titles) - 1) + "|",
        *(_table_row(f"`{name}`", split, scores, shown, with_p95) for name, split in splits.items()),
        _table_row("**All**", whole, scores, shown, with_p95),
    ]
    return "\n".join(lines) + "\n"


def tokens_column(largest: int) -> tuple[str, Callable[[int], str]]:
    """Title of a column of totals, and how it shows one: in millions, as the paper, unless all would be 0.00 or so."""
    return ("Tokens", "{:,}".format) if largest < 1_000_000 else ("Tokens (M)", lambda n: f"{n / 1e6:,.2f}")


def _table_row(
    name: str, split: SplitStatistics, scores: list[Column], shown: Callable[[int], str], with_p95: bool
) -> str:
    formats = {**{column.name: f".{column.decimals}f" for column in scores}, "turns": ".2f", "tokens": ",.0f"}
    means = [(split.mean(column), form) for column, form in formats.items()]
    cells = ["n/a" if mean is None else format(mean, form) for mean, form in means]
    if with_p95:
        cells.append("n/a" if split.tokens_p95 is None else f"{split.tokens_p95:,}")
    return f"| {name} | {split.rows:,} | {' | '.join(cells)} | {shown(split.total_tokens)} |"


def _fixed(value: float) -> int:
    # Scaling by a power of two is exact; int() then drops what lies below the last place, the same way every time.
    return value << _PLACES if isinstance(value, int) else int(value * 2.0**_PLACES)
