"""The report's sections, each from a `Report` to HTML; an empty one is left out. Their headings and all else that they
say are words of the pages, `report.*`."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from builders.dataset.combined import fusing_translators, gained
from builders.dataset.duplicates import drops
from builders.dataset.policy_effects import changes, config_effects
from builders.dataset.statistics import summarise
from builders.engines import engine_of
from builders.run_folder.folder import RANK, SELECT, TRANSLATE
from builders.stages.rank import configs_of
from hub.card.translators import tokens_asked
from hub.pages import PageWord, PageWords, Value, escaped
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


def _bar(words: PageWords, share: float) -> str:
    return (
        '<svg class="bar" width="120" height="10" role="img" '
        f"{words.label('report.funnel.share', share=f'{share:.1%}')}>"
        f'<rect width="{120 * share:.1f}" height="10"/></svg>'
    )


def _heads(words: PageWords, *names: str) -> list[str]:
    return [words.said(f"report.head.{name}") for name in names]


def _titles(words: PageWords, names: Iterable[str]) -> list[str]:
    return [words.said(f"report.score.{name}") for name in names]


def overview(report: Report) -> str:
    """What it is, and how much of it."""
    recipe, sample, words = report.recipe, report.sample, report.words
    rows = sum(sample.population.values())
    code = recipe.language.code
    language: Value = recipe.language.name
    if f"report.language.{code}" in words.texts:
        language = PageWord(f"report.language.{code}")
    facts = [
        ("source", _name(str(recipe.source.path).rstrip("/").rpartition("/")[2] or recipe.name)),
        ("language", words.said("report.language", language=language, code=code)),
        ("translators", words.said("page.text", text=[spec.name for spec in recipe.translators])),
        ("rows", _n(rows)),
        ("splits", _n(len(sample.population))),
        ("seed", str(recipe.seed)),
    ]
    said = (
        words.said("report.exact") if sample.exact else words.said("report.sampled", n=rows, sampled=len(sample.rows))
    )
    lines = [
        [f"<code>{escaped(config)}</code>", _n(of.rows), f"{of.rows / rows:.1%}" if rows else "–", _n(of.total_tokens)]
        + [_mean(of.mean(name), COLUMN[name].decimals) for name in _scores(report)]
        for config, by_split in report.built.items()
        for of in [summarise(by_split.values())]
    ]
    head = [*_heads(words, "config", "rows", "of_ranked", "tokens"), *_titles(words, _scores(report))]
    items = "".join(f"<div>{words.tag('dt', f'report.fact.{name}')}<dd>{value}</dd></div>" for name, value in facts)
    return (
        f'<dl class="facts">{items}</dl>'
        + table(head, lines, words.label("report.configs"))
        + f'<p class="quiet">{said}</p>'
    )


def _name(text: str) -> str:
    return f"<bdi>{escaped(text)}</bdi>"


def _scores(report: Report) -> list[str]:
    names = columns_with(report.recipe.ranking.scorers.given())
    return [n for n in names if any(summarise(of.values()).mean(n) is not None for of in report.built.values())]


def funnel(report: Report) -> str:
    """Where rows went: of each stage read = kept + dropped, by reason."""
    words = report.words
    first = report.totals[SELECT].read
    lines = []
    translators = {f"{TRANSLATE}/{spec.name}": spec.name for spec in report.recipe.translators}
    for part in [SELECT, *translators, RANK]:
        of = report.totals[part]
        name = (
            words.said("report.step.translate", name=translators[part])
            if part in translators
            else words.said(f"report.step.{part}")
        )
        lines.append(_step(words, name, of.read, of.kept, of.dropped, first))
    ranked = report.totals[RANK].kept
    for config, by_split in report.built.items():
        kept = summarise(by_split.values()).rows
        again = report.duplicates.get(config, [])
        dropped = sum(drops(report.recipe.outputs.duplicates, row) for row in again)
        left = Counter({"left_out": ranked - kept - dropped, "duplicates": dropped})
        lines.append(_step(words, f"<code>{escaped(config)}</code>", ranked, kept, +left, first))
    read, kept_head, dropped_head, why = _heads(words, "read", "kept", "dropped", "why")
    return words.tag("p", "report.funnel.said") + table(
        [*_heads(words, "step"), read, kept_head, "", dropped_head, why], lines, words.label("report.funnel.table")
    )


def _step(words: PageWords, name: str, read: int, kept: int, dropped: Counter[str], first: int) -> list[str]:
    reasons = [PageWord("report.dropped", {"reason": _reason(words, one), "n": n}) for one, n in dropped.most_common()]
    why = words.tag("span", "page.text", 'class="why"', text=reasons) if reasons else "–"
    return [name, _n(read), _n(kept), _bar(words, kept / first if first else 0.0), _n(dropped.total()), why]


def _reason(words: PageWords, name: str) -> Value:
    """A reason of a stage, or the check that refused what was answered."""
    found = words.known("report.reason", name)
    return words.known("page.check", name) if isinstance(found, str) else found


def scores(report: Report) -> str:
    """LR, SCR, quality, length and so on of every candidate, by split and translator."""
    words = report.words
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
            cells.append(_mean(mean, places) + (_spread(words, found, kind, places) if found else ""))
        lines.append([words.said("report.pair", a=split, b=name), *cells])
    split_head, candidates, tokens = _heads(words, "split_translator", "candidates", "tokens")
    return words.tag("p", "report.scores.said") + table(
        [split_head, candidates, *_titles(words, kinds), tokens], lines, words.label("report.scores.table")
    )


def _spread(words: PageWords, values: Sequence[float], kind: str, places: int) -> str:
    """A small histogram of ten bars, over the score's range where it has a close one."""
    low, high = (0.0, 1.0) if kind in ("LR", "SCR", "quality") else (min(values), max(values))
    scale = 10 / (high - low) if high > low else 0.0
    counts = Counter(min(9, int(scale * (value - low))) for value in values)
    most = max(counts.values())
    heights = {at: max(1, 14 * n // most) for at, n in sorted(counts.items())}
    bars = "".join(f"M{6 * at + 1} 16v-{height}h4v{height}z" for at, height in heights.items())
    ends = {"least": f"{min(values):,.{places}f}", "most": f"{max(values):,.{places}f}"}
    return (
        f'<svg class="spread" width="60" height="16" role="img" {words.label("report.spread", **ends)}>'
        f'{words.tag("title", "report.spread", **ends)}<path d="{bars}"/></svg>'
    )


def ensemble(report: Report) -> str:
    """What several translators gave that one alone would not have."""
    words = report.words
    if len(report.recipe.translators) < 2:
        return ""
    lines, total = [], report.totals[RANK].extra
    for config in configs_of(report.recipe):
        effects = config_effects(total, config)
        changed = escaped(changes(effects))
        named = f'<bdi lang="en">{changed}</bdi>' if changed else "–"
        lines.append([f"<code>{escaped(config)}</code>", *(_n(effects[o]) for o in OUTCOMES), named])
    outcomes = [words.said(f"report.outcome.{outcome}") for outcome in OUTCOMES]
    alone = ""
    for config, name in configs_of(report.recipe).items():
        own = config_effects(total, config)["primary"]
        kept = sum(of.rows for of in report.built.get(config, {}).values())
        alone += words.tag("p", "report.not_own", name=name, n=kept, others=kept - own)
    by_split = [
        [
            f"{_name(split)}, <code>{escaped(config)}</code>",
            *(_n(config_effects(extra, config)[o]) for o in OUTCOMES),
        ]
        for split, extra in report.extra_by_split.items()
        for config in configs_of(report.recipe)
    ]
    config_head, changed_head, split_head = _heads(words, "config", "changed_by", "split_config")
    return (
        table([config_head, *outcomes, changed_head], lines, words.label("report.ensemble.table"))
        + _gains(report)
        + f"{alone}<details>{words.tag('summary', 'report.by_split')}"
        + table([split_head, *outcomes], by_split, words.label("report.ensemble.by_split.table"))
        + "</details>"
    )


def _gains(report: Report) -> str:
    """What each part of the ensemble gave, in rows, and in quality where the ranker compares the two."""
    words, lines = report.words, []
    for one in gained(report.recipe, report.totals[RANK].extra):
        said = words.said(f"report.gained.{one.part}", fusing=fusing_translators(report.recipe))
        config = f"<code>{escaped(one.config)}</code>"
        lines.append([config, said, _n(one.rows), _mean(one.before), _mean(one.after)])
    head = _heads(words, "config", "taken_as", "rows", "quality_without", "quality_with")
    return table(head, lines, words.label("report.gained.table")) if lines else ""


def findings(report: Report) -> str:
    """What each check found, with examples."""
    words = report.words
    found = found_by_check(report.recipe, report.sample)
    if not found:
        return words.tag("p", "report.found.none")
    every = [example for _, examples in found.values() for example in examples]
    shown, at, parts = shown_examples(report.recipe, report.run, every, words), 0, ""
    names = list(configs_of(report.recipe).values())
    kinds = ("hard", "soft", "failed")
    head = [*_heads(words, "check")]
    head += [words.said(f"report.found.{kind}", name=name) for name in names for kind in kinds]
    lines = []
    for check, (counts, examples) in found.items():
        name = escaped(check)
        said = _reason(words, check)
        link = words.tag("a", "page.text", f'href="#check-{name}"', text=said)
        lines.append([link, *(_n(counts[f"{one}/{kind}"]) for one in names for kind in kinds)])
        figures = "".join(shown[at + i] for i in range(len(examples)))
        at += len(examples)
        title = words.tag("summary", "report.found.examples", check=said)
        parts += f'<details id="check-{name}">{title}{figures}</details>'
    shown_table = table(head, lines, words.label("report.found.table"))
    return words.tag("p", "report.found.said") + shown_table + parts


def lengths(report: Report) -> str:
    """How long the translations are in tokens."""
    recipe, words, names = report.recipe, report.words, list(configs_of(report.recipe).values())
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
        lines.append([_name(name), *at, largest, _spread(words, found, "tokens", 0) if found else "–"])
    how = recipe.outputs.tokenizer
    said = (
        words.tag("p", "report.lengths.estimated")
        if how == "approximate"
        else words.tag("p", "report.lengths.said", tokenizer=how)
    )
    translator, median, longest, shape = _heads(words, "translator", "median", "longest", "shape")
    shares = [f'<bdi dir="ltr">{share} %</bdi>' for share in (5, 25, 75, 95)]
    head = [translator, *shares[:2], median, *shares[2:], longest, shape]
    return said + table(head, lines, words.label("report.lengths.table"))


def costs(report: Report) -> str:
    """What was asked of each translator, and what it came to at the recipe's prices."""
    words = report.words
    lines: list[list[str]] = []
    total = 0.0
    for spec in report.recipe.translators:
        folder = report.run.answers(spec)
        asked: Any = tokens_asked(folder) if engine_of(spec).asks_a_model and folder.exists() else None
        if asked is None:
            lines.append([_name(spec.name), "–", "–", "–", words.said("report.costs.none")])
            continue
        dollars = engine_of(spec).cost.bill(asked)
        hours = engine_of(spec).cost.gpu_hours(asked["completion_tokens"])
        total += dollars or 0.0
        unpriced = (
            words.said("report.costs.hours", hours=f"{hours:,.1f}") if hours else words.said("report.costs.no_price")
        )
        price = f"${dollars:,.2f}" if dollars else unpriced
        counts = (_n(asked[kind]) for kind in ("answers", "prompt_tokens", "completion_tokens"))
        lines.append([_name(spec.name), *counts, price])
    head = _heads(words, "translator", "answers", "prompts", "completions", "cost")
    in_all = words.tag("p", "report.costs.total", dollars=f"${total:,.2f}") if total else ""
    return table(head, lines, words.label("report.section.costs")) + in_all


SECTIONS: dict[str, Callable[[Report], str]] = {
    "overview": overview,
    "funnel": funnel,
    "explorer": explorer,
    "scores": scores,
    "ensemble": ensemble,
    "findings": findings,
    "published": published,
    "lengths": lengths,
    "costs": costs,
}
