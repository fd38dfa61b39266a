"""Numbers in an English text: the values that its words may stand for, and those that it plainly spells out.

`english_values` answers generously: it exists to silence alarms, so a word that might stand for a number is enough.
`english_spelled` answers strictly: what it says must be in the translation.
"""

from __future__ import annotations

import re

from processors.languages.digits import ascii_digits
from processors.languages.number_words import LONGEST, Spelled
from processors.texts import Text, view

_ENGLISH_WORD = re.compile(r"[a-z]+")
_LATIN_WORD = re.compile(r"[A-Za-z]+")


@view
def latin_words(text: Text) -> frozenset[str]:
    """Each run of Latin letters."""
    return frozenset(_LATIN_WORD.findall(text.string))


@view
def english_words(text: Text) -> frozenset[str]:
    """The words of an English text in small letters: a cheap first look for those that matter."""
    if text.string.isascii():
        return frozenset(map(str.lower, latin_words(text)))
    # A letter of another script may have a Latin one in small.
    return frozenset(_ENGLISH_WORD.findall(text.string.lower()))


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
# Days that a name tells the number of.
_NAMED_DAYS = {
    "Boxing Day": 26, "Christmas Eve": 24, "Christmas Day": 25, "New Year's Eve": 31, "New Year's Day": 1,
    "Valentine's Day": 14, "Patrick's Day": 17, "Pi Day": 14, "April Fools": 1, "May Day": 1, "Labour Day": 1,
    "D-Day": 6, "Fourth of July": 4, "Independence Day": 4, "Bastille Day": 14, "Halloween": 31, "Bonfire Night": 5,
    "Guy Fawkes Night": 5, "Armistice Day": 11, "Veterans Day": 11, "Women's Day": 8, "Earth Day": 22, "leap day": 29,
}  # fmt: skip
_NAMED_DAY = re.compile("|".join(map(re.escape, _NAMED_DAYS)))
_ROMAN = re.compile(r"\b[IVXLC]{1,7}\b")
_ROMAN_DIGITS = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}


def roman_value(numeral: str) -> int:
    """The value of a Roman numeral below 400, "XIV" as 14."""
    values = [_ROMAN_DIGITS[c] for c in numeral]
    return sum(-v if any(later > v for later in values[i + 1 : i + 2]) else v for i, v in enumerate(values))


# What stands behind a number in digits and gives it another value.
SUFFIX = re.compile(
    r"[\s-]?(?a:(?P<decade>'?s\b)|(?P<pm>p\.?m\b|(?:o['’]clock )?in the (?:early |late )?(?:afternoon|evening)\b)"
    r"|(?P<scale>thousand|k\b|million|m\b|billion|bn\b|dozen))",
    re.I,
)
SUFFIX_SCALES = {
    "thousand": 1000, "k": 1000, "million": 10**6, "m": 10**6, "billion": 10**9, "bn": 10**9, "dozen": 12,
}  # fmt: skip
NEGATIVE = re.compile(r"(?<![\w.,)\]%\-–−])(?:[-−]|minus )(\d+(?:[.,]\d+)*)(?![-–]\d)")
# One of these is in every match of it.
MINUS_SIGNS = ("-", "−", "minus ")
_COUNTS = [
    "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "fifteen", "twenty",
    "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
]  # fmt: skip
# Words that count units, to digits; empty where they say only roughly how many.
COUNTING = {word: str(ENGLISH_NUMBERS[word]) for word in _COUNTS} | dict.fromkeys(
    ("hundred", "thousand", "million", "billion", "dozen", "several", "few"), ""
)


class _Reader:
    """Adds number words up as they come: "two hundred and five", "nineteen ninety", "5 thousand"."""

    def __init__(self) -> None:
        self.values: set[int] = set()
        # Of the number that is being read: what the last scale ended, and what has come since.
        self._total = self._current = 0

    def read(self, word: str) -> None:
        """The next word in small letters, or digits."""
        if word in ENGLISH_SCALES:
            self._scale(ENGLISH_SCALES[word])
        elif word in ENGLISH_NUMBERS:
            self._number(ENGLISH_NUMBERS[word])
        elif word[0].isdigit():
            digits = word.replace(",", "")
            short = digits.isdigit() and len(digits) <= LONGEST
            self._total, self._current = 0, int(digits) if short else 0
        elif word != "and":
            self._total = self._current = 0

    def _scale(self, scale: int) -> None:
        self._current = (self._current or 1) * scale
        if scale >= 1000:
            self._total, self._current = self._total + self._current, 0
        self.values |= {scale, self._total + self._current}

    def _number(self, n: int) -> None:
        current = self._current
        halves = current * 100 + n
        if current and current % 10 == 0 and (current >= 20 or n >= 10) and n < 100:
            # "twenty five", "nineteen ninety": a sum, or two halves of a year.
            self.values.add(halves)
            self._current = current + n
        elif 10 <= current < 100 and n >= 10:
            self.values.add(halves)
            self._current = halves
        else:
            self._current = n
        self.values |= {n, self._total + self._current}


# Words that stand for several numbers: minutes, or percent; for a coin's cents; for the base of a system of numbers.
_MEANT = {
    "half": {15, 25, 30, 45, 50}, "quarter": {15, 25, 30, 45, 50}, "past": {15, 25, 30, 45, 50, 75},
    "nickel": {5}, "dime": {10}, "penny": {1}, "pennie": {1},
    "binary": {2}, "octal": {8}, "decimal": {10}, "hexadecimal": {16}, "hex": {16},
}  # fmt: skip


