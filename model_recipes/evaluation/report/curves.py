"""Scores over a training's checkpoints, as a picture and a table (arXiv 2511.18411, figure 1)."""

from collections.abc import Sequence
from pathlib import Path

from builders.reports.drawing import COLOURS, new_figure, save
from model_recipes.evaluation.report.table import ScoreTable
from processors.atomic_files import write_text

CURVES, STEPS = "curves.png", "curves.tsv"


def write_curves(folder: Path, tables: Sequence[ScoreTable]) -> None:
    """Write curves.png and curves.tsv: each benchmark's score in percent at each checkpoint, with its interval."""
    steps = [int(table.model.rpartition("-")[2]) for table in tables]
    names = [row.benchmark.name for row in tables[0].rows if row.score]
    lines = ["step\tbenchmark\tscore\tlow\thigh"]
    figure = new_figure(7.0, 4.0)
    axes = figure.subplots()
    for number, name in enumerate(names):
        found = [next(row for row in table.rows if row.benchmark.name == name) for table in tables]
        values = [row.score for row in found if row.score]
        lines += [
            f"{step}\t{name}\t" + "\t".join(f"{100 * part:.2f}" for part in value)
            for step, value in zip(steps, values, strict=True)
        ]
        colour = COLOURS[number % len(COLOURS)]
        axes.plot(steps, [100 * v.value for v in values], color=colour, marker="o", label=found[0].benchmark.title)
        axes.fill_between(
            steps, [100 * v.low for v in values], [100 * v.high for v in values], color=colour, alpha=0.15
        )
    axes.set_xlabel("training steps")
    axes.set_ylabel("score, %")
    axes.legend(fontsize=7)
    save(figure, folder / CURVES)
    write_text(folder / STEPS, "\n".join(lines) + "\n")
