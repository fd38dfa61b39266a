"""Units of measure: what an English text measures, and whether the target measures it in the same units.

A unit that is replaced is replaced by one of the same kind (kilometres by miles, dollars by euros), so the units stand
by kind. Their words stand with the languages, by the names that the units have here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from processors.checks.pairs.pair import Pair
from processors.checks.quantities.changed import Changed
from processors.languages.digits import canonical
from processors.languages.english import ENGLISH
from processors.languages.english_numbers import COUNTING, english_words
from processors.languages.knowledge import LanguageKnowledge, Units
from processors.languages.number_words import spells_share
from processors.languages.spellings import numbers_in, plain
from processors.texts import Text, view

_KINDS = {
    "length": ("km", "mile", "cm", "mm", "m", "foot", "inch", "yard"),
    "mass": ("kg", "pound", "gram", "mg", "ton", "ounce"),
    "volume": ("litre", "ml", "gallon", "cup", "spoon"),
    "money": ("dollar", "euro", "sterling", "yen", "yuan", "rupee", "riyal", "dirham", "dinar", "rouble"),
    "share": ("percent",),
    "temperature": ("celsius", "fahrenheit"),
    # Of a length: found with it, see `measures`.
    "dimension": ("square", "cubic"),
    "area": ("acre", "hectare"),
    "power": ("watt", "kilowatt", "volt", "ampere"),
    "data": ("kilobyte", "megabyte", "gigabyte", "terabyte"),
    "rate": ("kilobit", "megabit", "gigabit"),
    "energy": ("calorie", "joule"),
    "frequency": ("kilohertz", "megahertz", "gigahertz"),
    "time": ("hour", "minute", "second", "day", "week", "month", "year", "century"),
}
_KIND = {unit: kind for kind, units in _KINDS.items() for unit in units}
# "2 days", "1 hour", "24 hours" turn into duals and idioms, as do spoonfuls and cups; these stay as they are.
_MUST_STAY = {
    "km", "mile", "cm", "mm", "foot", "inch", "kg", "pound", "gram", "mg", "ton", "litre", "ml", "gallon", "dollar",
    "euro", "sterling", "percent", "celsius", "fahrenheit", "hectare", "megabyte", "gigabyte", "calorie",
}  # fmt: skip
# So many of the first make one, or a half, of the second.
_MAKE_ONE = {
    ("second", "minute"): 30, ("minute", "hour"): 15, ("hour", "day"): 12, ("day", "week"): 7, ("day", "month"): 30,
    ("week", "month"): 4, ("month", "year"): 6, ("year", "century"): 50,
}  # fmt: skip
# Not even where the number has stayed: "24 hours" is a day, "2 cups" may be glasses, a ton is understood.
_TURNED = {*_KINDS["time"], *_KINDS["dimension"], "cup", "spoon", "yard"}

assert ENGLISH.units is not None
_SOURCE: Units = ENGLISH.units
_UNIT = (
    rf"{_SOURCE.before}(?:"
    + "|".join(f"(?P<{unit}>{_SOURCE.words[unit]})" for unit in _KIND)
    # A bare "m" behind money is a million.
    + r"|(?<![$€£]\d )(?<![$€£]\d\d )(?<![$€£]\d\d\d )(?<=\d )(?P<bare_m>m))(?![A-Za-z])"
)
_PER_HOUR = re.compile(
    r"(?<![\d.,])(\d+(?:[.,]\d+)*)[ -]?(?:km/h|kmh|kph|mph|(?:kilomet(?:er|re)|mile)s? (?:per|an) hour)\b"
)
# One of these is in every match of it.
_HOURLY = ("hour", "mph", "kph", "km")
# Two patterns: one that starts with a digit jumps from digit to digit.
# No unit begins with what most numbers have behind them.
_DIGITS_UNIT = re.compile(r"\d(?=[ -]?[^\s\d.,;:)])" + _UNIT)
_WORDS_UNIT = re.compile(r"\b(?:" + "|".join(COUNTING) + ")" + _UNIT)
_COUNTING_WORDS = frozenset(COUNTING)
# "1 h 20 m 5 s": minutes.
_HOURS_BEFORE = re.compile(r"\d ?h(?:rs?|ours?)? ?\d*$")
_SECONDS_BEHIND = re.compile(r" \d+ ?s\b")
_FIRST_WORD = re.compile(r"[a-z]+")
_NUMBER_BEFORE = re.compile(r"(?<![\d.,])(\d+(?:[.,]\d+)*)\s?$")
_LAST_NUMBER = re.compile(r"(?<![\d.,])\d+(?:[.,]\d+)*$")
_MONEY = re.compile(r"(?:(?<![A-Za-z])|US|NZ|HK|CA|(?<![A-Z])[AC])([$€£¥])\s?(\d+(?:[.,]\d+)*)")
_MONEY_SIGN = re.compile("[$€£¥]")
# ¥ is the sign of both.
_SIGNS = {"$": ("dollar",), "€": ("euro",), "£": ("sterling",), "¥": ("yen", "yuan")}
_SAID = {unit: re.compile(rf"(?<![A-Za-z])(?:{words})(?![A-Za-z])", re.I) for unit, words in _SOURCE.words.items()}
_SHARES = re.compile((_SOURCE.unnamed or {})["share"], re.I)


@dataclass(frozen=True, slots=True)
class Measure:
    """`value` in the spelling of `canonical`, empty where it is a vague word ("a few miles")."""

    value: str
    unit: str


@view
def measures(text: Text) -> tuple[Measure, ...]:
    """Units that stand behind a number of an English text, in digits or words, and signs of money before one."""
    string = text.string
    matches = list(_DIGITS_UNIT.finditer(string))
    if not english_words(text).isdisjoint(_COUNTING_WORDS):
        matches += _WORDS_UNIT.finditer(string)
    found = [measure for m in matches for measure in _measured(m, string)]
    for m in _MONEY.finditer(string) if _MONEY_SIGN.search(string) else ():
        found += [Measure(canonical(m[2]), unit) for unit in _SIGNS[m[1]]]
    return tuple(found)


def _measured(m: re.Match[str], string: str) -> Iterator[Measure]:
    unit = m.lastgroup
    if unit is None or unit in _KINDS["dimension"]:
        return
    if unit == "bare_m" and (_HOURS_BEFORE.search(string[: m.start()]) or _SECONDS_BEHIND.match(string, m.end())):
        return
    if m["is_square"] or m["is_cubic"]:
        yield Measure("", "square" if m["is_square"] else "cubic")
    number = _LAST_NUMBER.search(string, max(0, m.start() - 20), m.start() + 1)
    word = _FIRST_WORD.match(m[0])
    if unit == "hour" and word and word[0] == "hundred":
        # "Twenty-two hundred hours" is a time.
        return
    value = canonical(number[0]) if number else COUNTING.get(word[0], "") if word else ""
    yield Measure(value, "m" if unit == "bare_m" else unit)


@lru_cache(maxsize=16)
def _patterns(units: Units) -> dict[str, re.Pattern[str]]:
    """A target language's words for the units of a kind."""
    patterns = {}
    for kind, names in _KINDS.items():
        words = "|".join(f"(?P<{unit}>{units.words[unit]})" for unit in names if unit in units.words)
        patterns[kind] = re.compile(rf"(?<![^\W\d_])(?:{units.before})(?:{words or '(?!)'})(?![^\W\d_])")
    return patterns


