"""What other translators have made of a conversation, for who writes one translation out of theirs.

What is offered for a stretch of the source is what each of them has from its one end to its other. Where their chunks
end elsewhere nothing of theirs is known to be its translation, so who fuses cuts where all of them have a boundary.
"""

from collections.abc import Sequence
from zlib import crc32

from processors.conversations.chunking import Chunk, spans_between
from processors.protected.compare import protected_spans
from processors.ranking.combine import Piece
from processors.translation.candidate import CUSTOM_INSTRUCTIONS
from processors.translation.context import INSTRUCTIONS, name_of


class Offers:
    """The pieces of each of several candidates of one conversation, in the order of its source.

    A piece without a text is a boundary only. Messages are called by `name_of`, or INSTRUCTIONS.
    """

    def __init__(self, candidates: Sequence[Sequence[Piece]]) -> None:
        self._of: dict[str, list[list[Piece]]] = {}
        for pieces in candidates:
            sides: dict[int, list[Piece]] = {}
            for piece in pieces:
                sides.setdefault(piece.message, []).append(piece)
            for number, side in sides.items():
                name = INSTRUCTIONS if number == CUSTOM_INSTRUCTIONS else name_of(number)
                self._of.setdefault(name, []).append(side)

    def cut(self, message: str, at: int, text: str, chunks: Sequence[Chunk]) -> list[Chunk]:
        """A part's `text`, which begins `at` this place of its message, in the stretches that the candidates share.

        `chunks` are how it would be cut otherwise, and is where there are no candidates.
        """
        sides = self._of.get(message, [])
        shared = set.intersection(*({piece.end for piece in side} for side in sides)) if sides else set()
        ends = [end - at for end in sorted(shared) if at < end <= at + len(text)]
        if not ends or ends[-1] != len(text) or ends == [chunk.end for chunk in chunks]:
            return list(chunks)
        spans = protected_spans(text)
        starts, tokens = [span.start for span in spans], sum(chunk.tokens for chunk in chunks)
        return [
            Chunk(
                text[start:end],
                start,
                end,
                tokens * (end - start) // len(text),
                spans_between(spans, starts, start, end),
            )
            for start, end in zip([0, *ends], ends, strict=False)
        ]

    def texts(self, message: str, start: int, end: int, source: str) -> tuple[str, ...]:
        """What the candidates have from `start` to `end`, each once, without white space around it.

        Models prefer a place among several: who stands first changes with the `source`.
        """
        found: dict[str, None] = {}
        for side in self._of.get(message, []):
            inside = [piece for piece in side if start <= piece.start and piece.end <= end]
            if not inside or (inside[0].start, inside[-1].end) != (start, end):
                continue
            if any(piece.own for piece in inside) and all(piece.text is not None for piece in inside):
                found["".join(piece.text or "" for piece in inside).strip()] = None
        texts = list(found)
        first = crc32(source.encode("utf-8", errors="backslashreplace")) % len(texts) if texts else 0
        return tuple(texts[first:] + texts[:first])
