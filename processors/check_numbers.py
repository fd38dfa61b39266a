"""Numbers, units and dates of the source must be in the target.

Digits are compared by value: Arabic-Indic and Persian digits equal ASCII ones, `٬` and `,` group, `٫` and `.` mark
decimals. A number that one side spells out ("3" and "ثلاثة", "19th century" and "القرن التاسع عشر", "two-dozen" and
"24") is no difference; where the spelling cannot be told, the check stays silent.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container
from functools import lru_cache

from processors.number_words import arabic_spells, english_values, normalise_arabic
from processors.verdict import Verdict

_DIGIT = re.compile(r"\d")
_OTHER_DIGITS = re.compile(r"[٠-٩۰-۹]")
_TO_ASCII = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫٬", "01234567890123456789.,")
# Digits glued behind a Latin letter ("KV62", "CO2", "mp3") name things and are often transliterated.
# The digit first and then what stands before it: so the search jumps from digit to digit.
_NUMBER = re.compile(r"\d(?<![A-Za-z_\d]\d)\d*(?:[.,،]\d+)*")
_GLUED = re.compile(r"\d(?<=[A-Za-z_]\d)\d*")
_GROUPED = re.compile(r"\d{1,3}(?:[,،]\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3}){2,}")
_DOTTED = re.compile(r"\d{1,3}(?:\.\d{3})+")
_SUFFIX = re.compile(
    r"\s?(?:(?P<decade>'?s\b)|(?P<pm>p\.?m\b)|(?P<scale>thousand|k\b|million|m\b|billion|bn\b|dozen))", re.I
)
_SHORT_YEAR = re.compile(r"\s?[-–/]\s?(\d\d)(?!\d)")
# Digits of a number whose value matters, and how many lost numbers are looked for in words: both bound the work.
_LONGEST, _MOST = 15, 50
_SCALES = {"thousand": 1000, "k": 1000, "million": 10**6, "m": 10**6, "billion": 10**9, "bn": 10**9, "dozen": 12}

# Stems in the spelling of `normalise_arabic`. Several units of one kind of quantity stand together, because a changed
# unit is another unit of the same kind.
_UNITS: dict[str, dict[str, tuple[str, tuple[str, ...]]]] = {
    "length": {
        "km": (r"km|kms|kph|kmh|kilomet(?:er|re)s?", ("كم", "كيلو", "km")),
        "mile": (r"mi|mph|miles?", ("ميل", "اميال", "mi")),
        "cm": (r"cm|centimet(?:er|re)s?", ("سم", "سنتي", "cm")),
        "mm": (r"mm|millimet(?:er|re)s?", ("مم", "ملم", "ملي", "ميلي", "ميلم", "mm")),
        "m": (r"met(?:er|re)s?", ("متر", "امتار", " م")),
        "foot": (r"feet|foot|ft", ("قدم", "اقدام")),
        "inch": (r"inch|inches", ("بوص", "انش", "بوصات")),
    },
    "mass": {
        "kg": (r"kg|kgs|kilograms?|kilos?", ("كغ", "كجم", "كلغ", "كيلو", "kg")),
        "pound": (r"pounds?|lbs?", ("رطل", "ارطال", "باوند", "جنيه", "استرليني", "£")),
        "gram": (r"grams?|g", ("غرام", "جرام", "غ", "ج")),
        "ton": (r"tons?|tonnes?", ("طن", "اطنان")),
    },
    "money": {
        "dollar": (r"dollars?|USD|bucks", ("دولار", "$", "usd")),
        "euro": (r"euros?|EUR", ("يورو", "€")),
        "yen": (r"yen", ("ين", "¥")),
    },
    "share": {"percent": (r"%|percent|per cent", ("%", "٪", "مئه", "مائه", "ميه", "مئويه"))},
    "temperature": {
        "celsius": (r"°\s?C|degrees Celsius", ("مئوي", "سلسيوس", "سيليزي", "°")),
        "fahrenheit": (r"°\s?F|degrees Fahrenheit", ("فهرنهايت", "°")),
    },
    "time": {
        "hour": (r"hours?|hrs?", ("ساع",)),
        "minute": (r"minutes?|mins?", ("دقيق", "دقائق", "دقايق")),
        "second": (r"seconds?|secs?", ("ثاني", "ثوان")),
        "day": (r"days?", ("يوم", "ايام", "نهار")),
        "week": (r"weeks?", ("اسبوع", "اسابيع")),
        "month": (r"months?", ("شهر", "اشهر", "شهور")),
        "year": (r"years?", ("سن", "عام", "عمر", "اعوام", "حول")),
    },
}
_UNIT_STEMS = {name: (kind, stems) for kind, units in _UNITS.items() for name, (_, stems) in units.items()}
_SOURCE_UNIT = re.compile(
    r"(?:\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|eighty"
    r"|hundred|thousand|million|billion))[ -]?(?:sq\.? |square |cubic )?(?:"
    + "|".join(f"(?P<{name}>{pattern})" for units in _UNITS.values() for name, (pattern, _) in units.items())
    + r")(?![A-Za-z])"
)
_LAST_NUMBER = re.compile(r"(?<![\d.,])\d+(?:[.,]\d+)*$")
_DOLLARS = re.compile(r"\$\s?(\d+(?:[.,]\d+)*)")
_UNIT_OF_STEM = {
    s: name for units in _UNITS.values() for name, (_, stems) in units.items() for s in stems if len(s.strip()) > 1
}
_TARGET_UNIT = re.compile(
    r"(?<![\d.,])(\d+(?:[.,]\d+)*)\s?(" + "|".join(sorted(map(re.escape, _UNIT_OF_STEM), key=len, reverse=True)) + ")"
)
_ENGLISH_UNIT = {
    name: re.compile(rf"(?<![A-Za-z])(?:{p})(?![A-Za-z])", re.I) for u in _UNITS.values() for name, (p, _) in u.items()
}
# "2 days", "1 hour", "24 hours" turn into duals and idioms; only a different unit of the same kind tells.
_MUST_STAY = {"km", "mile", "cm", "mm", "foot", "inch", "kg", "pound", "ton", "dollar", "euro", "percent"}

_MONTHS = (
    ("January", ("يناير", "كانون الثاني", "جانفي")),
    ("February", ("فبراير", "شباط", "فيفري")),
    ("March", ("مارس", "اذار")),
    ("April", ("ابريل", "نيسان", "افريل")),
    ("May", ("مايو", "ايار", "ماي")),
    ("June", ("يونيو", "حزيران", "جوان")),
    ("July", ("يوليو", "تموز", "جويليه")),
    ("August", ("اغسطس", "اب", "اوت")),
    ("September", ("سبتمبر", "ايلول")),
    ("October", ("اكتوبر", "تشرين الاول")),
    ("November", ("نوفمبر", "تشرين الثاني")),
    ("December", ("ديسمبر", "كانون الاول")),
)
_MONTH = re.compile(
    r"\b("
    + "|".join(name for name, _ in _MONTHS)
    + r")\b(?=\.?,?\s\d)|(?<=\d\s)\b("
    + "|".join(name for name, _ in _MONTHS)
    + r")\b|(?<=\d(?:st|nd|rd|th)\s)("
    + "|".join(name for name, _ in _MONTHS)
    + r")\b"
)
_MONTH_INDEX = {name: number for number, (name, _) in enumerate(_MONTHS, start=1)}


def _ascii(text: str) -> str:
    return text.translate(_TO_ASCII) if not text.isascii() and _OTHER_DIGITS.search(text) else text


@lru_cache(maxsize=1024)
def canonical(number: str) -> str:
    """One spelling for a number of ASCII digits: '9,000' and '9000' -> '9000', '6,34' -> '6.34', '007' -> '7'."""
    if _GROUPED.fullmatch(number):
        whole, _, fraction = number.partition(".") if "," in number or "،" in number else (number, "", "")
        number = re.sub(r"[.,،]", "", whole) + ("." + fraction if fraction else "")
    elif "," in number or "،" in number:
        number = number.replace(",", ".").replace("،", ".")
    if number.count(".") == 1:
        whole, _, fraction = number.partition(".")
        fraction = fraction.rstrip("0")
        whole = whole.lstrip("0") or "0"
        return f"{whole}.{fraction}" if fraction else whole
    return number.lstrip("0") or "0" if "." not in number else number


def numbers(text: str, known: Container[str] = ()) -> list[str]:
    """Every number written in digits, in order, in the spelling of `canonical`.

    A dot before three digits groups ("100.000") if that gives a number of `known`, else it marks decimals.
    """
    found = _NUMBER.findall(_ascii(text))
    return [
        n.replace(".", "") if n.replace(".", "") in known and _DOTTED.fullmatch(n) else canonical(n) for n in found
    ]


def _allowed(source: str, written: Counter[str]) -> set[str]:
    """What the target may write in digits: the source's digits, its number words, and simple scalings of both."""
    allowed = set(written) | {canonical(m) for m in _GLUED.findall(source)} | english_values(source)
    for m in _NUMBER.finditer(source):
        value = canonical(m.group())
        if len(value) > _LONGEST:
            continue
        if len(value) == 4 and value.isdigit():
            # "1995–96" may become "1995-1996".
            following = _SHORT_YEAR.match(source, m.end())
            if following:
                allowed.add(value[:2] + following[1])
        suffix = _SUFFIX.match(source, m.end())
        if suffix is None or value.count(".") > 1:
            continue
        if suffix["pm"] and value.isdigit():
            allowed.add(str(int(value) + 12))
        elif suffix["scale"]:
            allowed.add(_plain(float(value) * _SCALES[suffix["scale"].lower()]))
        elif suffix["decade"] and value.isdigit():
            allowed |= {str(int(value) % 100), str(int(value) // 100 + 1)}
    return allowed


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.6f}".rstrip("0")


def _differences(source: str, target: str) -> tuple[list[str], list[str]]:
    """Numbers of the source that the target lost, and numbers of the target that the source does not explain."""
    source, target = _ascii(source), _ascii(target)
    left = Counter(numbers(source))
    right = Counter(numbers(target, left))
    glued = {canonical(m) for m in _GLUED.findall(target)} if _GLUED.search(target) else set()
    renamed = glued - left.keys() - {canonical(m) for m in _GLUED.findall(source)} if glued else glued
    if left == right:
        return [], sorted(renamed)
    allowed = _allowed(source, left)
    extra = [n for n in right if n not in allowed] + sorted(renamed)
    lost = list(left - right)
    lost = [n for n in dict.fromkeys(lost) if n not in glued]
    if (
        lost
        and extra
        and not any("." in n for n in lost + extra)
        and "".join(left.elements()) == "".join(right.elements())
    ):
        # "1,300" written "1 300": the same digits in the same order.
        return [], []
    if lost:
        plain = normalise_arabic(target)
        lost = [n for n in lost[:_MOST] if not arabic_spells(n, plain, right)]
    return lost, extra


# Every translator's candidate is checked against the same source.
@lru_cache(maxsize=64)
def _measures(text: str) -> dict[str, set[str]]:
    """Units that stand behind each number of an English text: {'5': {'km'}}; a dollar sign stands before."""
    found: dict[str, set[str]] = {}
    for m in _SOURCE_UNIT.finditer(text):
        if m.lastgroup:
            number = _LAST_NUMBER.search(text, max(0, m.start() - 20), m.start() + 1)
            value = canonical(number[0]) if number else m[0].split()[0]
            found.setdefault(value, set()).add(m.lastgroup)
    for m in _DOLLARS.finditer(text):
        found.setdefault(canonical(m[1]), set()).add("dollar")
    return found


def _unit_problem(source: str, target: str) -> str | None:
    measures = _measures(source)
    if not measures:
        return None
    target = _ascii(target)
    plain = normalise_arabic(target).lower()
    for m in _TARGET_UNIT.finditer(plain):
        value, other = canonical(m[1]), _UNIT_OF_STEM[m[2]]
        kind = _UNIT_STEMS[other][0]
        same_kind = {u for u in measures.get(value, ()) if _UNIT_STEMS[u][0] == kind}
        if same_kind and not any(m[2] in _UNIT_STEMS[u][1] for u in same_kind):
            return f"'{value} {min(same_kind)}' of the source became '{m.group()}'"
    for name in dict.fromkeys(u for units in measures.values() for u in sorted(units)):
        kind, stems = _UNIT_STEMS[name]
        if any(stem in plain for stem in stems):
            continue
        for other in _UNITS[kind]:
            stands = any(len(s.strip()) > 1 and s in plain for s in _UNIT_STEMS[other][1])
            if other != name and stands and not _ENGLISH_UNIT[other].search(source):
                return f"unit '{name}' of the source became '{other}'"
        if name in _MUST_STAY:
            return f"unit '{name}' of the source is missing"
    return None


@lru_cache(maxsize=64)
def _months(text: str) -> tuple[str, ...]:
    """The names of months that stand beside a number in an English text, each once."""
    if not any(map(text.__contains__, _MONTH_INDEX)):
        return ()
    return tuple(dict.fromkeys(a or b or c for a, b, c in _MONTH.findall(text)))


def _month_problem(source: str, target: str) -> str | None:
    names = _months(source)
    if not names:
        return None
    plain = normalise_arabic(target)
    written = set(numbers(target))
    for name in names:
        index = _MONTH_INDEX[name]
        if str(index) in written or any(month in plain for month in _MONTHS[index - 1][1]) or name in target:
            continue
        return f"the date's month '{name}' is missing or changed"
    return None


def check_numbers(source: str, target: str, *, language: str = "ar") -> list[Verdict]:
    """Numbers, units and dates; hard only where one number was plainly replaced by another.

    For a target language other than Arabic the spelled-out forms are unknown: only numbers from 13 on count, and units
    and months are left alone.
    """
    if not (_DIGIT.search(source) or _DIGIT.search(target)):
        return []
    verdicts = []
    lost, extra = _differences(source, target)
    if language != "ar":
        lost = [n for n in lost if len(n) > 2 or (n.isdigit() and int(n) > 12)]
    if lost and extra:
        detail = f"the source's {', '.join(lost[:5])} became {', '.join(extra[:5])}"
        verdicts.append(Verdict("numbers", len(lost) <= 3 and len(extra) <= 3, detail))
    elif lost:
        verdicts.append(Verdict("numbers", False, f"{', '.join(lost[:5])} of the source is missing"))
    elif extra:
        verdicts.append(Verdict("numbers", False, f"{', '.join(extra[:5])} is not in the source"))
    if language == "ar":
        for problem in (_unit_problem(source, target), _month_problem(source, target)):
            if problem:
                verdicts.append(Verdict("numbers", False, problem))
    return verdicts
