"""A table's scores with their intervals as a picture, beside the baseline's and what guessing reaches."""

from pathlib import Path

from builders.reports.drawing import COLOURS, new_figure, save
from model_recipes.evaluation.report.table import ScoreTable

PLOT = "scores.png"


def write_plot(path: Path, table: ScoreTable) -> bool:
    """Write a PNG of the benchmarks that have a score; False, and nothing is written, where none has."""
    rows = [row for row in table.rows if row.score]
    if not rows:
        return False
    figure = new_figure(6.5, 1.2 + 0.45 * len(rows))
    axes = figure.subplots()
    for place, row in enumerate(rows):
        assert row.score is not None
        value, low, high = (100 * part for part in row.score)
        axes.barh(place, value, height=0.6, color=COLOURS[0], label=table.model if not place else None)
        axes.errorbar(value, place, xerr=[[value - low], [high - value]], color="black", capsize=3, linewidth=1)
        if row.difference:
            other = value - 100 * row.difference.interval.value
            axes.plot(other, place, "D", color=COLOURS[1], label=table.baseline if not place else None)
        if row.chance and not row.benchmark.above_chance:
            axes.plot([100 * row.chance] * 2, [place - 0.4, place + 0.4], color="grey", linestyle=":")
    axes.set_yticks(range(len(rows)), [row.benchmark.title for row in rows])
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel("score, % (95% interval; dotted: guessing)")
    axes.legend(fontsize=7, loc="lower right")
    save(figure, path)
    return True
