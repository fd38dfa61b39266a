"""Dates and times of the source must be in the target: months, days of the week, eras, hours of the clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from processors.checks.pairs.changed import Changed
from processors.checks.pairs.pair import Pair
from processors.languages.english import DATE_WORDS, ENGLISH
from processors.languages.english_numbers import english_words
from processors.languages.knowledge import Dates, LanguageKnowledge
from processors.languages.number_words import NumberWords
from processors.languages.spellings import numbers_in, plain
from processors.texts import Text, view

assert ENGLISH.dates is not None
_SOURCE: Dates = ENGLISH.dates
_ORDER = {name: str(index) for index, name in enumerate(_SOURCE.months, start=1)}
_MONTH = re.compile(
    r"\b(?:" + "|".join(f"(?P<{name}>{name}|{short})" for name, short in _SOURCE.months.items()) + r")\b"
)
_BESIDE = re.compile(r"\.?,?\s\d")
_BEFORE = re.compile(rf"{_SOURCE.before_month}$")
_DAY_BEFORE = re.compile(r"(?<![\d.,:/-])(\d\d?)(?:st|nd|rd|th)?(?: of)?[ -]$")
_DAY_BEHIND = re.compile(r"\.? (\d\d?)(?!\d|[:.,]\d)")
# Of a target: "4 May", "4 of May".
_BEFORE_MONTH = re.compile(r"(?<![\d.,:/-])(\d\d?)(?: من)?(?: شهر)? $")
_DAY = re.compile(r"\b(?:" + "|".join(f"(?P<{name}>{words})" for name, words in _SOURCE.days.items()) + r")\b")
_ERA = re.compile(_SOURCE.era)
_MINUTES = re.compile(r":[0-5]\d")
_CLOCK = re.compile(r"(?<![\d:.])([01]?\d|2[0-4]):([0-5]\d)(?![\d:])")
# Year first: no convention turns month and day round.
_ISO = re.compile(r"(\d(?<!\d\d)\d{3})[-/](\d\d?)[-/](\d\d?)(?!\d)")
_HALF = re.compile(rf"\d\s?(?:(?P<am>{_SOURCE.only_morning})|(?P<pm>{_SOURCE.only_evening}))")
_SOURCE_MORNING = re.compile(_SOURCE.morning, re.I)
_SOURCE_EVENING = re.compile(_SOURCE.evening, re.I)


class _DateWords(NamedTuple):
    """Of a target language."""

    month: re.Pattern[str]
    day: re.Pattern[str]
    era: re.Pattern[str]
    morning: re.Pattern[str]
    evening: re.Pattern[str]
    only_morning: re.Pattern[str]
    only_evening: re.Pattern[str]


@lru_cache(maxsize=16)
def _patterns(dates: Dates) -> _DateWords:
    months = "|".join(f"(?P<{name}>{words})" for name, words in dates.months.items())
    days = "|".join(f"(?P<{name}>{words})" for name, words in dates.days.items())
    return _DateWords(
        re.compile(rf"(?<!\w){dates.before_month}(?:{months})(?!\w)"),
        re.compile(rf"(?<!\w){dates.before_day}(?:{days})(?!\w)"),
        *map(re.compile, (dates.era, dates.morning, dates.evening, dates.only_morning, dates.only_evening)),
    )


class _Months(NamedTuple):
    """Of an English text: those beside a number, those that stand alone in full (or are names), and all."""

    dated: frozenset[str]
    alone: frozenset[str]
    all: frozenset[str]


@view
def _months(text: Text) -> _Months:
    dated, alone, every = set(), set(), set()
    string = text.string
    for m in _MONTH.finditer(string):
        name = m.lastgroup or ""
        every.add(name)
        if _BESIDE.match(string, m.end()) or _BEFORE.search(string, max(0, m.start() - 10), m.start()):
            dated.add(name)
        elif m[0] == name:
            alone.add(name)
    return _Months(frozenset(dated), frozenset(alone - dated), frozenset(every))


def _month_problem(pair: Pair, spelling: str, words: _DateWords) -> Changed | None:
    here = _months(pair.source)
    named = here.dated | here.alone
    if not named:
        return None
    there = {m.lastgroup or "" for m in words.month.finditer(spelling)}
    new = there - here.all
    for name in sorted(named - there):
        if name in spelling or _ORDER[name] in numbers_in(pair.target):
            continue
        if name in here.dated or new:
            became = f", {min(new)} is new" if new else ""
            return Changed(bool(new), f"the date's month '{name}' is missing or changed{became}")
    return None


def _number_of_day(pair: Pair, spelling: str, words: _DateWords) -> Changed | None:
    """4 May that became 5 May: another day of the same month, where the right one is nowhere in digits."""
    here = _days_of_months(pair.source)
    if not here:
        return None
    written, stated = frozenset(numbers_in(pair.target)), frozenset(numbers_in(pair.source))
    for m in words.month.finditer(spelling):
        days = here.get(m.lastgroup or "")
        number = _BEFORE_MONTH.search(spelling, max(0, m.start() - 12), m.start()) if days else None
        if not days or not number or number[1].lstrip("0") in days or number[1] in stated:
            continue
        if not any(day in written for day in days):
            return Changed(True, f"{min(days)} {m.lastgroup} of the source became {number[1]}")
    return None


@view
def _days_of_months(source: Text) -> dict[str, frozenset[str]]:
    """The days that an English text has beside each month's name."""
    found: dict[str, set[str]] = {}
    string = source.string
    for m in _MONTH.finditer(string):
        before = _DAY_BEFORE.search(string, max(0, m.start() - 10), m.start())
        behind = _DAY_BEHIND.match(string, m.end())
        for day in filter(None, (before, behind)):
            found.setdefault(m.lastgroup or "", set()).add(day[1].lstrip("0"))
    return {month: frozenset(days) for month, days in found.items()}


