"""One conversation of several translators' candidates, cut where all of them have a boundary.

A candidate knows where each of its chunks lies in the source. What lies between chunks (tags, white space around
parts, calls) is the source's and stays as it is, so any choice of one translator for each stretch between common
boundaries is a whole conversation again, and a choice of one translator for all of them is its candidate. What was put
together is checked as a whole by whoever asks for it: nothing here looks at the texts.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

# Pieces up to which each is tried by itself: the whole is checked as often.
_MOST_TRIES = 12


class Piece(NamedTuple):
    """A stretch of a message's source and what a translator made of it; `text` is None where that failed.

    Offsets are code points in the source's message; -1 is the number of the custom instructions. `own`: translated,
    and not the source's text that stays as it is.
    """

    message: int
    start: int
    end: int
    text: str | None
    translator: str
    own: bool = True


class Passage(NamedTuple):
    """Which part of a message that was put together is whose: code points in the message as it came out."""

    message: int
    start: int
    end: int
    translator: str


def together(candidates: Sequence[Sequence[Piece]]) -> list[tuple[list[Piece], ...]]:
    """The candidates' pieces, cut at every boundary that all of them have: of each block what each candidate has.

    Pieces are in the order of the source. Raises ValueError for candidates that do not cover the same text.

    >>> one = [Piece(0, 0, 4, "a", "A"), Piece(0, 4, 9, "b", "A")]
    >>> other = [Piece(0, 0, 2, "c", "B"), Piece(0, 2, 4, "d", "B"), Piece(0, 4, 9, "e", "B")]
    >>> [["".join(piece.text for piece in side) for side in block] for block in together([one, other])]
    [['a', 'cd'], ['b', 'e']]
    """
    cuts = set.intersection(*({(piece.message, piece.end) for piece in pieces} for pieces in candidates))
    sides = [_cut(pieces, cuts) for pieces in candidates]
    blocks = list(zip(*sides, strict=True))
    for block in blocks:
        if len({(side[0].message, side[0].start) for side in block}) > 1:
            raise ValueError(f"candidates do not cover the same text at {block[0][0][:3]}")
    return blocks


def _cut(pieces: Sequence[Piece], cuts: set[tuple[int, int]]) -> list[list[Piece]]:
    blocks: list[list[Piece]] = [[]]
    for piece in pieces:
        blocks[-1].append(piece)
        if (piece.message, piece.end) in cuts:
            blocks.append([])
    if blocks.pop():
        raise ValueError(f"candidates do not cover the same text at {pieces[-1][:3]}")
    return blocks


def filled(own: Sequence[Piece], others: Iterable[Sequence[Piece]]) -> list[Piece] | None:
    """`own` with the others' pieces for what failed, the first that has all of a block; None where something is left.

    Where boundaries differ, good pieces beside a hole go with it. None, too, where nothing of one's own would be left:
    that is the other's candidate.

    >>> whole = filled([Piece(0, 0, 4, None, "A"), Piece(0, 4, 9, "b", "A")], [[Piece(0, 0, 4, "c", "B"),
    ...                Piece(0, 4, 9, None, "B")]])
    >>> [(piece.text, piece.translator) for piece in whole]
    [('c', 'B'), ('b', 'A')]
    """
    pieces = list(own)
    for other in others:
        if all(piece.text is not None for piece in pieces):
            break
        pieces = [
            piece
            for mine, theirs in together([pieces, other])
            for piece in (theirs if _broken(mine) and not _broken(theirs) else mine)
        ]
    name = own[0].translator if own else ""
    if _broken(pieces) or not any(piece.own and piece.translator == name for piece in pieces):
        return None
    return pieces


def repaired(
    own: Sequence[Piece],
    others: Sequence[Sequence[Piece]],
    blamed: Callable[[Piece], bool],
    broken: Callable[[Piece], bool],
    passes: Callable[[Sequence[Piece]], bool],
) -> list[Piece] | None:
    """`own` with the others' pieces for those that are `broken`, if the whole `passes`; None if not.

    A check may see only in the whole what is wrong: then each of the pieces that are `blamed` is tried by itself, with
    those that are broken, if these are few, and then all of them. The others are asked in their order, and if nothing
    comes of it each alone; a broken piece of theirs fills nothing.

    >>> own = [Piece(0, 0, 4, "a", "A"), Piece(0, 4, 9, "?", "A")]
    >>> found = repaired(own, [[Piece(0, 0, 4, "c", "B"), Piece(0, 4, 9, "d", "B")]], lambda one: True,
    ...                  lambda one: one.text == "?", lambda pieces: True)
    >>> [(piece.text, piece.translator) for piece in found]
    [('a', 'A'), ('d', 'B')]
    """
    suspects = [place for place, piece in enumerate(own) if piece.own and blamed(piece)]
    wrong = [place for place in suspects if broken(own[place])]
    donors = [[_hole(one) if one.own and blamed(one) and broken(one) else one for one in pieces] for pieces in others]
    few = len(suspects) <= _MOST_TRIES
    tries = [(wrong, donors)] if wrong else []
    tries += [([*wrong, place], donors) for place in suspects if place not in wrong] if few else []
    tries += [(suspects, donors)] if len(suspects) > len(wrong) else []
    tries += [(wrong or suspects, [donor]) for donor in donors[1:]]
    for places, asked in tries:
        holes = set(places)
        whole = filled([_hole(one) if place in holes else one for place, one in enumerate(own)], asked)
        if whole is not None and passes(whole):
            return whole
    return None


def _hole(piece: Piece) -> Piece:
    return piece._replace(text=None)


def _broken(pieces: Iterable[Piece]) -> bool:
    return any(piece.text is None for piece in pieces)


def put_together(sources: Mapping[int, str], pieces: Sequence[Piece]) -> tuple[dict[int, str], list[Passage]]:
    """The messages that the pieces make, and whose each passage is; `sources` are the messages by number.

    All that lies between pieces is as in the source. Neighbours of one translator are one passage.
    """
    contents: dict[int, str] = {}
    passages: list[Passage] = []
    by_message: dict[int, list[Piece]] = {number: [] for number in sources}
    for piece in pieces:
        by_message[piece.message].append(piece)
    for number, source in sources.items():
        content, at = "", 0
        for piece in by_message[number]:
            assert piece.text is not None and piece.start >= at
            content += source[at : piece.start]
            start = len(content)
            content += piece.text
            at = piece.end
            last = passages[-1] if passages else None
            if last and (last.message, last.translator) == (number, piece.translator):
                passages[-1] = last._replace(end=len(content))
            else:
                passages.append(Passage(number, start, len(content), piece.translator))
        contents[number] = content + source[at:]
    return contents, passages
