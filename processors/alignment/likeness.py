"""How much sooner two sentences are each other's translation than two that met by chance: a sum of log ratios.

What is found weighs by how rare it is, what is missing by how surely it would be there (naive Bayes). The constants
were chosen on half of the blocks of FLORES-200 dev and Tatoeba's training lines, see `docs/alignment.md`.
"""

from __future__ import annotations

from functools import lru_cache
from math import exp, log, sqrt

from processors.alignment.lexicon import LexiconEntry
from processors.alignment.sides import Side

# Of the words' evidence: neighbouring words are not independent, and both directions say partly the same.
_SHARE = 0.8
# What one sentence's words may say at most, so that no single rich sentence hides a poor neighbour.
_LEAST, _MOST = -12.0, 8.0
# By chance a stem stands in one sentence of two hundred at least, whatever the texts showed.
_RAREST = 0.005
# A stem says nothing of a text that is so long that chance shows it nearly as often.
_TELLING = 1.15
# A name's skeleton in a translation; where the lexicon knows the word (Water, April), it is mostly translated.
_NAME_HIT, _KNOWN_NAME_HIT = 0.4, 0.12
# By chance, for each word, by the consonants of the skeleton: FLORES-200 dev, names against other lines' words.
_NAME_RATE = {3: 0.006, 4: 0.0015}
_LONG_NAME_RATE = 0.0005
# In logs, as the words' evidence is: a Latin word that arrived, a number that did, and one that did not, which may be
# spelled out.
_COPIED, _NUMBER, _NO_NUMBER = 4.0, 2.0, -1.0
# Characters of the target for one of the source, and how much it varies: little more than 0.12 in long sentences.
LENGTHS, _SPREAD, _SPREAD_SHORT, _SPREAD_CHANCE = 0.85, 0.12, 0.9, 0.9


def likeness(source: Side, target: Side) -> float:
    """The log ratio of the whole: words both ways, names, numbers, and lengths."""
    if not source.parts and not target.parts:
        return of_two(source, target)
    there = sum([forth(part, target) for part in source.singles])
    return whole(there, sum([back(part, source) for part in target.singles]), source.length, target.length)


def of_two(source: Side, target: Side) -> float:
    """`likeness` of single sentences."""
    there = _expected(source.entries, target) + _copied(source, target)
    return whole(_bounded(there), _bounded(_expected(target.entries, source)), source.length, target.length)


def forth(part: Side, target: Side) -> float:
    """What one sentence of the source says of a target that may hold more."""
    return _bounded(told(part, target))


def back(part: Side, source: Side) -> float:
    """What one sentence of the target says of a source that may hold more."""
    return _bounded(_expected(part.entries, source))


def whole(there: float, back: float, source: int, target: int) -> float:
    """The likeness from the sums of `forth` and of `back`, and the lengths."""
    return _SHARE * (there + back) + _bounded(_lengths(source, target))


def told(source: Side, target: Side) -> float:
    """How plainly the words, names and numbers of a source sentence stand in a target that may hold much else."""
    return _expected(source.entries, target) + _copied(source, target)


def _bounded(value: float) -> float:
    # A fifth of the time of min and max: it is asked hundreds of times a text.
    return _LEAST if value < _LEAST else _MOST if value > _MOST else value


class _Weights(dict[LexiconEntry, tuple[float, float, float]]):
    """What it says of an entry that none of its translations is in a text of so many words, that one of the usual is,
    and that only a rarer one is; computed once."""

    def __init__(self, words: int) -> None:
        super().__init__()
        self._words = words

    def __missing__(self, entry: LexiconEntry) -> tuple[float, float, float]:
        hit, chance = entry.hit, self._chance(entry.rate)
        rarer_hit, rarer = (entry.rarer_hit, (1 - chance) * self._chance(entry.rarer_rate)) if entry.rarer else (0, 0)
        found = (0.0, 0.0, 0.0)
        if hit + rarer_hit > (chance + rarer) * _TELLING:
            absent = log((1 - hit - rarer_hit) / (1 - chance - rarer))
            # None is a sign against: a rare one may be as frequent among neighbours.
            found = (absent, max(log(hit / chance), 0.0), max(log(rarer_hit / rarer), 0.0) if rarer_hit else 0.0)
        self[entry] = found
        return found

    def _chance(self, rate: float) -> float:
        return max(1 - exp(-self._words * rate), _RAREST)


# The latest lengths: each holds at most the lexicon, a megabyte, and in running text a tenth of it.
_weights = lru_cache(maxsize=64)(_Weights)


def _expected(entries: tuple[LexiconEntry, ...], other: Side) -> float:
    value = 0.0
    weights, stems = _weights(other.words), other.stems
    for entry in entries:
        absent, present, rarer = weights[entry]
        if not entry.others.isdisjoint(stems):
            value += present
        else:
            value += absent if entry.rarer.isdisjoint(stems) else rarer
    return value


def _copied(source: Side, target: Side) -> float:
    value = _COPIED * len(source.latin & target.latin) if target.latin else 0.0
    for name, known in source.names:
        chance = min(0.8, target.words * _NAME_RATE.get(len(name), _LONG_NAME_RATE))
        hit = _KNOWN_NAME_HIT if known else _NAME_HIT
        if hit > chance:
            value += log(hit / chance) if name in target.sounds else log((1 - hit) / (1 - chance))
    if source.numbers:
        arrived = len(source.numbers & target.numbers)
        value += _NUMBER * arrived + _NO_NUMBER * (len(source.numbers) - arrived)
    return value


def _lengths(source: int, target: int) -> float:
    if not source or not target:
        return -5.0
    off = log(target / source / LENGTHS)
    spread = _SPREAD + _SPREAD_SHORT / sqrt(source)
    return log(_SPREAD_CHANCE / spread) - min(off * off / spread / spread, 60) / 2
