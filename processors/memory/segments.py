"""Cuts a text into the segments that a translation memory is asked for: the lines outside protected blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from processors.protected.compare import Span

_BLOCK_KINDS = frozenset({"fence", "indented_code"})
# Blocks only when they fill several lines; other kinds (inline code, tags) may cross a line end within a sentence.
_MULTILINE_BLOCK_KINDS = frozenset({"environment", "math", "json"})
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Segment:
    """`lead + text + trail` is a stretch of the source; lead and trail are its outer white space (or empty).

    `translatable`: the text has a letter outside protected spans. What is not passes verbatim.
    """

    text: str
    lead: str
    trail: str
    translatable: bool


def segments(text: str, spans: Sequence[Span]) -> list[Segment]:
    """Line-wise segments of `text`, in order; `"".join(s.lead + s.text + s.trail for s in ...) == text`, always.

    A fence, indented code, or a LaTeX environment, formula or JSON value of several lines is one segment, not
    translatable. Lines joined by another protected span that crosses the line end are one segment.
    `spans` are the text's protected spans, sorted and non-overlapping, in code points.
    """
    found: list[Segment] = []
    inline: list[Span] = []
    position = 0
    for span in spans:
        if span.kind in _BLOCK_KINDS or (
            span.kind in _MULTILINE_BLOCK_KINDS and text.find("\n", span.start, span.end) >= 0
        ):
            found.extend(_lines(text, position, span.start, inline))
            found.append(Segment(text[span.start : span.end], "", "", False))
            inline, position = [], span.end
        else:
            inline.append(span)
    found.extend(_lines(text, position, len(text), inline))
    return found


def _lines(text: str, start: int, end: int, spans: list[Span]) -> Iterator[Segment]:
    """The lines of text[start:end], which holds `spans` and no block."""
    following = 0
    while start < end:
        letters, cursor, inside = False, start, following
        # The line ends at the first line feed that no span holds.
        while True:
            feed = text.find("\n", cursor, end)
            line_end = end if feed < 0 else feed + 1
            while inside < len(spans) and spans[inside].end <= line_end:
                inside += 1
            if inside == len(spans) or spans[inside].start >= line_end:
                break
            cursor = spans[inside].end
            inside += 1
        cursor = start
        for span in spans[following:inside]:
            letters = letters or _LETTER.search(text, cursor, span.start) is not None
            cursor = span.end
        letters = letters or _LETTER.search(text, cursor, line_end) is not None
        following = inside
        yield _segment(text[start:line_end], letters)
        start = line_end


def _segment(line: str, translatable: bool) -> Segment:
    rest = line.lstrip()
    stripped = rest.rstrip()
    return Segment(stripped, line[: len(line) - len(rest)], rest[len(stripped) :], translatable)
