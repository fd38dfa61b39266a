"""Has the target the source's form: lists, headings, tables and what else Markdown marks."""

from __future__ import annotations

import re

from processors.checks.pair import Pair
from processors.checks.verdict import Verdict
from processors.texts.prose import filled_lines

_LIST_ITEM = re.compile(r"^[ \t]*(?:[-*+•▪◦‣–]|[(\[]?[0-9٠-٩۰-۹]{1,3}[.)\-\]])[ \t]+\S", re.M)
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+\S", re.M)
_TABLE_ROW = re.compile(r"^[ \t]*\|.*\|[ \t]*$", re.M)
_LINE_MARK = re.compile(r"[ \t]*(?:[-*+•▪◦‣–#|>(\[]|[0-9٠-٩۰-۹]|[A-Za-z][.)])")
_HEADING_LEVEL = re.compile(r"^ {0,3}(#{1,6})[ \t]+\S", re.M)
_CELLS = re.compile(r"^[ \t]*(\|.*\|)[ \t]*$", re.M)
_NESTED = re.compile(r"^(?: {2,8}|\t+)(?:[-*+•◦]|[0-9٠-٩]{1,3}[.)])[ \t]+\S", re.M)
_CHOICE = re.compile(r"^[ \t]*[(\[]?[^\W\d_]ـ?[.)\]][ \t]+\S", re.M)
_QUOTE = re.compile(r"^ {0,3}>[ \t]*\S", re.M)
_BOX = re.compile(r"^[ \t]*[-*+] \[[ xX]\]", re.M)
_RULE = re.compile(r"^ {0,3}(?:-{3,}|\*{3,}|_{3,})[ \t]*$", re.M)
_ENTITY = re.compile(r"&(?:#\d{2,5}|#x[0-9a-fA-F]{2,5}|quot|amp|lt|gt|nbsp|apos);")
_BOLD = re.compile(r"\*\*(?=\S)|(?<=\S)\*\*")


def check_markup(pair: Pair) -> list[Verdict]:
    """List items, headings and table rows, counted, hard where some were lost; soft: levels, cells, other Markdown."""
    source, target = pair.source.string, pair.target.string
    verdicts = []
    if "&" in target:
        entity = next((m for m in _ENTITY.findall(target) if m not in source), None)
        if entity:
            verdicts.append(Verdict("markup", False, f"{entity} is not in the source"))
    texts = (source, target)
    if not any("\n" in text or "**" in text or _LINE_MARK.match(text) for text in texts):
        return verdicts
    for name, pattern in (("list items", _LIST_ITEM), ("headings", _HEADING), ("table rows", _TABLE_ROW)):
        left, right = len(pattern.findall(source)), len(pattern.findall(target))
        if left != right:
            lost = right < left and left >= 2
            verdicts.append(Verdict("markup", lost, f"{right} {name} where the source has {left}"))
    return verdicts or _form(pair)


def _form(pair: Pair) -> list[Verdict]:
    source, target = pair.source.string, pair.target.string
    for name, pattern in (
        ("heading levels", _HEADING_LEVEL), ("cells", _CELLS), ("nested list items", _NESTED), ("choices", _CHOICE),
        ("quoted lines", _QUOTE), ("boxes", _BOX), ("rules", _RULE), ("marks of bold text", _BOLD),
    ):  # fmt: skip
        left, right = pattern.findall(source), pattern.findall(target)
        if name == "cells":
            left, right = ([row.count("|") for row in rows] for rows in (left, right))
        elif name != "heading levels":
            left, right = [len(left)], [len(right)]
        if left != right:
            return [Verdict("markup", False, f"{name}: {_few(right)} where the source has {_few(left)}")]
    lines, kept = filled_lines(pair.source), filled_lines(pair.target)
    if lines >= 3 and kept * 3 <= lines * 2:
        return [Verdict("markup", False, f"{kept} lines where the source has {lines}")]
    return []


def _few(found: list[object]) -> str:
    return ", ".join(map(str, found[:8])) + ("…" if len(found) > 8 else "")
