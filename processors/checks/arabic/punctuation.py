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
# Behind a single letter it is a list of variables.
_LATIN = re.compile(rf"(?<=[{LETTER}{MARK}]{{2}})[ \t]?(?P<latin>[,;?])(?![\w,;?/=&])")
_LATIN_CLOSE = re.compile(rf"(?<=[{LETTER}{MARK}])(?P<latin>[,;])(?=[{LETTER}])")
# Protected spans are blank here, and none is as short as two spaces.
_SPACED = re.compile(rf"(?<=[{LETTER}{MARK})\]»\"])[ \t\u00a0]{{1,2}}[،؛؟]")
_DOUBLED = re.compile(r"،[ \t]*[،,؛;]|؛[ \t]*[؛;،,]|[،؛][ \t]*\.(?!\.)")
_CLOSE = re.compile(rf"(?<=[{LETTER}{MARK}])[،؛](?=[{LETTER}])")


def punctuation(string: str) -> Iterator[Mistake]:
    """Latin marks behind Arabic letters, spaces before a mark, doubled marks, no space behind a mark."""
    if any(map(string.__contains__, _OWN)):
        for pattern in (_LATIN, _LATIN_CLOSE):
            for m in pattern.finditer(string):
                yield Mistake("punctuation", m.start("latin"), m.end(), m["latin"], _OWN[m["latin"]])
    if "،" in string or "؛" in string or "؟" in string:
        for m in _SPACED.finditer(string):
            yield Mistake("punctuation", *m.span(), m[0], m[0].strip())
        for m in _DOUBLED.finditer(string):
            yield Mistake("punctuation", *m.span(), m[0], m[0][0])
        for m in _CLOSE.finditer(string):
            yield Mistake("punctuation", *m.span(), m[0], m[0] + " ")
