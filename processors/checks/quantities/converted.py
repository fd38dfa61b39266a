"""Units of the source that are told in others: half a kilogram for 500 g, eight kilometres for five miles.

A unit that was changed by mistake keeps its number, and no two units of a kind but yards and metres are nearly alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, pairwise
from typing import NamedTuple

from processors.checks.pairs.pair import Pair
from processors.checks.quantities.measures import KIND, Measure, measures, unit_matches
from processors.languages.digits import canonical, decimal
from processors.languages.knowledge import Units
from processors.languages.number_words import LONGEST, NumberWords, spelled
from processors.languages.spellings import plain

# By kind, in the first unit of each, the metric ones before the others.
_METRIC: Mapping[str, float] = {
    "m": 1, "km": 1000, "cm": 0.01, "mm": 0.001, "gram": 1, "kg": 1000, "mg": 0.001, "litre": 1, "ml": 0.001,
    "hectare": 10_000, "watt": 1, "kilowatt": 1000, "kilobyte": 1, "megabyte": 1000, "gigabyte": 10**6,
    "terabyte": 10**9, "kilobit": 1, "megabit": 1000, "gigabit": 10**6, "kilohertz": 1, "megahertz": 1000,
    "gigahertz": 10**6, "second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800, "month": 2_629_800,
    "year": 31_557_600, "century": 3_155_760_000,
}  # fmt: skip
_OTHERS: Mapping[str, float] = {
    "mile": 1609.34, "foot": 0.3048, "inch": 0.0254, "yard": 0.9144, "pound": 453.59, "ounce": 28.35, "ton": 10**6,
    "gallon": 3.785, "cup": 0.24, "acre": 4046.9,
}  # fmt: skip
_IN = {**_METRIC, **_OTHERS}
# 1,024 for a thousand; between systems people round: three miles to five kilometres.
_EXACT, _ROUNDED = 0.025, 0.06
# A number of so many digits besides zeros is not rounded: 6 feet are 182, 183 or 180 cm and no 173.
_NOT_ROUND, _COUNTED = 3, 0.02
# An oven's 350 °F are 180 °C; a fever's 102 are no 37.
_DEGREES, _OVEN, _OVEN_DEGREES = 1.2, 100.0, 4.0
_SHARES = {"half": 0.5, "quarter": 0.25, "third": 1 / 3}
# "180 degrees Celsius".
_NUMBER_BEFORE = re.compile(r"(?<![\d.,])(\d+(?:[.,]\d+)*)\s?(?:[^\W\d_]{3,6}\s)?$")
_WORDS_BEFORE = 3
# Of each side: bounds the work.
_MOST = 50
_WORD = re.compile(r"[^\W\d_]+")


class Conversion(NamedTuple):
    """Units of the source that the target tells in others (`into`), the numbers of both, and whether it rounds them
    without a word for it."""

    units: frozenset[str]
    into: frozenset[str]
    lost: frozenset[str]
    new: frozenset[str]
    unsaid: bool


NOTHING = Conversion(frozenset(), frozenset(), frozenset(), frozenset(), False)


class _Told(NamedTuple):
    """A measure of the target: the values that its words may mean, and its number in digits."""

    unit: str
    values: tuple[float, ...]
    number: str


def converted(pair: Pair) -> Conversion:
    """What the target measures in other units than the source, by about as much."""
    known = pair.knowledge
    here = [m for m in measures(pair.source) if m.unit in _IN or KIND[m.unit] == "temperature"]
    if not here or known.units is None or known.numbers is None:
        return NOTHING
    spelling = plain(pair.target, known).lower()
    units, into, lost, new, unsaid = set[str](), set[str](), set[str](), set[str](), False
    for kind in dict.fromkeys(KIND[m.unit] for m in here):
        stated = [m for m in here if KIND[m.unit] == kind]
        told = list(islice(dict.fromkeys(_told(kind, spelling, known.units, known.numbers)), _MOST))
        if not told or {m.unit for m in stated} == {one.unit for one in told}:
            continue
        for parts, found in _paired(stated, told):
            units.update(m.unit for m in parts)
            into.add(found.unit)
            lost.update(m.value for m in parts)
            new.update({found.number, *_pieces(found)})
            unsaid = unsaid or _rounds(parts[0].unit, found.unit)
    if not units:
        return NOTHING
    unsaid = unsaid and (not known.units.about or re.search(known.units.about, spelling) is None)
    return Conversion(frozenset(units), frozenset(into), frozenset(lost), frozenset(new), unsaid)


def _paired(stated: Sequence[Measure], told: Sequence[_Told]) -> list[tuple[tuple[Measure, ...], _Told]]:
    """Measures with what tells them, one behind the other on both sides. Nothing where the order is another: five
    miles on Monday and ten on Friday may have changed places."""
    found: list[tuple[tuple[Measure, ...], _Told]] = []
    last = {1: 0, 2: 0}
    for parts in islice(dict.fromkeys(_wholes(stated)), _MOST):
        places = [place for place, one in enumerate(told) if _is(parts, one)]
        if not places:
            continue
        place = next((place for place in places if place >= last[len(parts)]), None)
        if place is None:
            return []
        last[len(parts)] = place
        found.append((parts, told[place]))
    return found


def _pieces(told: _Told) -> set[str]:
    """What its words alone may say: the eight of eight kilometres, the four of four and a half."""
    return {decimal(value) for value in told.values} | {str(int(value)) for value in told.values}


def _wholes(stated: Sequence[Measure]) -> Iterator[tuple[Measure, ...]]:
    """Each measure, and feet with the inches behind them, which come first."""
    # "1.2.3" is a version.
    numbers = [one for one in stated if one.value and one.value.count(".") < 2 and len(one.value) <= LONGEST]
    for first, second in pairwise(numbers):
        if (first.unit, second.unit) in (("foot", "inch"), ("pound", "ounce")):
            yield first, second
    yield from ((one,) for one in numbers)


def _told(kind: str, spelling: str, units: Units, words: NumberWords) -> Iterator[_Told]:
    for m in unit_matches(kind, spelling, units):
        number = _NUMBER_BEFORE.search(spelling, max(0, m.start() - 26), m.start())
        share = _share_behind(spelling[m.end() : m.end() + 25], words)
        if number:
            value = canonical(number[1])
            if value.count(".") < 2 and len(value) <= LONGEST:
                yield _Told(m.lastgroup or "", (float(value) + share,), value)
        else:
            yield _Told(m.lastgroup or "", tuple(v + share for v in _in_words(m, spelling, words)), "")


def _in_words(m: re.Match[str], spelling: str, words: NumberWords) -> list[float]:
    """The values that the words before a unit, or its own form, may give it."""
    before = _WORD.findall(spelling[max(0, m.start() - 40) : m.start()])[-_WORDS_BEFORE:]
    last = words.forms.get(before[-1]) if before else None
    if last is None:
        dual = words.two and re.search(words.two, _WORD.findall(m[0])[-1] if _WORD.search(m[0]) else "")
        return [1, 2] if dual else [1]
    if last[0] == "fraction":
        counted = words.forms.get(before[-2], ("", 0)) if len(before) > 1 else ("", 0)
        count = float(counted[1]) if counted[0] == "one" else 1.0
        return [count * _SHARES.get(str(last[1]), 0.0)]
    found = spelled(" ".join(before), words)
    return [float(n) for n in found.parts] or [1]


def _share_behind(behind: str, words: NumberWords) -> float:
    """And a half, and three quarters."""
    found = [words.forms.get(word) or words.forms.get(word[1:]) for word in _WORD.findall(behind)[:2]]
    joined = any(behind.lstrip(" \u064b").startswith(join) for join in words.joined)
    if not joined or not found or found[0] is None:
        return 0.0
    if found[0][0] == "fraction":
        return _SHARES.get(str(found[0][1]), 0.0)
    if len(found) > 1 and found[1] is not None and found[0][0] == "one" and found[1][0] == "fraction":
        return float(found[0][1]) * _SHARES.get(str(found[1][1]), 0.0)
    return 0.0


def _rounds(unit: str, other: str) -> bool:
    return (unit in _OTHERS) != (other in _OTHERS) or KIND[unit] == "temperature"


def _is(parts: tuple[Measure, ...], told: _Told) -> bool:
    unit = parts[0].unit
    if any(told.unit == m.unit for m in parts):
        return False
    if KIND[unit] == "temperature":
        # Neither side's number has its sign: 10 °F are 12 degrees below zero.
        for degrees in (float(parts[0].value), -float(parts[0].value)):
            wanted = abs((degrees - 32) / 1.8 if unit == "fahrenheit" else degrees * 1.8 + 32)
            within = _DEGREES if wanted < _OVEN else _OVEN_DEGREES
            if any(abs(value - wanted) <= within for value in told.values):
                return True
        return False
    if told.unit not in _IN:
        return False
    wanted = sum(float(m.value) * _IN[m.unit] for m in parts) / _IN[told.unit]
    if not _rounds(unit, told.unit):
        return any(abs(value - wanted) <= _EXACT * wanted for value in told.values)
    return any(abs(value - wanted) <= _within(told.number) * wanted for value in told.values)


def _within(number: str) -> float:
    """How exact a converted number has to be: who says 173 cm or 1.73 m has not rounded."""
    digits = number.replace(".", "").strip("0")
    return _COUNTED if len(digits) >= _NOT_ROUND else _ROUNDED
