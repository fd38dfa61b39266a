"""English that stands apart: a line, an item, a cell, what is behind a colon, in quotation marks, in bold.

There a lesson has its examples and a request the text that it is about. What stands in the middle of a paragraph is
none, and no heading or label; nor is what itself speaks of words, for that explains or asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from processors.protected.find import blanked
from processors.protected.kept.of_words import WORK
from processors.texts.text import Text

_LETTER = r"A-Za-zÀ-ÖØ-öø-ɏḀ-ỹ"
_WORD = re.compile(rf"[{_LETTER}][{_LETTER}'’\-]*")
_OTHER_LETTER = re.compile(rf"[^\W\d_{_LETTER}]")
_LEAD = re.compile(r"[ \t>]*(?:(?:[-*+•▪◦‣–]|[(\[]?(?:\d{1,3}|[A-Za-z])[.)\]])[ \t]+)?")
_HEADING = re.compile(
    r"[ \t>]*#{1,6}[ \t]|[ \t>]*(?:\d{1,3}\.[ \t]+)?(?:\*\*|__)[^*_\n]*[^*_\n.?!](?:\*\*|__)[:：]?[ \t]*$"
)
_MARKED = re.compile(
    r"[\"“«„]([^\"“”«»„\n]{2,600}+)[\"”»]|(?<![\w'])'([^'\n]{2,300}+)'(?!\w)|‘([^’\n]{2,300}+)’"
    r"|\(([^()\n]{2,300}+)\)|\*\*([^*\n]{2,300}+)\*\*|(?<![*\w])\*([^*\n]{2,300}+)\*(?![*\w])"
    r"|(?<![_\w])_([^_\n]{2,300}+)_(?![_\w])"
)
# Before what stands behind a sign, and where that may end beside words of the translation.
_SIGN = r"(?:[:：]|[→⟶←⟵]|->|=>|[–—]|(?<=\s)[-=](?=\s))"
_BEHIND = re.compile(rf"{_SIGN}[ \t]*")
_END = re.compile(rf"[.?!…][\"”»)*_]*(?=\s)|\s*(?:{_SIGN}|[|/،؛(])")
_BEFORE = re.compile(rf"[^\n]*?(?=[ \t]*(?:{_SIGN}|[|/(]))")
_ARROW = re.compile(r"[ \t]*(?:[→⟶←⟵]|[-=]>)")
_CLOSED = re.compile(r"[\"”»’`*)]\s{0,2}\Z")
_EDGES = " \t.,;:!?،؛؟：*_\"'“”«»‘’()"
# Words that stayed in a row; a whole text of more is one that was not translated.
_MOST_WORDS = 60
# Of a name or a label.
_FEWEST_BEFORE = 3
# Signs of a line that are looked behind: bounds the work.
_MOST_SIGNS = 12


def without_what_stands_apart(source: Text, target: Text, kept: str) -> str | None:
    """`kept` (the target with what it rightly keeps blanked) without the source's English that stands apart too.

    None where there is none, or where a long text stayed as a whole. Offsets stay.
    """
    whole = target.string
    if len(_WORD.findall(kept)) > _MOST_WORDS and not _OTHER_LETTER.search(blanked(target)):
        return None
    found = kept
    # What a message asks for in its first line stands on the next.
    asks = WORK.search(source.string.lstrip().partition("\n")[0].lower()) is not None
    for start, end, marked in _pieces(whole, asks):
        piece = whole[start:end].strip(_EDGES)
        if not piece or piece not in source.string or len(_WORD.findall(piece)) > _MOST_WORDS:
            continue
        if marked or not WORK.search(piece.lower()):
            found = found[:start] + " " * (end - start) + found[end:]
    return found if found != kept else None


def _pieces(whole: str, asks: bool) -> Iterator[tuple[int, int, bool]]:
    """What of a text has Latin letters alone and stands apart: from, to, and whether between marks."""
    at = 0
    lines = [line for line in whole.split("\n") if line.strip()]
    threes = zip(["", *lines[:-1]], lines, [*lines[1:], ""], strict=True)
    announced = [_is_announced(*three) or (asks and number == 1) for number, three in enumerate(threes)]
    place = 0
    for line in whole.split("\n"):
        if _WORD.search(line) and not _HEADING.match(line):
            yield from _of_line(line, at, announced[place])
        place += bool(line.strip())
        at += len(line) + 1
    for m in _MARKED.finditer(whole):
        if not _OTHER_LETTER.search(m[0]) and not _is_heading_at(whole, m.start()):
            yield m.start(), m.end(), True


def _is_heading_at(whole: str, place: int) -> bool:
    start = whole.rfind("\n", 0, place) + 1
    end = whole.find("\n", place)
    return _HEADING.match(whole[start : end if end >= 0 else len(whole)]) is not None


def _is_announced(before: str, line: str, behind: str) -> bool:
    """Whether a whole line may be an example, by the lines beside it: a colon or question is before it,
    or English, or nothing; an item is none beside one without English."""
    if _is_item(line):
        return not any(_is_item(other) and not _WORD.search(other) for other in (before, behind))
    return (
        not _OTHER_LETTER.search(before)
        or before.rstrip(" \t*_")[-1:] in ":：?؟"
        or _HEADING.match(before) is not None
    )


def _is_item(line: str) -> bool:
    lead = _LEAD.match(line)
    return lead is not None and lead[0].strip(" \t>") != ""


def _of_line(line: str, at: int, announced: bool) -> Iterator[tuple[int, int, bool]]:
    if line.lstrip().startswith("|"):
        place = at
        for cell in line.split("|"):
            if not _OTHER_LETTER.search(cell):
                yield place, place + len(cell), False
            place += len(cell) + 1
        return
    lead = _LEAD.match(line)
    begin = lead.end() if lead else 0
    other = _OTHER_LETTER.search(line)
    if other is None and announced and line.rstrip()[-1:] not in ":：":
        yield at + begin, at + len(line), False
    before = _BEFORE.match(line, begin, other.start() if other else len(line))
    if before and len(_WORD.findall(before[0])) >= _FEWEST_BEFORE and _parts(line, before.end(), 1):
        yield at + begin, at + before.end(), False
    for sign in islice(_BEHIND.finditer(line), _MOST_SIGNS):
        if not _parts(line, sign.start(), -1):
            continue
        other = _OTHER_LETTER.search(line, sign.end())
        ends = [m.end() for m in _END.finditer(line, sign.end(), other.start() if other else len(line))]
        # To the next sign, for an arrow may have been turned round, and as far as it goes.
        for end in {*ends[:1], *(ends[-1:] if other else [len(line)])}:
            yield at + sign.end(), at + end, False


def _parts(line: str, sign: int, step: int) -> bool:
    """Whether a sign parts English from what stands beside it, and no clause from its own sentence: an arrow, or the
    nearest letter on that side is another script's, or there is none. A word that is spoken of may stand before it."""
    if _ARROW.match(line, sign) or (step < 0 and _CLOSED.search(line[max(0, sign - 4) : sign])):
        return True
    place = sign
    while 0 <= (place := place + step) < len(line):
        if line[place].isalpha():
            return _OTHER_LETTER.match(line[place]) is not None
    return True
