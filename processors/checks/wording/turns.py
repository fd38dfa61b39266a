"""Messages in one another's place: a translation that is right, and that of another message of the conversation.

Each by itself may pass for a free translation; beside the others it is plain whose it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from processors.alignment.lexicon import COMMON, LexiconEntry, lexicon
from processors.alignment.likeness import likeness, told
from processors.alignment.sides import Side, joined, source_side, target_side
from processors.protected.find import blanked
from processors.texts.prose import sentences
from processors.texts.text import Text, text_of

# How plainly a message's first sentence must be told in its translation, below which the others are asked. Of right
# messages 2 to 5 % are below (FLORES and Tatoeba, the half to tune on, one to four lines a message).
_PLAIN = 0.0
# By how much another message's translation must be more like, than its own and than that other message is: of
# exchanged neighbours of the same texts 97 % are above both, of 15,000 right ones none.
_MORE = 2.0
# And how like it must be at all: of short messages everything is a little like everything.
_LIKE = 0.0
# A translation that stands there twice: of how many characters, by how much one must be the likelier, and how little
# the other.
_LEAST_TWICE, _TWICE, _UNLIKE = 20, 4.0, -3.0
# How far away one is looked for, and for how many: with all messages wrong this is still linear.
_NEAR, _MOST = 8, 16


class Misplaced(NamedTuple):
    """At `place` stands what is the translation at, or of, `other`; `twice`: it stands there as well."""

    place: int
    other: int
    twice: bool


class _Sides(NamedTuple):
    source: Side
    target: Side

    def likeness(self) -> float:
        return likeness(self.source, self.target)


class _Messages:
    """The messages' sides by place, made where they are asked for; None of a message without words."""

    def __init__(self, pairs: Sequence[tuple[Text, Text]], language: str) -> None:
        self.pairs = pairs
        self._language = language
        self._made: dict[int, _Sides | None] = {}

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, place: int) -> _Sides | None:
        if place not in self._made:
            sources, targets = self._sentences(place)
            left = [side for side in (source_side(text_of(one), self._language) for one in sources) if side]
            right = [side for side in (target_side(text_of(one), self._language) for one in targets) if side]
            self._made[place] = _Sides(joined(tuple(left)), joined(tuple(right))) if left and right else None
        return self._made[place]

    def suspect(self, place: int) -> bool:
        """Whether the first sentence is not told: in the first of its translation as a rule, else in all of it."""
        sources, targets = self._sentences(place)
        if not sources or not targets:
            return False
        first, there = (
            source_side(text_of(sources[0]), self._language),
            target_side(text_of(targets[0]), self._language),
        )
        if first is None or there is None or told(first, there) >= _PLAIN:
            return False
        whole = self[place]
        return whole is not None and told(first, whole.target) < _PLAIN

    def _sentences(self, place: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        source, target = self.pairs[place]
        return sentences(text_of(blanked(source))), sentences(text_of(blanked(target)))


def misplaced(pairs: Sequence[tuple[Text, Text]], language: str) -> list[Misplaced]:
    """Of a conversation's messages, source and target, those whose translation is another one's."""
    if len(pairs) < 2 or lexicon(language) is None:
        return []
    messages = _Messages(pairs, language)
    found = _again(messages)
    moved = _moved([place for place in range(len(pairs)) if messages.suspect(place)][:_MOST], messages)
    twice = {one.place for one in found}
    return sorted(found + [Misplaced(*one, False) for one in moved.items() if one[0] not in twice])


def _moved(asked: Sequence[int], sides: _Messages) -> dict[int, int]:
    """Where the translations of messages stand, of those alone that stand in one another's places."""
    others: dict[int, int | None] = {}
    left = list(asked)
    while left:
        place = left.pop()
        if place not in others:
            other = others[place] = _of_another(place, sides)
            left += [] if other is None else [other]
    found = {place: other for place, other in others.items() if other is not None}
    while outside := [place for place, other in found.items() if other not in found]:
        for place in outside:
            del found[place]
    return found


def _twins(one: Side, other: Side) -> bool:
    """Whether two messages may say the same in other words: then they may be translated alike."""
    here, there = _telling(one), _telling(other)
    return len(here & there) * 2 > min(len(here), len(there))


def _telling(side: Side) -> set[LexiconEntry]:
    return {entry for entry in side.entries if entry.rate < COMMON}


def _again(sides: _Messages) -> list[Misplaced]:
    first: dict[str, int] = {}
    found = []
    for place, (_, target) in enumerate(sides.pairs):
        before = first.setdefault(target.string.strip(), place)
        if before == place or len(target.string) < _LEAST_TWICE:
            continue
        here, there = sides[place], sides[before]
        if here is None or there is None:
            continue
        if _twins(here.source, there.source):
            continue
        gain = there.likeness() - here.likeness()
        if abs(gain) >= _TWICE and min(here.likeness(), there.likeness()) <= _UNLIKE:
            found.append(Misplaced(place, before, True) if gain > 0 else Misplaced(before, place, True))
    return found


def _of_another(place: int, sides: _Messages) -> int | None:
    """The message near by whose translation is more like this one, and than that message itself is."""
    own = sides[place]
    assert own is not None
    least = own.likeness() + _MORE
    for other in range(max(0, place - _NEAR), min(len(sides), place + _NEAR + 1)):
        there = sides[other]
        if other == place or there is None or _twins(own.source, there.source):
            continue
        value = likeness(own.source, there.target)
        if value >= max(least, _LIKE) and value >= there.likeness() + _MORE:
            return other
    return None
