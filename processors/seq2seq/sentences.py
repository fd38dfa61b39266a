"""Cuts a text into sentences, without loss: what stands between them is kept byte for byte.

Lines are cut first, as for a translation memory (`processors.memory.segments`): no sentence crosses a line end, nor
holds a block of code. Of a line the marks at its beginning (list items, headings, quotes) and the bars of a table are
no part of a sentence either, for models of sentences do not bring them back.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from processors.conversations.chunking import continues_cluster
from processors.memory.segments import segments
from processors.protected.compare import compare_protected
from processors.protected.find import Span, protected_spans

_LEAD = re.compile(r"(?:(?:[-*+•▪◦–>]|#{1,6}|[(\[]?\d{1,3}[.)\]]|\[[ xX]\])[ \t]+)+")
_END = re.compile(r"[.!?؟۔…।]+['\"”’»)\]*_]{0,3}(?P<space>\s+)(?=[^\sa-z])|[。！？]['\"”’»」』)]{0,3}(?P<none>)")
_BAR = re.compile(r"[ \t]*(?<!\\)\|[ \t]*")
# After these a full stop ends no sentence; one letter is an initial.
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[\"“])(?:[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|etc|e\.g|i\.e|cf|No|Fig|Eq|Vol|pp|approx|[A-Z]\.[A-Z])\.$"
)
_CLAUSE = re.compile(r"[,;:،؛—–][ \t]+")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A stretch of a text: `text` is to be translated where `translatable`, else kept; `spans` are counted in it."""

    text: str
    translatable: bool
    spans: tuple[Span, ...] = ()

    def between(self) -> "list[Sentence]":
        """The prose between the protected spans, and the spans, in order."""
        found, position = [], 0
        for span in self.spans:
            found += _parts(self.text[position : span.start], ())
            found.append(Sentence(self.text[span.start : span.end], False))
            position = span.end
        return [*found, *_parts(self.text[position:], ())]

    def after(self, said: str) -> "list[Sentence]":
        """What stands in its place once a model has said this of it: that, or where its protected spans did not come
        through, the prose between them, to be translated by itself, and they."""
        if self.spans and compare_protected(self.text, said):
            return self.between()
        return [Sentence(said, False)]


def sentences_of(text: str) -> list[Sentence]:
    """The text's sentences and what is between them: joined, they are the text.

    >>> [s.text for s in sentences_of("- Dr. No came. He left!\\n") if s.translatable]
    ['Dr. No came.', 'He left!']
    """
    found: list[Sentence] = []
    spans, position, first = protected_spans(text), 0, 0
    for segment in segments(text, spans):
        start = position + len(segment.lead)
        end = start + len(segment.text)
        while first < len(spans) and spans[first].end <= start:
            first += 1
        inside = []
        for span in spans[first:]:
            if span.start >= end:
                break
            inside.append(Span(max(span.start, start) - start, min(span.end, end) - start, span.kind))
        found += _kept(segment.lead)
        found += _line(segment.text, inside) if segment.translatable else _kept(segment.text)
        found += _kept(segment.trail)
        position = end + len(segment.trail)
    return found


def shorter(sentence: Sentence, fits: Callable[[str], bool]) -> list[Sentence]:
    """A sentence that is too long for a model, cut where it hurts least until each piece `fits`.

    Nearest to the middle, at the end of a clause, else at white space, else between two characters; a protected span
    is cut only where it alone is too long.
    """
    text = sentence.text
    if not sentence.translatable or len(text) < 2 or fits(text):
        return [sentence]
    cut = _middle(text, sentence.spans)
    left = tuple(Span(s.start, min(s.end, cut), s.kind) for s in sentence.spans if s.start < cut)
    right = tuple(Span(max(0, s.start - cut), s.end - cut, s.kind) for s in sentence.spans if s.end > cut)
    return [
        piece
        for half, spans in ((text[:cut], left), (text[cut:], right))
        for part in _parts(half, spans)
        for piece in shorter(part, fits)
    ]


def _middle(text: str, spans: Sequence[Span]) -> int:
    def legal(position: int) -> bool:
        return 0 < position < len(text) and not any(span.start < position < span.end for span in spans)

    for pattern in (_CLAUSE, _SPACE):
        ends = [found.end() for found in pattern.finditer(text) if legal(found.end())]
        # One at the very edge makes no shorter sentence of it.
        ends = [end for end in ends if len(text) // 8 < end < len(text) - len(text) // 8] or ends
        if ends:
            return min(ends, key=lambda end: abs(2 * end - len(text)))
    edges = [edge for span in spans for edge in (span.start, span.end) if 0 < edge < len(text)]
    if edges:
        return min(edges, key=lambda edge: abs(2 * edge - len(text)))
    middle = len(text) // 2
    return next((at for at in range(middle, len(text)) if not continues_cluster(text, at)), middle)


def _line(line: str, spans: Sequence[Span]) -> Iterator[Sentence]:
    lead = _LEAD.match(line)
    start = lead.end() if lead and not any(span.start < lead.end() for span in spans) else 0
    yield from _kept(line[:start])
    for begin, end in _cells(line, start, spans):
        yield from _cell(line, begin, end, spans)


def _cells(line: str, start: int, spans: Sequence[Span]) -> Iterator[tuple[int, int]]:
    """The stretches of a table's row, bars and cells in turn; any other line is one."""
    if not line.startswith("|", start):
        yield start, len(line)
        return
    position = start
    for bar in _BAR.finditer(line, start):
        if any(span.start < bar.end() and bar.start() < span.end for span in spans):
            continue
        yield position, bar.start()
        yield bar.start(), bar.end()
        position = bar.end()
    yield position, len(line)


def _cell(line: str, start: int, end: int, spans: Sequence[Span]) -> Iterator[Sentence]:
    position = start
    for found in _END.finditer(line, start, end):
        stop = found.start("space") if found["space"] else found.end()
        if any(span.start < stop < span.end for span in spans) or _ABBREVIATION.search(line[position:stop]):
            continue
        yield from _within(line, position, stop, spans)
        yield from _kept(line[stop : found.end()])
        position = found.end()
    yield from _within(line, position, end, spans)


def _within(line: str, start: int, end: int, spans: Sequence[Span]) -> list[Sentence]:
    inside = tuple(Span(s.start - start, s.end - start, s.kind) for s in spans if start <= s.start and s.end <= end)
    return _parts(line[start:end], inside)


def _parts(text: str, spans: tuple[Span, ...]) -> list[Sentence]:
    """A text as a sentence, its outer white space apart; kept as it is where it has no letter outside its spans."""
    core = text.strip()
    lead = len(text) - len(text.lstrip())
    inner = tuple(Span(s.start - lead, s.end - lead, s.kind) for s in spans)
    if any(span.start < 0 or span.end > len(core) for span in inner):
        core, lead, inner = text, 0, spans
    position, letters = 0, False
    for span in (*inner, Span(len(core), len(core), "end")):
        letters = letters or any(map(str.isalpha, core[position : span.start]))
        position = span.end
    if not letters:
        return list(_kept(text))
    return [*_kept(text[:lead]), Sentence(core, True, inner), *_kept(text[lead + len(core) :])]


def _kept(text: str) -> Iterator[Sentence]:
    if text:
        yield Sentence(text, False)
