"""Units of measure: what an English text measures, and what a target states.

A unit that is replaced is replaced by one of the same kind (kilometres by miles, dollars by euros), so the units stand
by kind. Their words stand with the languages, by the names that the units have here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

from processors.languages.digits import canonical
from processors.languages.english import ENGLISH
from processors.languages.english_numbers import COUNTING, english_words
from processors.languages.knowledge import LanguageKnowledge, Units
from processors.languages.spellings import plain
from processors.texts import Text, view

KINDS = {
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
KIND = {unit: kind for kind, units in KINDS.items() for unit in units}
assert ENGLISH.units is not None
_SOURCE: Units = ENGLISH.units
_UNIT = (
    rf"{_SOURCE.before}(?:"
    + "|".join(f"(?P<{unit}>{_SOURCE.words[unit]})" for unit in KIND)
    # A bare "m" behind money is a million.
    + r"|(?<![$€£]\d )(?<![$€£]\d\d )(?<![$€£]\d\d\d )(?<=\d )(?P<bare_m>m))(?![A-Za-z])"
)
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
    if unit is None or unit in KINDS["dimension"]:
        return
    if unit == "bare_m" and (
        _HOURS_BEFORE.search(string, max(0, m.start() - 16), m.start()) or _SECONDS_BEHIND.match(string, m.end())
    ):
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
    for kind, names in KINDS.items():
        words = "|".join(f"(?P<{unit}>{units.words[unit]})" for unit in names if unit in units.words)
        # "كم²": of an area, and ² is a letter to `re`.
        patterns[kind] = re.compile(rf"(?<![^\W\d_])(?:{units.before})(?:{words or '(?!)'})(?![^\W\d_²³])")
    return patterns


def unit_matches(kind: str, spelling: str, units: Units) -> Iterator[re.Match[str]]:
    """The units of a kind in a target, each by its group."""
    return (m for m in _patterns(units)[kind].finditer(spelling) if m.lastgroup)


def stated(kind: str, spelling: str, units: Units) -> Iterator[Measure]:
    """The units of a kind in a target, each with the number in digits before it."""
    for m in unit_matches(kind, spelling, units):
        number = _NUMBER_BEFORE.search(spelling, max(0, m.start() - 20), m.start())
        yield Measure(canonical(number[1]) if number else "", m.lastgroup or "")


def measured_alike(source: Text, target: Text, values: Collection[str], known: LanguageKnowledge) -> bool:
    """Whether these numbers have different units in an English text, and in the target each its own: kilograms and
    calories that stand the other way round have not changed places. `values` in the spelling of `canonical`."""
    if known.units is None:
        return False
    here = {m for m in measures(source) if m.value in values and m.unit in known.units.words}
    if {m.value for m in here} != set(values) or len({m.unit for m in here}) < 2:
        return False
    small = plain(target, known).lower()
    kinds = {KIND[m.unit] for m in here}
    return here <= {m for kind in kinds for m in stated(kind, small, known.units)}
