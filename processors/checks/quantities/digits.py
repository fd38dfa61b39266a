"""Numbers, units and dates of the source must be in the target.

Digits are compared by value: Arabic-Indic and Persian digits equal ASCII ones, `٬` and `,` group, `٫` and `.` mark
decimals. A number that one side spells out ("3" and "ثلاثة", "19th century" and "القرن التاسع عشر", "two-dozen" and
"24") is no difference; where the spelling cannot be told, the check stays silent.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from processors.checks.quantities.dates import DATE_WORDS, date_problems
from processors.checks.quantities.measures import unit_problem
from processors.checks.quantities.spelled import NUMBER_WORDS, spelled_problem
from processors.checks.verdict import Verdict
from processors.languages.digits import GLUED, NUMBER, ascii_digits, canonical, decimal, numbers
from processors.languages.number_words import arabic_spells, english_values, english_words, normalise_arabic

_DIGIT = re.compile(r"\d")
_SUFFIX = re.compile(
    r"\s?(?a:(?P<decade>'?s\b)|(?P<pm>p\.?m\b)|(?P<scale>thousand|k\b|million|m\b|billion|bn\b|dozen))", re.I
)
_SHORT_YEAR = re.compile(r"\s?[-–/]\s?(\d\d)(?!\d)")
_MINUTES = re.compile(r":[0-5]\d(?!\d)")
# Digits of a number whose value matters, and how many lost numbers are looked for in words: both bound the work.
_LONGEST, _MOST = 15, 50
_SCALES = {"thousand": 1000, "k": 1000, "million": 10**6, "m": 10**6, "billion": 10**9, "bn": 10**9, "dozen": 12}


# The digits' check and that of units, dates and words may both want it.
@lru_cache(maxsize=4)
def _spelling(target: str) -> str:
    return normalise_arabic(ascii_digits(target))


# Every translator's candidate is checked against the same source.
@lru_cache(maxsize=64)
def _allowed(source: str) -> frozenset[str]:
    """What the target may write in digits: the source's digits, its number words, and simple scalings of both."""
    allowed = set(numbers(source)) | {canonical(m) for m in GLUED.findall(source)} | english_values(source)
    for m in NUMBER.finditer(source):
        value = canonical(m.group())
        if len(value) > _LONGEST:
            continue
        if len(value) == 4 and value.isdigit():
            # "1995–96" may become "1995-1996".
            following = _SHORT_YEAR.match(source, m.end())
            if following:
                allowed.add(value[:2] + following[1])
        if value.isdigit() and _MINUTES.match(source, m.end()):
            # 14:30 may be told as 2:30 in the afternoon, and 2:30 p.m. as 14:30.
            allowed |= {str(int(value) + 12), str(int(value) - 12)}
        suffix = _SUFFIX.match(source, m.end())
        if suffix is None or value.count(".") > 1:
            continue
        if suffix["pm"] and value.isdigit():
            allowed.add(str(int(value) + 12))
        elif suffix["scale"]:
            allowed.add(decimal(float(value) * _SCALES[suffix["scale"].lower()]))
        elif suffix["decade"] and value.isdigit():
            allowed |= {str(int(value) % 100), str(int(value) // 100 + 1)}
    return frozenset(allowed)


def _differences(source: str, target: str) -> tuple[list[str], list[str]]:
    """Numbers of the source that the target lost, and numbers of the target that the source does not explain."""
    source, target = ascii_digits(source), ascii_digits(target)
    left = Counter(numbers(source))
    right = Counter(numbers(target, left))
    glued = {canonical(m) for m in GLUED.findall(target)} if GLUED.search(target) else set()
    renamed = glued - left.keys() - {canonical(m) for m in GLUED.findall(source)} if glued else glued
    if left == right:
        return [], sorted(renamed)
    allowed = _allowed(source)
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
    if lost or extra:
        plain = _spelling(target)
        lost = [n for n in lost[:_MOST] if not arabic_spells(n, plain, right) and not _whole_year(n, right)]
        scales = [base for base, stem in _ARABIC_SCALES if stem in plain]
        extra = [n for n in extra if not _scaled_down(n, scales, left)]
    return lost, extra


def _whole_year(n: str, written: Counter[str]) -> bool:
    """The "96" of "1995-96" where the target has "1996"."""
    return len(n) == 2 and any(len(year) == 4 and year.endswith(n) for year in written)


def _scaled_down(n: str, scales: list[int], written: Counter[str]) -> bool:
    """The 100 of "100 ألف" where the source has 100,000."""
    if n.count(".") > 1 or len(n) > _LONGEST:
        return False
    return any(decimal(float(n) * base) in written for base in scales)


_ARABIC_SCALES = (
    (1000, "الف"),
    (1000, "الاف"),
    (10**6, "مليون"),
    (10**6, "ملايين"),
    (10**9, "مليار"),
    (10**9, "بليون"),
)
# What is looked at where neither side has a digit.
_WORDS = (NUMBER_WORDS | DATE_WORDS | {"minus"}) - {"may", "mar", "march"}
_NEGATIVE = re.compile(r"(?<![\w.,)\]%\-–−])(?:[-−]|minus )(\d+(?:[.,]\d+)*)(?![-–]\d)")
_BELOW = re.compile(r"سالب|ناقص|تحت الصفر|دون الصفر|سلبي|minus|[-−–]\s?\d|\d\s?[-−–](?!\d)")
_NEW_NEGATIVE = re.compile(r"(?<!\S)[-−](\d+(?:[.,]\d+)*)(?![-–]?\d)")
_MINUS = re.compile(r"minus|negative|below", re.I)


def _sign_problem(source: str, plain: str) -> str | None:
    lost = _NEGATIVE.search(source) if "-" in source or "−" in source or "minus " in source else None
    if lost and not _BELOW.search(plain):
        return f"the sign of -{lost[1]} is missing"
    new = _NEW_NEGATIVE.search(plain) if "-" in plain or "−" in plain else None
    if (
        new
        and not _MINUS.search(source)
        and canonical(new[1]) in numbers(source)
        and not re.search(rf"[-−–—]\s?{re.escape(new[1])}", source)
    ):
        return f"{new[1]} of the source became -{new[1]}"
    return None


def check_numbers(source: str, target: str, *, language: str = "ar") -> list[Verdict]:
    """Numbers, units and dates; hard only where one number was plainly replaced by another.

    For a target language other than Arabic the spelled-out forms are unknown: only numbers from 13 on count, and units
    and months are left alone.
    """
    stated = _DIGIT.search(source) is not None
    digits = stated or _DIGIT.search(target)
    told = language == "ar" and (stated or not english_words(source).isdisjoint(_WORDS))
    if not digits and not told:
        return []
    verdicts = []
    lost, extra = _differences(source, target) if digits else ([], [])
    if language != "ar":
        lost = [n for n in lost if len(n) > 2 or (n.isdigit() and int(n) > 12)]
    if lost and extra:
        detail = f"the source's {', '.join(lost[:5])} became {', '.join(extra[:5])}"
        verdicts.append(Verdict("numbers", len(lost) <= 3 and len(extra) <= 3, detail))
    elif lost:
        verdicts.append(Verdict("numbers", False, f"{', '.join(lost[:5])} of the source is missing"))
    elif extra:
        verdicts.append(Verdict("numbers", False, f"{', '.join(extra[:5])} is not in the source"))
    if told:
        verdicts += [Verdict("numbers", False, problem) for problem in _problems(source, _spelling(target))]
    return verdicts


def _problems(source: str, plain: str) -> Iterator[str]:
    problem = unit_problem(source, plain)
    if problem:
        yield problem
    yield from date_problems(source, plain)
    for problem in (_sign_problem(source, plain), spelled_problem(source, plain)):
        if problem:
            yield problem
