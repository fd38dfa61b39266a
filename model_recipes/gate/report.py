"""What is said of a gate: the table, the picture, and the mixture that results."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from builders.mixtures.recipe import Mixture, MixtureSource
from builders.reports.drawing import COLOURS, new_figure, save
from model_recipes.evaluation.benchmarks.suites import SuiteBenchmark
from model_recipes.gate.decide import GateDecision, Judged
from model_recipes.gate.plan import GatePlan
from processors.atomic_files import write_text

TABLE, FIGURES, PICTURE, MIXTURE = "gate.md", "gate.json", "gate.png", "mixture.yaml"


def write_report(
    folder: Path,
    plan: GatePlan,
    decisions: Sequence[GateDecision],
    languages: Mapping[str, Sequence[SuiteBenchmark]],
    kept: Sequence[MixtureSource],
) -> str:
    """Write the table, the figures, the picture and the mixture's YAML; returns the table."""
    words = table(plan, decisions, languages)
    write_text(folder / TABLE, words)
    about = [{"candidate": one.candidate, **one.plain()} for one in decisions]
    write_text(folder / FIGURES, json.dumps(about, indent=1, ensure_ascii=False) + "\n")
    write_text(folder / MIXTURE, mixture_block(plan, kept))
    draw(plan, decisions, languages, folder / PICTURE)
    return words


def table(plan: GatePlan, decisions: Sequence[GateDecision], languages: Mapping[str, Sequence[SuiteBenchmark]]) -> str:
    """Markdown: a line a candidate and round, the change of each benchmark in points with its limits."""
    names = [(language, one) for language, of in languages.items() for one in of]
    heads = [f"{language}: {one.title}{' (critical)' if one.name in plan.critical else ''}" for language, one in names]
    lines = [f"| {' | '.join(['candidate', 'kept', *heads, 'why'])} |", f"|{'---|' * (len(heads) + 3)}"]
    base = _base(decisions)
    if base:
        scores = [f"{100 * base[one.name]:.1f}" if one.name in base else "" for _, one in names]
        lines.append(f"| {' | '.join(['(base)', '', *scores, 'mean of its models'])} |")
    for one in decisions:
        judged = {each.benchmark: each for each in one.benchmarks}
        cells = [_change(judged.get(each.name)) for _, each in names]
        lines.append(f"| {' | '.join([one.candidate, 'yes' if one.kept else 'no', *cells, one.why])} |")
    rounds = plan.refine.rounds if plan.refine else 0
    over = f", in equal parts over {1 + rounds} rounds" if rounds else ""
    share = f"{100 * plan.confidence:g}%"
    return "\n".join(
        [
            *lines,
            "",
            f"Change against the base in points, means over {plan.seeds} seeds; in brackets the limits beyond each of "
            f"which it lies with at most {100 * (1 - plan.confidence):.3g}% (Welch's t over seeds, paired bootstrap "
            f"over items). Better: one-sided, {share}, after Holm's correction over all candidates and critical "
            f"benchmarks{over}. Not worse: the lower limit is above the tolerance.",
            "",
        ]
    )


def _base(decisions: Sequence[GateDecision]) -> dict[str, float]:
    return {each.benchmark: each.gain.base for one in decisions for each in one.benchmarks}


def _change(judged: Judged | None) -> str:
    if judged is None:
        return ""
    change = f"{100 * judged.gain.value:+.1f} [{100 * judged.low:+.1f}, {100 * judged.high:+.1f}]"
    chance = "" if judged.chance is None else f", p {_chance(judged.chance)}"
    return change + chance


def _chance(chance: float) -> str:
    return "< 0.001" if chance < 0.001 else f"{chance:.3f}"


def mixture_block(plan: GatePlan, kept: Sequence[MixtureSource]) -> str:
    """The mixture with what was kept, as `smolkalam mix` takes it."""
    found = plan.with_candidate(None, others=kept)
    return yaml.safe_dump(_plain(found), sort_keys=False, allow_unicode=True, width=100)


def _plain(mixture: Mixture) -> dict[str, object]:
    return mixture.model_dump(mode="json", exclude_defaults=True)


def draw(
    plan: GatePlan, decisions: Sequence[GateDecision], languages: Mapping[str, Sequence[SuiteBenchmark]], path: Path
) -> None:
    """A panel a benchmark: each candidate's change with its limits, beside no change and the tolerance."""
    panels = [one for of in languages.values() for one in of]
    shown = [one for one in decisions if one.benchmarks]
    if not shown:
        path.unlink(missing_ok=True)
        return
    figure = new_figure(1.6 + 2.6 * len(panels), 1.4 + 0.36 * len(shown))
    axes = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    places = range(len(shown), 0, -1)
    for benchmark, ax in zip(panels, axes, strict=True):
        for place, one in zip(places, shown, strict=True):
            found = next(each for each in one.benchmarks if each.benchmark == benchmark.name)
            value, low, high = (100 * x for x in (found.gain.value, found.low, found.high))
            colour = COLOURS[2] if one.kept else COLOURS[1]
            ax.errorbar([value], [place], xerr=[[value - low], [high - value]], fmt="o", capsize=3, color=colour)
        ax.axvline(0, color="black", linewidth=0.8)
        ax.axvline(-100 * plan.tolerance_of(benchmark.name), color="black", linewidth=0.8, linestyle=":")
        ax.set_title(benchmark.title + (" *" if benchmark.name in plan.critical else ""))
        ax.set_xlabel("points")
        ax.grid(alpha=0.3)
    axes[0].set_yticks(list(places), labels=[f"{one.candidate} ({'kept' if one.kept else 'not'})" for one in shown])
    axes[0].margins(y=0.6 / len(shown))
    save(figure, path)
