"""Numbers that both sides spell out: "seven" that became "خمسة", "million" that became "مليار", a half a quarter.

An Arabic number word that the source does not explain is told only where a number word of the source is lost too: so
idioms ("at sixes and sevens", "أربعة عشر قرنا") raise no alarm.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from processors.languages.digits import numbers
from processors.languages.number_words import (
    ENGLISH_NUMBERS,
    ENGLISH_SCALES,
    english_values,
    english_words,
    roman_value,
)

# Not "one" and "two", which Arabic says by the form of the noun, nor what is more often no number ("second").
_ALONE = [
    "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen",
    "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "third", "fourth", "fifth", "sixth", "seventh",
    "eighth", "ninth", "tenth", "eleventh", "twelfth",
]  # fmt: skip
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SCALES = ("thousand", "million", "billion", "trillion")
# (?a: of small and capital letters only ASCII ones are alike: "ſ" is no "s", though re.I takes it for one.
_WORD = re.compile(
    r"\b(?a:(?P<tens>" + "|".join(_TENS) + r")[- ](?P<one>one|two|three|four|five|six|seven|eight|nine)"
    r"|(?P<scale>" + "|".join(_SCALES) + r")s?|(?P<fraction>half|quarters?|(?:a|one|two)[- ]thirds?)|(?P<twice>twice)"
    r"|(?P<number>" + "|".join(_ALONE + _TENS) + r"))\b"
    r"|(?<=[a-z]\s)(?P<roman>(?a:[XVI]{2,6}))\b",
    re.I,
)  # fmt: skip

_ONES = {
    1: "احدي احد حادي حاديه واحد واحده", 2: "اثنا اثني اثنان اثنين اثنه اثنتا اثنتي اثنتان اثنتين ثاني ثانيه ثان",
    3: "ثلاث ثلاثه ثالث ثالثه", 4: "اربع اربعه رابع رابعه", 5: "خمس خمسه خامس خامسه", 6: "ست سته سادس سادسه",
    7: "سبع سبعه سابع سابعه", 8: "ثمان ثماني ثمانيه ثامن ثامنه", 9: "تسع تسعه تاسع تاسعه",
}  # fmt: skip
_TEN_STEMS = ("عشر", "ثلاث", "اربع", "خمس", "ست", "سبع", "ثمان", "تسع")
_SCALE_FORMS = {
    "thousand": "الف الفا الفي الفين الفان الاف",
    "million": "مليون مليونا مليوني مليونين مليونان ملايين",
    "billion": "مليار مليارا مليارات ملياري مليارين ملياران بليون بليونا بليوني بليونين بلايين",
    "trillion": "تريليون تريليونا تريليونات تريليوني تريليونين",
}
_PREFIXES = ("", "ال", "ب", "بال", "ل", "لل", "ك", "كال")
_PRONOUNS = ("", "ي", "ا", "ين", "ان", "ه", "ها", "هم", "نا", "انا", "كم")


def _forms() -> dict[str, tuple[str, int | str]]:
    """Every Arabic number word, with the articles and prepositions that are written with it: its kind and value."""
    bare: dict[str, tuple[str, int | str]] = {}
    for stem in ("نصف", "ربع", "ارباع", "ثلث"):
        fraction = {"نصف": "half", "ثلث": "third"}.get(stem, "quarter")
        bare |= {stem + pronoun: ("fraction", fraction) for pronoun in _PRONOUNS}
    bare |= {word: ("one", n) for n, words in _ONES.items() for word in words.split()}
    bare |= dict.fromkeys(("عشر", "عشره", "عاشر", "عاشره"), ("ten", 10))
    bare |= {f"{stem}{end}": ("tens", n * 10) for n, stem in enumerate(_TEN_STEMS, 2) for end in ("ون", "ين")}
    bare |= {word: ("scale", scale) for scale, words in _SCALE_FORMS.items() for word in words.split()}
    prefixed = {prefix + word: found for word, found in bare.items() for prefix in _PREFIXES}
    return {join + word: found for word, found in prefixed.items() for join in ("", "و", "ف")} | bare


_FORMS = _forms()
_ARABIC_WORD = re.compile(r"[ء-ي]+")
_FRACTION_STEMS = {
    "half": ("نصف", "منتصف", "وسط"),
    "quarter": ("ربع", "ارباع"),
    "third": ("ثلث", "ثالث"),
    "twice": ("مرتين", "مرتان", "ضعف", "مثلي", "مثلا", "ثاني", "اثن", "اخري"),
}


@dataclass(slots=True)
class _Spelled:
    """How often a text spells out each number, scale and fraction; and Roman numerals behind a word."""

    values: Counter[int] = field(default_factory=Counter)
    scales: Counter[str] = field(default_factory=Counter)
    fractions: set[str] = field(default_factory=set)
    romans: set[int] = field(default_factory=set)
    # Every value that a part of a compound may stand for as well.
    parts: set[int] = field(default_factory=set)


# Words of which one must be there for a number to be spelled out.
NUMBER_WORDS = frozenset(
    [*_ALONE, *_TENS, *_SCALES, *(f"{name}s" for name in _SCALES), "half", "twice", "quarter", "quarters", "third",
     "thirds", "ii", "iii", "iv", "vi", "vii", "viii", "ix", "xi", "xii", "xiii", "xiv", "xv", "xvi", "xvii", "xviii",
     "xix", "xx", "xxi"]
)  # fmt: skip


# Every translator's candidate is checked against the same source.
@lru_cache(maxsize=64)
def _english(text: str) -> _Spelled | None:
    if english_words(text).isdisjoint(NUMBER_WORDS):
        return None
    found = _Spelled()
    for m in _WORD.finditer(text):
        kind = m.lastgroup
        if kind == "one":
            found.values[ENGLISH_NUMBERS[m["tens"].lower()] + ENGLISH_NUMBERS[m["one"].lower()]] += 1
        elif kind == "scale":
            found.scales[m["scale"].lower()] += 1
        elif kind == "fraction":
            found.fractions.add(re.split(r"[- ]", m["fraction"].lower())[-1].rstrip("s"))
        elif kind == "roman":
            if m["roman"].isupper():
                found.romans.add(roman_value(m["roman"]))
        elif kind == "twice":
            found.fractions.add("twice")
        else:
            found.values[ENGLISH_NUMBERS[m["number"].lower()]] += 1
    return found if found.values or found.scales or found.fractions or found.romans else None


def _arabic(plain: str) -> _Spelled:
    found = _Spelled()
    words = _ARABIC_WORD.findall(plain)
    before = 0
    for i, word in enumerate(words):
        if word not in _FORMS:
            # "خمسة و عشرين" is also written apart.
            before = before if word == "و" else 0
            continue
        kind, value = _FORMS[word]
        one, before = before, 0
        if kind == "fraction":
            found.fractions.add(str(value))
        elif kind == "scale":
            found.scales[str(value)] += 1
        elif kind == "one":
            n = before = int(value)
            found.parts.add(n)
            if i + 1 < len(words) and words[i + 1] in ("عشر", "عشره"):
                found.values[n + 10] += 1
            elif n > 2:
                found.values[n] += 1
        elif kind == "tens":
            found.values[int(value)] += 1
            found.parts.add(int(value) + one)
        elif one and word in ("عشر", "عشره"):
            found.parts.add(10)
        else:
            found.values[10] += 1
    found.parts |= found.values.keys()
    return found


def spelled_problem(source: str, plain: str) -> str | None:
    """A number word of the source that is lost while a new one stands in the target, or None.

    `plain` is the Arabic target from `normalise_arabic`, with ASCII digits.
    """
    here = _english(source)
    if here is None:
        return None
    there = _arabic(plain)
    written = Counter(numbers(plain))
    problem = _scale_problem(here, there, source, written)
    if problem:
        return problem
    for roman in sorted(here.romans):
        kept = roman in there.parts or str(roman) in written or (roman == 2 and _SECOND.search(plain))
        if not kept and not _ROMAN_KEPT.search(plain):
            return f"'{roman}' in Roman numerals in the source is missing"
    lost = [str(n) for n in sorted(here.values) if here.values[n] > _times(n, there, written)]
    lost += [f for f in sorted(here.fractions) if not any(stem in plain for stem in _FRACTION_STEMS[f])]
    if not lost:
        return None
    known = english_values(source) | set(numbers(source)) | _pieces([n for n in numbers(source) if n not in written])
    new = [str(n) for n in sorted(there.values) if str(n) not in known]
    new += sorted(there.fractions - here.fractions) if here.fractions else []
    return f"{lost[0]} of the source, in words, became {new[0]}" if new else None


def _times(n: int, there: _Spelled, written: Mapping[str, int]) -> int:
    return max(there.values[n], n in there.parts) + written.get(str(n), 0)


_SECOND = re.compile("ثان|اثن|ثنت")
_ROMAN_KEPT = re.compile(r"\b[XVI]{2,}\b")


_YEAR = re.compile(r"1\d{3}|20\d\d")


def _scale_problem(here: _Spelled, there: _Spelled, source: str, written: Mapping[str, int]) -> str | None:
    new = there.scales.keys() - here.scales.keys()
    if not new:
        return None
    # "1,500 million" may be 1.5 billion and "0.5 million" 500 thousand; digits of the source may be written short.
    stated = [n for n in numbers(source) if n.count(".") <= 1 and len(n) < 15 and not _YEAR.fullmatch(n)]
    largest = max(map(float, stated), default=0.0)
    most = max((float(n) for n in written if n.count(".") <= 1 and len(n) < 15), default=0.0)
    for name in sorted(here.scales):
        if here.scales[name] <= there.scales[name] or most >= ENGLISH_SCALES[name]:
            continue
        for other in sorted(new):
            derived = ENGLISH_SCALES[other] > ENGLISH_SCALES[name] and largest >= 1000
            if not derived and largest < ENGLISH_SCALES[other] and not 0 < largest < 1:
                return f"'{name}' of the source became '{other}'"
    return None


def _pieces(found: list[str]) -> set[str]:
    """Digits of the source as number words may take them apart: 1939 is "thousand nine hundred nine and thirty"."""
    pieces: set[str] = set()
    for n in found:
        for digits in n.split("."):
            if digits.isdigit() and len(digits) < 15:
                value = int(digits)
                while value:
                    low = value % 1000
                    pieces |= {str(low), str(low % 100), str(low % 10), str(low // 100), str(low % 100 // 10 * 10)}
                    value //= 1000
                pieces |= {str(int(digits) % 12), str(int(digits) // 100), str(int(digits) // 100 + 1)}
    return pieces
