"""The card's plots, as PNG files: the Hub shows them in every card, and a private repository's too.

The same numbers give the same bytes: no clock, no version of a library in the file.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from builders.reports.canvas import GRID, PAPER, Canvas, Scale
from builders.reports.drawing import COLOURS
from builders.run_folder.folder import RANK, SELECT, TRANSLATE
from builders.run_folder.units import UnitFiles, read_unit
from processors.scoring.columns import NAMES, columns_with

if TYPE_CHECKING:
    from builders.stages.common.context import Build

LENGTH = "tokens"
# What a box with whiskers shows; the outermost 5 % are left out, for one row of a million would set the scale.
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
# Pixels: above the panels; a line of them, and what is between two splits; between two panels; a bar of reasons.
_TOP, _LINE, _BETWEEN, _APART, _BAR = 64.0, 16, 12, 18, 24
# A card's column on the Hub is about as wide; a split's name has a line of its own, above its translators' lines.
_WIDTH, _NAME = 700, 20


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
    if find_spec("PIL") is None:
        build.observer.warn("the card has no plots: Pillow is not installed (pip install pillow)")
    else:
        folder.mkdir(parents=True, exist_ok=True)
        quantiles = score_quantiles(build)
        if quantiles:
            shown = [s for s in NAMES if any(s in has for of in quantiles.values() for has in of.values())]
            draw_quantiles(quantiles, shown).save(folder / "scores.png")
            made.append(Plot("plots/scores.png", f"{', '.join(shown[:-1])} and {shown[-1]} by split and translator"))
            draw_quantiles(quantiles, [LENGTH]).save(folder / "tokens.png")
            made.append(Plot("plots/tokens.png", "Tokens a row by split and translator"))
        reasons = left_out(build)
        if reasons:
            draw_reasons(reasons).save(folder / "left_out.png")
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

    units: dict[str, list[str]] = {}
    for unit in build.selected:
        units.setdefault(unit.into, []).append(unit.name)
    found: Quantiles = {}
    metrics = (*columns_with(build.recipe.ranking.scorers.given()), LENGTH)
    columns = [f"candidates.list.element.{name}" for name in ("translator", *metrics)]
    for split, names in units.items():
        values: dict[str, dict[str, list[Any]]] = {}
        for name in names:
            table = read_unit(UnitFiles(build.run.stage(RANK), name), columns)
            candidates = table["candidates"].combine_chunks()
            flat = candidates.flatten() if len(candidates) else None
            if flat is None:
                continue
            who = flat.field("translator").to_numpy(zero_copy_only=False)
            for translator in dict.fromkeys(who):
                for metric in metrics:
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
        stages[f"{spec.name}: not translated"] = build.totals[f"{TRANSLATE}/{spec.name}"].failed
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


def draw_quantiles(quantiles: Quantiles, metrics: Sequence[str]) -> Canvas:
    """A panel a metric: a thin line from 5 to 95%, a thick one from 25 to 75%, a dot at the median."""
    translators = list(dict.fromkeys(name for of in quantiles.values() for name in of))
    labels = {split: _label(split) for split in quantiles}
    left, across = 10, (_WIDTH - 20 - _APART * (len(metrics) - 1)) / len(metrics)
    bottom = _TOP + 10 + sum(_NAME + _LINE * len(of) + _BETWEEN for of in quantiles.values())
    canvas = Canvas(_WIDTH, bottom + 30)
    for number, metric in enumerate(metrics):
        start = left + number * (across + _APART)
        values = [v for of in quantiles.values() for has in of.values() for v in has.get(metric, ())]
        scale = Scale(values, start, start + across, log=metric == LENGTH)
        _panel(canvas, scale, start, across, bottom)
        canvas.text(start + across / 2, _TOP - 12, "tokens a row" if metric == LENGTH else metric, 14, "mm")
        place = _TOP + 10.0
        for split, of in quantiles.items():
            place += _NAME
            if number == len(metrics) - 1:
                # Last of all, on paper of its own: the panels' lines would go through it.
                y = place - _NAME / 2
                canvas.line(left + 3, y, left + 9 + canvas.length(labels[split]), y, PAPER, 15)
                canvas.text(left + 6, y, labels[split])
            for name in of:
                place += _LINE
                if metric in of[name]:
                    low, q1, median, q3, high = map(scale, of[name][metric])
                    colour, y = COLOURS[translators.index(name) % len(COLOURS)], place - _LINE / 2
                    canvas.line(low, y, high, y, colour, 1.5)
                    canvas.line(q1, y, q3, y, colour, 6)
                    canvas.dot(median, y, 4, colour)
            place += _BETWEEN
    at = canvas.width - 20.0
    for number, name in reversed(list(enumerate(map(_label, translators)))):
        at -= canvas.length(name)
        canvas.text(at, 18, name)
        canvas.line(at - 36, 18, at - 8, 18, COLOURS[number % len(COLOURS)], 5)
        at -= 60
    return canvas


def draw_reasons(reasons: dict[str, dict[str, int]]) -> Canvas:
    """A bar a reason, by stage."""
    bars = [(stage, _label(reason), n) for stage, of in reasons.items() for reason, n in list(of.items())[:12]]
    stages = list(reasons)
    left = 20 + max(Canvas(1, 1).length(reason) for _, reason, _ in bars)
    across = max(_WIDTH - 20 - left, 200.0)
    bottom = 20 + _BAR * len(bars)
    canvas = Canvas(left + across + 20, bottom + 50 + 20 * len(stages))
    scale = Scale([n * 1.1 for _, _, n in bars], left, left + across, counts=True)
    _panel(canvas, scale, left, across, bottom, top=10)
    for number, (stage, reason, n) in enumerate(bars):
        y = 15 + _BAR * (number + 0.5)
        canvas.text(left - 8, y, reason, anchor="rm")
        canvas.line(left, y, scale(n), y, COLOURS[stages.index(stage) % len(COLOURS)], 0.7 * _BAR)
        canvas.text(scale(n) + 6, y, f"{n:,}")
    canvas.text(left + across / 2, bottom + 36, "rows", 14, "mm")
    for number, stage in enumerate(stages):
        y = bottom + 45 + 20 * number
        canvas.line(left, y, left + 28, y, COLOURS[number % len(COLOURS)], 10)
        canvas.text(left + 36, y, _label(stage))
    return canvas


def _panel(canvas: Canvas, scale: Scale, start: float, across: float, bottom: float, top: float = _TOP) -> None:
    """An empty panel, with its ticks below. Of those whose numbers would touch, every second has none."""
    ticks = scale.ticks()
    crowded = sum(canvas.length(text) + 12 for _, text in ticks) > across
    for number, (value, text) in enumerate(ticks):
        x = scale(value)
        canvas.line(x, top, x, bottom, GRID)
        canvas.line(x, bottom, x, bottom + 5)
        if not (crowded and number % 2):
            canvas.text(x, bottom + 16, text, anchor="mm")
    canvas.frame(start, top, start + across, bottom)


def _label(text: str) -> str:
    """Short, and without what the font cannot shape: a name may hold letters of any script, or a `$`."""
    plain = "".join(c if c.isascii() and c.isprintable() and c != "$" else "?" for c in " ".join(text.split()))
    return plain if len(plain) <= 54 else f"{plain[:51]}..."
