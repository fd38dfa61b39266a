"""Dates and times of the source must be in the Arabic target: months, days of the week, eras, hours of the clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from processors.languages.digits import numbers
from processors.languages.number_words import english_words

# Arabic words in the spelling of `normalise_arabic`.
_MONTHS = {
    "January": "يناير|كانون الثاني|جانفي",
    "February": "فبراير|شباط|فيفري",
    "March": "مارس|اذار",
    "April": "ابريل|نيسان|افريل",
    "May": "مايو|ايار|ماي",
    "June": "يوني[وه]|حزيران|جوان",
    "July": "يولي[وه]|تموز|جويليه",
    "August": "اغسطس|اب|اوت",
    "September": "سبتمبر|ايلول",
    "October": "اكتوبر|تشرين الاول",
    "November": "نوفمبر|تشرين الثاني",
    "December": "ديسي?مبر|كانون الاول",
}
_DAYS = {
    "Monday": "الاثنين|الاتنين|الاثنان|اثنين",
    "Tuesday": "الثلا?ثاء?|الثلوثاء",
    "Wednesday": "الا?ربعاء?",
    "Thursday": "الخميس",
    "Friday": "الجمعه|الجمع|جمعه",
    "Saturday": "السبت|السبوت",
    "Sunday": "الاحد|الاحاد|(?<=يوم )احد",
}
# Words of which one must be there for a month or a day to be named.
DATE_WORDS = frozenset(
    [name.lower() for name in _MONTHS] + [name[:3].lower() for name in _MONTHS] + ["sept"]
    + [name.lower() for name in _DAYS] + [f"{name.lower()}s" for name in _DAYS]
)  # fmt: skip
_ORDER = {name: str(index) for index, name in enumerate(_MONTHS, start=1)}
_SHORT = {name[:3]: name for name in _MONTHS} | {"Sept": "September"}
_MONTH = re.compile(rf"\b(?:{'|'.join(_MONTHS)}|Sept|{'|'.join(name[:3] for name in _MONTHS)})\b")
_BESIDE = re.compile(r"\.?,?\s\d")
_BEFORE = re.compile(r"\d(?:st|nd|rd|th)?(?: of)?[\s-]$")
_DAY = re.compile(rf"\b({'|'.join(_DAYS)})s?\b")
_ARABIC_MONTH = re.compile(
    r"(?<!\w)[وف]?[بلك]?(?:ال)?(?:" + "|".join(f"(?P<{k}>{v})" for k, v in _MONTHS.items()) + r")(?!\w)"
)
_ARABIC_DAY = re.compile(
    r"(?<!\w)[وف]?[بلك]?(?:"
    + "|".join(f"(?P<{name}>{words}|{words.replace('ال', 'لل', 1)})" for name, words in _DAYS.items())
    + r")(?!\w)"
)
_ERA = re.compile(r"\d\s?(?:BCE?|B\.C\.?(?:E\.?)?)(?![A-Za-z])")
_ARABIC_ERA = re.compile(r"(?<!\w)ق\.? ?م(?!\w)|قبل (?:ال)?(?:ميلاد|مولد|المسيح|عصر|حقبه)|قبل \w+ الميلادي")
_CLOCK = re.compile(r"(?<![\d:.])([01]?\d|2[0-4]):([0-5]\d)(?![\d:])")
# Year first: no convention turns month and day round.
_ISO = re.compile(r"(?<!\d)(\d{4})[-/](\d\d?)[-/](\d\d?)(?!\d)")
_HALF = re.compile(r"\d\s?(?:(?P<am>a\.m\b|am\b|AM\b|A\.M\b)|(?P<pm>p\.m\b|pm\b|PM\b|P\.M\b))")
_MORNING = re.compile(r"صباح|فجر|قبل الظهر|(?<=\d) ?ص(?!\w)|منتصف الليل|بعد منتصف|ليل|سحر|\b[Aa]\.?[Mm]\b")
_EVENING = re.compile(r"مساء|عصر|ظهر|(?<=\d) ?م(?!\w)|ليل|عشيه|مغرب|\b[Pp]\.?[Mm]\b")
_ONLY_MORNING = re.compile(r"صباح|فجر|(?<=\d) ?ص(?!\w)")
_ONLY_EVENING = re.compile(r"مساء|بعد الظهر|(?<=\d) ?م(?!\w)")
_SOURCE_MORNING = re.compile(r"morning|dawn|\ba\.?m\b|midnight|breakfast", re.I)
_SOURCE_EVENING = re.compile(r"evening|afternoon|night|\bp\.?m\b|noon", re.I)


# Every translator's candidate is checked against the same source.
@lru_cache(maxsize=64)
def _months(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Months of an English text: those beside a number, and those that stand alone (or are names)."""
    dated, alone = set(), set()
    for m in _MONTH.finditer(text):
        name = _SHORT.get(m[0], m[0])
        if _BESIDE.match(text, m.end()) or _BEFORE.search(text, max(0, m.start() - 10), m.start()):
            dated.add(name)
        elif m[0] in _MONTHS:
            alone.add(name)
    return frozenset(dated), frozenset(alone - dated)


