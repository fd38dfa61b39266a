"""What is wrong with the units of a target: changed, lost, a speed that is none, a percentage from nowhere."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice

from processors.checks.pairs.changed import Changed
from processors.checks.pairs.pair import Pair
from processors.checks.quantities.converted import converted
from processors.checks.quantities.measures import KIND, KINDS, Measure, measures, stated
from processors.languages.digits import canonical
from processors.languages.english import ENGLISH
from processors.languages.knowledge import LanguageKnowledge, Units
from processors.languages.number_words import spells_share
from processors.languages.spellings import numbers_in, plain
from processors.texts import Text

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
_TURNED = {*KINDS["time"], *KINDS["dimension"], "cup", "spoon", "yard"}

assert ENGLISH.units is not None
_PER_HOUR = re.compile(
    r"(?<![\d.,])(\d+(?:[.,]\d+)*)[ -]?(?:km/h|kmh|kph|mph|(?:kilomet(?:er|re)|mile)s? (?:per|an) hour)\b"
)
# One of these is in every match of it.
_HOURLY = ("hour", "mph", "kph", "km")
_SAID = {
    unit: re.compile(rf"(?<![A-Za-z])(?:{words})(?![A-Za-z])", re.I) for unit, words in ENGLISH.units.words.items()
}
# Of percentages: bounds the work.
_MOST = 20
_NUMBERS = re.compile(r"(?<![\d.,])\d+(?:[.,]\d+)*")
_SHARES = re.compile((ENGLISH.units.unnamed or {})["share"], re.I)


@lru_cache(maxsize=16)
def _percentage(units: Units) -> re.Pattern[str]:
    return re.compile(rf"(\d+(?:[.,]\d+)*)\s?(?:[%٪]|{units.percent or '(?!)'})")


def unit_problems(pair: Pair, known: LanguageKnowledge) -> list[Changed]:
    """What is wrong with the units of the target: the first problem. `[]` where its words are unknown."""
    units = known.units
    if units is None:
        return []
    spelling = plain(pair.target, known)
    # Nothing is nothing in any currency.
    wanted = [
        m for m in measures(pair.source) if m.unit in units.words and (m.value != "0" or KIND[m.unit] != "money")
    ]
    small = spelling.lower() if wanted else ""
    for kind in dict.fromkeys(KIND[m.unit] for m in wanted):
        here = [m for m in wanted if KIND[m.unit] == kind]
        there = list(stated(kind, small, units))
        neutral = (units.unnamed or {}).get(kind)
        unnamed = neutral is not None and re.search(neutral, small) is not None
        problem = _changed(here, there) or _missing(here, {m.unit for m in there}, pair, unnamed)
        if problem:
            return _converted(pair, here, there, unnamed, problem)
    problem = (
        _speed(pair, small, units)
        or _new_percent(pair.source, spelling, units)
        or _percent_lost([m.value for m in wanted if m.unit == "percent"], spelling, units)
    )
    return [problem] if problem else []


def _converted(
    pair: Pair, here: list[Measure], there: list[Measure], unnamed: bool, problem: Changed
) -> list[Changed]:
    """The problem, unless it is that the target has other units and the numbers for them."""
    found = converted(pair)
    if not found.units:
        return [problem]
    left = [m for m in here if m.unit not in found.units]
    others = [m for m in there if m.unit not in found.into or m.unit in {m.unit for m in here}]
    still = _changed(left, others) or _missing(left, {m.unit for m in others}, pair, unnamed)
    if still is not None:
        return [still]
    return [Changed(False, f"unit '{min(found.units)}' of the source is told in another one")] if found.unsaid else []


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
    return unit in KINDS["time"] and bool(values) and not exact


def _speed(pair: Pair, small: str, units: Units) -> Changed | None:
    source = pair.source.string
    m = _PER_HOUR.search(source) if any(map(source.__contains__, _HOURLY)) else None
    if m is None or not units.per_hour or re.search(units.per_hour, small):
        return None
    return Changed(canonical(m[1]) in numbers_in(pair.target), f"'{m[0]}' of the source is not per hour any more")


def _percent_lost(values: list[str], spelling: str, units: Units) -> Changed | None:
    """One of two percentages that became a plain number; behind a list of numbers the sign stands once."""
    if len(values) < 2 or not units.percent:
        return None
    shares = [canonical(m) for behind in _shared(units).finditer(spelling) for m in _NUMBERS.findall(behind[0])]
    for value in islice(dict.fromkeys(values), _MOST):
        plainly = [m for m in _NUMBERS.finditer(spelling) if canonical(m[0]) == value] if value not in shares else ()
        if len(plainly) == 1 and not re.search(
            units.rate or "(?!)", spelling[max(0, plainly[0].start() - 20) : plainly[0].start()]
        ):
            return Changed(True, f"'{value}%' of the source became '{value}'")
    return None


@lru_cache(maxsize=16)
def _shared(units: Units) -> re.Pattern[str]:
    # Each number is taken as a whole, so that a row of them is read once.
    number = r"(?<![\d.,])\d++(?:[.,]\d++)*+"
    return re.compile(rf"{number}(?:[^\d\n.;؛%٪]{{1,14}}+{number}){{0,6}}\s?(?:[%٪]|{units.percent})")


def _new_percent(source: Text, spelling: str, units: Units) -> Changed | None:
    """A plain number of the source that became a percentage."""
    if not any(map(spelling.__contains__, ("%", "٪", *units.percent_signs))) or _SHARES.search(source.string):
        return None
    for m in _percentage(units).finditer(spelling):
        if canonical(m[1]) in numbers_in(source):
            return Changed(True, f"'{m[1]}' of the source became '{m[0]}'")
    return None