def _singular(word: str) -> str:
    known = word in ENGLISH_NUMBERS or word in ENGLISH_SCALES
    return word[:-1] if len(word) > 2 and word.endswith("s") and not known else word


@view
def english_values(text: Text) -> frozenset[str]:
    """Every value that number words of `text` may stand for, alone and compounded, as digit strings."""
    string = ascii_digits(text.string)
    reader = _Reader()
    values = reader.values
    for token in _WORD.findall(string):
        word = _singular(token.lower())
        reader.read(word)
        if word[:3] in _MONTH_NAMES and token[0].isupper():
            values.add(_MONTH_NAMES.index(word[:3]) + 1)
        if word in _MEANT:
            values |= _MEANT[word]
    values |= {roman_value(m) for m in _ROMAN.findall(string)}
    for day in _NAMED_DAY.findall(string.replace("’", "'")):
        values.add(_NAMED_DAYS[day])
    result = {str(v) for v in values}
    if "half" in string:
        result |= {"0.5", "1.5", "2.5", "3.5"} | {f"{v}.5" for v in values if v < 100}
    return frozenset(result)


# Not "one" and "two", which Arabic says by the form of the noun ("two" is asked for by itself), nor what is more often
# no number ("second").
_ALONE = [
    "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen",
    "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "third", "fourth", "fifth", "sixth", "seventh",
    "eighth", "ninth", "tenth", "eleventh", "twelfth",
]  # fmt: skip
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SCALES = ("thousand", "million", "billion", "trillion")
# Before a Roman numeral of one letter.
_NUMBERED = ("Chapter", "World War", "Volume", "Act", "Scene", "Phase", "Stage", "Type", "Class", "Level", "Book",
             "Article", "Title", "Section", "Henry", "Charles", "George", "Louis", "Elizabeth", "Napoleon", "Philip",
             "Edward", "William", "Francis")  # fmt: skip
# (?a: of small and capital letters only ASCII ones are alike: "ſ" is no "s", though re.I takes it for one.
_SPELLED = re.compile(
    r"\b(?a:(?P<tens>" + "|".join(_TENS) + r")[- ](?P<one>one|two|three|four|five|six|seven|eight|nine)"
    r"|(?P<scale>" + "|".join(_SCALES) + r")s?"
    # A half sister is no half.
    r"|(?P<fraction>half(?![- ](?:sisters?|brothers?|siblings?|hearted|moon|life|tone|term|note))|quarters?"
    r"|(?:a|one|two)[- ]thirds?)|(?P<twice>twice)"
    r"|(?P<second>(?<![\d] )(?<![\d])(?<!per )(?<!each )(?<!every )(?<!few )(?<!split )"
    r"(?<!\ba )(?<!one )second"
    r"(?![- ]?(?:hand|nature|thoughts?|guess\w*|later|floor|grade|of\b)|s))|(?P<hundreds>hundreds(?= (?:of|and)\b))"
    r"|(?P<two>two(?![- ](?:thirds?|dozen|scores?)))|(?P<number>" + "|".join(_ALONE + _TENS) + r"))\b"
    r"|(?<=[a-z]\s)(?P<roman>(?a:[XVI]{2,6}))\b"
    rf"|(?-i:\b(?:{'|'.join(_NUMBERED)}) (?P<letter>[IVX])(?![\w'’-]|\.\w))",
    re.I,
)  # fmt: skip

# Beside these a quarter is a coin.
_COINS = frozenset(["nickel", "nickels", "dime", "dimes", "penny", "pennies"])
# Words of which one must be there for a number to be spelled out.
NUMBER_WORDS = frozenset(
    [*_ALONE, "two", *_TENS, *_SCALES, *(f"{name}s" for name in _SCALES), "half", "twice", "quarter", "quarters",
     "third", "thirds", "second", "hundreds", "ii", "iii", "iv", "vi", "vii", "viii", "ix", "xi", "xii", "xiii", "xiv",
     "xv", "xvi", "xvii", "xviii", "xix", "xx", "xxi", *(word.lower().split()[-1] for word in _NUMBERED)]
)  # fmt: skip


@view
def english_spelled(text: Text) -> Spelled | None:
    """The numbers that an English text spells out, scales ("million") and fractions apart; None where it has none."""
    if english_words(text).isdisjoint(NUMBER_WORDS):
        return None
    found = Spelled()
    for m in _SPELLED.finditer(text.string):
        word = m[0].lower()
        match m.lastgroup:
            case "one":
                found.values[ENGLISH_NUMBERS[m["tens"].lower()] + ENGLISH_NUMBERS[m["one"].lower()]] += 1
            case "scale":
                found.scales[m["scale"].lower()] += 1
            case "fraction" if word.startswith("quarter") and not english_words(text).isdisjoint(_COINS):
                continue
            case "fraction":
                found.fractions[re.split(r"[- ]", word)[-1].rstrip("s")] += 1
            case "twice":
                found.fractions["twice"] += 1
            case "two":
                found.values[2] += 1
            case "number":
                found.values[ENGLISH_NUMBERS[word]] += 1
            case "letter":
                found.letters.add(roman_value(m["letter"]))
            case _ if m[0].isupper():
                found.romans.add(roman_value(m[0]))
        found.second = found.second or m.lastgroup == "second"
        found.hundreds = found.hundreds or m.lastgroup == "hundreds"
    return found or None
