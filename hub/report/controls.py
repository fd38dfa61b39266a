"""The explorer's controls and the places that its script fills."""

from collections import Counter

from builders.dataset.combined import has_combined
from builders.run_folder.folder import RANK
from builders.stages.rank import configs_of
from hub.pages import PageWord, escaped
from hub.report.explorer import scores_of
from hub.report.gathered import Report
from processors.scoring.columns import COLUMN

# Attributes of elements that have words.
_AS_BUILT, _COPY = 'type="button" id="as-built" class="plain"', 'type="button" id="copy"'
_TOLD, _COLUMN = 'id="told" class="told" role="status" aria-live="polite"', 'scope="col"'


def explorer(report: Report) -> str:
    """What to move, which config, and tables that follow."""
    recipe, sample, words = report.recipe, report.sample, report.words
    said, tag, label = words.said, words.tag, words.label
    told = [said("report.explorer.said")]
    if not sample.exact:
        rows = sum(sample.population.values())
        told.append(said("report.explorer.sampled", n=rows, sampled=len(sample.rows)))
    if has_combined(recipe, report.totals[RANK].extra):
        told.append(said("report.explorer.segments"))
    configs = "".join(f'<option value="{i}">{escaped(config)}</option>' for i, config in enumerate(configs_of(recipe)))
    means = ("LR", "SCR", "rank_score", *(name for name in scores_of(recipe) if name not in ("LR", "SCR")))
    heads = "".join(tag("th", f"report.score.{name}", 'scope="col" class="n"') for name in means)
    counts = "".join(
        tag("th", f"report.head.{name}", 'scope="col" class="n"') for name in ("ranked", "rows", "tokens")
    )
    return (
        f"<p>{' '.join(told)}</p><noscript>{tag('p', 'report.explorer.needs_scripts')}</noscript>"
        '<form class="controls" onsubmit="return false" autocomplete="off"><div class="limits">'
        f'<label class="config">{said("report.head.config")} '
        f'<select id="config" data-now="0">{configs}</select></label>'
        + "".join(_slider(report, name) for name in scores_of(recipe))
        + f"</div>{_checks(report)}"
        f"<p>{tag('button', 'report.explorer.as_built', _AS_BUILT)}</p></form>"
        f"{tag('p', 'report.explorer.unpacking', _TOLD)}"
        f'<div class="scroll" tabindex="0" role="region" {label("report.explorer.table")}><table id="figures">'
        f"<thead><tr>{tag('th', 'report.head.split', _COLUMN)}{counts}{heads}</tr></thead>"
        f"<tbody></tbody></table></div>{tag('h3', 'report.explorer.recipe')}{tag('p', 'report.explorer.instead')}"
        f'<pre id="block" dir="ltr" tabindex="0"></pre><p>{tag("button", "report.explorer.copy", _COPY)} '
        '<span id="copied" role="status"></span></p>'
    )


def _slider(report: Report, name: str) -> str:
    column = COLUMN[name]
    now = getattr(report.recipe.ranking, column.limit or "")
    low, high = column.low, column.high
    if high > 1:
        found = [one[name] for row in report.sample.rows for one in row["candidates"] if one[name] is not None]
        low, high = (min(found), max(found)) if found else (0.0, 1.0)
        low, high = min(low, now if now is not None else low), max(high, now if now is not None else high)
    step = 0.01 if high - low <= 2 else 0.1
    low, high = round(low - step / 2, 2), round(high + step / 2, 2) if high > 1 else high
    low = max(low, column.low)
    value = "" if now is None else f"{now:g}"
    shown = f"{low:g}" if now is None else f"{now:g}"
    words, score, of = report.words, PageWord(f"report.score.{name}"), f'for="least-{name}"'
    return (
        f'<div class="limit">{words.tag("label", "report.explorer.least", of, score=score)}'
        f'<input type="range" id="slide-{name}" min="{low:g}" max="{high:g}" step="{step:g}" value="{shown}" '
        f'data-now="{shown}" {words.label("report.explorer.slider", score=score)}>'
        f'<input type="number" id="least-{name}" min="{column.low:g}" max="{column.high:g}" step="any" '
        f'value="{value}" data-now="{value}"></div>'
    )


def _checks(report: Report) -> str:
    """Of each check that found something in a candidate: whether it vetoes."""
    hard: Counter[str] = Counter()
    soft: Counter[str] = Counter()
    for row in report.sample.rows:
        for one in row["candidates"]:
            if one["tokens"] is not None:
                hard.update({verdict["check"] for verdict in one["checks"] if verdict["hard"]})
                soft.update({verdict["check"] for verdict in one["checks"] if not verdict["hard"]})
    words, veto = report.words, report.recipe.ranking.veto
    names = sorted({*hard, *soft, *veto})
    if not names:
        return ""
    lines = []
    for name in names:
        now = "hard" if name not in veto else "all" if veto[name] else "none"
        options = "".join(
            words.tag("option", f"report.explorer.veto.{kind}", f'value="{kind}"{" selected" if kind == now else ""}')
            for kind in ("hard", "none", "all")
        )
        said = words.said("page.text", text=words.known("page.check", name))
        counts = words.tag("span", "report.explorer.counts", 'class="quiet"', hard=hard[name], soft=soft[name])
        lines.append(
            f"<li><label>{said} {counts} "
            f'<select data-check="{escaped(name)}" data-now="{now}">{options}</select></label></li>'
        )
    legend = words.tag("legend", "report.explorer.checks")
    return f'<fieldset>{legend}<ul class="checks">{"".join(lines)}</ul></fieldset>'
