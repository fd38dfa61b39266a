"""The lines that Markdown marks are those that a plain search line by line finds."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.texts.lines import Form, Lines, form_of, lines_of
from processors.texts.text import Text

# The same forms, as one would write them first.
_ITEM = re.compile(r"^[ \t]*(?:[-*+•▪◦‣–]|[(\[]?[0-9٠-٩۰-۹]{1,3}[.)\-\]])[ \t]+\S", re.M)
_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+\S", re.M)
_ROW = re.compile(r"^[ \t]*(\|.*\|)[ \t]*$", re.M)
_OTHERS = [
    re.compile(r"^(?: {2,8}|\t+)(?:[-*+•◦]|[0-9٠-٩]{1,3}[.)])[ \t]+\S", re.M),
    re.compile(r"^[ \t]*[(\[]?[^\W\d_]ـ?[.)\]][ \t]+\S", re.M),
    re.compile(r"^ {0,3}>[ \t]*\S", re.M),
    re.compile(r"^[ \t]*[-*+] \[[ xX]\]", re.M),
    re.compile(r"^ {0,3}(?:-{3,}|\*{3,}|_{3,})[ \t]*$", re.M),
    re.compile(r"\*\*(?=\S)|(?<=\S)\*\*"),
]
PIECES = [
    "\n", "\n\n", "\r\n", " ", "  ", "\t", "- ", "* ", "**", "***", "---", "1. ", "٣) ", "(a) ", "ب. ", "# ", "### ",
    "> ", "| a |", "|", "- [x] ", "[ ]", "word", "كلمة", "•", "\x0b", "\u2028", "_",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_they_are_counted_as_line_by_line(string: str) -> None:
    text = Text(string)
    rows = _ROW.findall(string)
    assert lines_of(text) == Lines(len(_ITEM.findall(string)), len(_HEADING.findall(string)), len(rows))
    others = [len(pattern.findall(string)) for pattern in _OTHERS]
    assert form_of(text) == Form(tuple(_HEADING.findall(string)), tuple(row.count("|") for row in rows), *others)


@pytest.mark.parametrize("string", ["- a\n- b", "1. a\n\n2. b", "  - a\n\t* b"])
def test_the_first_line_counts_too(string: str) -> None:
    assert lines_of(Text(string)).list_items == 2
