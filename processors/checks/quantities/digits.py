"""Numbers, units and dates of the source must be in the target.

Digits are compared by value: Arabic-Indic and Persian digits equal ASCII ones, `٬` and `,` group, `٫` and `.` mark
decimals. A number that one side spells out ("3" and "three", "19th century" and "the nineteenth century", "two-dozen"
and "24") is no difference; where the spelling cannot be told, the check stays silent.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

from processors.checks.pairs.changed import Changed
from processors.checks.pairs.pair import Pair
from processors.checks.pairs.verdict import Verdict
from processors.checks.quantities.converted import converted
from processors.checks.quantities.dates import date_problems
from processors.checks.quantities.places import formula_problems, place_problems
from processors.checks.quantities.readings import clock_times, days_later, hours_to, read_both, scaled, told_otherwise
from processors.checks.quantities.shares import share_values
from processors.checks.quantities.spelled import respelled, spelled_problems
from processors.checks.quantities.units import unit_problems
from processors.checks.wording.idioms import has_idiom, without_idioms
from processors.languages.digits import GLUED, NUMBER, canonical, canonical_like, decimal
from processors.languages.english import ENGLISH, QUANTITY_WORDS
from processors.languages.english_numbers import (
    MINUS_SIGNS,
    NEGATIVE,
    SUFFIX,
    SUFFIX_SCALES,
    english_values,
    english_words,
)
from processors.languages.knowledge import LanguageKnowledge
from processors.languages.number_words import LONGEST, spells
from processors.languages.spellings import numbers_in, plain, with_ascii_digits, written_numbers
from processors.texts import Text, text_of, view

_DIGIT = re.compile(r"\d")
_SHORT_YEAR = re.compile(r"\s?[-–/]\s?(\d\d)(?!\d)")
_APOSTROPHES = ("'", "’", "‘")
_MINUTES = re.compile(r":[0-5]\d(?!\d)")
# Nine digits or more, in groups or not, or seven that begin as a telephone number does: other groups are numbers.
_RUN = re.compile(r"(?:[+(]|(?<!\d)(?=0)|(?=(?:\d\D{0,2}){9}))\d(?:[ \u00a0().\-–/]{0,2}\d){6,18}(?!\d)")
_NO_DIGITS = re.compile(r"\D")
_Part = Callable[[Pair, LanguageKnowledge], list[Changed]]
# March and May are no other words in capitals inside a sentence.
_CAPITAL_MONTH = re.compile(r"[a-z,] (?:March|May)\b")
# How many lost numbers are looked for in words: bounds the work.
_MOST = 50
# Lost numbers of which each may be told in words.
_FEW = 3
# As long a text may be told by a set phrase.
_SHORT = 120
_NEW_NEGATIVE = re.compile(r"(?<!\S)[-−](\d+(?:[.,]\d+)*)(?![-–]?\d)")


@view
def has_digits(text: Text) -> bool:
    """Whether a text has any digit."""
    return _DIGIT.search(text.string) is not None


@view
def _counted(text: Text) -> Counter[str]:
    return Counter(numbers_in(text))


@view
def _glued(text: Text) -> frozenset[str]:
    """Numbers written to a Latin letter before them, which name things."""
    return frozenset(map(canonical, GLUED.findall(with_ascii_digits(text))))


@view
def _allowed(source: Text) -> frozenset[str]:
    """What the target may write in digits: the source's digits, its number words, and simple scalings of both."""
    string = with_ascii_digits(source)
    allowed = {*numbers_in(source), *_glued(source), *english_values(source), *share_values(source)}
    allowed.update(*days_later(source).values())
    allowed.update(*((said.hour, said.minutes) for said in hours_to(source)))
    for m in NUMBER.finditer(string):
        value = canonical(m.group())
        if len(value) <= LONGEST:
            allowed.update(_readings(value, string, m.end()))
        if string[m.start() - 1 : m.start()] in _APOSTROPHES and len(m.group()) == 2:
            # "'98" is 1998, "'05" 2005.
            allowed.update((f"19{m.group()}", f"20{m.group()}"))
    return frozenset(allowed)


