"""Punctuation of Arabic prose: the comma, semicolon and question mark are its own, and stand close to the word before.

Latin marks are told only where they follow an Arabic letter, so that numbers, lists of English words and code are
left alone. Question marks in a row are an emphasis, not an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from processors.checks.arabic.mistake import Mistake
from processors.checks.arabic.prose import LETTER, MARK

_OWN = {",": "،", ";": "؛", "?": "؟"}
_LATIN = re.compile(rf"[,;?](?![\w,;?/=&])|[,;](?=[{LETTER}])")
# Behind a single letter it is a list of variables.
_BEFORE_LATIN = re.compile(rf"[{LETTER}{MARK}][{LETTER}{MARK}](?P<space>[ \t]?)\Z")
# Protected spans are blank here, and none is as short as two spaces.
_SPACED = re.compile(rf"(?<=[{LETTER}{MARK})\]»\"])[ \t\u00a0]{{1,2}}(?P<mark>[،؛؟])")
_BEHIND_SPACE = re.compile(r"[ \t\u00a0][،؛؟]")
_DOUBLED = re.compile(r"[،؛][ \t]{0,2}[،؛,;]|[،؛][ \t]{0,2}\.(?!\.)")
_CLOSE = re.compile(rf"[،؛](?=[{LETTER}])(?<=[{LETTER}{MARK}].)")
_OURS = re.compile("[،؛؟]")


def punctuation(string: str) -> Iterator[Mistake]:
    """Latin marks behind Arabic letters, spaces before a mark, doubled marks, no space behind a mark."""
    if "," in string or "?" in string or ";" in string:
        for m in _LATIN.finditer(string):
            before = _BEFORE_LATIN.search(string, max(m.start() - 3, 0), m.start())
            if before:
                yield Mistake("punctuation", m.start(), m.end(), m[0], _OWN[m[0]])
    if _OURS.search(string) is None:
        return
    # A cheap look first: the other pattern stops at each letter.
    for m in _SPACED.finditer(string) if _BEHIND_SPACE.search(string) else ():
        yield Mistake("punctuation", *m.span(), m[0], m["mark"])
    for m in _DOUBLED.finditer(string):
        yield Mistake("punctuation", *m.span(), m[0], m[0][0])
    for m in _CLOSE.finditer(string):
        yield Mistake("punctuation", *m.span(), m[0], m[0] + " ")
