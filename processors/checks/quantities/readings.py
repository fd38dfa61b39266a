"""How numbers in digits may be read: "3,4" is a pair of coordinates or a decimal, "7.30" and "1200" may be times.

What a text means by its separators the other text tells: a number is taken apart where the other one has it in pieces,
and kept where the other has it whole. Only what English never writes as one number ("1,2,3") is taken apart anyway.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from processors.checks.pairs.pair import Pair
from processors.checks.quantities.measures import stated
from processors.languages.digits import NUMBER, canonical, canonical_like, decimal
from processors.languages.english_numbers import ENGLISH_NUMBERS, SUFFIX, SUFFIX_SCALES
from processors.languages.knowledge import LanguageKnowledge
from processors.languages.number_words import LONGEST, NumberWords, spells, spells_share
from processors.languages.spellings import plain, with_ascii_digits, written_numbers
from processors.texts import Text, view

CLOCK = re.compile(r"(?<![\d:.])([01]?\d|2[0-4]):([0-5]\d)(?![\d:])")
_COMMA = re.compile("[,،]")
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:[,،]\d{3})+(?:\.\d+)?")
# Indian grouping: 1,00,000.
_LAKHS = re.compile(r"[1-9]\d?(?:,\d\d)+,\d{3}")
_POINT_TIME = re.compile(r"([01]?\d|2[0-4])\.([0-5]\d)")
_BARE_TIME = re.compile(r"([01]\d|2[0-4])([0-5]\d)")
# What tells in English that "7.30" or "1200" is a time.
_TIME_BEHIND = re.compile(
    r"\s?(?:[ap]\.?m\b|in the (?:morning|afternoon|evening)|at night|o['’]clock|hours\b|hrs?\b|GMT\b|UTC\b|Zulu\b)",
    re.I,
)
# Month by its number, fractions: what a number is a part of.
_DATE = re.compile(r"\d[-/]\d")
_SPAN = re.compile(r"(?<![\d.,:])(\d{1,3})[ -](minute|second|month|hour)s?\b", re.I)
_MAKE = {"minute": 60, "second": 60, "month": 12, "hour": 24}
_SHARES = {1 / 2: "half", 1 / 4: "quarter", 3 / 4: "quarter", 1 / 3: "third", 2 / 3: "third"}
_FRACTIONS = (("1/2", "half"), ("1/4", "quarter"), ("3/4", "quarter"), ("1/3", "third"), ("2/3", "third"))
_FRACTION_SIGNS = {"1/2": "½", "1/4": "¼", "3/4": "¾", "1/3": "⅓", "2/3": "⅔"}
_AFTERNOON = re.compile(
    r"\d ?(?:p\.?m\b|(?:o['’]clock )?in the (?:early |late )?(?:afternoon|evening)\b|o['’]clock at night\b)", re.I
)
_LATER = re.compile(r"(?<![\d.,])(\d{1,2}) days? (later|after|earlier|before)\b", re.I)
_DAY_OF_MONTH = re.compile(
    r"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? (\d{1,2})(?!\d)|(?<!\d)(\d{1,2})(?:st|nd|rd"
    r"|th)? (?:of )?"
    r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
)
_ALWAYS = "24/7"
_SHARE = re.compile("[%٪]|per ?cent")


@view
def clock_times(text: Text) -> frozenset[tuple[str, str]]:
    """Hours and minutes written with a colon, without zeros in front."""
    if ":" not in text.string:
        return frozenset()
    return frozenset((canonical(m[1]), canonical(m[2])) for m in CLOCK.finditer(with_ascii_digits(text)))


@view
def _stated_times(source: Text) -> frozenset[str]:
    """Numbers of an English text that are times by what stands behind them, as they are written."""
    string = with_ascii_digits(source)
    return frozenset(m[0] for m in NUMBER.finditer(string) if _time(m[0]) and _TIME_BEHIND.match(string, m.end()))


def _time(raw: str) -> tuple[str, str] | None:
    m = _POINT_TIME.fullmatch(raw) or _BARE_TIME.fullmatch(raw)
    return (canonical(m[1]), canonical(m[2])) if m else None


def read_both(pair: Pair) -> tuple[Counter[str], Counter[str]]:
    """The numbers of source and target, each read as the other one suggests, in the spelling of `canonical`."""
    here, there = written_numbers(pair.source), written_numbers(pair.target)
    left = set(map(canonical, here))
    right = set(canonical_like(there, left))
    times = clock_times(pair.source), clock_times(pair.target)
    stated = _stated_times(pair.source)
    apart: Counter[str] = Counter()
    for raw in here:
        apart.update(_read(raw, right, times[1], english=True, is_time=raw in stated))
    # What the source was taken apart into, the target may have written together.
    pieces = left | apart.keys()
    together: Counter[str] = Counter()
    for raw in there:
        together.update(_read(raw, pieces, times[0], english=False, is_time=False))
    return apart, together


def _read(
    raw: str, other: Collection[str], times: frozenset[tuple[str, str]], *, english: bool, is_time: bool
) -> Iterator[str]:
    whole = next(iter(canonical_like([raw], other)))
    if whole in other:
        yield whole
        return
    pieces: tuple[str, ...] = ()
    time = _time(raw)
    if time and (is_time or time in times):
        pieces = time
    elif _COMMA.search(raw):
        parts = tuple(canonical(piece) for piece in _COMMA.split(raw))
        if _LAKHS.fullmatch(raw):
            pieces = (canonical(raw.replace(",", "")),)
        elif _listed(raw, english=english) or all(piece in other for piece in parts):
            pieces = parts
    yield from pieces or (whole,)


def _listed(raw: str, *, english: bool) -> bool:
    """Whether commas can only be those of a list: English marks decimals by a point, others have one comma."""
    return not _GROUPED.fullmatch(raw) and (english or len(_COMMA.findall(raw)) > 1)


@view
def days_later(source: Text) -> Mapping[str, frozenset[str]]:
    """Numbers before "days later" to the days of a month that they lead to from those that the text names."""
    later = list(_LATER.finditer(source.string)) if "day" in source.string else []
    if not later:
        return {}
    days = {int(m[1] or m[2]) for m in _DAY_OF_MONTH.finditer(source.string)}
    found: dict[str, frozenset[str]] = {}
    for number, ahead in {(m[1], m[2].lower() in ("later", "after")) for m in later}:
        step = int(number) if ahead else -int(number)
        reached = frozenset(str(day + step) for day in days if 1 <= day + step <= 31)
        found[number] = found.get(number, frozenset()) | reached
    return found


def _told_as_day(number: str, pair: Pair, known: LanguageKnowledge, written: Collection[str]) -> bool:
    """Whether the target names the day that so many days lead to, and counts no other days."""
    days = days_later(pair.source).get(number, frozenset()).intersection(written)
    if not days or known.units is None:
        return bool(days)
    counted = {m.value for m in stated("time", plain(pair.target, known).lower(), known.units) if m.unit == "day"}
    return not days <= counted


class HourTo(NamedTuple):
    """ "Ten to four" in digits (`rest`, a quarter as such, and `to`), and `hour`, `minutes` of 3:50."""

    rest: str
    to: str
    hour: str
    minutes: str


_RESTS = {"twenty-five": 25, "twenty": 20, "quarter": 15, "ten": 10, "five": 5}
_HOUR_TO = re.compile(
    rf"\b({'|'.join(_RESTS)})(?: minutes)? (?:to|before)"
    r" (one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b",
    re.I,
)


@view
def hours_to(source: Text) -> tuple[HourTo, ...]:
    """Clock times of an English text that say in words how much is left of the hour."""
    found = []
    for m in _HOUR_TO.finditer(source.string) if " to " in source.string or "before" in source.string else ():
        rest, hour = m[1].lower(), ENGLISH_NUMBERS[m[2].lower()]
        said = rest if rest == "quarter" else str(_RESTS[rest])
        found.append(HourTo(said, str(hour), str((hour - 2) % 12 + 1), str(60 - _RESTS[rest])))
    return tuple(found)


@view
def scaled(source: Text) -> Mapping[str, str]:
    """Numbers in digits before "million" and its like, to their values in full."""
    string = with_ascii_digits(source)
    found = {}
    for m in NUMBER.finditer(string):
        suffix, value = SUFFIX.match(string, m.end()), canonical(m[0])
        if suffix and suffix["scale"] and value.count(".") < 2 and len(value) <= LONGEST:
            found[value] = decimal(float(value) * SUFFIX_SCALES[suffix["scale"].lower()])
    return found


def told_otherwise(number: str, pair: Pair, known: LanguageKnowledge, written: Mapping[str, int]) -> bool:
    """Whether the target tells a `number` of the source by the words for what it is a part of: 1.4 of 1.4 billion,
    a month of 2021-03-05, 8 and 55 of 8:55, which is five to nine, 1 and 2 of 1/2."""
    words = known.numbers
    if words is None or number.count(".") > 1 or len(number) > LONGEST:
        return False
    spelling = plain(pair.target, known)
    if number in scaled(pair.source):
        return _told_in_full(scaled(pair.source)[number], spelling, words, written)
    string = pair.source.string
    if not number.isdigit():
        return False
    return (
        _told_as_day(number, pair, known, written)
        or (str(int(number) + 12) in written and _AFTERNOON.search(string) is not None)
        or (_SHARE.search(string) is not None and spells_share(number, spelling, words))
        or ("/" in string and _told_as_part(number, string, spelling, words))
        or (_DATE.search(string) is not None and _told_as_month(int(number), spelling, known))
        or _told_as_rest(number, pair, spelling, words, written)
        or _told_as_share(number, pair, spelling, words, written)
    )


def _told_in_full(value: str, spelling: str, words: NumberWords, written: Mapping[str, int]) -> bool:
    """A billion and 400 million, 1,400 million."""
    if "." in value:
        return False
    if value in written or spells(value, spelling, words, written):
        return True
    scales = [base for base, word in words.scale_words if word in spelling]
    return any(
        decimal(float(n) * base) == value for n in written if n.count(".") < 2 and len(n) <= LONGEST for base in scales
    )


def _told_as_part(number: str, string: str, spelling: str, words: NumberWords) -> bool:
    if number == "7" and _ALWAYS in string:
        return bool(words.whole_day) and re.search(words.whole_day, spelling) is not None
    return any(
        number in fraction
        and fraction in string
        and any(map(spelling.__contains__, (_FRACTION_SIGNS[fraction], *words.fraction_words[name])))
        for fraction, name in _FRACTIONS
    )


def _told_as_month(number: int, spelling: str, known: LanguageKnowledge) -> bool:
    if known.dates is None or not 1 <= number <= len(known.dates.months):
        return False
    return re.search(list(known.dates.months.values())[number - 1], spelling) is not None


@view
def _spans(source: Text) -> Mapping[str, int]:
    """Numbers of an English text before a word of time, to how many of those make the next larger one."""
    return {m[1]: _MAKE[m[2].lower()] for m in _SPAN.finditer(source.string)}


def _told_as_share(number: str, pair: Pair, spelling: str, words: NumberWords, written: Mapping[str, int]) -> bool:
    """90 minutes as an hour and a half, 40 as two thirds of one, 18 months as a year and a half."""
    if number not in _spans(pair.source):
        return False
    wholes, rest = divmod(int(number), _spans(pair.source)[number])
    name = _SHARES.get(rest / _spans(pair.source)[number])
    if name is None:
        return False
    shares = "|".join(map(re.escape, words.fraction_words[name]))
    if not wholes:
        return re.search(shares, spelling) is not None
    # Of one and two the form of the noun may tell.
    counted = wholes < 3 or str(wholes) in written or spells(str(wholes), spelling, words, written)
    return counted and re.search(rf"(?<!\w)(?:{'|'.join(words.joined)}) ?(?:{shares})", spelling) is not None


def _told_as_rest(number: str, pair: Pair, spelling: str, words: NumberWords, written: Mapping[str, int]) -> bool:
    """Five to nine, ten minutes before midnight."""
    short = bool(words.short_of and re.search(words.short_of, spelling))
    before_twelve = bool(words.before_twelve and re.search(words.before_twelve, spelling))
    if not short and not before_twelve:
        return False
    stated = filter(None, map(_time, _stated_times(pair.source)))
    for hour, minutes in (*clock_times(pair.source), *stated):
        if not short and int(hour) % 12 != 11:
            continue
        rest = str(60 - int(minutes))
        if number == minutes and int(minutes) >= 30 and (rest in written or spells(rest, spelling, words, written)):
            return True
        following = str(int(hour) % 12 + 1)
        if number == hour and before_twelve and int(hour) % 12 == 11:
            return True
        if number == hour and (following in written or spells(following, spelling, words, written)):
            return True
    return False
