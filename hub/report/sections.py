"""The report's sections, each from a `Report` to HTML; an empty one is left out."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from builders.dataset.duplicates import drops
from builders.dataset.policy_effects import changes, config_effects
from builders.dataset.statistics import summarise
from builders.engines import engine_of
from builders.run_folder.folder import RANK, SELECT, TRANSLATE
from builders.stages.rank import configs_of
from hub.card.translators import tokens_asked
from hub.pages import escaped
from hub.report.controls import explorer
from hub.report.findings import found_by_check, shown_examples
from hub.report.gathered import Report
from hub.report.published import published
from hub.report.tables import table
from processors.ranking.policy import OUTCOMES
from processors.scoring.columns import COLUMN, columns_with


def _n(value: float) -> str:
    return f"{value:,.0f}"


def _mean(value: float | None, places: int = 3) -> str:
    return "–" if value is None else f"{value:,.{places}f}"


def _bar(share: float, of: str) -> str:
    return (
        f'<svg class="bar" width="120" height="10" role="img" aria-label="{share:.1%} of {escaped(of)}">'
        f'<rect width="{120 * share:.1f}" height="10"/></svg>'
    )


def overview(report: Report) -> str:
    """What it is, and how much of it."""
    recipe, sample = report.recipe, report.sample
    rows = sum(sample.population.values())
    facts = [
        ("Source", escaped(str(recipe.source.path).rstrip("/").rpartition("/")[2] or recipe.name)),
        ("Language", f"{escaped(recipe.language.name)} ({escaped(recipe.language.code)})"),
        ("Translators", ", ".join(escaped(spec.name) for spec in recipe.translators)),
        ("Rows ranked", _n(rows)),
        ("Splits", _n(len(sample.population))),
        ("Seed", str(recipe.seed)),
    ]
    said = (
        "Every figure on this page is of all rows."
        if sample.exact
        else f"Counts of rows are of all {_n(rows)} rows. What is told of candidates, and the explorer, rests on a "
        f"sample of {_n(len(sample.rows))} rows, drawn from every split by the recipe's seed."
    )
    lines = [
        [f"<code>{escaped(config)}</code>", _n(of.rows), f"{of.rows / rows:.1%}" if rows else "–", _n(of.total_tokens)]
        + [_mean(of.mean(name), COLUMN[name].decimals) for name in _scores(report)]
        for config, by_split in report.built.items()
        for of in [summarise(by_split.values())]
    ]
    head = ["Config", "Rows", "Of those ranked", "Tokens", *(COLUMN[name].title for name in _scores(report))]
    items = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts)
    return f'<dl class="facts">{items}</dl>' + table(head, lines, "Configs") + f"<p class=quiet>{said}</p>"


def _scores(report: Report) -> list[str]:
    names = columns_with(report.recipe.ranking.scorers.given())
    return [n for n in names if any(summarise(of.values()).mean(n) is not None for of in report.built.values())]


def funnel(report: Report) -> str:
    """Where rows went: of each stage read = kept + dropped, by reason."""
    first = report.totals[SELECT].read
    lines = []
    for part in [SELECT, *(f"{TRANSLATE}/{spec.name}" for spec in report.recipe.translators), RANK]:
        of = report.totals[part]
        lines.append(_step(escaped(part), of.read, of.kept, of.dropped, first))
    ranked = report.totals[RANK].kept
    for config, by_split in report.built.items():
        kept = summarise(by_split.values()).rows
        again = report.duplicates.get(config, [])
        dropped = sum(drops(report.recipe.outputs.duplicates, row) for row in again)
        left = Counter({"left out: vetoed or without a candidate": ranked - kept - dropped, "duplicates": dropped})
        lines.append(_step(f"<code>{escaped(config)}</code>", ranked, kept, +left, first))
    return "<p>Of each step: rows read = kept + dropped.</p>" + table(
        ["Step", "Read", "Kept", "", "Dropped", "Why"], lines, "Rows by step and reason"
    )


def _step(name: str, read: int, kept: int, dropped: Counter[str], first: int) -> list[str]:
    why = ", ".join(f"{escaped(reason.replace('_', ' '))} {_n(n)}" for reason, n in dropped.most_common()) or "–"
    bar = _bar(kept / first if first else 0.0, "the rows that were read first")
    return [name, _n(read), _n(kept), bar, _n(dropped.total()), f'<span class="why">{why}</span>']


def scores(report: Report) -> str:
    """LR, SCR, quality, length and so on of every candidate, by split and translator."""
    names = list(configs_of(report.recipe).values())
    kinds = [n for n in columns_with(report.recipe.ranking.scorers.given()) if n != "rank_score"]
    kinds = [n for n in kinds if any(one[n] is not None for row in report.sample.rows for one in row["candidates"])]
    values: dict[tuple[str, str], dict[str, list[float]]] = {}
    for row in report.sample.rows:
        for name, one in zip(names, row["candidates"], strict=True):
            held = values.setdefault((row["split"], name), {kind: [] for kind in [*kinds, "tokens"]})
            for kind, found in held.items():
                if one[kind] is not None:
                    found.append(one[kind])
    lines = []
    for (split, name), held in values.items():
        cells = [_n(len(held["tokens"]))]
        for kind, found in held.items():
            places = 0 if kind == "tokens" else COLUMN[kind].decimals
            mean = sum(found) / len(found) if found else None
            cells.append(_mean(mean, places) + (_spread(found, kind, places) if found else ""))
        lines.append([f"{escaped(split)}, {escaped(name)}", *cells])
    head = ["Split, translator", "Candidates", *(COLUMN[kind].title for kind in kinds), "Tokens"]
    said = "Means over candidates, before any veto or choice, and how their values lie, from the least to the most."
    return f"<p>{said}</p>" + table(head, lines, "Scores by split and translator")


def _spread(values: Sequence[float], kind: str, places: int) -> str:
    """A small histogram of ten bars, over the score's range where it has a close one."""
    low, high = (0.0, 1.0) if kind in ("LR", "SCR", "quality") else (min(values), max(values))
    scale = 10 / (high - low) if high > low else 0.0
    counts = Counter(min(9, int(scale * (value - low))) for value in values)
    most = max(counts.values())
    heights = {at: max(1, 14 * n // most) for at, n in sorted(counts.items())}
    bars = "".join(f"M{6 * at + 1} 16v-{height}h4v{height}z" for at, height in heights.items())
    label = f"from {min(values):,.{places}f} to {max(values):,.{places}f}"
    return (
        f'<svg class="spread" width="60" height="16" role="img" aria-label="{label}"><title>{label}</title>'
        f'<path d="{bars}"/></svg>'
    )


def ensemble(report: Report) -> str:
    """What several translators gave that one alone would not have."""
    if len(report.recipe.translators) < 2:
        return ""
    lines, total = [], report.totals[RANK].extra
    for config in configs_of(report.recipe):
        effects = config_effects(total, config)
        lines.append(
            [f"<code>{escaped(config)}</code>", *(_n(effects[o]) for o in OUTCOMES), escaped(changes(effects)) or "–"]
        )
    titles = [
        "Config",
        "The primary's own",
        "Another's, for a vetoed or missing one",
        "Another's, for it is better",
        "Left out",
        "Changed by",
    ]
    alone = []
    for config, name in configs_of(report.recipe).items():
        own = config_effects(total, config)["primary"]
        kept = sum(of.rows for of in report.built.get(config, {}).values())
        alone.append(f"{escaped(name)}: {_n(kept - own)} of {_n(kept)} rows are not its own")
    by_split = [
        [
            f"{escaped(split)}, <code>{escaped(config)}</code>",
            *(_n(config_effects(extra, config)[o]) for o in OUTCOMES),
        ]
        for split, extra in report.extra_by_split.items()
        for config in configs_of(report.recipe)
    ]
    return (
        table(titles, lines, "Whose candidates were taken")
        + f"<p>{'; '.join(alone)}.</p><details><summary>By split</summary>"
        + table(["Split, config", *titles[1:5]], by_split, "Whose candidates were taken, by split")
        + "</details>"
    )


def findings(report: Report) -> str:
    """What each check found, with examples."""
    found = found_by_check(report.recipe, report.sample)
    if not found:
        return "<p>No check found anything.</p>"
    every = [example for _, examples in found.values() for example in examples]
    shown, at, parts = shown_examples(report.recipe, report.run, every), 0, []
    names = list(configs_of(report.recipe).values())
    head = ["Check", *(f"{escaped(name)}: {kind}" for name in names for kind in ("hard", "soft", "no candidate"))]
    kinds = [f"{name}/{kind}" for name in names for kind in ("hard", "soft", "failed")]
    lines = [
        [f'<a href="#check-{escaped(c)}">{escaped(c)}</a>', *(_n(n[k]) for k in kinds)] for c, (n, _) in found.items()
    ]
    for check, (_, examples) in found.items():
        figures = "".join(shown[at + i] for i in range(len(examples)))
        at += len(examples)
        title = f"<summary><strong>{escaped(check)}</strong>: examples</summary>"
        parts.append(f'<details id="check-{escaped(check)}">{title}{figures}</details>')
    said = (
        "Candidates by what was found in them: hard verdicts veto, soft ones are noted; no candidate: the translator "
        "failed for it."
    )
    return f"<p>{said}</p>" + table(head, lines, "What each check found") + "".join(parts)


def lengths(report: Report) -> str:
    """How long the translations are in tokens."""
    recipe, names = report.recipe, list(configs_of(report.recipe).values())
    by: dict[str, list[int]] = {name: [] for name in names}
    for row in report.sample.rows:
        for name, one in zip(names, row["candidates"], strict=True):
            if one["tokens"] is not None:
                by[name].append(one["tokens"])
    lines = []
    for name, found in by.items():
        found.sort()
        at = [
            _n(found[min(len(found) - 1, int(q * len(found)))]) if found else "–"
            for q in (0.05, 0.25, 0.5, 0.75, 0.95)
        ]
        largest = _n(found[-1]) if found else "–"
        lines.append([escaped(name), *at, largest, _spread(found, "tokens", 0) if found else "–"])
    how = recipe.outputs.tokenizer
    said = "as they are estimated without a tokenizer" if how == "approximate" else f"of <code>{escaped(how)}</code>"
    return f"<p>Tokens of a candidate's messages, {said}.</p>" + table(
        ["Translator", "5 %", "25 %", "Median", "75 %", "95 %", "Longest", "Shape"], lines, "Lengths in tokens"
    )


def costs(report: Report) -> str:
    """What was asked of each translator, and what it came to at the recipe's prices."""
    lines: list[list[str]] = []
    total = 0.0
    for spec in report.recipe.translators:
        folder = report.run.answers(spec)
        asked: Any = tokens_asked(folder) if engine_of(spec).asks_a_model and folder.exists() else None
        if asked is None:
            lines.append([escaped(spec.name), "–", "–", "–", "asked no model"])
            continue
        dollars = engine_of(spec).cost.bill(asked)
        hours = engine_of(spec).cost.gpu_hours(asked["completion_tokens"])
        total += dollars or 0.0
        price = f"${dollars:,.2f}" if dollars else f"{hours:,.1f} GPU-hours" if hours else "no price in the recipe"
        lines.append(
            [escaped(spec.name), *(_n(asked[k]) for k in ("answers", "prompt_tokens", "completion_tokens")), price]
        )
    head = ["Translator", "Answers", "Tokens of prompts", "Tokens of answers", "Cost"]
    return table(head, lines, "Costs") + (f"<p>${total:,.2f} in all, at the recipe's prices.</p>" if total else "")


SECTIONS: dict[str, tuple[str, Callable[[Report], str]]] = {
    "overview": ("Overview", overview),
    "funnel": ("Where the rows went", funnel),
    "explorer": ("Thresholds", explorer),
    "scores": ("Scores", scores),
    "ensemble": ("What the ensemble gave", ensemble),
    "findings": ("What the checks found", findings),
    "published": ("Duplicates and private data", published),
    "lengths": ("Lengths", lengths),
    "costs": ("Costs", costs),
}