def _readings(value: str, string: str, end: int) -> Iterator[str]:
    """What else a number of the source may be written as, for what stands behind it."""
    if value.isdigit() and len(value) == 4:
        following = _SHORT_YEAR.match(string, end)
        if following:
            # "1995–96" may become "1995-1996".
            yield value[:2] + following[1]
    if value.isdigit() and _MINUTES.match(string, end):
        # 14:30 may be told as 2:30 in the afternoon, and 2:30 p.m. as 14:30.
        yield str(int(value) + 12)
        yield str(int(value) - 12)
    suffix = SUFFIX.match(string, end)
    if suffix is None or value.count(".") > 1:
        return
    if suffix["scale"]:
        yield decimal(float(value) * SUFFIX_SCALES[suffix["scale"].lower()])
    elif value.isdigit() and suffix["pm"]:
        yield str(int(value) + 12)
    elif value.isdigit():
        # "1990s": the nineties, the twentieth century.
        yield str(int(value) % 100)
        yield str(int(value) // 100 + 1)


def differences(pair: Pair) -> tuple[list[str], list[str]]:
    """Numbers of the source that the target lost, and numbers of the target that the source does not explain."""
    source, target = pair.source, pair.target
    left = _counted(source)
    right = Counter(canonical_like(written_numbers(target), left))
    glued = _glued(target)
    renamed = sorted(glued - left.keys() - _glued(source)) if glued else []
    if left == right:
        return [], renamed
    left, right = read_both(pair)
    allowed = _allowed(source) | left.keys()
    extra = [n for n in right if n not in allowed] + renamed
    lost = [n for n in left - right if n not in glued]
    if lost and extra and _same_digits(lost, extra, left, right):
        return [], []
    if lost and extra:
        lost, extra = _without_regrouped(pair, lost, extra)
    lost = [n for n in lost[:_MOST] if not _whole_year(n, right)]
    if lost and (others := converted(pair)).units:
        lost, extra = [n for n in lost if n not in others.lost], [n for n in extra if n not in others.new]
    return _not_in_words(lost, extra, pair, left, right)


def _not_in_words(
    lost: list[str], extra: list[str], pair: Pair, left: Counter[str], right: Counter[str]
) -> tuple[list[str], list[str]]:
    """Of these numbers those that the other text does not say in words; the counts are of both texts' digits."""
    source, target, known = pair.source, pair.target, pair.knowledge
    words = known.numbers
    if words is None:
        # The spelled-out forms are unknown: small numbers may be there in words.
        return [n for n in lost if len(n) > 2 or (n.isdigit() and int(n) > 12)], extra
    if "0" in extra and any(minutes == "0" for _, minutes in clock_times(target)):
        extra.remove("0")
    # Nobody says the zero of "17:00", and "won 2-0" has many words.
    lost = [n for n in lost if n != "0" or extra]
    if lost or extra:
        spelling = plain(target, known)
        lost = [n for n in lost if not spells(n, spelling, words, right) and not told_otherwise(n, pair, known, right)]
        scales = [base for base, word in words.scale_words if word in spelling]
        extra = [n for n in extra if not _scaled_down(n, scales, {*left, *scaled(source).values()})]
    return lost, extra


def _same_digits(lost: list[str], extra: list[str], left: Counter[str], right: Counter[str]) -> bool:
    """ "1,300" written "1 300": the same digits in the same order."""
    if any("." in n for n in lost + extra):
        return False
    return "".join(left.elements()) == "".join(right.elements())


def _runs(text: Text) -> dict[str, str]:
    """Telephone and card numbers by their digits, as the text has them."""
    return {_NO_DIGITS.sub("", run): run for run in _RUN.findall(with_ascii_digits(text))}


def _without_regrouped(pair: Pair, lost: list[str], extra: list[str]) -> tuple[list[str], list[str]]:
    """Without the groups of telephone and card numbers that were parted otherwise: "020 7946 0123", "02079460123"."""
    here, there = _runs(pair.source), _runs(pair.target)
    for digits in here.keys() & there.keys():
        gone, new = numbers_in(text_of(here[digits])), numbers_in(text_of(there[digits]))
        lost, extra = [n for n in lost if n not in gone], [n for n in extra if n not in new]
    return lost, extra


def _whole_year(n: str, written: Counter[str]) -> bool:
    """The "96" of "1995-96" where the target has "1996", the 5 of "'05" where it has "2005"."""
    return n.isdigit() and len(n) <= 2 and any(len(year) == 4 and year.endswith(n.zfill(2)) for year in written)


def _scaled_down(n: str, scales: list[int], written: Collection[str]) -> bool:
    """The 100 of "100 thousand" where the source has 100,000."""
    if n.count(".") > 1 or len(n) > LONGEST:
        return False
    return any(decimal(float(n) * base) in written for base in scales)


def _sign_problem(pair: Pair, known: LanguageKnowledge) -> str | None:
    if known.below_zero is None or ENGLISH.below_zero is None:
        return None
    source, target = pair.source.string, plain(pair.target, known)
    lost = NEGATIVE.search(source) if any(map(source.__contains__, MINUS_SIGNS)) else None
    if lost and not known.below_zero.search(target):
        return f"the sign of -{lost[1]} is missing"
    new = _NEW_NEGATIVE.search(target) if "-" in target or "−" in target else None
    if (
        new
        and not ENGLISH.below_zero.search(source)
        and canonical(new[1]) in numbers_in(pair.source)
        and not re.search(rf"[-−–—]\s?{re.escape(new[1])}", source)
    ):
        return f"{new[1]} of the source became -{new[1]}"
    return None


def check_numbers(pair: Pair) -> list[Verdict]:
    """Numbers, units and dates; hard where one was replaced by another, lost its unit, is missing or new.

    Where the target language's number words are unknown only numbers from 13 on count; units, dates and signs are
    looked at where its words for them are known.
    """
    known = pair.knowledge
    stated = has_digits(pair.source)
    digits = stated or has_digits(pair.target)
    told: tuple[_Part, ...] = _PROBLEMS if stated or not english_words(pair.source).isdisjoint(QUANTITY_WORDS) else ()
    if not told and _CAPITAL_MONTH.search(pair.source.string):
        told = (date_problems,)
    verdicts = []
    lost, extra = differences(pair) if digits else ([], [])
    if lost and extra:
        detail = f"the source's {', '.join(lost[:5])} became {', '.join(extra[:5])}"
        verdicts.append(Verdict("numbers", len(lost) <= 3 and len(extra) <= 3, detail))
    elif lost:
        # What is said twice may be told once: "15 is the largest side, so we look for the angle opposite of 15".
        gone = [n for n in lost if n not in _counted(pair.target)]
        became = respelled(pair, gone, known) if gone and len(gone) <= _FEW else None
        detail = f"became {became}" if became else "is missing"
        verdicts.append(
            Verdict("numbers", bool(became) or _telling(gone), f"{', '.join(lost[:5])} of the source {detail}")
        )
    elif extra:
        verdicts.append(Verdict("numbers", _telling(extra), f"{', '.join(extra[:5])} is not in the source"))
    verdicts += [Verdict("numbers", *found) for look in told for found in look(pair, known)]
    if any(verdict.hard for verdict in verdicts) and _counts_by_idioms(pair.source):
        # A cat has nine lives or seven.
        return [replace(verdict, hard=False) for verdict in verdicts]
    return verdicts


def _counts_by_idioms(source: Text) -> bool:
    """Whether the numbers of a short text are those of its set phrases, and there are no others beside them."""
    if len(source.string) >= _SHORT or not has_idiom(source.string):
        return False
    rest = text_of(without_idioms(source.string))
    if numbers_in(rest) or english_values(rest) - {"1"}:
        return False
    return bool(numbers_in(source) or english_values(source))


def _telling(numbers: list[str]) -> bool:
    """Whether one has two digits or more; those of one have many words ("third-party", "twofold").

    On clean text (halves of FLORES, Tatoeba and software, 33,155 pairs) two are missing that have, and four are new.
    """
    return any(sum(map(str.isdigit, number)) > 1 for number in numbers)


def _sign_problems(pair: Pair, known: LanguageKnowledge) -> list[Changed]:
    detail = _sign_problem(pair, known)
    return [Changed(True, detail)] if detail else []


_PROBLEMS = (unit_problems, date_problems, _sign_problems, spelled_problems, place_problems, formula_problems)
