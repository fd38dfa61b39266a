"""Has the target the source's form: lists, headings, tables and what else Markdown marks."""

from __future__ import annotations

import re

from processors.checks.pairs.pair import Pair
from processors.checks.pairs.verdict import Verdict
from processors.texts.lines import form_of, lines_of
from processors.texts.prose import whole_lines

_LINE_MARK = re.compile(r"[ \t]*(?:[-*+•▪◦‣–#|>(\[]|[0-9٠-٩۰-۹]|[A-Za-z][.)])")
_ENTITY = re.compile(r"&(?:#\d{2,5}|#x[0-9a-fA-F]{2,5}|[a-zA-Z]{2,8});")
# A line end or a letter as a program writes it; "\nabla" is mathematics.
_ESCAPE = re.compile(r"\\(?:[nrt](?![a-zA-Z])|u[0-9a-fA-F]{4}|[\"'](?![a-zA-Z]))")
# What the fields of `Lines` and `Form` are called in a verdict.
_LINES = ("list items", "headings", "table rows")
_FORM = (
    "heading levels", "cells", "nested list items", "choices", "quoted lines", "boxes", "rules", "marks of bold text",
)  # fmt: skip


def check_markup(pair: Pair) -> list[Verdict]:
    """List items, headings and table rows, counted, hard where some were lost; soft: levels, cells, other Markdown."""
    verdicts = _entities(pair)
    if not _may_be_marked(pair.source.string) and not _may_be_marked(pair.target.string):
        return verdicts
    here, there = lines_of(pair.source), lines_of(pair.target)
    if here != there:
        for name, left, right in zip(_LINES, here, there, strict=True):
            if left != right:
                lost = right < left and left >= 2
                verdicts.append(Verdict("markup", lost, f"{right} {name} where the source has {left}"))
    return verdicts or _form(pair)


def _entities(pair: Pair) -> list[Verdict]:
    source, target = pair.source.string, pair.target.string
    new = None
    for sign, pattern in (("&", _ENTITY), ("\\", _ESCAPE)):
        if sign in target:
            new = new or next((m for m in pattern.findall(target) if m not in source), None)
    return [Verdict("markup", False, f"{new} is not in the source")] if new else []


def _may_be_marked(text: str) -> bool:
    """A cheap look: a single line that begins with no mark and has nothing bold needs no search."""
    return "\n" in text or "**" in text or _LINE_MARK.match(text) is not None


def _form(pair: Pair) -> list[Verdict]:
    here, there = form_of(pair.source), form_of(pair.target)
    if here != there:
        name, left, right = next(three for three in zip(_FORM, here, there, strict=True) if three[1] != three[2])
        return [Verdict("markup", False, f"{name}: {_few(right)} where the source has {_few(left)}")]
    lines, kept = whole_lines(pair.source), whole_lines(pair.target)
    if lines >= 3 and kept * 3 <= lines * 2:
        return [Verdict("markup", False, f"{kept} lines where the source has {lines}")]
    return []


def _few(found: object) -> str:
    shown = found if isinstance(found, tuple) else (found,)
    return ", ".join(map(str, shown[:8])) + ("…" if len(shown) > 8 else "")