def _day_problem(pair: Pair, spelling: str, words: _DateWords) -> Changed | None:
    here = {m.lastgroup or "" for m in _DAY.finditer(pair.source.string)}
    if not here:
        return None
    there = {m.lastgroup or "" for m in words.day.finditer(spelling)}
    lost, new = here - there, there - here
    if lost and new:
        return Changed(True, f"the day '{min(lost)}' of the source became '{min(new)}'")
    # In an English sentence that a task is about the day stays as it is.
    lost = {name for name in lost if name not in pair.target.string}
    lost = {name for name in lost if not _told_otherwise(name, pair.knowledge, spelling)}
    return Changed(True, f"the day '{min(lost)}' of the source is missing") if lost else None


def _told_otherwise(day: str, known: LanguageKnowledge, spelling: str) -> bool:
    words = known.dates.days_otherwise.get(day) if known.dates else None
    if known.dates is None or words is None:
        return False
    return re.search(rf"(?<!\w){known.dates.before_day}(?:{words})(?!\w)", spelling) is not None


@dataclass(frozen=True, slots=True)
class _Times:
    """Hours and minutes, dates with the year first, halves of the day ("am", "pm"), and whether a year is BC."""

    clock: list[tuple[int, int]]
    dates: list[tuple[str, str, str]]
    halves: set[str | None]
    era: bool

    def __bool__(self) -> bool:
        return bool(self.clock or self.dates or self.halves or self.era)


@view
def _stated(text: Text) -> _Times:
    source = text.string
    return _Times(
        _times(source) if _MINUTES.search(source) else [],
        _ISO.findall(source) if "-" in source or "/" in source else [],
        {m.lastgroup for m in _HALF.finditer(source)},
        _ERA.search(source) is not None,
    )


def _era_problem(pair: Pair, spelling: str, words: _DateWords) -> Changed | None:
    lost = _stated(pair.source).era and not words.era.search(spelling)
    return Changed(True, "the era (BC) of the source is missing") if lost else None


def _clock_problem(pair: Pair, spelling: str, words: _DateWords) -> Changed | None:
    here = _stated(pair.source).clock
    there = _times(spelling) if here else []
    # RTL typing turns "14:30" round, hours may be counted to 12 or 24.
    strange = [t for t in there if t not in here and t[::-1] not in here]
    lost = [t for t in here if t not in there and t[::-1] not in there]
    if not strange or not lost:
        return None
    return Changed(True, f"the time {_clock(lost[0])} of the source became {_clock(strange[0])}")


def _iso_problem(pair: Pair, spelling: str, words: _DateWords) -> Changed | None:
    here = _stated(pair.source).dates
    strange = [d for d in _ISO.findall(spelling) if d not in here] if here else []
    return Changed(True, f"the date {'-'.join(here[0])} became {'-'.join(strange[0])}") if strange else None


