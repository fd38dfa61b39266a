"""What of a text is looked at: Arabic words outside code, formulas, addresses and tags, each with its place.

A word is Arabic letters with their marks and whatever Persian letters stand among them. Rules of spelling are asked of
its bare form, without vowel marks and tatweel.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from processors.protected.find import blanked
from processors.texts.text import Text, view

LETTER = "\u0620-\u063a\u0641-\u064a\u0671-\u06d3\u06d5"
# Vowel marks, shadda, sukun, the small alif.
MARK = "\u064b-\u0652\u0670"
TATWEEL = "\u0640"
WORD = re.compile(f"[{LETTER}][{LETTER}{MARK}{TATWEEL}]*")
# The same, and marks with no letter before them.
STRETCH = re.compile(f"[{LETTER}{MARK}{TATWEEL}]+")
_MARKS = re.compile(f"[{MARK}{TATWEEL}]")


class Word(NamedTuple):
    """A word at its place; `bare` is without marks and tatweel."""

    start: int
    end: int
    string: str
    bare: str


def bare(word: str) -> str:
    """Without vowel marks and tatweel.

    >>> bare("مُدَرِّسـة")
    'مدرسة'
    """
    return _MARKS.sub("", word)


@view
def words_of(text: Text) -> tuple[Word, ...]:
    """The Arabic words of a text outside its protected spans, in order."""
    string = blanked(text)
    marked = _MARKS.search(string) is not None
    return tuple(Word(m.start(), m.end(), m[0], bare(m[0]) if marked else m[0]) for m in WORD.finditer(string))
