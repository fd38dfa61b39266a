"""Units of measure: what an English text measures, and whether the Arabic one measures it in the same units.

A unit that is replaced is replaced by one of the same kind (kilometres by miles, dollars by euros), so the units stand
by kind. Arabic ones are whole words in the spelling of `normalise_arabic`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from processors.languages.digits import canonical, numbers
from processors.languages.number_words import ENGLISH_NUMBERS, english_words

_FIRST_WORD = re.compile(r"[a-z]+")

# kind -> unit -> (English behind a number, Arabic words).
_UNITS: dict[str, dict[str, tuple[str, str]]] = {
    "length": {
        "km": (r"km|kms|kph|kmh|kilomet(?:er|re)s?", r"كيلو ?متر\w*|كيلو\w*|كم|كلم|km"),
        "mile": (r"mi|mph|miles?", r"ميلا?|ميلين|ميلان|اميالا?|mi"),
        "cm": (r"cm|centimet(?:er|re)s?", r"سنتي ?متر\w*|سنتي\w*|سم|cm"),
        "mm": (r"mm|millimet(?:er|re)s?", r"مي?ل+ي? ?متر\w*|ملم|مم|مي?لي|mm"),
        "m": (r"met(?:er|re)s?", r"متر\w*|امتارا?|(?<=\d)م|(?<=\d )م|m"),
        "foot": (r"feet|foot|ft", r"قدما?|قدمين|قدمان|اقداما?"),
        "inch": (r"inch|inches", r"بوص\w*|انش\w*"),
        "yard": (r"yards?|yds?", r"يارد\w*"),
    },
    "mass": {
        "kg": (r"kg|kgs|kilograms?|kilogrammes?|kilos?", r"كيلو ?[غج]رام\w*|كيلو\w*|كغم?|كجم|كلغ|kg"),
        "pound": (r"pounds?|lbs?", r"رطل\w*|ارطالا?|باوند\w*|ليبر\w*|جنيه\w*|استرليني\w*|£"),
        "gram": (r"grams?|grammes?|g", r"[غج]رام\w*|غم|جم|(?<=\d)[غج]|(?<=\d )[غج]|g"),
        "mg": (r"mg|milligrams?", r"مي?ل+ي? ?[غج]رام\w*|ملغم?|ملجم|مغم?|مجم|mg"),
        "ton": (r"tons?|tonnes?", r"طنا?|طنين|طنان|اطنانا?"),
        "ounce": (r"oz|ounces?", r"اوقي\w*|اون[صس]\w*|اوقه"),
    },
    "volume": {
        "litre": (r"lit(?:er|re)s?", r"لي?تر\w*"),
        "ml": (r"ml|millilit(?:er|re)s?", r"مي?ل+ي? ?لي?تر\w*|مل|ml"),
        "gallon": (r"gallons?", r"[غج]الون\w*"),
        "cup": (r"cups?", r"كوبا?|كوبين|كوبان|اكواب\w*|كاسا?|كاسين|كؤوس|كووس|فنجان\w*|فناجين|قدح\w*"),
        "spoon": (r"(?:table|tea)spoons?|tbsp|tsp", r"ملعق\w*|ملاعق"),
    },
    "money": {
        "dollar": (r"(?:US )?dollars?|USD|bucks", r"دولار\w*|\$|usd"),
        "euro": (r"euros?|EUR", r"[يا]ورو\w*|€|eur"),
        "sterling": (r"pounds sterling|GBP", r"جنيه\w*|استرليني\w*|باوند\w*|£|gbp"),
        "yen": (r"yen|JPY", r"ينا?|الين|¥"),
        "yuan": (r"yuan|renminbi|RMB", r"يوان\w*|رينمينبي|رنمينبي|¥"),
        "rupee": (r"rupees?", r"روبي\w*"),
        "riyal": (r"ri[yi]?als?|SAR", r"ريال\w*"),
        "dirham": (r"dirhams?|AED", r"درهم\w*|دراهم"),
        "dinar": (r"dinars?", r"دينار\w*|دنانير"),
        "rouble": (r"rou?bles?", r"روبل\w*"),
    },
    "share": {"percent": (r"%|percent|per cent", r"[%٪]|(?:في )?(?:ال)?(?:مئ|مائ|ماء|مي)[هت]\w*|مئوي\w*")},
    "temperature": {
        "celsius": (
            r"° ?C|℃|degrees? (?:Celsius|centigrade|C)|Celsius",
            r"مئوي\w*|سلسيوس|سلزيوس|سيليزي\w*|سلزي\w*|℃|(?:° ?)[مسc]",
        ),
        "fahrenheit": (r"° ?F|℉|degrees? (?:Fahrenheit|F)|Fahrenheit|F", r"ف[اه]+رن?ها?ي?ت\w*|℉|(?:° ?)[فf]"),
    },
    # Of a length: found with it, see `measures`.
    "dimension": {
        "square": (r"square|sq\.?|²", r"مربع\w*|²"),
        "cubic": (r"cubic|cu\.?|³", r"مكعب\w*|³"),
    },
    "area": {
        "acre": (r"acres?", r"فدان\w*|فدادين|افدن\w*|ايكر\w*|اكر\w*"),
        "hectare": (r"hectares?|ha", r"هكتار\w*"),
    },
    "power": {
        "watt": (r"watts?|W", r"وا[طت]\w*"),
        "kilowatt": (r"kilowatts?|kW", r"كيلو ?وا[طت]\w*"),
        "volt": (r"volts?|V", r"فولت\w*|فولط\w*"),
        "ampere": (r"amps?|amperes?", r"امبير\w*"),
    },
    "data": {
        "kilobyte": (r"kilobytes?|KB", r"كيلو ?بايت\w*|kb"),
        "megabyte": (r"megabytes?|MB", r"مي[غج]ا ?بايت\w*|مي[غج]ا|م\.?ب|mb"),
        "gigabyte": (r"gigabytes?|GB", r"[غج]ي[غج]ا ?بايت\w*|[غج]ي[غج]ا|gb"),
        "terabyte": (r"terabytes?|TB", r"تيرا ?بايت\w*|تيرا|tb"),
    },
    "rate": {
        "kilobit": (r"kbps|kilobits?|kbit", r"كيلو ?بت\w*|kbps"),
        "megabit": (r"[Mm]bps|megabits?|Mbit", r"مي[غج]ا ?بت\w*|mbps"),
        "gigabit": (r"[Gg]bps|gigabits?|Gbit", r"[غج]ي[غج]ا ?بت\w*|gbps"),
    },
    "energy": {
        "calorie": (r"k?cal|calories?|kilocalories?", r"سعر\w*|كالوري\w*|حراري\w*|حرير\w*|kcal"),
        "joule": (r"joules?|kJ", r"جول\w*|kj"),
    },
    "frequency": {
        "kilohertz": (r"kHz|kilohertz", r"كيلو ?هي?رتز|khz"),
        "megahertz": (r"MHz|megahertz", r"مي[غج]ا ?هي?رتز|mhz"),
        "gigahertz": (r"GHz|gigahertz", r"[غج]ي[غج]ا ?هي?رتز|ghz"),
    },
    "time": {
        "hour": (r"hours?|hrs?", r"ساع\w*"),
        "minute": (r"minutes?|mins?", r"دقيق\w*|دقائق\w*|دقايق"),
        "second": (r"seconds?|secs?", r"ثاني\w*|ثوان\w*"),
        "day": (r"days?", r"يوم\w*|ايام\w*|نهار\w*"),
        "week": (r"weeks?", r"اسبوع\w*|اسابيع\w*"),
        "month": (r"months?", r"شهر\w*|اشهر\w*|شهور\w*"),
        "year": (r"years?", r"سن[هتيو]\w*|عام\w*|عمر\w*|اعوام\w*|حول\w*"),
        "century": (r"centur(?:y|ies)", r"قرن\w*|قرون\w*"),
    },
}  # fmt: skip

_KIND = {unit: kind for kind, units in _UNITS.items() for unit in units}
_COUNTS = [
    "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "fifteen", "twenty",
    "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
]  # fmt: skip
_NUMBER_WORDS = {word: str(ENGLISH_NUMBERS[word]) for word in _COUNTS} | dict.fromkeys(
    ("hundred", "thousand", "million", "billion", "dozen", "several", "few"), ""
)
_UNIT = (
    r"[ -]?(?:sq\.? |square |cubic )?(?:"
    + "|".join(f"(?P<{unit}>{english})" for units in _UNITS.values() for unit, (english, _) in units.items())
    # A bare "m" behind money is a million.
    + r"|(?<![$€£]\d )(?<![$€£]\d\d )(?<![$€£]\d\d\d )(?<=\d )(?P<bare_m>m))(?![A-Za-z])"
)
# Two patterns: one that starts with a digit jumps from digit to digit.
_DIGITS_UNIT = re.compile(r"\d" + _UNIT)
_WORDS_UNIT = re.compile(r"\b(?:" + "|".join(_NUMBER_WORDS) + ")" + _UNIT)
_NUMBER_WORD_SET = frozenset(_NUMBER_WORDS)
_DIMENSION = re.compile(r"(?<![A-Za-z])(?:sq|cubic)")
_NUMBER_BEFORE = re.compile(r"(?<![\d.,])(\d+(?:[.,]\d+)*)\s?$")
_LAST_NUMBER = re.compile(r"(?<![\d.,])\d+(?:[.,]\d+)*$")
_MONEY = re.compile(r"(?:(?<![A-Za-z])|US|NZ|HK|CA|(?<![A-Z])[AC])([$€£¥])\s?(\d+(?:[.,]\d+)*)")
_MONEY_SIGN = re.compile("[$€£¥]")
# ¥ is the sign of both.
_SIGNS = {"$": ("dollar",), "€": ("euro",), "£": ("sterling",), "¥": ("yen", "yuan")}
_ENGLISH = {
    unit: re.compile(rf"(?<![A-Za-z])(?:{english})(?![A-Za-z])", re.I)
    for units in _UNITS.values()
    for unit, (english, _) in units.items()
}
_ARABIC = {
    kind: re.compile(
        r"(?<![^\W\d_])(?:[وف]?(?:ب?ال|لل|[بل])?)(?:"
        + "|".join(f"(?P<{unit}>{arabic})" for unit, (_, arabic) in units.items())
        + r")(?![^\W\d_])"
    )
    for kind, units in _UNITS.items()
}
# "2 days", "1 hour", "24 hours" turn into duals and idioms, as do spoonfuls and cups; these stay as they are.
_MUST_STAY = {
    "km", "mile", "cm", "mm", "foot", "inch", "kg", "pound", "gram", "mg", "ton", "litre", "ml", "gallon", "dollar",
    "euro", "sterling", "percent", "celsius", "fahrenheit", "hectare", "megabyte", "gigabyte", "calorie",
}  # fmt: skip
# "35 degrees" says enough where the scale is understood.
_NEUTRAL = {"temperature": re.compile(r"درج|°|حرار")}
_PERCENT = re.compile(r"(\d+(?:[.,]\d+)*)\s?(?:[%٪]|(?:ب|في )ال(?:مئ|مائ|مي)[هة])")
_SHARES = re.compile(r"[%٪]|percent|per cent|\bpct\b|proportion|\brate\b|\bshare\b|°", re.I)


@dataclass(frozen=True, slots=True)
class Measure:
    """`value` in the spelling of `canonical`, empty where it is a vague word ("a few miles")."""

    value: str
    unit: str


# Every translator's candidate is checked against the same source.
@lru_cache(maxsize=64)
def measures(text: str) -> tuple[Measure, ...]:
    """Units that stand behind a number of an English text, in digits or words, and signs of money before one."""
    found = []
    matches = list(_DIGITS_UNIT.finditer(text))
    if not english_words(text).isdisjoint(_NUMBER_WORD_SET):
        matches += _WORDS_UNIT.finditer(text)
    for m in matches:
        unit = m.lastgroup
        if unit is None or unit in _UNITS["dimension"]:
            continue
        shape = _DIMENSION.search(m[0])
        if shape:
            found.append(Measure("", "square" if shape[0][0] == "s" else "cubic"))
        number = _LAST_NUMBER.search(text, max(0, m.start() - 20), m.start() + 1)
        if number:
            value = canonical(number[0])
        else:
            word = _FIRST_WORD.match(m[0])
            value = _NUMBER_WORDS.get(word[0], "") if word else ""
        found.append(Measure(value, "m" if unit == "bare_m" else unit))
    for m in _MONEY.finditer(text) if _MONEY_SIGN.search(text) else ():
        found += [Measure(canonical(m[2]), unit) for unit in _SIGNS[m[1]]]
    return tuple(found)


def _stated(kind: str, plain: str) -> Iterator[Measure]:
    for m in _ARABIC[kind].finditer(plain):
        if m.lastgroup:
            number = _NUMBER_BEFORE.search(plain, max(0, m.start() - 20), m.start())
            yield Measure(canonical(number[1]) if number else "", m.lastgroup)


def unit_problem(source: str, plain: str) -> str | None:
    """What is wrong with the units of an Arabic target, or None.

    `plain` is the target from `normalise_arabic`, with ASCII digits.
    """
    wanted = measures(source)
    if not wanted:
        return _new_percent(source, plain)
    plain = plain.lower()
    for kind in dict.fromkeys(_KIND[m.unit] for m in wanted):
        here = [m for m in wanted if _KIND[m.unit] == kind]
        there = list(_stated(kind, plain))
        problem = _changed(here, there) or _missing(kind, here, {m.unit for m in there}, source, plain)
        if problem:
            return problem
    return _new_percent(source, plain)


def _changed(here: list[Measure], there: list[Measure]) -> str | None:
    units: dict[str, set[str]] = {}
    for m in here:
        units.setdefault(m.value, set()).add(m.unit)
    for m in there:
        wanted = units.get(m.value) if m.value else None
        if wanted and m.unit not in wanted:
            return f"'{m.value} {min(wanted)}' of the source became '{m.value} {m.unit}'"
    return None


def _missing(kind: str, here: list[Measure], there: set[str], source: str, plain: str) -> str | None:
    units = {m.unit for m in here}
    if units & there and len(units) > 1 and units <= {"yen", "yuan"}:
        return None
    for unit in dict.fromkeys(m.unit for m in here):
        if unit in there:
            continue
        for other in sorted(there - units):
            if not _ENGLISH[other].search(source):
                return f"unit '{unit}' of the source became '{other}'"
        neutral = _NEUTRAL.get(kind)
        if unit in _MUST_STAY and not (neutral and neutral.search(plain)):
            return f"unit '{unit}' of the source is missing"
    return None


def _new_percent(source: str, plain: str) -> str | None:
    """A plain number of the source that became a percentage."""
    if not any(map(plain.__contains__, ("%", "٪", "المئ", "المائ"))) or _SHARES.search(source):
        return None
    values = set(numbers(source))
    for m in _PERCENT.finditer(plain):
        if canonical(m[1]) in values:
            return f"'{m[1]}' of the source became '{m[0]}'"
    return None
