"""The picture of an ablation: a panel a score, a point a variant with its 95% interval."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from builders.ablations.scores import Ablation, Estimate
from builders.ablations.variants import Variant
from builders.reports.drawing import COLOURS, new_figure, save
from processors.scoring.columns import NAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw(found: Ablation, variants: list[Variant], path: Path) -> None:
    """Write a PNG: over one numeric setting as lines, one for each of the other settings; otherwise by name."""
    panels = [name for name in NAMES if all(name in variant.scores for variant in found.variants)]
    axis = _numeric(variants)
    across = len(panels) + 1
    height = 3.2 if axis else 1.2 + 0.32 * len(variants)
    figure = new_figure(2.9 * across, height)
    axes = figure.subplots(1, across, squeeze=False, sharey=not axis)[0]
    for i, (name, ax) in enumerate(zip([*panels, "mean rank"], axes, strict=True)):
        values = [one.mean_rank if name == "mean rank" else one.scores[name] for one in found.variants]
        if axis:
            _lines(ax, axis, variants, values, legend=i == 0)
        else:
            _points(ax, [variant.name for variant in variants], values)
        ax.set_title(name)
        ax.grid(alpha=0.3)
    save(figure, path)


def _numeric(variants: list[Variant]) -> str | None:
    """The setting with the most values, if all are numbers and every variant has it."""
    keys = dict.fromkeys(key for variant in variants for key in variant.settings)
    counts = {
        key: len({variant.settings[key] for variant in variants})
        for key in keys
        if all(isinstance(variant.settings.get(key), int | float) for variant in variants)
    }
    most = max(counts, key=lambda key: counts[key], default=None)
    return most if most and counts[most] > 1 else None


def _lines(ax: "Axes", axis: str, variants: list[Variant], values: list[Estimate], *, legend: bool) -> None:
    groups: dict[str, list[tuple[float, Estimate]]] = {}
    for variant, value in zip(variants, values, strict=True):
        others = [f"{key.rpartition('.')[2]} {held}" for key, held in variant.settings.items() if key != axis]
        groups.setdefault(", ".join([variant.base, *others]), []).append((variant.settings[axis], value))
    for i, (label, points) in enumerate(groups.items()):
        points.sort(key=lambda point: point[0])
        estimates = [estimate for _, estimate in points]
        ax.errorbar(
            [x for x, _ in points],
            [estimate.mean for estimate in estimates],
            yerr=_bars(estimates),
            marker="o",
            capsize=3,
            color=COLOURS[i % len(COLOURS)],
            label=label,
        )
    ax.set_xlabel(axis)
    ax.ticklabel_format(useOffset=False)
    if legend:
        ax.legend(fontsize="small")


def _points(ax: "Axes", names: list[str], values: list[Estimate]) -> None:
    places = range(len(names), 0, -1)
    ax.errorbar(
        [value.mean for value in values], list(places), xerr=_bars(values), fmt="o", capsize=3, color=COLOURS[0]
    )
    ax.set_yticks(list(places), labels=names)
    ax.margins(y=0.6 / len(names))


def _bars(values: list[Estimate]) -> Any:
    return [[max(0.0, v.mean - v.low) for v in values], [max(0.0, v.high - v.mean) for v in values]]
