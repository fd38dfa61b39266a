"""Vowel marks, tanwin and tatweel where they cannot stand.

Most Arabic has no marks at all, and then nothing here is asked. A vowel before or behind its shadda is the same text
to Unicode (the first is its canonical order), so only a text that does both is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from processors.checks.arabic.mistake import Kind, Mistake
from processors.checks.arabic.prose import LETTER, MARK

_ANY = re.compile(f"[{MARK}\u0640]")
_VOWEL = "\u064b-\u0650"
_BEHIND = re.compile(f"\u0651[{_VOWEL}]")
_BEFORE = re.compile(f"[{_VOWEL}]\u0651")
_END = f"(?![{LETTER}{MARK}])"
# What stands before a noun with its article, and words that begin with the same two letters without one.
_ARTICLE = rf"(?<![{LETTER}{MARK}])[وف]?[بك]?ال(?!ت[{LETTER}]{{1,2}}ا)(?!كترون|زام|غاء|هام|حاح|ى)"

_PREFIXED = f"(?<![{LETTER}{MARK}])(?![وف]?(?:ال|لل|[بكلو])\u0640)"

_RULES: tuple[tuple[Kind, re.Pattern[str], str], ...] = (
    ("diacritics", re.compile(f"(?<![{LETTER}{MARK}\u0640])[{MARK}]"), "a letter before the mark"),
    ("diacritics", re.compile("([\u064b-\u0652])\\1"), "the mark once"),
    ("diacritics", re.compile(f"(?!([{_VOWEL}\u0652])\\1)[{_VOWEL}\u0652]{{2}}"), "one vowel a letter"),
    ("diacritics", re.compile("\u0651\u0652|\u0652\u0651"), "no sukun beside a shadda"),
    ("tanwin", re.compile(f"(?<=[{LETTER}])ا[\u064e-\u0650]{_END}"), "اً"),
    ("tanwin", re.compile("\u064b[اى]\u064b"), "ًا"),
    ("tanwin", re.compile(f"(?!\u064b[اى]{_END})[\u064b-\u064d](?=[{LETTER}])"), "tanwin at the end of the word"),
    ("tanwin", re.compile(f"{_ARTICLE}[{LETTER}{MARK}]{{2,}}(?:\u064bا|ا\u064b|[\u064c\u064d])\u0651?{_END}"),
     "no tanwin with the article"),
    # A stroke that parts a prefix from what it stands before is a habit, and a lone heh with one is the Hijri era.
    ("tatweel", re.compile(f"{_PREFIXED}[{LETTER}{MARK}]+\u0640+(?=[{LETTER}])"),
     "no tatweel"),
)  # fmt: skip


def marks(string: str) -> Iterator[Mistake]:
    """Stray and doubled marks, tanwin in the wrong place, tatweel within a word."""
    for kind, pattern, expected in _RULES:
        for m in pattern.finditer(string):
            yield Mistake(kind, *m.span(), m[0], expected)
    before = _BEFORE.search(string)
    if before and _BEHIND.search(string):
        yield Mistake("diacritics", *before.span(), before[0], "one order of shadda and vowel in a text")


def has_marks(token: str) -> bool:
    """Whether a stretch of letters and marks has a mark or tatweel."""
    return _ANY.search(token) is not None


def is_mismarked(token: str) -> bool:
    """Whether a rule finds something in a stretch of letters and marks. Of the order of shadda and vowel, which only a
    whole text shows, each stretch that has the rarer one is told."""
    return any(pattern.search(token) for _, pattern, _ in _RULES) or _BEFORE.search(token) is not None
