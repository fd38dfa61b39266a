"""The report's section on what is published, looked at once more: each row that is a duplicate, or holds what is
private and does not stand in the source."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from builders.dataset.duplicates import NAMES, drops
from builders.run_folder.folder import DUPLICATES
from builders.stages.rank import configs_of
from hub.pages import escaped
from hub.report.gathered import Report
from hub.report.tables import table

# Of each table; the run folder's files have all.
MOST = 500
_PRIVATE, _WHAT = "private", "an e-mail address, a telephone or card number or a key"


def published(report: Report) -> str:
    """Rows that say again what an earlier one says, by config, and candidates with what is private."""
    parts = []
    for config, rows in report.duplicates.items():
        if rows:
            parts.append(_duplicates(report, config, rows))
    if not parts:
        parts.append("<p>No row of a config says again what an earlier one says.</p>")
    return "".join([*parts, _private(report)])


def _duplicates(report: Report, config: str, rows: Sequence[Mapping[str, Any]]) -> str:
    # Those that the translation made first: of them the source does not know.
    ordered = sorted(rows, key=lambda row: (not row["new"], row["kind"]))
    keep = report.recipe.outputs.duplicates
    lines = [
        [
            f"<code>{escaped(row['id'])}</code>",
            f"<code>{escaped(row['like'])}</code>",
            NAMES[row["kind"]],
            f"{row['alike']:.2f}",
            f"{row['source_alike']:.2f}",
            "in translation only" if row["new"] else "in the source too",
            "left out" if drops(keep, row) else "kept",
        ]
        for row in ordered[:MOST]
    ]
    kinds = Counter(row["kind"] for row in rows)
    counted = ", ".join(f"{NAMES[kind]} {kinds[kind]:,}" for kind in NAMES if kinds[kind])
    new = sum(row["new"] for row in rows)
    head = ["Row", "Says again", "How", "Alike", "Sources alike", "A duplicate", "It is"]
    return (
        f"<h3><code>{escaped(config)}</code></h3>"
        f"<p>{len(rows):,} rows say again what an earlier one says ({counted}); {new:,} of them in translation only."
        f"{_more(len(rows), f'{DUPLICATES}/{config}.jsonl')}</p>"
        f"<details><summary>The rows</summary>{table(head, lines, f'Duplicates in {config}')}</details>"
    )


def _private(report: Report) -> str:
    names = list(configs_of(report.recipe).values())
    found = [
        [f"<code>{escaped(row['id'])}</code>", escaped(name), escaped(verdict["detail"])]
        for row in report.sample.rows
        for name, one in zip(names, row["candidates"], strict=True)
        for verdict in one["checks"]
        if verdict["check"] == _PRIVATE
    ]
    title = "<h3>Private data</h3>"
    sampled = (
        "" if report.sample.exact else " These are of the sample; a dataset's own rows have it in <code>noted</code>."
    )
    if not found:
        said = f"No candidate holds {_WHAT} that its source does not have."
        return f"{title}<p>{said}{sampled}</p>"
    said = (
        f"Of candidates that hold {_WHAT} which the source does not have there are {len(found):,}; "
        f"<code>ranking.veto: {{private: true}}</code> leaves them out.{sampled}{_more(len(found), '')}"
    )
    shown = table(["Row", "Translator", "What"], found[:MOST], "Private data that the source does not have")
    return f"{title}<p>{said}</p><details><summary>The rows</summary>{shown}</details>"


def _more(count: int, file: str) -> str:
    """That a table does not have all, and which file of the run folder does."""
    if count <= MOST:
        return f" <code>{escaped(file)}</code> of the run folder has them too." if file else ""
    rest = f"; <code>{escaped(file)}</code> of the run folder has all" if file else ""
    return f" {MOST:,} are shown here{rest}."