def _month_problem(source: str, plain: str) -> str | None:
    dated, alone = _months(source)
    if not dated and not alone:
        return None
    there = {m.lastgroup for m in _ARABIC_MONTH.finditer(plain)}
    named = dated | alone
    new = there - named - {_SHORT.get(m[0], m[0]) for m in _MONTH.finditer(source)}
    written = set(numbers(plain)) if named - there else set()
    for name in sorted(named - there):
        if name in plain or _ORDER[name] in written:
            continue
        if name in dated or new:
            became = f", {min(map(str, new))} is new" if new else ""
            return f"the date's month '{name}' is missing or changed{became}"
    return None


def _day_problem(source: str, plain: str) -> str | None:
    here = {m[1] for m in _DAY.finditer(source)}
    if not here:
        return None
    there = {m.lastgroup for m in _ARABIC_DAY.finditer(plain)}
    lost, new = here - there, there - here
    if lost and new:
        return f"the day '{min(lost)}' of the source became '{min(map(str, new))}'"
    return f"the day '{min(lost)}' of the source is missing" if lost else None


@dataclass(frozen=True, slots=True)
class _Times:
    """Hours and minutes, dates with the year first, halves of the day ("am", "pm"), and whether a year is BC."""

    clock: list[tuple[int, int]]
    dates: list[tuple[str, str, str]]
    halves: set[str | None]
    era: bool

    def __bool__(self) -> bool:
        return bool(self.clock or self.dates or self.halves or self.era)


@lru_cache(maxsize=64)
def _stated(source: str) -> _Times:
    return _Times(
        _times(source) if ":" in source else [],
        _ISO.findall(source) if "-" in source or "/" in source else [],
        {m.lastgroup for m in _HALF.finditer(source)},
        _ERA.search(source) is not None,
    )


def _time_problem(source: str, plain: str) -> str | None:
    here = _stated(source)
    if not here:
        return None
    if here.era and not _ARABIC_ERA.search(plain):
        return "the era (BC) of the source is missing"
    there = _times(plain) if here.clock else []
    # RTL typing turns "14:30" round, hours may be counted to 12 or 24.
    strange = [t for t in there if t not in here.clock and t[::-1] not in here.clock]
    lost = [t for t in here.clock if t not in there and t[::-1] not in there]
    if strange and lost:
        return f"the time {_clock(lost[0])} of the source became {_clock(strange[0])}"
    known = set(here.dates)
    strange_dates = [d for d in _ISO.findall(plain) if d not in known] if known else []
    if strange_dates:
        return f"the date {'-'.join(here.dates[0])} of the source became {'-'.join(strange_dates[0])}"
    if here.halves == {"am"} and not _MORNING.search(plain) and not _SOURCE_EVENING.search(source):
        return "a.m. of the source became p.m." if _ONLY_EVENING.search(plain) else None
    if here.halves == {"pm"} and not _EVENING.search(plain) and not _SOURCE_MORNING.search(source):
        return "p.m. of the source became a.m." if _ONLY_MORNING.search(plain) else None
    return None


def _times(text: str) -> list[tuple[int, int]]:
    return list(dict.fromkeys((int(m[1]) % 12, int(m[2])) for m in _CLOCK.finditer(text)))


def _clock(time: tuple[int, int]) -> str:
    return f"{time[0]}:{time[1]:02}"


def date_problems(source: str, plain: str) -> list[str]:
    """What is wrong with the dates and times of an Arabic target, in words; `[]` if nothing.

    `plain` is the target from `normalise_arabic`, with ASCII digits.
    """
    found: list[str | None] = []
    if not english_words(source).isdisjoint(DATE_WORDS):
        found = [_month_problem(source, plain), _day_problem(source, plain)]
    found.append(_time_problem(source, plain))
    return [problem for problem in found if problem]
