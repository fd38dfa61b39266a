"""Cutting a text into chunks that fit a translator, without losing a character.

Two strategies: by tokens (`chunk`, `chunk_many`) for translators with a small window, by lines (`chunk_lines`) for the
others; 25 lines were best in SmolKalam, table 5. Both keep protected spans whole, and joining the chunks gives the
text again, whatever the text.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from processors.conversations.token_counts import count_tokens
from processors.conversations.tokenizers import is_approximate
from processors.protected.find import Span, protected_spans

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer


@dataclass(frozen=True, slots=True)
class Chunk:
    """`text` is `whole[start:end]`; `spans` are its protected spans, counted from the chunk's start.

    `tokens` is the length in tokens as it stands in the whole text. Encoded alone a chunk may have a token or two
    more or less, but never more than the budget. 0 where no tokenizer was given.
    """

    text: str
    start: int
    end: int
    tokens: int
    spans: tuple[Span, ...]


_PARAGRAPH = re.compile(r"\n(?:[ \t\r]*+\n)+")
_SENTENCE = re.compile(r"[.?!؟۔…。！？।።]['\"”’»)\]*_]{0,3}+\s++|\n")
_SPACE = re.compile(r"\s++")
_SURROGATE = re.compile("[\ud800-\udfff]")
# Encoding objects are large: small groups of texts stay in the processor's cache.
_GROUP = 512


def chunk(text: str, *, tokenizer: "Tokenizer", max_tokens: int = 490, window: int = 50) -> list[Chunk]:
    """Cut `text` into chunks of at most `max_tokens` tokens; `"".join(c.text for c in chunks) == text`, always.

    The target is `max_tokens - window`, so that target ± `window` never exceeds the budget. Inside that range the
    paragraph break nearest to the target is taken, else the sentence end (`. ? ! ؟ ۔ …` and newlines), else the white
    space; before that range the last white space; only where there is none a token boundary, and never one inside a
    grapheme cluster unless the cluster alone is over the budget. A `window` of more than a quarter of `max_tokens`
    counts as a quarter. No boundary lies inside a protected span, unless the span alone is over the budget: then it is
    cut at line breaks first, and every piece has a Span of the same kind. A single character is never cut, though it
    may have more tokens than a very small budget. Empty text gives no chunks.

    Raises ValueError if `max_tokens` is less than 1.
    """
    return chunk_many([text], tokenizer=tokenizer, max_tokens=max_tokens, window=window)[0]


def chunk_many(
    texts: Sequence[str], *, tokenizer: "Tokenizer", max_tokens: int = 490, window: int = 50
) -> list[list[Chunk]]:
    """`chunk` for many texts at once: the tokenizer encodes them in parallel."""
    if max_tokens < 1:
        raise ValueError(f"max_tokens must be at least 1, not {max_tokens}")
    # Chat data repeats itself (system prompts, tool descriptions): each text is cut once.
    unique = list(dict.fromkeys(texts))
    results: dict[str, list[Chunk]] = {}
    groups = [unique[first : first + _GROUP] for first in range(0, len(unique), _GROUP)]
    for group, encodings in zip(groups, _ahead(groups, tokenizer, max_tokens), strict=True):
        for text, (tokens, encoding) in zip(group, encodings, strict=True):
            spans = protected_spans(text)
            if tokens <= max_tokens:
                results[text] = [Chunk(text, 0, len(text), tokens, tuple(spans))] if text else []
                continue
            encoding = encoding or _encode(tokenizer, [text], offsets=True)[0]
            results[text] = _Cutter(text, spans, encoding, tokenizer, max_tokens, window).chunks()
    return [list(results[text]) for text in texts]


def _ahead(
    groups: list[list[str]], tokenizer: "Tokenizer", max_tokens: int
) -> "Iterator[list[tuple[int, Encoding | None]]]":
    """The encodings of each group; the next group is encoded (without Python's lock) while one is cut."""
    if len(groups) < 2:
        for group in groups:
            yield _encode_group(group, tokenizer, max_tokens)
        return
    with ThreadPoolExecutor(1) as background:
        coming = [background.submit(_encode_group, group, tokenizer, max_tokens) for group in groups[:1]]
        for following in [*groups[1:], None]:
            current = coming.pop()
            encodings = current.result()
            if following is not None:
                coming.append(background.submit(_encode_group, following, tokenizer, max_tokens))
            yield encodings


def _encode_group(
    group: Sequence[str], tokenizer: "Tokenizer", max_tokens: int
) -> "list[tuple[int, Encoding | None]]":
    """Tokens of each text, and its encoding where it may have to be cut and one was made."""
    # A text of fewer characters than the budget nearly always fits, and then needs no offsets, which cost a good part
    # of the encoding. Where a character takes several tokens it is encoded again.
    if is_approximate(tokenizer):
        counts = count_tokens(tokenizer, group)
        over = [text for text, count in zip(group, counts, strict=True) if count > max_tokens]
        encoded = iter(_encode(tokenizer, over, offsets=True))
        return [(count, next(encoded) if count > max_tokens else None) for count in counts]
    short = iter(_encode(tokenizer, [text for text in group if len(text) <= max_tokens], offsets=False))
    long = iter(_encode(tokenizer, [text for text in group if len(text) > max_tokens], offsets=True))
    return [
        (len(next(short)), None) if len(text) <= max_tokens else (len(encoding := next(long)), encoding)
        for text in group
    ]


def _encode(tokenizer: "Tokenizer", texts: list[str], *, offsets: bool) -> list["Encoding"]:
    if not texts:
        return []
    encode = tokenizer.encode_batch if offsets else tokenizer.encode_batch_fast
    try:
        return encode(texts, add_special_tokens=False)
    except (TypeError, UnicodeEncodeError):
        # Lone surrogates cannot be encoded; a replacement of one character keeps the offsets.
        return encode([_SURROGATE.sub("\ufffd", text) for text in texts], add_special_tokens=False)


def _count(tokenizer: "Tokenizer", texts: list[str]) -> list[int]:
    if is_approximate(tokenizer):
        return count_tokens(tokenizer, texts)
    return [len(encoding) for encoding in _encode(tokenizer, texts, offsets=False)]


class _Cutter:
    """Cuts one text that is over the budget."""

    def __init__(
        self,
        text: str,
        spans: list[Span],
        encoding: "Encoding",
        tokenizer: "Tokenizer",
        max_tokens: int,
        window: int,
    ) -> None:
        self.text, self.spans, self.tokenizer, self.max_tokens = text, spans, tokenizer, max_tokens
        self.window = max(0, min(window, max_tokens // 4))
        self.encoding, self.size = encoding, len(encoding)
        self.starts = [span.start for span in spans]

    def char(self, token: int) -> int:
        """Where `token` starts; the end of the text for tokens past the last."""
        if token >= self.size:
            return len(self.text)
        place = self.encoding.token_to_chars(token)
        return place[0] if place else 0

    def chunks(self) -> list[Chunk]:
        pieces: list[Chunk] = []
        start = first = 0
        while start < len(self.text):
            end, last = self._next(start, first)
            spans = spans_between(self.spans, self.starts, start, end)
            pieces.append(Chunk(self.text[start:end], start, end, last - first, spans))
            start, first = end, last
        return pieces

    def _next(self, start: int, first: int) -> tuple[int, int]:
        """End of the chunk at `start`, and the token that starts there; `first` is the token at `start`."""
        budget = self.max_tokens
        while True:
            end = self._cut(start, first, budget)
            last = self._token_at(end, first)
            excess = self._excess(start, end, last - first)
            if excess <= 0:
                return end, last
            if budget == 1:
                break
            # Most often one token too many: give up as many as it is over, and more each time.
            budget = max(1, min(budget - excess, last - first - excess))
        # One token of the whole text is several alone (a run of unknown characters, say): halve it.
        while excess > 0 and end - start > 1:
            end = start + (end - start) // 2
            last = self._token_at(end, first)
            excess = self._excess(start, end, last - first)
        return end, last

    def _token_at(self, position: int, low: int) -> int:
        """The first token that starts at or after `position`; `low` is one before it."""
        # A character is a few tokens at the most, however it is normalised.
        high = min(self.size, low + self.max_tokens + 64)
        if position == len(self.text):
            return self.size
        return bisect_left(range(high), position, low, high, key=self.char)

    def _excess(self, start: int, end: int, tokens: int) -> int:
        """By how many tokens the chunk, encoded alone, is over the budget; 0 or less when it fits.

        A cut changes the tokens of what touches it: the first word (which lost the space before it), the last and the
        white space behind it. Only a chunk that these could push over the budget is encoded once more.
        """
        piece = self.text[start:end]
        head = _SPACE.search(piece, 1)
        if head:
            body = piece.rstrip()
            tail = len(piece) - max(body.rfind(" "), body.rfind("\n")) - 1
            if tokens + 2 * (head.start() + tail) + 8 <= self.max_tokens:
                return 0
        return _count(self.tokenizer, [piece])[0] - self.max_tokens

    def _cut(self, start: int, first: int, budget: int) -> int:
        """The best end of a chunk of at most `budget` tokens from `start`."""
        if self.size - first <= budget:
            return len(self.text)
        window = min(self.window, budget // 4)
        latest = self.char(first + budget)
        target = self.char(first + budget - window)
        earliest = max(start, self.char(first + budget - 2 * window))
        if window:
            for pattern in (_PARAGRAPH, _SENTENCE, _SPACE):
                # Three characters of context: a sentence's full stop may stand before the range, its space inside.
                found = pattern.finditer(self.text, max(start, earliest - 3), latest)
                ends = [m.end() for m in found if m.end() > earliest and self._legal(m.end())]
                if ends:
                    return min(ends, key=lambda end: abs(end - target))
        return self._earlier(start, latest) or self._inside(start, latest)

    def _legal(self, position: int) -> bool:
        return self._span_at(position) is None and not continues_cluster(self.text, position)

    def _span_at(self, position: int) -> Span | None:
        """The span that `position` would cut."""
        place = bisect_left(self.starts, position) - 1
        return self.spans[place] if place >= 0 and self.spans[place].end > position else None

    def _earlier(self, start: int, latest: int) -> int | None:
        """The last white space before `latest` outside spans, else the last start of a span; None if there is none."""
        text, position, fallback = self.text, latest, None
        while position > start:
            span = self._span_at(position)
            if span:
                position = span.start
                if position <= start:
                    break
                fallback = fallback or position
            if text[position - 1].isspace() and not continues_cluster(text, position):
                return position
            position = max(text.rfind(" ", start, position - 1), text.rfind("\n", start, position - 1)) + 1
        return fallback

    def _inside(self, start: int, latest: int) -> int:
        """A cut where no good one exists: inside the span that is over the budget, or inside a word."""
        text = self.text
        span = self._span_at(start + 1) if start + 1 < len(text) else None
        if span and span.end > latest:
            newline = text.rfind("\n", start, latest)
            space = text.rfind(" ", start, latest)
            if max(newline, space) > start:
                return (newline if newline > start else space) + 1
        floor = span.end if span and span.end <= latest else start
        position = latest
        while position > max(floor, latest - 256) and continues_cluster(text, position):
            position -= 1
        if position > start and not continues_cluster(text, position):
            return position
        return latest if latest > start else start + 1


def spans_between(spans: list[Span], starts: list[int], start: int, end: int) -> tuple[Span, ...]:
    """The spans of `text[start:end]`, counted from `start`; those that a boundary cuts are clipped."""
    first = max(0, bisect_right(starts, start) - 1)
    inside = []
    for span in spans[first : bisect_left(starts, end)]:
        if span.end > start:
            inside.append(Span(max(span.start - start, 0), min(span.end, end) - start, span.kind))
    return tuple(inside)


def continues_cluster(text: str, position: int) -> bool:
    """Whether a boundary at `position` would divide what readers see as one character.

    Covers what chat data has (UAX #29): marks, joiners, variation selectors, skin tones, flags, CR LF, Hangul jamo.
    """
    if position <= 0 or position >= len(text):
        return False
    after, before = text[position], text[position - 1]
    if after < "\u0300":
        return (after == "\n" and before == "\r") or before == "\u200d"
    if "\U0001f1e6" <= after <= "\U0001f1ff":
        run = position
        while run > 0 and position - run < 256 and "\U0001f1e6" <= text[run - 1] <= "\U0001f1ff":
            run -= 1
        return (position - run) % 2 == 1
    if after in "\u200c\u200d" or before == "\u200d" or "\U0001f3fb" <= after <= "\U0001f3ff":
        return True
    if "\U000e0020" <= after <= "\U000e007f":
        return True
    return unicodedata.category(after) in ("Mn", "Me", "Mc") or "\u1160" <= after <= "\u11ff"


def chunk_lines(
    text: str,
    *,
    lines: int = 25,
    tokenizer: "Tokenizer | None" = None,
    max_tokens: int | None = None,
    window: int = 50,
) -> list[Chunk]:
    """Cut `text` into chunks of at most `lines` lines (SmolKalam's strategy); joining them gives the text.

    No boundary lies inside a protected span unless the span alone has more lines; it is then cut at line breaks, and
    every piece has a Span of its kind. With a tokenizer the tokens are counted; with `max_tokens` as well, a chunk
    over that budget is cut further as `chunk` does. Raises ValueError if `lines` is less than 1.
    """
    if lines < 1:
        raise ValueError(f"lines must be at least 1, not {lines}")
    if not text:
        return []
    spans = protected_spans(text)
    starts = [span.start for span in spans]
    ends = _line_chunks(text, lines, spans, starts)
    bounds = list(zip([0, *ends], ends, strict=False))
    counts = [0] * len(bounds)
    if tokenizer:
        counts = _count(tokenizer, [text[start:end] for start, end in bounds])
    chunks: list[Chunk] = []
    for (start, end), tokens in zip(bounds, counts, strict=True):
        inside = spans_between(spans, starts, start, end)
        piece = text[start:end]
        if not tokenizer or not max_tokens or tokens <= max_tokens:
            chunks.append(Chunk(piece, start, end, tokens, inside))
            continue
        encoding = _encode(tokenizer, [piece], offsets=True)[0]
        for part in _Cutter(piece, list(inside), encoding, tokenizer, max_tokens, window).chunks():
            chunks.append(Chunk(part.text, start + part.start, start + part.end, part.tokens, part.spans))
    return chunks


def _line_chunks(text: str, lines: int, spans: list[Span], starts: list[int]) -> list[int]:
    """The ends of the chunks of at most `lines` lines, the text's end last."""
    breaks = [found.end() for found in re.finditer("\n", text)]
    if not breaks or breaks[-1] < len(text):
        breaks.append(len(text))

    def span_at(position: int) -> Span | None:
        place = bisect_left(starts, position) - 1
        return spans[place] if place >= 0 and spans[place].end > position else None

    ends: list[int] = []
    start = done = 0
    while start < len(text):
        if done + lines >= len(breaks):
            ends.append(len(text))
            break
        latest = breaks[done + lines - 1]
        end, fallback = latest, None
        while end > start and (span := span_at(end)):
            if span.start <= start:
                end = start
                break
            fallback = fallback or span.start
            # The last line break at or before the span, for the span not to begin in the middle of a line.
            place = bisect_right(breaks, span.start) - 1
            end = breaks[place] if place >= 0 else start
        if end <= start:
            end = fallback or latest
        ends.append(end)
        start = end
        done = bisect_right(breaks, start)
    return ends
