"""The explorer's controls and the places that its script fills."""

from collections import Counter

from builders.stages.rank import configs_of
from hub.pages import escaped
from hub.report.explorer import scores_of
from hub.report.gathered import Report
from processors.scoring.columns import COLUMN


def explorer(report: Report) -> str:
    """What to move, which config, and tables that follow."""
    recipe, sample = report.recipe, report.sample
    told = [
        "Move a threshold or change which checks veto: the rows, tokens and means that the build would have "
        "follow at once. Beside a figure stands how it differs from the build as it is. "
        "Paste the block into the recipe to get it."
    ]
    if not sample.exact:
        told.append(
            f"Computed on {len(sample.rows):,} of {sum(sample.population.values()):,} rows; "
            "± is half of a 95 % interval."
        )
    if recipe.ranking.by_segment:
        told.append("Rows that are put together by segment count here as their best whole candidate.")
    configs = "".join(f'<option value="{i}">{escaped(config)}</option>' for i, config in enumerate(configs_of(recipe)))
    means = ("LR", "SCR", "rank_score", *(name for name in scores_of(recipe) if name not in ("LR", "SCR")))
    heads = "".join(f'<th scope="col" class="n">{COLUMN[name].title}</th>' for name in means)
    return (
        f"<p>{' '.join(told)}</p><noscript><p>The explorer needs JavaScript.</p></noscript>"
        '<form class="controls" onsubmit="return false" autocomplete="off"><div class="limits">'
        f'<label class="config">Config <select id="config" data-now="0">{configs}</select></label>'
        + "".join(_slider(report, name) for name in scores_of(recipe))
        + f"</div>{_checks(report)}"
        '<p><button type="button" id="as-built" class="plain">As built</button></p></form>'
        '<p id="told" class="told" role="status" aria-live="polite">Unpacking…</p>'
        '<div class="scroll" tabindex="0" role="region" aria-label="What the config would hold"><table id="figures">'
        '<thead><tr><th scope="col">Split</th><th scope="col" class="n">Ranked</th><th scope="col" class="n">Rows</th>'
        f'<th scope="col" class="n">Tokens</th>{heads}</tr></thead><tbody></tbody></table></div>'
        "<h3>For the recipe</h3><p>In place of the keys of these names in <code>ranking</code>:</p>"
        '<pre id="block" tabindex="0"></pre><p><button type="button" id="copy">Copy</button> '
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
    return (
        f'<div class="limit"><label for="least-{name}">Least {column.title}</label>'
        f'<input type="range" id="slide-{name}" min="{low:g}" max="{high:g}" step="{step:g}" value="{shown}" '
        f'data-now="{shown}" aria-label="Least {column.title}, slider">'
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
    veto = report.recipe.ranking.veto
    names = sorted({*hard, *soft, *veto})
    if not names:
        return ""
    lines = []
    for name in names:
        now = "hard" if name not in veto else "all" if veto[name] else "none"
        options = "".join(
            f'<option value="{value}"{" selected" if value == now else ""}>{label}</option>'
            for value, label in (("hard", "hard verdicts veto"), ("none", "never vetoes"), ("all", "always vetoes"))
        )
        lines.append(
            f'<li><label>{escaped(name)} <span class="quiet">{hard[name]:,} hard, {soft[name]:,} soft</span> '
            f'<select data-check="{escaped(name)}" data-now="{now}">{options}</select></label></li>'
        )
    return f'<fieldset><legend>Which checks veto</legend><ul class="checks">{"".join(lines)}</ul></fieldset>'
