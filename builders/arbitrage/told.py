"""What an arbitrage tells: who answered and who won, by domain and by language."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from builders.pools.stages import Record

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(slots=True)
class Winners:
    """How often each model's answer was chosen, in all and by domain and language of the prompt."""

    models: list[str]
    answers: Counter[str] = field(default_factory=Counter)
    rewards: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    marks: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    best: Counter[str] = field(default_factory=Counter)
    worse: Counter[str] = field(default_factory=Counter)
    by: dict[str, dict[str, Counter[str]]] = field(
        default_factory=lambda: {"domain": defaultdict(Counter), "language": defaultdict(Counter)}
    )

    def answered(self, row: Record) -> None:
        """A prompt's usable answers."""
        for one in row["answers"]:
            self.answers[one["model"]] += 1
            for name, into in (("reward", self.rewards), ("mark", self.marks)):
                if one.get(name) is not None:
                    into[one["model"]].append(one[name])

    def chosen(self, row: Record, best: Mapping[str, Any], worse: Mapping[str, Any] | None) -> None:
        """What was chosen of a prompt."""
        self.best[best["model"]] += 1
        if worse is not None:
            self.worse[worse["model"]] += 1
        for kind, counts in self.by.items():
            counts[row[kind]][best["model"]] += 1

    def plain(self) -> Record:
        """As JSON."""
        models = {
            name: {
                "usable": self.answers[name],
                "mean_reward": _mean(self.rewards[name]),
                "mean_mark": _mean(self.marks[name]),
                "best": self.best[name],
                "worse": self.worse[name],
            }
            for name in self.models
        }
        by = {kind: {of: dict(c) for of, c in sorted(counts.items())} for kind, counts in self.by.items()}
        return {"models": models, "by": by}


def _mean(values: list[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None


def cells_of(told: Record) -> tuple[list[str], list[list[str]]]:
    """The table of models: titles and rows."""
    titles = ["Model", "Usable answers", "Mean reward", "Mean mark", "Chosen", "of all", "Worse side of a pair"]
    whole = sum(one["best"] for one in told["models"].values()) or 1
    return titles, [
        [
            name,
            f"{one['usable']:,}",
            _number(one["mean_reward"]),
            _number(one["mean_mark"]),
            f"{one['best']:,}",
            f"{one['best'] / whole:.1%}",
            f"{one['worse']:,}",
        ]
        for name, one in told["models"].items()
    ]


def cells_by(told: Record, kind: str) -> tuple[list[str], list[list[str]]]:
    """The table of who won in each domain, or each language."""
    names = list(told["models"])
    rows = [
        [of, f"{sum(counts.values()):,}", *(f"{counts.get(name, 0) / sum(counts.values()):.0%}" for name in names)]
        for of, counts in told["by"][kind].items()
    ]
    return [kind.capitalize(), "Chosen", *names], rows


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.3f}"


def tables(told: Record) -> "Iterable[Table]":
    """For the terminal."""
    from rich.table import Table

    for titles, rows in (cells_of(told), cells_by(told, "domain"), cells_by(told, "language")):
        table = Table(title_justify="left", box=None, pad_edge=False)
        table.add_column(titles[0], overflow="fold")
        for title in titles[1:]:
            table.add_column(title, justify="right", overflow="fold")
        for row in rows:
            table.add_row(*row)
        yield table
