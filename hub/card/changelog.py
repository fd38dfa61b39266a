"""What changed since the version before: rows and scores, from the two versions' statistics."""

import json
from pathlib import Path
from typing import Any

from hub.card.markdown import table, without_empty
from hub.card.merging.kept_sections import Card, Section
from processors.scoring.columns import SUMMED

TITLE = "Changelog"
# What a table of the card shows: a difference below that is none.
_PLACES = {**{column.name: column.decimals for column in SUMMED}, "turns": 2, "tokens": 0}


def read_statistics(folder: Path) -> dict[str, Any]:
    """`statistics/<config>.json` of a dataset's folder, by config."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("statistics/*.json"))
    }


def changelog(old: dict[str, Any], new: dict[str, Any]) -> str:
    """The differences as Markdown; empty where there are none.

    Both are `{config: {"splits": {split: means}, "summary": means}}`, as `builders.dataset.statistics.to_json` writes
    them.
    """
    lines = [f"- `{config}` is new: {new[config]['summary']['rows']:,} rows" for config in new if config not in old]
    lines += [
        f"- `{config}` is gone: it had {old[config]['summary']['rows']:,} rows" for config in old if config not in new
    ]
    rows = []
    for config in (config for config in new if config in old):
        before, after = old[config], new[config]
        if before == after:
            continue
        names = dict.fromkeys([*after["splits"], *before["splits"]])
        changed = [name for name in names if before["splits"].get(name) != after["splits"].get(name)]
        rows += [_row(f"`{config}`: `{n}`", before["splits"].get(n), after["splits"].get(n)) for n in changed]
        rows.append(_row(f"`{config}`: **all**", before["summary"], after["summary"]))
    parts = ["\n".join(lines)] if lines else []
    if rows:
        titles = ["Config and split", "Rows", *(column.title for column in SUMMED), "Turns", "Tokens a row"]
        parts.append(table(*without_empty(titles, rows)))
    return "\n\n".join(parts)


def with_changelog(card: str, entry: str, title: str) -> str:
    """The card with `entry` at the top of its changelog, under `title` (such as a tag); as it was without an entry.

    An entry that is there already is not written twice.
    """
    if not entry:
        return card
    parsed = Card.parse(card)
    section = next((s for s in parsed.sections if s.title == TITLE), None)
    if section is None:
        section = Section(TITLE, f"## {TITLE}")
        parsed.sections.append(section)
    heading, _, rest = section.text.partition("\n")
    body = f"### {title}\n\n{entry}"
    if not rest.strip().startswith(body):
        section.text = f"{heading}\n\n{body}\n\n{rest.strip()}".rstrip()
    return parsed.dump()


def _row(name: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> list[str]:
    return [name, _change(before, after, "rows", 0), *(_change(before, after, c, n) for c, n in _PLACES.items())]


def _change(before: dict[str, Any] | None, after: dict[str, Any] | None, column: str, places: int) -> str:
    """`0.812 (+0.010)`; `new` and `gone` where one side lacks it."""
    now = after.get(column) if after else None
    then = before.get(column) if before else None
    if now is None:
        return "gone" if then is not None else "n/a"
    shown = f"{now:,.{places}f}"
    if then is None:
        return f"{shown} (new)"
    difference = round(round(now, places) - round(then, places), places)
    return f"{shown} ({difference:+,.{places}f})" if difference else shown
