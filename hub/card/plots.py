"""The card's plots, as PNG files: the Hub shows them in every card, and a private repository's too.

The same numbers give the same bytes: no clock, no version of a library in the file.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from builders.reports.drawing import COLOURS, new_figure, save
from builders.run_folder.folder import RANK, SELECT, TRANSLATE
from builders.run_folder.units import UnitFiles
from processors.scoring.columns import NAMES

if TYPE_CHECKING:
    from builders.stages.context import Build

LENGTH = "tokens"
# What a box with whiskers shows; the outermost 5 % are left out, for one row of a million would set the scale.
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture in the dataset's folder."""

    path: str
    title: str


# split -> translator -> metric -> its QUANTILES
Quantiles = dict[str, dict[str, dict[str, list[float]]]]


def write_plots(build: "Build") -> list[Plot]:
    """Write `plots/*.png` into the dataset's folder; none, and a warning, where matplotlib is missing."""
    folder = build.run.dataset / "plots"
    made: list[Plot] = []
    if find_spec("matplotlib") is None:
        build.observer.warn("the card has no plots: matplotlib is not installed (pip install matplotlib)")
    else:
        folder.mkdir(parents=True, exist_ok=True)
        quantiles = score_quantiles(build)
        if quantiles:
            shown = [s for s in NAMES if any(s in has for of in quantiles.values() for has in of.values())]
            save(draw_quantiles(quantiles, shown), folder / "scores.png")
            made.append(Plot("plots/scores.png", f"{', '.join(shown[:-1])} and {shown[-1]} by split and translator"))
            save(draw_quantiles(quantiles, [LENGTH]), folder / "tokens.png")
            made.append(Plot("plots/tokens.png", "Tokens a row by split and translator"))
        reasons = left_out(build)
        if reasons:
            save(draw_reasons(reasons), folder / "left_out.png")
            made.append(Plot("plots/left_out.png", "What was left out or vetoed, by reason"))
    if folder.exists():
        for path in folder.glob("*.png"):
            if f"plots/{path.name}" not in {plot.path for plot in made}:
                path.unlink()
        if not any(folder.iterdir()):
            folder.rmdir()
    return made


def score_quantiles(build: "Build") -> Quantiles:
    """Quantiles of every candidate's scores and tokens, by split of the dataset; a split at a time is in memory.

    A score that no candidate has, such as a reward without a reward model, is left out.
    """
    import numpy as np
    import pyarrow.parquet as pq

    units: dict[str, list[str]] = {}
    for unit in build.selected:
        units.setdefault(unit.into, []).append(unit.name)
    found: Quantiles = {}
    columns = [f"candidates.list.element.{name}" for name in ("translator", *NAMES, LENGTH)]
    for split, names in units.items():
        values: dict[str, dict[str, list[Any]]] = {}
        for name in names:
            path = UnitFiles(build.run.stage(RANK), name).kept
            with pq.ParquetFile(path) as file:
                candidates = file.read(columns=columns)["candidates"].combine_chunks()
            flat = candidates.flatten() if len(candidates) else None
            if flat is None:
                continue
            who = flat.field("translator").to_numpy(zero_copy_only=False)
            for translator in dict.fromkeys(who):
                for metric in (*NAMES, LENGTH):
                    numbers = flat.field(metric).to_numpy(zero_copy_only=False).astype(float)[who == translator]
                    values.setdefault(translator, {}).setdefault(metric, []).append(numbers[~np.isnan(numbers)])
        for spec in build.recipe.translators:
            arrays = {m: np.concatenate(v) for m, v in values.get(spec.name, {}).items()}
            present = {metric: array for metric, array in arrays.items() if len(array)}
            if present:
                found.setdefault(split, {})[spec.name] = {
                    metric: np.quantile(array, QUANTILES).tolist() for metric, array in present.items()
                }
    return found


