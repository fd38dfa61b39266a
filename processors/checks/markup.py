"""Has the target the source's form: lists, headings, tables and what else Markdown marks."""

from __future__ import annotations

import html
import re

from processors.checks.pairs.pair import Pair
from processors.checks.pairs.verdict import Verdict
from processors.texts.lines import form_of, lines_of
from processors.texts.prose import filled_lines, whole_lines

_LINE_MARK = re.compile(r"[ \t]*(?:[-*+•▪◦‣–#|>(\[]|[0-9٠-٩۰-۹]|[A-Za-z][.)])")
_ENTITY = re.compile(r"&(?:#\d{2,5}|#x[0-9a-fA-F]{2,5}|[a-zA-Z]{2,8});")
# A line end or a letter as a program writes it; "\nabla" is mathematics.
_ESCAPE = re.compile(r"\\(?:[nrt](?![a-zA-Z])|u[0-9a-fA-F]{4}|[\"'](?![a-zA-Z]))")
# Of a source: it has such signs itself.
_OF_PAGES = re.compile(r"&(?:#?\w{1,8};)|</?[a-zA-Z]")
_OF_PROGRAMS = re.compile(r"\\")
# What the fields of `Lines` and `Form` are called in a verdict.
_LINES = ("list items", "headings", "table rows")
_FORM = (
    "heading levels", "cells", "nested list items", "choices", "quoted lines", "boxes", "rules", "marks of bold text",
)  # fmt: skip


def check_markup(pair: Pair) -> list[Verdict]:
    """List items, headings, table rows and bold text, counted, hard where some were lost or put in or a mark broke;
    entities and escapes of a program; soft: levels, cells, other Markdown."""
    verdicts = _entities(pair) + _bold(pair)
    if not _may_be_marked(pair.source.string) and not _may_be_marked(pair.target.string):
        return verdicts
    here, there = lines_of(pair.source), lines_of(pair.target)
    if here != there:
        for name, left, right in zip(_LINES, here, there, strict=True):
            if left != right:
                verdicts.append(
                    Verdict("markup", _is_sure(pair, name, left, right), f"{right} {name} where the source has {left}")
                )
    return verdicts or _form(pair)


def _is_sure(pair: Pair, name: str, left: int, right: int) -> bool:
    """Lost or put in; one heading of several lines too: "# Footer" alone may be written from the right."""
    if right >= left:
        # An item more on a line of its own, and no line that was broken into items.
        more = right - left
        return left >= 2 and filled_lines(pair.target) - filled_lines(pair.source) >= more
    return left >= 2 or (name == "headings" and "\n" in pair.source.string.strip() and "#" not in pair.target.string)


def _entities(pair: Pair) -> list[Verdict]:
    """Hard where the source is no text of a program or a page, which may have its own."""
    source, target = pair.source.string, pair.target.string
    for sign, pattern, others in (("&", _ENTITY, _OF_PAGES), ("\\", _ESCAPE, _OF_PROGRAMS)):
        new = next((m for m in pattern.findall(target) if m not in source), None) if sign in target else None
        if new:
            known = sign == "\\" or len(html.unescape(new)) == 1
            return [Verdict("markup", known and others.search(source) is None, f"{new} is not in the source")]
    return []


def _bold(pair: Pair) -> list[Verdict]:
    """Hard: a mark without its other one, and bold text of which nothing is bold any more."""
    if "**" not in pair.source.string:
        return []
    left, right = form_of(pair.source).bold, form_of(pair.target).bold
    if left % 2 or not left or (right and right % 2 == 0):
        return []
    return [Verdict("markup", True, f"{_FORM[-1]}: {right} where the source has {left}")]


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
