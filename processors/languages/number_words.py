"""Numbers in words: which values an English text spells out, and whether an Arabic text spells a given value.

Both answer generously. They exist to silence alarms, so a word that might stand for the number is enough.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from processors.languages.digits import decimal

_MARKS = re.compile("[\u064b-\u065f\u0670\u0640\u200e\u200f\u061c]")
_LETTERS = (("أ", "ا"), ("إ", "ا"), ("آ", "ا"), ("ٱ", "ا"), ("ى", "ي"), ("ة", "ه"))


def normalise_arabic(text: str) -> str:
    """Without vowel marks, tatweel and bidi marks; one form of alif, yeh and teh marbuta."""
    text = _MARKS.sub("", text)
    # Several times as fast as str.translate, which looks at every character.
    for letter, plain in _LETTERS:
        text = text.replace(letter, plain)
    return text


_ENGLISH_WORD = re.compile(r"[a-z]+")


# Every translator's candidate is checked against the same source.
@lru_cache(maxsize=64)
def english_words(text: str) -> frozenset[str]:
    """The words of an English text in small letters: a cheap first look for those that matter."""
    return frozenset(_ENGLISH_WORD.findall(text.lower()))


_UNITS = {
    0: "صفر",
    1: "واحد|احد|اول|حادي|مره",
    2: "اثن|ثان|ثنت|زوج|كلا|كلت|ضعف|مرتين|ين|ان|وي|تا",
    3: "ثلاث|ثالث|ثلث|ثلاثا",
    4: "اربع|رابع|ربع|رباع",
    5: "خمس|خامس|خماس",
    6: "ست|سادس|سدس|سداس",
    7: "سبع|سابع|سباع",
    8: "ثمان|ثامن|ثمن",
    9: "تسع|تاسع",
    10: "عشر|عاشر|عقد|عقود",
}
_TENS = {
    2: "عشرين|عشرون|عشرين",
    3: "ثلاثين|ثلاثون",
    4: "اربعين|اربعون",
    5: "خمسين|خمسون|منتصف|نصف",
    6: "ستين|ستون",
    7: "سبعين|سبعون",
    8: "ثمانين|ثمانون",
    9: "تسعين|تسعون",
}
_HUNDRED = "مئ|مائ|ميه|مءه"
_THOUSAND = "الف|الاف"
_MILLION = "مليون|ملايين"
_BILLION = "مليار|بليون|بلايين"
_FRACTIONS = {
    "5": "نصف|ونص",
    "25": "ربع",
    "75": "ارباع|الا ربع",
    "33": "ثلث",
    "3": "ثلث",
    "67": "ثلثي|ثلثا",
    "2": "خمس",
}

# Digits of a number that anyone spells out; also far below Python's limit for int().
_LONGEST = 15

_COMPILED: dict[str, re.Pattern[str]] = {}


def _has(stems: str, text: str) -> bool:
    pattern = _COMPILED.get(stems)
    if pattern is None:
        pattern = _COMPILED[stems] = re.compile(stems)
    return pattern.search(text) is not None


def _spells_integer(n: int, text: str) -> bool:
    if n <= 10:
        return _has(_UNITS[n], text)
    if n < 20:
        if n == 12 and _has("دزين|ظهر|ليل", text):
            return True
        return _has(_UNITS[n - 10].replace("|ين|ان|وي|تا", ""), text) and _has("عشر", text)
    if n < 100:
        if n in (15, 30, 45) and _has("نصف|ونص|ربع|ثلث", text):
            return True
        return _has(_TENS[n // 10], text) and (n % 10 == 0 or _has(_UNITS[n % 10].replace("|ين|ان|وي|تا", ""), text))
    for base, stems in ((10**9, _BILLION), (10**6, _MILLION), (1000, _THOUSAND), (100, _HUNDRED)):
        if n >= base:
            count, rest = divmod(n, base)
            head = _has(stems, text) and (count <= 2 or _spells_integer(count, text))
            return head and (rest == 0 or _spells_integer(rest, text))
    return False


def arabic_spells(number: str, text: str, written: Mapping[str, int]) -> bool:
    """True where `text` (from `normalise_arabic`) may hold `number` in words, or `written` (its numbers in digits)
    holds it scaled ("5000" as "5 آلاف", "17" as "5 مساء")."""
    if number.count(".") > 1 or len(number) > _LONGEST:
        return False
    if "." in number:
        whole, _, fraction = number.partition(".")
        stems = _FRACTIONS.get(fraction)
        if (
            stems
            and _has(stems, text)
            and (whole in ("0", "1", "2") or whole in written or _spells_integer(int(whole), text))
        ):
            return True
        return any(
            _has(stems, text) and decimal(float(number) / base) in written
            for base, stems in ((0.001, _THOUSAND), (0.01, "مئ|مائ"))
        )
    n = int(number)
    if n == 1 or _spells_integer(n, text):
        return True
    if (
        13 <= n <= 24
        and (str(n - 12) in written or _spells_integer(n - 12, text))
        and _has("ساع|مساء|ليل|ظهر|عصر", text)
    ):
        return True
    if n >= 1000:
        decade = _TENS.get(n % 100 // 10)
        if n % 10 == 0 and n <= 2100 and decade and _has(f"(?:{decade})[يا]", text):
            return True
        for base, stems in ((10**9, _BILLION), (10**6, _MILLION), (1000, _THOUSAND)):
            if n >= base and _has(stems, text) and decimal(n / base) in written:
                return True
    if n % 100 == 0 and 1000 <= n <= 2100:
        return _has("قرن", text) and _spells_integer(n // 100 + 1, text)
    if n == 24:
        return _has("(?:طوال|طيله|مدار) (?:ال)?(?:يوم|ساع)|يوم كامل|نهار", text)
    return n in (50, 100) and _has("نصف|كامل|تمام|كل", text)


# What an English word may stand for.
ENGLISH_NUMBERS: dict[str, int] = {
    word: n
    for n, words in enumerate(
        (
            "zero nil nought",
            "one first once single",
            "two second twice couple both pair double half twin",
            "three third thrice triple",
            "four fourth quarter",
            "five fifth",
            "six sixth",
            "seven seventh week",
            "eight eighth",
            "nine ninth",
            "ten tenth decade",
            "eleven eleventh",
            "twelve twelfth noon midnight dozen",
            "thirteen thirteenth",
            "fourteen fourteenth fortnight",
            "fifteen fifteenth",
            "sixteen sixteenth",
            "seventeen seventeenth",
            "eighteen eighteenth",
            "nineteen nineteenth",
            "twenty twentieth score twenties",
        )
    )
    for word in words.split()
}
ENGLISH_NUMBERS |= {
    "thirty": 30,
    "forty": 40,
    "fourty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
    "thirtieth": 30,
    "fortieth": 40,
    "fiftieth": 50,
    "sixtieth": 60,
    "seventieth": 70,
    "eightieth": 80,
    "ninetieth": 90,
    "thirties": 30,
    "forties": 40,
    "fifties": 50,
    "sixties": 60,
    "seventies": 70,
    "eighties": 80,
    "nineties": 90,
}
ENGLISH_SCALES = {
    "hundred": 100,
    "hundreds": 100,
    "hundredth": 100,
    "century": 100,
    "centuries": 100,
    "thousand": 1000,
    "thousands": 1000,
    "thousandth": 1000,
    "million": 10**6,
    "millions": 10**6,
    "billion": 10**9,
    "billions": 10**9,
    "trillion": 10**12,
    "dozen": 12,
    "dozens": 12,
    "decades": 10,
    "decade": 10,
}
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WORD = re.compile(r"[A-Za-z]+|\d+(?:[.,]\d+)*")
_ROMAN = re.compile(r"\b[IVXLC]{1,7}\b")
_ROMAN_DIGITS = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}


def roman_value(numeral: str) -> int:
    """The value of a Roman numeral below 400, "XIV" as 14."""
    values = [_ROMAN_DIGITS[c] for c in numeral]
    return sum(-v if any(later > v for later in values[i + 1 : i + 2]) else v for i, v in enumerate(values))


def english_values(text: str) -> set[str]:
    """Every value that number words of `text` may stand for, alone and compounded, as digit strings."""
    values: set[int] = set()
    current = total = 0
    running = False
    for token in _WORD.findall(text):
        word = token.lower()
        if len(word) > 2 and word.endswith("s") and word not in ENGLISH_NUMBERS and word not in ENGLISH_SCALES:
            word = word[:-1]
        if word in ENGLISH_SCALES:
            scale = ENGLISH_SCALES[word]
            values.add(scale)
            current = (current or 1) * scale
            if scale >= 1000:
                total, current = total + current, 0
            values.add(total + current)
            running = True
        elif word in ENGLISH_NUMBERS:
            n = ENGLISH_NUMBERS[word]
            values.add(n)
            if running and current and current % 10 == 0 and (current >= 20 or n >= 10) and n < 100:
                # "twenty five", "nineteen ninety": a sum, or two halves of a year.
                values |= {current * 100 + n}
                current += n
            elif running and 10 <= current < 100 and n >= 10:
                values.add(current * 100 + n)
                current = current * 100 + n
            else:
                current = n
            values.add(total + current)
            running = True
        elif word[0].isdigit():
            digits = word.replace(",", "")
            short = digits.isdigit() and len(digits) <= _LONGEST
            current, total, running = (int(digits), 0, True) if short else (0, 0, False)
        elif word != "and":
            current = total = 0
            running = False
            if word in ("half", "quarter", "quarters", "past"):
                values |= {15, 25, 30, 45, 50, 75}
        if word[:3] in _MONTH_NAMES and token[0].isupper():
            values.add(_MONTH_NAMES.index(word[:3]) + 1)
        if word in ("half", "quarter"):
            values |= {15, 25, 30, 45, 50}
    values |= {roman_value(m) for m in _ROMAN.findall(text)}
    result = {str(v) for v in values}
    if "half" in text:
        result |= {"0.5", "1.5", "2.5", "3.5"} | {f"{v}.5" for v in values if v < 100}
    return result