def _half_problem(pair: Pair, spelling: str, words: _DateWords) -> Changed | None:
    halves, source = _stated(pair.source).halves, pair.source.string
    if halves == {"am"} and not words.morning.search(spelling) and not _SOURCE_EVENING.search(source):
        return Changed(True, "a.m. of the source became p.m.") if words.only_evening.search(spelling) else None
    if halves == {"pm"} and not words.evening.search(spelling) and not _SOURCE_MORNING.search(source):
        return Changed(True, "p.m. of the source became a.m.") if words.only_morning.search(spelling) else None
    return None


_SOURCE_HOUR = re.compile(
    rf"(?<![\d.:])(1?\d)(?:[:.][0-5]\d)?\s?(?:(?P<am>{_SOURCE.only_morning})|(?P<pm>{_SOURCE.only_evening}))"
)
_HOUR_OR_WORD = re.compile(r"(?<![\d:.])\d\d?(?![\d.])|[^\W\d_]+")
# Words between an hour and its part of the day: "half past eight in the morning".
_NEAR = 6


def _hour_problem(pair: Pair, spelling: str, known: LanguageKnowledge) -> Changed | None:
    """8 a.m. that became 8 in the evening: told of the hour, not of the text."""
    if known.dates is None or not known.dates.hours or known.numbers is None or not _stated(pair.source).halves:
        return None
    said = _parts_of_day(spelling, known.dates, known.numbers)
    for m in _SOURCE_HOUR.finditer(pair.source.string):
        hour = int(m[1]) % 12 + (12 if m["pm"] else 0)
        found = said.get(hour % 12, {})
        if found and not any(low <= hour < high or low <= hour + 24 < high for low, high in found.values()):
            return Changed(True, f"'{m[0]}' of the source became '{next(iter(found))}'")
    return None


def _parts_of_day(spelling: str, dates: Dates, numbers: NumberWords) -> dict[int, dict[str, tuple[int, int]]]:
    """The parts of the day, with what they mean, by the hours (of 12) that the words before them may tell."""
    found: dict[int, dict[str, tuple[int, int]]] = {}
    end = 0
    for m in _hours(dates).finditer(spelling):
        words = _HOUR_OR_WORD.findall(spelling, end, m.start())[-_NEAR:]
        end = m.end()
        for i, word in enumerate(words):
            kind, value = numbers.forms.get(word, ("", 0))
            if kind in ("one", "ten"):
                hour = int(value) + (10 if words[i + 1 : i + 2] and words[i + 1] in numbers.teens else 0)
            elif word.isdigit():
                hour = int(word)
            else:
                continue
            found.setdefault(hour % 12, {})[m[0].strip()] = dates.hours[int((m.lastgroup or "h0")[1:])][1]
    return found


@lru_cache(maxsize=16)
def _hours(dates: Dates) -> re.Pattern[str]:
    return re.compile("|".join(rf"(?P<h{i}>(?<!\w)(?:{words}))" for i, (words, _) in enumerate(dates.hours)))


def _times(text: str) -> list[tuple[int, int]]:
    return list(dict.fromkeys((int(m[1]) % 12, int(m[2])) for m in _CLOCK.finditer(text)))


def _clock(time: tuple[int, int]) -> str:
    return f"{time[0]}:{time[1]:02}"


# Of a time the first problem is told.
_TIMES = (_era_problem, _clock_problem, _iso_problem, _half_problem)


def date_problems(pair: Pair, known: LanguageKnowledge) -> list[Changed]:
    """What is wrong with the dates and times of the target, in words; `[]` if nothing or if its words are unknown."""
    if known.dates is None:
        return []
    spelling, words = plain(pair.target, known), _patterns(known.dates)
    found: list[Changed | None] = []
    if not english_words(pair.source).isdisjoint(DATE_WORDS):
        found = [look(pair, spelling, words) for look in (_month_problem, _number_of_day, _day_problem)]
    if _stated(pair.source):
        found.append(next(filter(None, (look(pair, spelling, words) for look in _TIMES)), None))
        if found[-1] is None:
            found.append(_hour_problem(pair, spelling, known))
    return [problem for problem in found if problem]
