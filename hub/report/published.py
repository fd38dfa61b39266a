"""The report's section on what is published, looked at once more: each row that is a duplicate, or holds what is
private and does not stand in the source."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from builders.dataset.duplicates import KINDS, drops
from builders.run_folder.folder import DUPLICATES
from builders.stages.rank import configs_of
from hub.pages import PageWord, PageWords, Value, escaped
from hub.report.gathered import Report
from hub.report.tables import table

# Of each table; the run folder's files have all.
MOST = 500
_PRIVATE = "private"


def published(report: Report) -> str:
    """Rows that say again what an earlier one says, by config, and candidates with what is private."""
    parts = []
    for config, rows in report.duplicates.items():
        if rows:
            parts.append(_duplicates(report, config, rows))
    if not parts:
        parts.append(report.words.tag("p", "report.duplicates.none"))
    return "".join([*parts, _private(report)])


def _heads(words: PageWords, *names: str) -> list[str]:
    return [words.said(f"report.head.{name}") for name in names]


def _duplicates(report: Report, config: str, rows: Sequence[Mapping[str, Any]]) -> str:
    words = report.words
    # Those that the translation made first: of them the source does not know.
    ordered = sorted(rows, key=lambda row: (not row["new"], row["kind"]))
    keep = report.recipe.outputs.duplicates
    lines = [
        [
            f"<code>{escaped(row['id'])}</code>",
            f"<code>{escaped(row['like'])}</code>",
            words.said(f"report.kind.{row['kind']}"),
            f"{row['alike']:.2f}",
            f"{row['source_alike']:.2f}",
            words.said(f"report.new.{'yes' if row['new'] else 'no'}"),
            words.said(f"report.result.{'left_out' if drops(keep, row) else 'kept'}"),
        ]
        for row in ordered[:MOST]
    ]
    kinds = Counter(row["kind"] for row in rows)
    counted: list[Value] = [
        PageWord("report.dropped", {"reason": PageWord(f"report.kind.{kind}"), "n": kinds[kind]})
        for kind in KINDS
        if kinds[kind]
    ]
    said = words.said("report.duplicates.said", n=len(rows), kinds=counted, new=sum(row["new"] for row in rows))
    head = _heads(words, "row", "like", "how", "alike", "source_alike", "new", "result")
    return (
        f"<h3><code>{escaped(config)}</code></h3>"
        f"<p>{said}{_more(words, len(rows), f'{DUPLICATES}/{config}.jsonl')}</p>"
        f"<details>{words.tag('summary', 'report.the_rows')}"
        f"{table(head, lines, words.label('report.duplicates.table', config=config))}</details>"
    )


def _private(report: Report) -> str:
    words = report.words
    names = list(configs_of(report.recipe).values())
    found = [
        [f"<code>{escaped(row['id'])}</code>", f"<bdi>{escaped(name)}</bdi>", _detail(verdict)]
        for row in report.sample.rows
        for name, one in zip(names, row["candidates"], strict=True)
        for verdict in one["checks"]
        if verdict["check"] == _PRIVATE
    ]
    title = words.tag("h3", "report.private")
    sampled = "" if report.sample.exact else " " + words.said("report.private.sampled")
    if not found:
        return f"{title}<p>{words.said('report.private.none')}{sampled}</p>"
    said = words.said("report.private.said", count=len(found))
    label = words.label("report.private.table")
    shown = table(_heads(words, "row", "translator", "what"), found[:MOST], label)
    return (
        f"{title}<p>{said}{sampled}{_more(words, len(found), '')}</p>"
        f"<details>{words.tag('summary', 'report.the_rows')}{shown}</details>"
    )


def _detail(verdict: Mapping[str, Any]) -> str:
    return f'<bdi lang="en">{escaped(verdict["detail"])}</bdi>'


def _more(words: PageWords, count: int, file: str) -> str:
    """That a table does not have all, and which file of the run folder does."""
    if count <= MOST:
        return " " + words.said("report.more.too", file=file) if file else ""
    more = words.said("report.more.all", shown=MOST, file=file) if file else words.said("report.more", shown=MOST)
    return f" {more}"
