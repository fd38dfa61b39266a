"""Numbers in words, as a language's file describes them: may a text spell this number, and which does it spell out.

Both answer generously. They exist to silence alarms, so a word that might stand for the number is enough. English as
the source is read by `english_numbers`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from processors.languages.digits import decimal

# Digits of a number that anyone spells out; also far below Python's limit for int().
LONGEST = 15


@dataclass(frozen=True, slots=True, eq=False)
class NumberWords:
    """How a target language spells numbers, in its plain spelling. Stems are patterns that may stand anywhere.

    `stems`: 0 to 10, and each other number that has a word of its own or an idiom ("dozen", "noon"). `parts`: 1 to 9
    inside a compound, `ten` what 11 to 19 have beside these, `tens` and `scales` (largest first) what the larger ones
    have. `fractions`: digits behind the point to words; `shares` (a share of one, its word).
    The next are idioms that stand for a number: see `_IDIOMS`.

    `forms`: every whole word (`word`) that is part of a number, to its kind ("one", "ten" for 10 to 19, "tens",
    "scale", "fraction") and value; `teens` are those that make 11 to 19 of the ones before them; `joined` are words
    between tens and ones; with `ones_first` the ones come before the tens ("five and twenty").
    `scale_words` are looked for as they stand; `fraction_words` tell that a fraction (or "twice") is said at all;
    `second` is the ordinal that a Roman II may be, `two` every form that says "two", a noun's included; `thousands`
    the plurals of that and larger scales.
    """

    stems: Mapping[int, str]
    parts: Mapping[int, str]
    tens: Mapping[int, str]
    scales: tuple[tuple[int, str], ...]
    fractions: Mapping[str, str]
    forms: Mapping[str, tuple[str, int | str]]
    word: re.Pattern[str]
    scale_words: tuple[tuple[int, str], ...]
    fraction_words: Mapping[str, tuple[str, ...]]
    ten: str = ""
    shares: tuple[tuple[float, str], ...] = ()
    joined: frozenset[str] = frozenset()
    teens: frozenset[str] = frozenset()
    ones_first: bool = False
    second: str = ""
    thousands: str = ""
    two: str = ""
    afternoon: str = ""
    decade: str = ""
    century: str = ""
    whole_day: str = ""
    complete: str = ""
    # "To" an hour.
    short_of: str = ""
    # What says that it is not yet twelve: "ten minutes before midnight".
    before_twelve: str = ""
    # "To" a number that something rose to, as it stands before it.
    towards: str = ""


# A file's patterns are few and looked for in every text; re's own cache is shared with everybody.
@lru_cache(maxsize=1024)
def _search(stems: str) -> Callable[[str], object]:
    return re.compile(stems).search


def _has(stems: str | None, text: str) -> bool:
    return bool(stems) and _search(stems or "")(text) is not None


def _spells_integer(n: int, text: str, words: NumberWords) -> bool:
    if _has(words.stems.get(n), text):
        return True
    if n <= 10:
        return False
    if n < 20:
        return _has(words.parts[n - 10], text) and _has(words.ten, text)
    if n < 100:
        return _has(words.tens[n // 10 * 10], text) and (n % 10 == 0 or _has(words.parts[n % 10], text))
    for base, stems in words.scales:
        if n >= base:
            count, rest = divmod(n, base)
            head = _has(words.stems.get(count * base), text) or (
                _has(stems, text) and (count <= 2 or _spells_integer(count, text, words))
            )
            return head and (rest == 0 or _spells_integer(rest, text, words))
    return False


def _afternoon(n: int, text: str, words: NumberWords, written: Mapping[str, int]) -> bool:
    """17 as "5 in the afternoon"."""
    if not 13 <= n <= 24 or not words.afternoon:
        return False
    return (str(n - 12) in written or _spells_integer(n - 12, text, words)) and _has(words.afternoon, text)


def _decade(n: int, text: str, words: NumberWords, written: Mapping[str, int]) -> bool:
    """1920 as "the twenties"."""
    tens = words.tens.get(n % 100)
    return 1000 <= n <= 2100 and tens is not None and bool(words.decade) and _has(f"(?:{tens}){words.decade}", text)


def _by_digit(n: int, text: str, words: NumberWords, written: Mapping[str, int]) -> bool:
    """911 as "nine one one"."""
    return n >= 100 and all(_has(words.stems.get(int(digit)), text) for digit in str(n))


def _scaled(n: int, text: str, words: NumberWords, written: Mapping[str, int]) -> bool:
    """5000 as "5 thousand"."""
    return any(
        n >= base and _has(stems, text) and decimal(n / base) in written
        for base, stems in words.scales
        if base >= 1000
    )


def _century(n: int, text: str, words: NumberWords, written: Mapping[str, int]) -> bool:
    """1900 (of "1900s") as "the twentieth century"."""
    fits = n % 100 == 0 and 1000 <= n <= 2100
    return fits and _has(words.century, text) and _spells_integer(n // 100 + 1, text, words)


def _whole_day(n: int, text: str, words: NumberWords, written: Mapping[str, int]) -> bool:
    """24 (hours) as "all day"."""
    return n == 24 and _has(words.whole_day, text)


def _complete(n: int, text: str, words: NumberWords, written: Mapping[str, int]) -> bool:
    """100 (percent) as "all", 50 as "half"."""
    return n in (50, 100) and _has(words.complete, text)


_IDIOMS = (_by_digit, _afternoon, _decade, _scaled, _century, _whole_day, _complete)


def spells(number: str, text: str, words: NumberWords, written: Mapping[str, int]) -> bool:
    """True where `text` (in the plain spelling) may hold `number` in words, or `written` (its numbers in digits)
    holds it scaled ("5000" as "5 thousand", "17" as "5 in the afternoon").

    "1" is always there: languages say it by an article, the noun's form or not at all.
    """
    if number.count(".") > 1 or len(number) > LONGEST:
        return False
    if "." in number:
        return _spells_decimal(number, text, words, written)
    n = int(number)
    return n == 1 or _spells_integer(n, text, words) or any(idiom(n, text, words, written) for idiom in _IDIOMS)


def spells_share(percent: str, text: str, words: NumberWords) -> bool:
    """True where `text` may say so many percent as a fraction: 75 as "three quarters"."""
    return _has(words.fractions.get(percent if len(percent) == 2 else ""), text)


def _spells_decimal(number: str, text: str, words: NumberWords, written: Mapping[str, int]) -> bool:
    whole, _, fraction = number.partition(".")
    if _has(words.fractions.get(fraction), text) and (
        whole in ("0", "1", "2") or whole in written or _spells_integer(int(whole), text, words)
    ):
        return True
    return any(_has(stems, text) and decimal(float(number) / share) in written for share, stems in words.shares)


@dataclass(slots=True)
class Spelled:
    """How often a text spells out each number, scale and fraction; and Roman numerals behind a word."""

    values: Counter[int] = field(default_factory=Counter)
    scales: Counter[str] = field(default_factory=Counter)
    fractions: Counter[str] = field(default_factory=Counter)
    romans: set[int] = field(default_factory=set)
    # Of one letter: "Chapter V".
    letters: set[int] = field(default_factory=set)
    # Every value that a part of a compound may stand for as well.
    parts: set[int] = field(default_factory=set)
    # Tens with ones: "two and twenty".
    compounds: set[int] = field(default_factory=set)
    # Whether an English text has the ordinal, or says "hundreds of".
    second: bool = False
    hundreds: bool = False

    def __bool__(self) -> bool:
        numbers = self.values or self.scales or self.fractions or self.romans or self.letters
        return bool(numbers or self.second or self.hundreds)


def spelled(text: str, words: NumberWords) -> Spelled:
    """What `text` (in the plain spelling) spells out."""
    found = Spelled()
    ones = tens = 0
    all_words = words.word.findall(text)
    for word, following in zip(all_words, (*all_words[1:], ""), strict=False):
        form = words.forms.get(word)
        if form is None:
            # "five and twenty" may be written apart: a compound goes on behind such a word.
            if word not in words.joined:
                ones = tens = 0
            continue
        kind, value = form
        waiting_ones, waiting_tens, ones, tens = ones, tens, 0, 0
        if kind == "one":
            ones = _add_one(found, int(value), waiting_tens, in_teen=following in words.teens)
            ones = ones if words.ones_first else 0
        elif kind == "tens":
            found.values[int(value)] += 1
            found.parts.add(int(value) + waiting_ones)
            if waiting_ones:
                found.compounds.add(int(value) + waiting_ones)
            tens = 0 if words.ones_first else int(value)
        elif kind == "scale":
            found.scales[str(value)] += 1
        elif kind == "fraction":
            found.fractions[str(value)] += 1
        elif waiting_ones and word in words.teens:
            found.parts.add(10)
        else:
            found.values[int(value)] += 1
    found.parts |= found.values.keys()
    return found


def _add_one(found: Spelled, n: int, tens: int, *, in_teen: bool) -> int:
    found.parts |= {n, tens + n}
    if in_teen:
        found.values[n + 10] += 1
    elif n > 2:
        found.values[n] += 1
    return n