@lru_cache(maxsize=16)
def _percentage(units: Units) -> re.Pattern[str]:
    return re.compile(rf"(\d+(?:[.,]\d+)*)\s?(?:[%٪]|{units.percent or '(?!)'})")


def _stated(kind: str, spelling: str, units: Units) -> Iterator[Measure]:
    for m in _patterns(units)[kind].finditer(spelling):
        if m.lastgroup:
            number = _NUMBER_BEFORE.search(spelling, max(0, m.start() - 20), m.start())
            yield Measure(canonical(number[1]) if number else "", m.lastgroup)


def unit_problems(pair: Pair, known: LanguageKnowledge) -> list[Changed]:
    """What is wrong with the units of the target: the first problem. `[]` where its words are unknown."""
    units = known.units
    if units is None:
        return []
    spelling = plain(pair.target, known)
    # Nothing is nothing in any currency.
    wanted = [
        m for m in measures(pair.source) if m.unit in units.words and (m.value != "0" or _KIND[m.unit] != "money")
    ]
    small = spelling.lower() if wanted else ""
    for kind in dict.fromkeys(_KIND[m.unit] for m in wanted):
        here = [m for m in wanted if _KIND[m.unit] == kind]
        there = list(_stated(kind, small, units))
        neutral = (units.unnamed or {}).get(kind)
        unnamed = neutral is not None and re.search(neutral, small) is not None
        problem = _changed(here, there) or _missing(here, {m.unit for m in there}, pair, unnamed)
        if problem:
            return [problem]
    problem = _speed(pair, small, units) or _new_percent(pair.source, spelling, units)
    return [problem] if problem else []


