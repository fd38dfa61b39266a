"""One table of an evaluation: scores with intervals, the difference from a baseline, the papers' columns.

As text for a terminal, as Markdown for a model's card, and as JSON.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from model_recipes.evaluation.benchmarks.suites import SuiteBenchmark, published
from model_recipes.evaluation.scoring.evaluation import Evaluation
from model_recipes.evaluation.scoring.scores import FEWEST, PairedDifference, ScoreInterval, average, difference, score

IN_WORDS = "asked in words: not comparable with scores by likelihoods"


@dataclass(slots=True)
class TableRow:
    """A benchmark in the table; without a `score`, `note` says why."""

    benchmark: SuiteBenchmark
    score: ScoreInterval | None = None
    items: int = 0
    chance: float = 0.0
    difference: PairedDifference | None = None
    notes: list[str] = field(default_factory=list)
    papers: dict[str, float] = field(default_factory=dict)
    clean: ScoreInterval | None = None
    found_in_training: int | None = None


@dataclass(slots=True)
class ScoreTable:
    """All rows, the averages of those that have a score, and whether all have."""

    model: str
    baseline: str | None
    rows: list[TableRow]
    average: ScoreInterval | None
    sources: dict[str, list[str]]
    parts: dict[str, list[str]]


def made(
    model: str,
    benchmarks: Sequence[SuiteBenchmark],
    found: Evaluation,
    baseline: tuple[str, Evaluation] | None = None,
    in_training: Mapping[str, set[tuple[str, str]]] | None = None,
) -> ScoreTable:
    """The table of an evaluation. `in_training`: of each benchmark the (part, key) of items that training data has."""
    columns = published(benchmarks)
    rows = []
    for one in benchmarks:
        items = found.items.get(one.name, [])
        row = TableRow(one, items=len(items))
        row.papers = {paper: scores[one.name] for paper, scores in columns.items() if one.name in scores}
        row.notes += found.warnings.get(one.name, [])
        rows.append(row)
        if not items:
            row.notes.append(found.left_out.get(one.name, "no items"))
            continue
        row.score = score(one, items)
        row.chance = sum(item.chance for item in items) / len(items)
        if len(items) < FEWEST:
            row.notes.append(f"an interval of {len(items)} items says little")
        if row.chance and not one.above_chance and row.score.low <= row.chance:
            row.notes.append(f"not above guessing ({100 * row.chance:.1f})")
        if one.name in found.in_words:
            row.notes.append(IN_WORDS)
        if baseline and (other := baseline[1].items.get(one.name)):
            if (one.name in baseline[1].in_words) == (one.name in found.in_words):
                row.difference = difference(one, items, other)
                shared = row.difference.items if row.difference else 0
                if shared < len(items):
                    row.notes.append(f"of {len(items):,} items the baseline was asked {shared:,}")
            else:
                row.notes.append("baseline asked in another way")
        if in_training is not None:
            known = in_training.get(one.name, set())
            row.found_in_training = sum((item.part, item.key) in known for item in items)
            left = [item for item in items if (item.part, item.key) not in known]
            row.clean = score(one, left) if left and row.found_in_training else None
    scored = [row.benchmark for row in rows if row.score]
    parts = {one.name: list(dict.fromkeys(item.part for item in found.items.get(one.name, []))) for one in benchmarks}
    mean = average(scored, found.items) if scored else None
    return ScoreTable(model, baseline[0] if baseline else None, rows, mean, found.sources, parts)


def text(table: ScoreTable, *, papers: Sequence[str] = ()) -> str:
    """Markdown; percent, with 95% intervals. `papers`: the columns that are shown, all that there are if none."""
    shown = [paper for row in table.rows for paper in row.papers]
    shown = [paper for paper in dict.fromkeys(shown) if not papers or paper in papers]
    head = ["benchmark", table.model, "items"]
    head += [f"less {table.baseline}"] if table.baseline else []
    trained = any(row.found_in_training is not None for row in table.rows)
    head += ["in training data", "without these"] if trained else []
    lines = [_line([*head, *shown]), _line(["---", *["---:"] * (len(head) + len(shown) - 1)])]
    for row in table.rows:
        cells = [row.benchmark.title, row.score.percent if row.score else "-", f"{row.items:,}" if row.items else "-"]
        cells += [_told(row.difference)] if table.baseline else []
        if trained:
            counted = row.found_in_training is not None
            cells += [f"{row.found_in_training:,}" if counted else "-", row.clean.percent if row.clean else "-"]
        lines.append(_line([*cells, *(f"{row.papers[p]:.1f}" if p in row.papers else "-" for p in shown)]))
    if table.average:
        scored = sum(row.score is not None for row in table.rows)
        name = "average" if scored == len(table.rows) else f"average of the {scored} with a score"
        whole = scored == len(table.rows)
        means = [_mean([row.papers.get(p) for row in table.rows]) if whole else "-" for p in shown]
        blank = [""] * (len(head) - 3)
        lines.append(_line([name, table.average.percent, "", *blank, *means]))
    notes = [f"- {row.benchmark.title}: {'; '.join(row.notes)}" for row in table.rows if row.notes]
    return "\n".join([*lines, *([""] if notes else []), *notes])


def plain(table: ScoreTable) -> dict[str, Any]:
    """As JSON takes it; shares from 0 to 1."""
    return {
        "model": table.model,
        "baseline": table.baseline,
        "average": list(table.average) if table.average else None,
        "benchmarks": {
            row.benchmark.name: {
                "title": row.benchmark.title,
                "score": list(row.score) if row.score else None,
                "items": row.items,
                "chance": row.chance,
                "metric": row.benchmark.metric,
                "mean": row.benchmark.mean,
                "difference": [*row.difference.interval, row.difference.items] if row.difference else None,
                "in_training": row.found_in_training,
                "without_these": list(row.clean) if row.clean else None,
                "papers_percent": row.papers,
                "parts": table.parts.get(row.benchmark.name, []),
                "sources": sorted(set(table.sources.get(row.benchmark.name, []))),
                "notes": row.notes,
            }
            for row in table.rows
        },
    }


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _told(found: PairedDifference | None) -> str:
    if found is None:
        return "-"
    low, high = 100 * found.interval.low, 100 * found.interval.high
    return f"{100 * found.interval.value:+.1f} [{low:+.1f}, {high:+.1f}]{'' if found.sure else ' (unsure)'}"


def _mean(values: Sequence[float | None]) -> str:
    return f"{sum(v for v in values if v is not None) / len(values):.1f}" if None not in values else "-"
