"""What each benchmark of speed found, by commit: `docs/speed_history.tsv`, and the difference with the latest runs.

A line is a figure of a run: date, commit ("+" behind it where files had changed since), benchmark, figure, value. Of
figures of different runs compare only the ratios to a peer that was measured in the same run: the machine, and what
else was at work on it, are in both. So a run's peers stand beside its ratios.
"""

import subprocess
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
HISTORY = ROOT / "docs" / "speed_history.tsv"
_COLUMNS = ("date", "commit", "benchmark", "figure", "value")
# Entries that a run is compared with.
_LATEST = 3


class Entry(NamedTuple):
    """A run of a benchmark."""

    date: str
    commit: str
    figures: dict[str, float]


def entries(benchmark: str, history: Path = HISTORY) -> list[Entry]:
    """The runs of a benchmark, the oldest first; none where there is no file yet."""
    found: list[Entry] = []
    for day, commit, name, figure, value in _rows(history):
        if name != benchmark:
            continue
        # A figure that comes again begins another run at the same commit.
        if not found or found[-1][:2] != (day, commit) or figure in found[-1].figures:
            found.append(Entry(day, commit, {}))
        found[-1].figures[figure] = float(value)
    return found


def _rows(history: Path) -> Iterator[list[str]]:
    lines = history.read_text(encoding="utf-8").splitlines() if history.exists() else []
    for number, line in enumerate(lines[1:], start=2):
        row = line.split("\t")
        if len(row) != len(_COLUMNS):
            raise SystemExit(f"{history}, line {number}: {len(row)} columns, expected {', '.join(_COLUMNS)}; mend it")
        yield row


def difference(benchmark: str, figures: Mapping[str, float], history: Path = HISTORY) -> list[str]:
    """Lines that say how a run's figures differ from those of the latest entries, by commit."""
    latest = entries(benchmark, history)[-_LATEST:]
    if not latest:
        return [f"no entry of {benchmark} in {history.name} yet: --record writes one"]
    wide = max(map(len, figures))
    lines = [f"{'':{wide}}{'now':>12}" + "".join(f"{entry.commit:>18}" for entry in latest)]
    for name, value in figures.items():
        cells = []
        for entry in latest:
            before = entry.figures.get(name)
            cells.append(f"{_short(before)} {value / before - 1:>+8.1%}" if before else "-")
        lines.append(f"{name:{wide}}{_short(value):>12}" + "".join(f"{cell:>18}" for cell in cells))
    return lines


def record(benchmark: str, figures: Mapping[str, float], history: Path = HISTORY, commit: str = "") -> None:
    """Append a run."""
    new = not history.exists()
    day, commit = date.today().isoformat(), commit or _commit()
    with history.open("a", encoding="utf-8") as file:
        if new:
            file.write("\t".join(_COLUMNS) + "\n")
        for name, value in figures.items():
            file.write(f"{day}\t{commit}\t{benchmark}\t{name}\t{value:.6g}\n")


def tell(benchmark: str, figures: Mapping[str, float], *, recorded: bool) -> None:
    """Print the difference with the latest entries, and append this one if asked to."""
    print(f"\n{benchmark}, against the latest entries (of other runs only ratios tell):")
    print("\n".join(difference(benchmark, figures)))
    if recorded:
        record(benchmark, figures)
        print(f"written to {HISTORY.relative_to(ROOT)}")


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def _commit() -> str:
    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", ":!docs")
    return git("rev-parse", "--short=9", "HEAD") + ("+" if changed else "")
