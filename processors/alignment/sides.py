"""What a sentence shows of itself to its translation: stems, names, numbers, Latin words, length. Each a view."""

from __future__ import annotations

import re
from dataclasses import dataclass

from processors.alignment.lexicon import Lexicon, LexiconEntry, lexicon
from processors.languages.language import knowledge
from processors.languages.spellings import numbers_in, plain
from processors.texts.text import Text, view_by

_NAME = re.compile(r"\b[A-Z][a-z]{3,}")
_LATIN = re.compile(r"[A-Za-z]{3,}")
# Skeletons of fewer consonants fit too many words.
_LEAST_CONSONANTS = 3


@dataclass(frozen=True, slots=True)
class Side:
    """One sentence, or several in a row.

    `stems` of all its words, `words` their number, `entries` what the lexicon expects of the other side, `names` their
    skeletons (of the source: capitalised words, and whether the lexicon knows the word; of the target: any word),
    `numbers` and `latin` what is often copied, `length` its visible characters, `parts` the single sentences.
    """

    stems: frozenset[str]
    words: int
    entries: tuple[LexiconEntry, ...]
    names: frozenset[tuple[str, bool]]
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
        frozenset().union(*(side.stems for side in sides)),
        sum(side.words for side in sides),
        tuple(dict.fromkeys(entry for side in sides for entry in side.entries)),
        frozenset().union(*(side.names for side in sides)),
        frozenset().union(*(side.numbers for side in sides)),
        frozenset().union(*(side.latin for side in sides)),
        sum(side.length for side in sides),
        sides,
    )


@view_by
def source_side(text: Text, target: str) -> Side | None:
    """An English sentence, for its translation into `target` (BCP 47); None where no lexicon is known."""
    known = lexicon(target)
    if known is None:
        return None
    words = known.source.words.findall(text.string)
    stems = [known.source.stems(word.lower()) for word in words]
    capitals = {word.lower() for word in _NAME.findall(text.string)}
    names = {
        (skeleton, any(stem in known.forward for stem in known.source.stems(word)))
        for word in capitals
        if len(skeleton := known.source.skeleton(word)) >= _LEAST_CONSONANTS
    }
    return _side(text, known, text.string, stems, names, forward=True)


@view_by
def target_side(text: Text, target: str) -> Side | None:
    """A sentence in `target` (BCP 47), beside an English one; None where no lexicon is known."""
    known = lexicon(target)
    if known is None:
        return None
    spelled = plain(text, knowledge(target))
    words = known.target.words.findall(spelled)
    stems = [known.target.stems(word) for word in words]
    # With a particle in front a name is still the name: its stem and all of its ends.
    spellings = {*words, *(word[1:] for word in words if len(word) > _LEAST_CONSONANTS), *(s[0] for s in stems)}
    names = {
        (skeleton, False) for word in spellings if len(skeleton := known.target.skeleton(word)) >= _LEAST_CONSONANTS
    }
    return _side(text, known, spelled, stems, names, forward=False)


def _side(
    text: Text,
    known: Lexicon,
    spelled: str,
    stems: list[tuple[str, ...]],
    names: set[tuple[str, bool]],
    *,
    forward: bool,
) -> Side:
    table = known.forward if forward else known.backward
    entries = dict.fromkeys(entry for found in stems if (entry := next(filter(None, map(table.get, found)), None)))
    return Side(
        frozenset(stem for found in stems for stem in found),
        len(stems),
        tuple(entries),
        frozenset(names),
        frozenset(numbers_in(text)),
        frozenset(word.lower() for word in _LATIN.findall(text.string)),
        len("".join(spelled.split())),
    )
