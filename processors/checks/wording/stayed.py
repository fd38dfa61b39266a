"""Pieces of a translation that are in Latin letters from end to end: headings, labels, cells, items, sentences.

A piece that the source has too stayed English, unless it is a name, a title or a command: so each of its words must be
one that a lexicon knows, and what is written in capitals must be what headings say ("Overview", "Next Steps"), or the
only one of its column that stayed. A piece that the source has not is a third language's, or English out of the blue.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from processors.alignment.lexicon import lexicon
from processors.checks.wording.names import is_name
from processors.languages.english import HEADING_WORDS
from processors.languages.knowledge import PRODUCTS
from processors.protected.find import blanked
from processors.protected.kept import SPEAKS
from processors.protected.prose import SMALL_WORDS
from processors.texts.text import Text, view

_SMALL_LATIN = re.compile(r"[a-zß-öø-ÿ]{2}")
_LETTER = r"A-Za-zÀ-ÖØ-öø-ɏḀ-ỹ"
_WORD = re.compile(rf"[{_LETTER}][{_LETTER}'’\-]*")
_OTHER_LETTER = re.compile(rf"[^\W\d_{_LETTER}]")
_LINE = re.compile(
    r"[ \t>]*(?P<heading>\#{1,6}[ \t]+)?(?P<item>(?:[-*+•▪◦‣–]|[(\[]?\d{1,3}[.)\]])[ \t]+)?"
    r"(?P<bold>(?:\*\*|__)(?P<label>[^*_\n]+?)(?P<colon>[:：]?)(?:\*\*|__)(?P<behind>[:：]?))?(?P<rest>[^\n]*)"
)
_LEAD = re.compile(r"[^:：*_]{2,40}[:：]")
_ENDS = " .,;:!?،؛؟：*_\"'“”«»"
_SENTENCE_END = re.compile(r"(?<=[.!?؟:؛])[*_\"”»)]*\s+")
_SAYS = re.compile(rf"\b(?:say|{SPEAKS})\b")
_QUOTED = re.compile(r"[\"“«„]([^\"“”«»„\n]{3,300}+)[\"”»]")
_IN_QUOTES = re.compile(r"[\"“«„][^\"“”«»„]++[\"”»]\W*\Z")
# Nothing but names stands beside a year, nothing but code beside such a sign.
_NO_WORDS = re.compile(r"\d{4}|[_/\\@#=<>{}$]")
# Where headings' words stand, and whether nobody keeps them there.
_HEADINGS = {"heading": True, "label": True, "lead": False, "header": False}
# Function words that titles and headings write small.
_IN_TITLES = SMALL_WORDS | {"and", "or", "for", "with", "from", "in", "not", "this", "as", "before", "after", "vs"}


# Of headings alone: titles of works have them too, but a heading is seldom one.
_OF_A_SPEAKER = frozenset(["my", "our", "your", "how", "why", "what", "when", "where"])
_DETERMINERS = frozenset(
    ["the", "a", "an", "your", "my", "his", "her", "their", "our", "its", "this", "these", "some"]
)


class Stayed(NamedTuple):
    """A piece in Latin letters: `new` where the source has it not, `sure` where no right translation has such one."""

    piece: str
    at: int
    new: bool
    sure: bool


class _Piece(NamedTuple):
    """`kind` is heading, label (bold) or lead (plain), header (a cell of the first row), cell, item or sentence.

    `column` and `row` are a cell's numbers; `odd`: the only one of its column, row or list that has no other letters,
    `whole_row`: no cell beside it has.
    """

    kind: str
    text: str
    at: int
    column: int = -1
    odd: bool = False
    row: int = -1
    whole_row: bool = False


def stayed(source: Text, target: Text, language: str, without_kept: Callable[[], str]) -> Iterator[Stayed]:
    """What stayed of the source or came from elsewhere, for a target whose script is not Latin.

    `without_kept` gives the target with what it rightly keeps blanked out; it is asked only where it decides.
    """
    if not _SMALL_LATIN.search(target.string) or not _SMALL_LATIN.search(blanked(target)):
        return
    yield from _quotations(source, target, language, without_kept)
    pieces = _latin_pieces(target)
    if not pieces:
        return
    kept = without_kept()
    rows: dict[int, list[Stayed]] = {}
    for piece in pieces:
        words = _WORD.findall(kept, piece.at, piece.at + len(piece.text))
        if words and len(words) == len(_WORD.findall(piece.text)):
            found = _judged(piece, words, source, language)
            if found is not None:
                if piece.whole_row and any(map(str.islower, words)):
                    rows.setdefault(piece.row, []).append(found)
                yield found
    # Two cells of a row in which nothing was translated, as the others were.
    yield from (cells[0]._replace(sure=True) for cells in rows.values() if len(cells) >= 2)


def _judged(piece: _Piece, words: list[str], source: Text, language: str) -> Stayed | None:
    small = [word for word in words if word.islower()]
    if piece.text.strip(_ENDS) not in source.string:
        # Of names and terms that a translator adds none is a sentence of its own.
        strange = sum(1 for word in words if word.lower() not in _lowered(source))
        sure = len(words) >= 3 and len(small) >= 2 and strange * 2 > len(words) and piece.text[0] not in '(["“«'
        return Stayed(piece.text, piece.at, True, True) if sure else None
    if _NO_WORDS.search(piece.text) or not _are_english(words, language):
        return None
    if _is_sentence(words):
        # Of a task what stands in quotation marks may be left in English; what somebody says may not.
        quoted = _IN_QUOTES.match(piece.text) is not None
        return Stayed(piece.text, piece.at, False, not quoted or _SAYS.search(source.string) is not None)
    if piece.kind in _HEADINGS and _is_heading(words, only=piece.kind == "label"):
        return Stayed(piece.text, piece.at, False, _HEADINGS[piece.kind])
    if piece.kind == "heading" and len(words) >= 2 and any(word.lower() in _OF_A_SPEAKER for word in words):
        return Stayed(piece.text, piece.at, False, True)
    if piece.odd and _is_noun_phrase(words):
        return Stayed(piece.text, piece.at, False, True)
    # "Waste disposal": a name or a title has capitals in each word that says something.
    plain = len(words) >= 2 and all(map(str.islower, words[1:])) and not _IN_TITLES.issuperset(words[1:])
    title = piece.kind == "heading" and (plain or any(word in _IN_TITLES for word in words))
    if not title and not piece.odd:
        return None
    name = source.string.count(piece.text) >= 2 or any(is_name(word, language) for word in words)
    return None if name else Stayed(piece.text, piece.at, False, plain)


@view
def _lowered(text: Text) -> str:
    return text.string.lower()


def _is_sentence(words: Sequence[str]) -> bool:
    """Whether it is written as a sentence is, and not as titles are."""
    small = [word for word in words if word.islower()]
    return len(words) >= 3 and len(small) >= 2 and any(word not in _IN_TITLES for word in small)


def _is_noun_phrase(words: Sequence[str]) -> bool:
    """ "The dog": a word that begins no name by itself, and small ones."""
    return len(words) >= 2 and words[0].lower() in _DETERMINERS and all(map(str.islower, words[1:]))


def _is_heading(words: Sequence[str], *, only: bool) -> bool:
    """Whether a word is one of headings; `only`: every word that says something."""
    said = [word.lower() in HEADING_WORDS for word in words if word not in _IN_TITLES]
    return all(said) and bool(said) if only else any(said)


def _are_english(words: Sequence[str], language: str) -> bool:
    """Whether each word is one that English texts have; a name or two may stand beside what only headings say."""
    known = lexicon(language)
    strange = 0
    for word in map(str.lower, words):
        if word in _IN_TITLES or word in HEADING_WORDS:
            continue
        if word in PRODUCTS or known is None or not any(stem in known.forward for stem in known.source.stems(word)):
            strange += 1
    if not strange:
        return True
    function = any(word in _IN_TITLES for word in words)
    return strange * 3 <= len(words) and function


def _quotations(source: Text, target: Text, language: str, without_kept: Callable[[], str]) -> Iterator[Stayed]:
    """What somebody says in the source and still says in English."""
    if not _SAYS.search(source.string):
        return
    kept = ""
    for m in _QUOTED.finditer(blanked(target)):
        words = _WORD.findall(m[1])
        if len(words) < 2 or _OTHER_LETTER.search(m[1]) or all(w in _IN_TITLES or not w.islower() for w in words):
            continue
        kept = kept or without_kept()
        if len(_WORD.findall(kept, m.start(), m.end())) != len(words):
            continue
        if m[1].strip(_ENDS) in source.string and _are_english(words, language):
            yield Stayed(m[0], m.start(), False, _is_sentence(words))


@view
def _latin_pieces(target: Text) -> tuple[_Piece, ...]:
    """The pieces of a text that have Latin words and no other letters."""
    groups: dict[tuple[str, int, int], list[bool]] = {}
    members: list[tuple[_Piece, list[tuple[str, int, int]]]] = []
    at = table = rows = 0
    for line in blanked(target).split("\n"):
        rows = rows + 1 if target.string[at : at + len(line)].lstrip().startswith("|") else 0
        table += rows == 1
        for piece in _cells(line, at, rows) if rows else _of_line(line, at):
            keys = _groups(piece, table, rows)
            other = _OTHER_LETTER.search(piece.text) is not None
            for key in keys:
                groups.setdefault(key, []).append(other)
            if not other and _SMALL_LATIN.search(piece.text):
                members.append((piece, keys))
        at += len(line) + 1
    # Among two or more that are translated.
    return tuple(
        piece._replace(
            odd=any(groups[key].count(False) == 1 and len(groups[key]) >= 3 for key in keys),
            row=keys[0][2] if piece.kind == "cell" else -1,
            whole_row=piece.kind == "cell" and not any(groups[keys[0]]),
        )
        for piece, keys in members
    )


def _groups(piece: _Piece, table: int, row: int) -> list[tuple[str, int, int]]:
    if piece.kind in ("cell", "header"):
        return [("row", table, row), ("column", table, piece.column)]
    return [(piece.kind, 0, 0)] if piece.kind in ("item", "heading") else []


def _cells(line: str, at: int, row: int) -> Iterator[_Piece]:
    place = at
    for column, cell in enumerate(line.split("|")):
        text = cell.strip()
        if any(map(str.isalpha, text)):
            yield _Piece("header" if row == 1 else "cell", text, place + cell.index(text), column)
        place += len(cell) + 1


def _of_line(line: str, at: int) -> Iterator[_Piece]:
    m = _LINE.match(line)
    if m is None or not line.strip():
        return
    rest, start = m["rest"], at + m.start("rest")
    whole = rest.strip()
    if m["label"] is not None and (not whole or m["colon"] or m["behind"]):
        yield _Piece("label", m["label"].strip(), at + m.start("label"))
    if not whole:
        return
    if m["heading"] or m["item"]:
        yield _Piece("heading" if m["heading"] else "item", whole, start + rest.index(whole))
        if m["heading"] or not _OTHER_LETTER.search(rest):
            return
    place = 0
    for sentence in _SENTENCE_END.split(rest):
        place = rest.index(sentence, place)
        if sentence.strip():
            yield _Piece("sentence" if place or not _LEAD.fullmatch(sentence) else "lead", sentence, start + place)
        place += len(sentence)
