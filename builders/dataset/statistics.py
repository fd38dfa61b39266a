"""Statistics of a built configuration: the paper's tables 1 and 2 (arXiv 2511.18411), exact and mergeable.

A `turn` is a message, whatever its role. The paper does not define it, but its two summaries do: the configurations
differ by one split of 244,736 rows and one of 13,203, and their totals (3.10 and 3.27 turns a row) differ by about
455,000, which is two messages a row for each, not one exchange. What it calls median turns is the mean over rows.

Sums are integers of fixed point, so a summary does not depend on the order of the rows or the number of tasks.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from processors.errors import InputError

COLUMNS = ("LR", "SCR", "turns", "tokens", "quality", "reward")
# Null in some rows: their means are over the rows that have a value.
_OPTIONAL = ("quality", "reward")
# 64 binary places: exact for every double of at least 2**-11, and off by less than 2**-64 a row below that.
_PLACES = 64


@dataclass(slots=True)
class SplitStatistics:
    """Rows and sums of one split, or of several merged. Sums are in units of 2**-64; read the means instead.

    `quality` and `reward` may be null, and are counted by themselves.
    """

    rows: int = 0
    LR_sum: int = 0
    SCR_sum: int = 0
    turns_sum: int = 0
    tokens_sum: int = 0
    quality_sum: int = 0
    quality_rows: int = 0
    reward_sum: int = 0
    reward_rows: int = 0

    @classmethod
    def from_means(cls, *, rows: int, LR: float, SCR: float, turns: float, tokens: float) -> "SplitStatistics":
        """A split of which only the row count and the means are known, such as a published table's."""
        if rows < 0:
            raise InputError(f"statistics: rows is {rows}: expected 0 or more")
        one = cls()
        one.add(LR, SCR, turns, tokens)
        return cls(rows, rows * one.LR_sum, rows * one.SCR_sum, rows * one.turns_sum, rows * one.tokens_sum)

    def add(
        self,
        LR: float,
        SCR: float,
        turns: float,
        tokens: float,
        quality: float | None = None,
        reward: float | None = None,
    ) -> None:
        """Adds one row. Raises `InputError` for an LR, SCR or quality outside [0, 1], negative turns or tokens, and a
        reward beyond a million or no number."""
        for name, value, least, most in (
            ("LR", LR, 0.0, 1.0),
            ("SCR", SCR, 0.0, 1.0),
            ("turns", turns, 0.0, 1e12),
            ("tokens", tokens, 0.0, 1e12),
            ("quality", quality, 0.0, 1.0),
            ("reward", reward, -1e6, 1e6),
        ):
            if value is not None and not least <= value <= most:
                raise InputError(f"statistics: {name} is {value}: expected a number from {least:g} to {most:g}")
        self.rows += 1
        self.LR_sum += _fixed(LR)
        self.SCR_sum += _fixed(SCR)
        self.turns_sum += _fixed(turns)
        self.tokens_sum += _fixed(tokens)
        if quality is not None:
            self.quality_sum += _fixed(quality)
            self.quality_rows += 1
        if reward is not None:
            self.reward_sum += _fixed(reward)
            self.reward_rows += 1

    def merge(self, other: "SplitStatistics") -> None:
        """Adds the rows of `other`: exact, so merging commutes and associates."""
        for name in asdict(self):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def total_tokens(self) -> int:
        """Tokens of all rows; rounded where the statistics come from published means."""
        return (self.tokens_sum + (1 << (_PLACES - 1))) >> _PLACES

    def mean(self, column: str) -> float | None:
        """The mean of one of `COLUMNS` over the rows that have it, correctly rounded; None without such rows."""
        total: int = getattr(self, f"{column}_sum")
        rows: int = getattr(self, f"{column}_rows") if column in _OPTIONAL else self.rows
        return total / (rows << _PLACES) if rows else None

    def means(self) -> dict[str, Any]:
        """`{"rows", "LR", "SCR", "turns", "tokens", "quality", "reward", "total_tokens"}`: what is published."""
        return {
            "rows": self.rows,
            **{column: self.mean(column) for column in COLUMNS},
            "total_tokens": self.total_tokens,
        }


@dataclass(frozen=True, slots=True)
class ConfigSummary:
    """A configuration: all rows of its splits. Means are weighted by rows and None where there are no rows."""

    rows: int
    total_tokens: int
    LR: float | None
    SCR: float | None
    turns: float | None
    tokens: float | None
    quality: float | None
    reward: float | None


def summarise(splits: Mapping[str, SplitStatistics]) -> ConfigSummary:
    """The configuration's summary: every row counts once, whichever split it is in."""
    return ConfigSummary(**_together(splits.values()).means())


def to_json(splits: Mapping[str, SplitStatistics], effects: Mapping[str, Mapping[str, int]] | None = None) -> str:
    """`{"splits": {name: means}, "summary": means}` in the order given, with a final newline.

    With `effects`, also `"policy"`: what the ranking did to each split (see `builders.dataset.policy_effects`). The
    same bytes for the same rows, whatever the order in which they came or how they were merged.
    """
    content: dict[str, Any] = {
        "splits": {name: split.means() for name, split in splits.items()},
        "summary": _together(splits.values()).means(),
    }
    if effects is not None:
        content["policy"] = effects
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def to_markdown(splits: Mapping[str, SplitStatistics]) -> str:
    """The table of the paper, one row a split in the order given and the summary last, with a final newline.

    LR, SCR, quality and reward with three decimals, turns with two, tokens a row as a whole number. Totals in millions
    of tokens from a million on. Quality and reward have a column where a row has one.
    """
    whole = _together(splits.values())
    extra = [column for column in _OPTIONAL if whole.mean(column) is not None]
    titles = ["Split", "Rows", "LR", "SCR", *(column.title() for column in extra)]
    title, shown = tokens_column(whole.total_tokens)
    titles += ["Turns", "Tokens a row", title]
    lines = [
        f"| {' | '.join(titles)} |",
        "|---" + "|---:" * (len(titles) - 1) + "|",
        *(_table_row(f"`{name}`", split, extra, shown) for name, split in splits.items()),
        _table_row("**All**", whole, extra, shown),
    ]
    return "\n".join(lines) + "\n"


def tokens_column(largest: int) -> tuple[str, Callable[[int], str]]:
    """Title of a column of totals, and how it shows one: in millions, as the paper, unless all would be 0.00 or so."""
    return ("Tokens", "{:,}".format) if largest < 1_000_000 else ("Tokens (M)", lambda n: f"{n / 1e6:,.2f}")


def _table_row(name: str, split: SplitStatistics, extra: list[str], shown: Callable[[int], str]) -> str:
    formats = {"LR": ".3f", "SCR": ".3f", **dict.fromkeys(extra, ".3f"), "turns": ".2f", "tokens": ",.0f"}
    means = [(split.mean(column), form) for column, form in formats.items()]
    cells = ["n/a" if mean is None else format(mean, form) for mean, form in means]
    return f"| {name} | {split.rows:,} | {' | '.join(cells)} | {shown(split.total_tokens)} |"


def _together(splits: Iterable[SplitStatistics]) -> SplitStatistics:
    total = SplitStatistics()
    for split in splits:
        total.merge(split)
    return total


def _fixed(value: float) -> int:
    # Scaling by a power of two is exact; int() then drops what lies below the last place, the same way every time.
    return value << _PLACES if isinstance(value, int) else int(value * 2.0**_PLACES)
