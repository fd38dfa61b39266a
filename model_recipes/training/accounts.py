"""Every row of a training accounted for: kept whole, kept in part, or left out with the reason."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from processors.errors import InputError


@dataclass
class Account:
    """What became of the rows of one part of the data.

    Tokens are of the rows that are kept; `learnt` of them have a loss, None where no token has one of its own.
    """

    name: str
    rows: int = 0
    cut: int = 0
    tokens: int = 0
    tokens_cut: int = 0
    learnt: int | None = 0
    left_out: Counter[str] = field(default_factory=Counter)

    @property
    def kept(self) -> int:
        return self.rows - self.left_out.total()

    def add(self, batch: dict[str, Sequence[Any]]) -> None:
        """Count rows as an encoder gives them, by columns: `tokens` before and `cut` by `max_length`."""
        columns = (batch[name] for name in ("tokens", "cut", "learnt", "left_out"))
        for tokens, cut, learnt, why in zip(*columns, strict=True):
            self.rows += 1
            if why:
                self.left_out[why] += 1
                continue
            self.cut += cut > 0
            self.tokens += tokens - cut
            self.tokens_cut += cut
            self.learnt = (self.learnt or 0) + learnt

    def plain(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {**vars(self), "left_out": dict(sorted(self.left_out.items())), "kept": self.kept}


def table(accounts: Sequence[Account]) -> str:
    """Markdown: a line for each part, then a line for each reason."""
    lines = [
        "| data | rows | kept | of these cut | left out | tokens | cut off | with a loss |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for account in accounts:
        share = f"{account.learnt / account.tokens:.0%}" if account.tokens and account.learnt is not None else "-"
        lines.append(
            f"| {account.name} | {account.rows:,} | {account.kept:,} | {account.cut:,} | "
            f"{account.left_out.total():,} | {account.tokens:,} | {account.tokens_cut:,} | {share} |"
        )
    reasons: Counter[str] = Counter()
    for account in accounts:
        reasons += account.left_out
    return "\n".join([*lines, *(f"left out, {count:,}: {why}" for why, count in reasons.most_common())])


def look_at(accounts: Sequence[Account], max_left_out: float) -> None:
    """Raises InputError where more than `max_left_out` of the rows is left out, or no row is kept."""
    rows, left = sum(a.rows for a in accounts), sum(a.left_out.total() for a in accounts)
    if not rows:
        raise InputError("datasets: no rows; nothing to train on")
    if left == rows or left > max_left_out * rows:
        reasons = sum((a.left_out for a in accounts), Counter())
        why, count = reasons.most_common(1)[0]
        raise InputError(
            f"{left:,} of {rows:,} rows would be left out ({left / rows:.1%}; max_left_out is {max_left_out:.1%}), "
            f"{count:,} for: {why}; mend the data or the settings, or raise max_left_out"
        )
