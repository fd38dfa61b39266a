"""Spellings of a text that checks compare, each made once a text."""

from __future__ import annotations

import re

from processors.languages.digits import NUMBER, ascii_digits, canonical
from processors.languages.knowledge import LanguageKnowledge
from processors.texts.text import Text, view, view_by

# A decimal without its zero; "v.2" and "file.7z" have none.
_LEADING_POINT = re.compile(r"(?<![\w.,:;!?)\]/\\])\.\d+(?![\w.])")


@view
def with_ascii_digits(text: Text) -> str:
    """The text with ASCII digits; offsets stay."""
    return ascii_digits(text.string)


@view_by
def plain(text: Text, known: LanguageKnowledge) -> str:
    """ASCII digits, and the language's plain spelling: what its words and stems are looked for in."""
    return known.normalise(with_ascii_digits(text))


@view
def written_numbers(text: Text) -> tuple[str, ...]:
    """Every number written in digits, in order, with its separators, in ASCII; ".25" with its point."""
    string = with_ascii_digits(text)
    if not _LEADING_POINT.search(string):
        return tuple(NUMBER.findall(string))
    return tuple(
        f".{m[0]}" if m.start() and _LEADING_POINT.match(string, m.start() - 1) else m[0]
        for m in NUMBER.finditer(string)
    )


@view
def numbers_in(text: Text) -> tuple[str, ...]:
    """Every number written in digits, in order, in the spelling of `canonical`."""
    return tuple(map(canonical, written_numbers(text)))