def left_out(build: "Build") -> dict[str, dict[str, int]]:
    """Rows by stage and reason: not selected, not translated, vetoed, in no config."""
    extra = build.totals[RANK].extra
    stages: dict[str, Counter[str]] = {"not selected": build.totals[SELECT].dropped}
    for spec in build.recipe.translators:
        stages[f"{spec.name}: not translated"] = build.totals[f"{TRANSLATE}/{spec.name}"].dropped
        prefix = f"{spec.name}/veto_"
        stages[f"{spec.name}: vetoed"] = Counter(
            {k.removeprefix(prefix): n for k, n in extra.items() if k.startswith(prefix)}
        )
    stages["in no config"] = build.totals[RANK].dropped
    return {
        stage: dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
        for stage, counts in stages.items()
        if counts
    }


def draw_quantiles(quantiles: Quantiles, metrics: Sequence[str]) -> Any:
    """A figure with a panel a metric: a thin line from 5 to 95%, a thick one from 25 to 75%, a dot at the median."""
    figure = new_figure(
        4.5 + 1.7 * len(metrics) if len(metrics) > 1 else 9.5,
        1.3 + sum(0.16 * len(of) + 0.1 for of in quantiles.values()),
    )
    axes = figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
    translators = list(dict.fromkeys(name for of in quantiles.values() for name in of))
    for axis, metric in zip(axes, metrics, strict=True):
        labels, place = [], 0.0
        for split, of in quantiles.items():
            first = place
            for name in of:
                if metric in of[name]:
                    low, q1, median, q3, high = of[name][metric]
                    colour = COLOURS[translators.index(name) % len(COLOURS)]
                    axis.plot([low, high], [place, place], color=colour, linewidth=0.8)
                    axis.plot([q1, q3], [place, place], color=colour, linewidth=3.2, solid_capstyle="butt")
                    axis.plot([median], [place], "o", color="white", markeredgecolor=colour, markersize=3.6)
                place += 1
            labels.append(((first + place - 1) / 2, split))
            place += 0.6
        axis.set_yticks([position for position, _ in labels], [_label(split) for _, split in labels], fontsize=7)
        axis.set_title(metric, fontsize=9)
        axis.margins(y=0.02)
        axis.tick_params(axis="x", labelsize=7)
        axis.grid(axis="x", color="#DDDDDD", linewidth=0.6)
        axis.set_axisbelow(True)
        if metric == LENGTH:
            axis.set_xscale("log")
            axis.set_title("tokens a row", fontsize=9)
    axes[0].invert_yaxis()
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=COLOURS[i % len(COLOURS)], linewidth=3) for i in range(len(translators))]
    figure.legend(handles, translators, loc="outside upper right", ncols=len(translators), fontsize=8, frameon=False)
    return figure


def draw_reasons(reasons: dict[str, dict[str, int]]) -> Any:
    """A figure with a bar a reason, by stage."""
    bars = [(stage, reason, n) for stage, of in reasons.items() for reason, n in list(of.items())[:12]]
    figure = new_figure(8, 1.0 + 0.2 * len(bars))
    axis = figure.subplots()
    stages = list(reasons)
    for place, (stage, _, n) in enumerate(bars):
        first = place == 0 or bars[place - 1][0] != stage
        colour = COLOURS[stages.index(stage) % len(COLOURS)]
        axis.barh(place, n, color=colour, height=0.7, label=stage if first else None)
        axis.annotate(f" {n:,}", (n, place), va="center", fontsize=7)
    axis.set_yticks(range(len(bars)), [_label(reason) for _, reason, _ in bars], fontsize=7)
    axis.invert_yaxis()
    axis.set_xlabel("rows", fontsize=8)
    axis.tick_params(axis="x", labelsize=7)
    axis.margins(x=0.1)
    axis.legend(fontsize=7, frameon=False, loc="lower right")
    return figure


def _label(text: str) -> str:
    """Short, and without what the font cannot shape: a name may hold letters of any script, or a `$`."""
    plain = "".join(c if c.isascii() and c.isprintable() and c != "$" else "?" for c in " ".join(text.split()))
    return plain if len(plain) <= 54 else f"{plain[:51]}..."
