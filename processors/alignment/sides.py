"""What a sentence shows of itself to its translation: stems, names, numbers, Latin words, length. Each a view."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from typing import NamedTuple

from processors.alignment.lexicon import REMEMBERED, Lexicon, LexiconEntry, lexicon
from processors.languages.language import knowledge
from processors.languages.spellings import numbers_in, plain
from processors.texts.text import Text, view_by

_NAME = re.compile(r"\b[A-Z][a-z]{3,}")
_DIGIT = re.compile(r"\d")
_NONE: frozenset[str] = frozenset()
_LATIN = re.compile(r"[A-Za-z]{3,}")
# Skeletons of fewer consonants fit too many words.
_LEAST_CONSONANTS = 3


class Side(NamedTuple):
    """One sentence, or several in a row.

    `stems` of all its words, `words` their number, `entries` what the lexicon expects of the other side. `names` are
    skeletons of a source's capitalised words, and whether the lexicon knows the word; `sounds` those of any word of a
    target. `numbers` and `latin` are what is often copied, `length` its visible characters, `parts` the single
    sentences.
    """

    stems: frozenset[str]
    words: int
    entries: tuple[LexiconEntry, ...]
    names: frozenset[tuple[str, bool]]
    sounds: frozenset[str]
    numbers: frozenset[str]
    latin: frozenset[str]
    length: int
    parts: tuple[Side, ...] = ()

    @property
    def singles(self) -> tuple[Side, ...]:
        return self.parts or (self,)


def joined(sides: tuple[Side, ...]) -> Side:
    """Neighbouring sentences as one."""
    if len(sides) == 1:
        return sides[0]
    return Side(
        frozenset().union(*[side.stems for side in sides]),
        sum([side.words for side in sides]),
        tuple(dict.fromkeys([entry for side in sides for entry in side.entries])),
        frozenset().union(*[side.names for side in sides]),
        frozenset().union(*[side.sounds for side in sides]),
        frozenset().union(*[side.numbers for side in sides]),
        frozenset().union(*[side.latin for side in sides]),
        sum([side.length for side in sides]),
        sides,
    )


class _Word(NamedTuple):
    """A word: its stems, what the lexicon expects of the other side, and the skeletons of names that it may be."""

    stems: tuple[str, ...]
    entry: LexiconEntry | None
    names: tuple[str, ...]


@cache
def _source_word(known: Lexicon) -> Callable[[str], _Word]:
    """What is known of an English word in small letters."""

    @lru_cache(maxsize=REMEMBERED)
    def look(word: str) -> _Word:
        stems = known.source.stems(word)
        entry = next(filter(None, map(known.forward.get, stems)), None)
        return _Word(stems, entry, _skeletons([word], known.source.skeleton))

    return look


@cache
def target_word(known: Lexicon) -> Callable[[str], _Word]:
    """What is known of a word in the target's plain spelling."""

    @lru_cache(maxsize=REMEMBERED)
    def look(word: str) -> _Word:
        stems = known.target.stems(word)
        entry = next(filter(None, map(known.backward.get, stems)), None)
        # With a particle in front a name is still the name: its stem and all of its ends.
        spellings = [word, stems[0], *([word[1:]] if len(word) > _LEAST_CONSONANTS else [])]
        return _Word(stems, entry, _skeletons(spellings, known.target.skeleton))

    return look


def _skeletons(spellings: Iterable[str], skeleton: Callable[[str], str]) -> tuple[str, ...]:
    found = dict.fromkeys(map(skeleton, spellings))
    return tuple([name for name in found if len(name) >= _LEAST_CONSONANTS])


@view_by
def source_side(text: Text, target: str) -> Side | None:
    """An English sentence, for its translation into `target` (BCP 47); None where no lexicon is known."""
    known = lexicon(target)
    if known is None:
        return None
    look, string = _source_word(known), text.string
    words = list(map(look, map(str.lower, known.source.words.findall(string))))
    capitals = map(look, map(str.lower, _NAME.findall(string)))
    names = frozenset([(name, word.entry is not None) for word in capitals for name in word.names])
    return _side(text, string, words, names, _NONE)


@view_by
def target_side(text: Text, target: str) -> Side | None:
    """A sentence in `target` (BCP 47), beside an English one; None where no lexicon is known."""
    known = lexicon(target)
    if known is None:
        return None
    spelled = plain(text, knowledge(target))
    words = list(map(target_word(known), known.target.words.findall(spelled)))
    return _side(text, spelled, words, frozenset(), _NONE.union(*[word.names for word in words]))


def _side(
    text: Text, spelled: str, words: list[_Word], names: frozenset[tuple[str, bool]], sounds: frozenset[str]
) -> Side:
    string = text.string
    entries = dict.fromkeys([word.entry for word in words if word.entry is not None])
    # What is all ASCII is in small letters at once.
    latin = _LATIN.findall(string.lower()) if string.isascii() else map(str.lower, _LATIN.findall(string))
    return Side(
        _NONE.union(*[word.stems for word in words]),
        len(words),
        tuple(entries),
        names,
        sounds,
        # Most sentences have none, which is seen at once.
        frozenset(numbers_in(text)) if _DIGIT.search(string) else _NONE,
        frozenset(latin),
        len("".join(spelled.split())),
    )
