"""Entries of a bibliography, which stay in the language of what they name: authors, a title, where it was printed."""

from __future__ import annotations

import re

# Longer lines are paragraphs.
_LONGEST = 600
_MARKER = r"^[ \t]*+(?:(?:[-*+•]|\(?\[?\d{1,3}[.)\]]+)[ \t]*+)?"
_NAME = r"[A-ZÀ-Þ][\w'’\-]+"
_INITIALS = r"(?:[A-Z]\.?[ \-]?){1,3}"
# Who wrote it, in the styles of citation: "Cinatl J, Scholz M", "Smith, J. A., & Doe, B.", "Smith, John.", "J. Doe".
_AUTHORS = (
    rf"(?:{_NAME}(?: {_NAME})?,? {_INITIALS}(?=[,.;&(:“\" ])|{_NAME}, {_NAME}(?: {_INITIALS})?[.,]"
    rf"|{_INITIALS} ?{_NAME}(?:,| and\b)|{_NAME} et al\b)"
)
_LINE = re.compile(rf"{_MARKER}(?:[^\s:]{{1,30}}: )?({_AUTHORS}[^\n]{{10,{_LONGEST}}})$", re.MULTILINE)
_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)")
# Where it was printed: volume, issue, pages, an identifier, a place and who published it.
_PRINTED = re.compile(
    r"\d\(\d{1,3}\)|\d:\s?[eE]?\d+[–-]\d+|\bpp?\. ?\d|\b[Vv]ol\. ?\d|\d, \d+[–-]\d+|\bdoi\b|\bISBN\b|arXiv:|\bet al\b"
    r"|\(Eds?\.\)|[A-Z]\w+: [A-Z][\w ,&’'-]{2,60},? \(?(?:1[5-9]|20)\d\d\)?\.?$"
)
# And who did, which a sentence about somebody may name too.
_PUBLISHER = re.compile(r"\b(?:Press|Publish(?:ers|ing)|Journal|Proceedings|Review|Books|Springer|Wiley|Elsevier)\b")
_TELLS = re.compile(r"\b(?:was|were|they|he|she|his|him|her|had|wrote|met|went|came|says|said)\b")
_TITLE = re.compile(r"[“\"]([^”\"\n]{8,200})[”\"]|(?<![*\w])\*([^*\n]{8,200})\*(?!\*)")


def references(string: str) -> list[str]:
    """The entries of a text, each whole and its titles by themselves."""
    entries = [m[1].strip() for m in _LINE.finditer(string) if _is_entry(m[1])]
    return entries + [title[1] or title[2] for entry in entries for title in _TITLE.finditer(entry)]


def _is_entry(line: str) -> bool:
    if not _YEAR.search(line):
        return False
    return bool(_PRINTED.search(line) or (_PUBLISHER.search(line) and not _TELLS.search(line)))