def _changed(here: list[Measure], there: list[Measure]) -> Changed | None:
    units: dict[str, set[str]] = {}
    for m in here:
        units.setdefault(m.value, set()).add(m.unit)
    for m in there:
        wanted = units.get(m.value) if m.value else None
        if wanted and m.unit not in wanted:
            return Changed(True, f"'{m.value} {min(wanted)}' of the source became '{m.value} {m.unit}'")
    return None


def _missing(here: list[Measure], there: set[str], pair: Pair, unnamed: bool) -> Changed | None:
    """`unnamed`: "35 degrees" says enough where the scale is understood. Where the target has the
    number in digits, its unit was not turned into an idiom."""
    source, written = pair.source.string, numbers_in(pair.target)
    units = {m.unit for m in here}
    if units & there and len(units) > 1 and units <= {"yen", "yuan"}:
        return None
    for unit in dict.fromkeys(m.unit for m in here):
        if unit in there or _kept(unit, here, pair):
            continue
        for other in sorted(there - units):
            if not _SAID[other].search(source):
                return Changed(
                    unit in _MUST_STAY or _is_other_time(unit, other, here),
                    f"unit '{unit}' of the source became '{other}'",
                )
        stripped = any(m.unit == unit and m.value in written for m in here)
        if (unit in _MUST_STAY or (stripped and unit not in _TURNED)) and not unnamed:
            return Changed(stripped, f"unit '{unit}' of the source is missing")
    return None


def _kept(unit: str, here: list[Measure], pair: Pair) -> bool:
    """Whether the target has the unit's English word, in what a machine says, or a fraction for a percentage."""
    if _SAID[unit].search(pair.target.string):
        return True
    words = pair.knowledge.numbers
    if unit != "percent" or words is None:
        return False
    spelling = plain(pair.target, pair.knowledge)
    return all(spells_share(m.value, spelling, words) for m in here if m.unit == unit)


def _is_other_time(unit: str, other: str, here: list[Measure]) -> bool:
    """Whether no number of these makes one of the other unit: 24 months are two years, six weeks are no six months."""
    whole = _MAKE_ONE.get((unit, other))
    values = [m.value for m in here if m.unit == unit and m.value.isdigit()]
    thirds = (unit, other) == ("minute", "hour") and any(int(v) % 20 == 0 for v in values)
    exact = thirds or (whole and any(int(v) % whole == 0 for v in values))
    return unit in _KINDS["time"] and bool(values) and not exact


def _speed(pair: Pair, small: str, units: Units) -> Changed | None:
    source = pair.source.string
    m = _PER_HOUR.search(source) if any(map(source.__contains__, _HOURLY)) else None
    if m is None or not units.per_hour or re.search(units.per_hour, small):
        return None
    return Changed(canonical(m[1]) in numbers_in(pair.target), f"'{m[0]}' of the source is not per hour any more")


def _new_percent(source: Text, spelling: str, units: Units) -> Changed | None:
    """A plain number of the source that became a percentage."""
    if not any(map(spelling.__contains__, ("%", "٪", *units.percent_signs))) or _SHARES.search(source.string):
        return None
    for m in _percentage(units).finditer(spelling):
        if canonical(m[1]) in numbers_in(source):
            return Changed(True, f"'{m[1]}' of the source became '{m[0]}'")
    return None
