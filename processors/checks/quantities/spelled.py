"""Numbers that both sides spell out: "seven" that became "five", "million" that became "billion", a half a quarter.

A number word of the target that the source does not explain is told only where a number word of the source is lost
too: so idioms ("at sixes and sevens", Arabic's "fourteen centuries") raise no alarm.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from processors.checks.pairs.changed import Changed
from processors.checks.pairs.pair import Pair
from processors.checks.quantities.converted import NOTHING, converted
from processors.checks.quantities.readings import days_later, hours_to, scaled, told_otherwise
from processors.checks.quantities.shares import share_values
from processors.languages.digits import canonical, decimal
from processors.languages.english_numbers import ENGLISH_SCALES, english_spelled, english_values
from processors.languages.knowledge import LanguageKnowledge
from processors.languages.number_words import LONGEST, NumberWords, Spelled, spelled, spells
from processors.languages.spellings import numbers_in, plain
from processors.texts import Text

# Where more words are lost and new, one idiom may stand for several.
_SURE = 3
_ROMAN_KEPT = re.compile(r"\b[XVI]{2,}\b")
_LETTER_KEPT = re.compile(r"(?<!\w)[VXI](?!\w)")
_YEAR = re.compile(r"1\d{3}|20\d\d")


def spelled_problems(pair: Pair, known: LanguageKnowledge) -> list[Changed]:
    """A number word of the source that is lost while a new one stands in the target; `[]` if there is none."""
    words = known.numbers
    here = english_spelled(pair.source) if words is not None else None
    if words is None or here is None:
        return []
    spelling = plain(pair.target, known)
    there = spelled(spelling, words)
    written = Counter(numbers_in(pair.target))
    full = _in_full(pair, known, written)
    problem = (
        (None if full else _scale_problem(here, there, numbers_in(pair.source), written))
        or _counted_scale_problem(pair, known)
        or _roman_problem(here, there, spelling, words, written)
        or _word_problem(pair, here, there, spelling, words, written)
        or _compound_problem(pair, here, there, written)
        or _second_problem(pair, here, there, spelling, words, written)
        or _hundreds_problem(pair, here, there, spelling, words)
    )
    return [problem] if problem else []


def _in_full(pair: Pair, known: LanguageKnowledge, written: Mapping[str, int]) -> bool:
    """1,400 million for 1.4 billion: other scales, the same numbers."""
    values = scaled(pair.source)
    return bool(values) and all(n not in written and told_otherwise(n, pair, known, written) for n in values)


_SCALED = re.compile(r"(?<![\d.,،])(\d+(?:[.,،]\d+)*)\s?([^\W\d_]+)")


def _counted_scale_problem(pair: Pair, known: LanguageKnowledge) -> Changed | None:
    """3 million that became 3 billion, where another number has kept its million."""
    values, words = scaled(pair.source), known.numbers
    if not values or words is None:
        return None
    there: dict[str, set[str]] = {}
    for m in _SCALED.finditer(plain(pair.target, known)):
        kind, scale = words.forms.get(m[2], ("", ""))
        if kind == "scale" and canonical(m[1]) in values:
            there.setdefault(canonical(m[1]), set()).add(str(scale))
    for n, scales in there.items():
        if not any(decimal(float(n) * ENGLISH_SCALES[scale]) == values[n] for scale in scales):
            return Changed(True, f"'{n}' of the source, {values[n]} in full, became {n} {min(scales)}")
    return None


def _roman_problem(
    here: Spelled, there: Spelled, spelling: str, words: NumberWords, written: Mapping[str, int]
) -> Changed | None:
    for roman in sorted(here.romans):
        kept = roman in there.parts or str(roman) in written
        second = roman == 2 and words.second and re.search(words.second, spelling)
        if not kept and not second and not _ROMAN_KEPT.search(spelling):
            return Changed(True, f"'{roman}' in Roman numerals in the source is missing")
    return _roman_letter(here, there, spelling, words, written)


def _roman_letter(
    here: Spelled, there: Spelled, spelling: str, words: NumberWords, written: Mapping[str, int]
) -> Changed | None:
    """Chapter V that became the sixth: a letter by itself is told where another number is new."""
    ten = {10} if any(teen in spelling for teen in words.teens) else set()
    said = there.parts | ten | {int(n) for n in written if len(n) < _SURE and n.isdigit()}
    lost = [n for n in sorted(here.letters) if n not in said and not _LETTER_KEPT.search(spelling)]
    if not lost or (lost[0] == 1 and re.search(words.stems[1], spelling)):
        return None
    new = sorted(n for n in there.values if n not in here.values and n not in here.romans | here.letters)
    new += [2] if words.second and re.search(words.second, spelling) and not here.second | bool(here.values[2]) else []
    return Changed(True, f"'{lost[0]}' in Roman numerals in the source became {new[0]}") if new else None


def _word_problem(
    pair: Pair, here: Spelled, there: Spelled, spelling: str, words: NumberWords, written: Mapping[str, int]
) -> Changed | None:
    lost = [str(n) for n in sorted(here.values) if n != 2 and here.values[n] > _times(n, there, written)]
    # Of "two" the form of any noun may tell.
    if here.values[2] and "2" not in written and not (words.two and re.search(words.two, spelling)):
        lost += ["2"] if words.two or not spells("2", spelling, words, written) else []
    lost += [f for f in sorted(here.fractions) if not any(map(spelling.__contains__, words.fraction_words[f]))]
    lost = [n for n in lost if not _told_as_hour(n, pair, there, written)]
    turned = _turned_hours(pair.source, there, written) if lost else {}
    others = converted(pair) if lost else NOTHING
    lost = [n for n in lost if n not in others.lost and n not in turned]
    if not lost:
        return None
    stated, shares = numbers_in(pair.source), share_values(pair.source)
    explained = english_values(pair.source) | set(stated) | shares
    explained |= set(_pieces(n for n in (*stated, *shares) if n not in written))
    new = [str(n) for n in sorted(there.values) if str(n) not in explained]
    new = [n for n in new if n not in others.new and n not in turned.values()]
    new = new or [str(n) for n in _more_often(here, there, stated, written)]
    new = new or [n for n in written if _is_small(n) and int(n) > 2 and n not in explained and n not in others.new]
    if here.fractions:
        new += sorted(f for f in there.fractions - here.fractions if not _CLOCK[f].search(pair.source.string))
    if not new:
        return None
    return Changed(len(lost) <= _SURE and len(new) <= _SURE, f"{lost[0]} of the source, in words, became {new[0]}")


def _more_often(here: Spelled, there: Spelled, stated: Sequence[str], written: Mapping[str, int]) -> Iterator[int]:
    """Numbers that the target says once more than the source: three cats and three dogs, which were five."""
    for n in sorted(there.values):
        if n > 2 and there.values[n] > here.values[n] + stated.count(str(n)) - written.get(str(n), 0) > 0:
            yield n


def _compound_problem(pair: Pair, here: Spelled, there: Spelled, written: Mapping[str, int]) -> Changed | None:
    """Twenty-one that became twenty-two: the ten has stayed."""
    lost = [n for n in here.values if n > 20 and n % 10 and n not in there.parts and str(n) not in written]
    if len(lost) != 1:
        return None
    explained = {*english_values(pair.source), *numbers_in(pair.source)}
    new = [n for n in there.compounds if str(n) not in explained and n // 10 == lost[0] // 10]
    return Changed(True, f"{lost[0]} of the source, in words, became {new[0]}") if new else None


# 6:15 is a quarter past six.
_CLOCK = {
    name: re.compile(rf"\d:(?:{minutes})(?!\d)")
    for name, minutes in {"quarter": "15|45", "half": "30", "third": "20|40"}.items()
}
_MILITARY = re.compile(
    r"\b(?:thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty(?:[- ](?:one|two|three|four))?)"
    r" (?:hundred|hours)\b",
    re.I,
)


def _told_as_hour(n: str, pair: Pair, there: Spelled, written: Mapping[str, int]) -> bool:
    """Twenty-two hundred as ten in the evening, or a quarter to it as a quarter to ten or nine and three quarters."""
    if not n.isdigit() or not 13 <= int(n) <= 24 or not _MILITARY.search(pair.source.string):
        return False
    return any(hour in there.values or str(hour) in written for hour in (int(n) - 12, int(n) - 13))


def _turned_hours(source: Text, there: Spelled, written: Mapping[str, int]) -> dict[str, str]:
    """Of "ten to four" its numbers to those of 3:50, where the target has both."""
    found: dict[str, str] = {}
    for said in hours_to(source):
        hour, minutes = int(said.hour), int(said.minutes)
        # The five of "five and forty" is no hour.
        times = there.values[hour] - (minutes in there.compounds and minutes % 10 == hour)
        told = minutes in there.values or minutes in there.parts or said.minutes in written
        if told and (times > 0 or said.hour in written):
            found |= {said.to: said.hour, said.rest: said.minutes}
    return found


def _new(pair: Pair, there: Spelled) -> list[int]:
    """Numbers above two that the target has in words and the source in no form."""
    explained = {*english_values(pair.source), *numbers_in(pair.source)}
    pieces = set(_pieces(iter(numbers_in(pair.source))))
    return sorted(n for n in there.values if n > 2 and str(n) not in explained and str(n) not in pieces)


def _second_problem(
    pair: Pair, here: Spelled, there: Spelled, spelling: str, words: NumberWords, written: Mapping[str, int]
) -> Changed | None:
    """The second that became the third: another ordinal, where nothing says "second" or "two"."""
    twice = words.fraction_words.get("twice", ())
    if (
        not here.second
        or not words.second
        or re.search(words.second, spelling)
        or any(map(spelling.__contains__, twice))
    ):
        return None
    new = _new(pair, there) or list(_more_often(here, there, numbers_in(pair.source), written))
    return Changed(True, f"'second' of the source became {new[0]}") if new and new[0] <= 10 else None


def _hundreds_problem(pair: Pair, here: Spelled, there: Spelled, spelling: str, words: NumberWords) -> Changed | None:
    """Hundreds of years that became thousands."""
    hundreds = next((stems for base, stems in words.scales if base == 100), "")
    new = there.scales.keys() - here.scales.keys()
    if not here.hundreds or not hundreds or not new or re.search(hundreds, spelling) or scaled(pair.source):
        return None
    # "A thousand times" says no more than "hundreds of times".
    if not words.thousands or not re.search(words.thousands, spelling):
        return None
    return (
        None if any(len(n) > 3 for n in numbers_in(pair.source)) else Changed(True, f"'hundreds' became '{min(new)}'")
    )


def _times(n: int, there: Spelled, written: Mapping[str, int]) -> int:
    return max(there.values[n], n in there.parts) + written.get(str(n), 0)


def _scale_problem(
    here: Spelled, there: Spelled, stated: tuple[str, ...], written: Mapping[str, int]
) -> Changed | None:
    new = there.scales.keys() - here.scales.keys()
    if not new:
        return None
    # "1,500 million" may be 1.5 billion and "0.5 million" 500 thousand; digits of the source may be written short.
    largest = max((float(n) for n in stated if _is_short(n) and not _YEAR.fullmatch(n)), default=0.0)
    most = max((float(n) for n in written if _is_short(n)), default=0.0)
    for name in sorted(here.scales):
        if here.scales[name] <= there.scales[name] or most >= ENGLISH_SCALES[name]:
            continue
        for other in sorted(new):
            derived = ENGLISH_SCALES[other] > ENGLISH_SCALES[name] and largest >= 1000
            if not derived and largest < ENGLISH_SCALES[other] and not 0 < largest < 1:
                return Changed(True, f"'{name}' of the source became '{other}'")
    return None


def _is_short(n: str) -> bool:
    return n.count(".") <= 1 and len(n) < LONGEST


def _pieces(found: Iterator[str]) -> Iterator[str]:
    """Digits of the source as number words may take them apart: 1939 is "thousand nine hundred nine and thirty"."""
    for n in found:
        for digits in n.split("."):
            if digits.isdigit() and len(digits) < LONGEST:
                value = int(digits)
                while value:
                    low = value % 1000
                    yield from map(str, (low, low % 100, low % 10, low // 100, low % 100 // 10 * 10))
                    value //= 1000
                yield from map(str, (int(digits) % 12, int(digits) // 100, int(digits) // 100 + 1))


def _is_small(n: str) -> bool:
    """A whole number that texts spell out."""
    return n.isdigit() and len(n) <= 2 and n != "0"


def respelled(pair: Pair, lost: Sequence[str], known: LanguageKnowledge) -> str | None:
    """What small numbers of the source became, where the target has another one in words, or in digits once more."""
    words, stated, written = known.numbers, numbers_in(pair.source), numbers_in(pair.target)
    if words is None or not all(map(_is_small, lost)):
        return None
    there = spelled(plain(pair.target, known), words)
    explained = {*english_values(pair.source), *stated, *share_values(pair.source), *_pieces(iter(stated))}
    explained.update(*days_later(pair.source).values())
    new = [str(n) for n in sorted(there.values) if str(n) not in explained]
    new += [n for n in dict.fromkeys(written) if written.count(n) > stated.count(n) > 0]
    return new[0] if new else None
