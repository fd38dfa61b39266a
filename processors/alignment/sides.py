"""What a sentence shows of itself to its translation: stems, names, numbers, Latin words, length. Each a view."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from processors.alignment.lexicon import REMEMBERED, Lexicon, LexiconEntry, WordRules, lexicon
from processors.languages.language import knowledge
from processors.languages.spellings import numbers_in, plain
from processors.texts.remembered import Remembered
from processors.texts.text import Text, text_of, view_by

CAPITALISED = re.compile(r"\b[A-Z][a-z]{3,}")
_DIGIT = re.compile(r"\d")
_NONE: frozenset[str] = frozenset()
_LATIN = re.compile(r"[A-Za-z]{3,}")
# Skeletons of fewer consonants fit too many words.
_LEAST_CONSONANTS = 3


class Side:
    """One sentence, or several in a row.

    `stems` of all its words, `words` their number, `entries` what the lexicon expects of the other side. `names` are
    skeletons of a source's capitalised words, and whether the lexicon knows the word; `sounds` those of any word of a
    target. `numbers` and `latin` are what is often copied, `length` its visible characters, `parts` the single
    sentences. Of most sentences nobody asks for `sounds`, `numbers` and `latin`: they are found when somebody does.
    """

    __slots__ = ("_hear", "_spoken", "entries", "latin", "length", "names", "numbers", "parts", "sounds", "stems",
                 "string", "words")  # fmt: skip
    sounds: frozenset[str]
    numbers: frozenset[str]
    latin: frozenset[str]

    def __init__(
        self, string: str, stems: frozenset[str], words: int, entries: tuple[LexiconEntry, ...],
        names: frozenset[tuple[str, bool]], length: int, parts: tuple[Side, ...] = (),
        spoken: Sequence[str] = (), hear: Callable[[str], tuple[str, ...]] | None = None,
    ) -> None:  # fmt: skip
        self.string, self.stems, self.words, self.entries = string, stems, words, entries
        self.names, self.length, self.parts = names, length, parts
        # The words of a target, and what tells how one sounds.
        self._spoken, self._hear = spoken, hear

    def __getattr__(self, name: str) -> frozenset[str]:
        if name not in _LATE:
            raise AttributeError(name)
        parts = self.parts
        found = _NONE.union(*[getattr(part, name) for part in parts]) if parts else _LATE[name](self)
        setattr(self, name, found)
        return found

    @property
    def singles(self) -> tuple[Side, ...]:
        return self.parts or (self,)


def _sounds(side: Side) -> frozenset[str]:
    return _NONE.union(*map(side._hear, side._spoken)) if side._hear else _NONE


def _numbers(side: Side) -> frozenset[str]:
    # Most sentences have none, which is seen at once.
    if _DIGIT.search(side.string) is None:
        return _NONE
    return frozenset(numbers_in(text_of(side.string)))


def _latin(side: Side) -> frozenset[str]:
    string = side.string
    # What is all ASCII is in small letters at once.
    return frozenset(_LATIN.findall(string.lower()) if string.isascii() else map(str.lower, _LATIN.findall(string)))


_LATE: Mapping[str, Callable[[Side], frozenset[str]]] = {"sounds": _sounds, "numbers": _numbers, "latin": _latin}


def joined(sides: tuple[Side, ...]) -> Side:
    """Neighbouring sentences as one."""
    if len(sides) == 1:
        return sides[0]
    return Side(
        "",
        _NONE.union(*[side.stems for side in sides]),
        sum([side.words for side in sides]),
        tuple(dict.fromkeys([entry for side in sides for entry in side.entries])),
        frozenset().union(*[side.names for side in sides]),
        sum([side.length for side in sides]),
        sides,
    )


class _Words(NamedTuple):
    """What is known of one language's words: their stems, what the lexicon expects of the other side, and skeletons
    of the names that they may be."""

    stems: Callable[[str], tuple[str, ...]]
    entry: Callable[[str], LexiconEntry | None]
    names: Callable[[str], tuple[str, ...]]


@cache
def source_words(known: Lexicon) -> _Words:
    """Of English words in small letters."""
    return _words(known.source, known.forward, lambda word: _skeletons([word], known.source.skeleton))


@cache
def target_words(known: Lexicon) -> _Words:
    """Of words in the target's plain spelling."""

    def names(word: str) -> tuple[str, ...]:
        # With a particle in front a name is still the name: its stem and all of its ends.
        spellings = [word, stems(word)[0], *([word[1:]] if len(word) > _LEAST_CONSONANTS else [])]
        return _skeletons(spellings, known.target.skeleton)

    made = _words(known.target, known.backward, names)
    stems = made.stems
    return made


def _words(rules: WordRules, entries: Mapping[str, LexiconEntry], names: Callable[[str], tuple[str, ...]]) -> _Words:
    # Looked up word by word by C: `stems` themselves remember with more ado.
    stems = Remembered(rules.stems, REMEMBERED).__getitem__

    def entry(word: str) -> LexiconEntry | None:
        return next(filter(None, map(entries.get, stems(word))), None)

    return _Words(stems, Remembered(entry, REMEMBERED).__getitem__, Remembered(names, REMEMBERED).__getitem__)


def _skeletons(spellings: Iterable[str], skeleton: Callable[[str], str]) -> tuple[str, ...]:
    found = dict.fromkeys(map(skeleton, spellings))
    return tuple([name for name in found if len(name) >= _LEAST_CONSONANTS])


@view_by
def source_side(text: Text, target: str) -> Side | None:
    """An English sentence, for its translation into `target` (BCP 47); None where no lexicon is known."""
    known = lexicon(target)
    if known is None:
        return None
    words, string = source_words(known), text.string
    found = list(map(str.lower, known.source.words.findall(string)))
    capitals = list(map(str.lower, CAPITALISED.findall(string)))
    names = frozenset([(name, words.entry(word) is not None) for word in capitals for name in words.names(word)])
    return _side(string, string, found, words, names)


@view_by
def target_side(text: Text, target: str) -> Side | None:
    """A sentence in `target` (BCP 47), beside an English one; None where no lexicon is known."""
    known = lexicon(target)
    if known is None:
        return None
    spelled = plain(text, knowledge(target))
    words, found = target_words(known), known.target.words.findall(spelled)
    return _side(text.string, spelled, found, words, frozenset(), words.names)


def _side(
    string: str, spelled: str, found: Sequence[str], words: _Words, names: frozenset[tuple[str, bool]],
    hear: Callable[[str], tuple[str, ...]] | None = None,
) -> Side:  # fmt: skip
    # In the order of the text: sums of floats depend on it.
    entries = tuple(filter(None, dict.fromkeys(map(words.entry, found))))
    stems = _NONE.union(*map(words.stems, found))
    return Side(string, stems, len(found), entries, names, len("".join(spelled.split())), (), found, hear)
