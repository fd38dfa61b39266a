"""Numbers in their places: those of a table's cell or of a line must be in the same cell or line of the target, those
of a formula in the same formula, with its signs, and codes as they are."""

from __future__ import annotations

import re

from processors.checks.pairs.changed import Changed
from processors.checks.pairs.pair import Pair
from processors.languages.digits import NUMBER, canonical
from processors.languages.english_numbers import english_values
from processors.languages.knowledge import LanguageKnowledge
from processors.languages.spellings import numbers_in, with_ascii_digits
from processors.texts import Text, view

_RESULT = re.compile(r"=\s?([-−]?\d+(?:\.\d+)?)(?![\w/*^+=-]|[.,]\d)")
# The digit first and then what stands before it: so the search jumps from one to the next.
_TWO = re.compile(r"(\d(?<![\w.,:/\-–+]\d)\d{0,2})([-–])(\d{1,3})(?![\w:/\-–]|[.,]\d)")
_CODE = re.compile(r"0(?<![\w.,:/]0)\d{2,}(?![\w:/]|[.,]\d)")
# 0015 may be a time, 00:15.
_WHOLE = re.compile(r"\d(?<![\d:.]\d)\d*+(?!:)")
# Of "a * b + c" both signs: what stands behind one stands before the next. A number is looked at once, from its first
# digit.
_NUMBERS = re.compile(r"\d+")
_OPERATION = re.compile(
    r"([A-Za-z]|\d(?<!\d\d)\d*+(?:\.\d++)?+[A-Za-z]?)\s?([+\-−–*×·÷/=≠≤≥])\s?"
    r"(?=([A-Za-z]\b|\d++(?:\.\d+)?[A-Za-z]?\b))"
)
_SIGNS = re.compile(r"[+*×÷=≠≤≥]")
_ALIKE = {"−": "-", "–": "-", "×": "*", "·": "*", "÷": "/"}
# 3/4 may be 3-4, where it is a day of a month.
_OF_DATES = frozenset("/-")


@view
def _by_place(text: Text) -> tuple[tuple[str, ...], ...]:
    """The numbers of each cell of a table and of each other line that is not empty, sorted."""
    places = []
    for line in with_ascii_digits(text).split("\n"):
        line = line.strip()
        for piece in line.split("|") if line.startswith("|") else [line] if line else ():
            places.append(tuple(sorted(map(canonical, NUMBER.findall(piece)))))
    return tuple(places)


def place_problems(pair: Pair, known: LanguageKnowledge) -> list[Changed]:
    """Told where the texts have the same numbers and as many places, so that only their order differs."""
    numbers = numbers_in(pair.source)
    if "\n" not in pair.source.string or not numbers:
        return []
    # Of a text whose sentences say some in words the tables can still be compared.
    found = _in_tables(pair) if "|" in pair.source.string else []
    if found or sorted(numbers) != sorted(numbers_in(pair.target)):
        return found
    here, there = _by_place(pair.source), _by_place(pair.target)
    if len(here) != len(there):
        return []
    moved = [(a, b) for a, b in zip(here, there, strict=True) if a != b]
    # In prose of broken lines a number moves on to the next one; only what was exchanged is told.
    if not moved or any(len(a) != len(b) for a, b in moved):
        return []
    (a, b), *_ = moved
    return [Changed(True, f"'{' '.join(b)}' stands where the source has '{' '.join(a)}'")]


def _in_tables(pair: Pair) -> list[Changed]:
    here, there = _tables(pair.source), _tables(pair.target)
    if len(here) != len(there):
        return []
    for left, right in zip(here, there, strict=True):
        if left != right and len(left) == len(right) and sorted(sum(left, ())) == sorted(sum(right, ())):
            a, b = next((a, b) for a, b in zip(left, right, strict=True) if a != b)
            return [Changed(True, f"'{' '.join(b)}' stands where the source has '{' '.join(a)}'")]
    return []


@view
def _tables(text: Text) -> tuple[tuple[tuple[str, ...], ...], ...]:
    """Of each table the numbers of its cells."""
    tables: list[list[tuple[str, ...]]] = []
    inside = False
    for line in map(str.strip, with_ascii_digits(text).split("\n")):
        if line.startswith("|"):
            tables += [] if inside else [[]]
            tables[-1] += [tuple(sorted(map(canonical, NUMBER.findall(cell)))) for cell in line.split("|")]
        inside = line.startswith("|")
    return tuple(map(tuple, tables))


def formula_problems(pair: Pair, known: LanguageKnowledge) -> list[Changed]:
    """What no language writes in words: what stands behind "=", pairs of numbers ("3-1"), codes, signs of
    calculation."""
    source = with_ascii_digits(pair.source)
    if found := _code_lost(source, pair.target) or _sign_changed(pair):
        return [found]
    if not any(map(source.__contains__, "=-–")):
        return []
    here, there = _in_formulas(pair.source), _in_formulas(pair.target)
    lost, new = here - there, there - here
    for kind, value in sorted(lost):
        # Scores and ranges are turned round where one reads from the right.
        others = (v for k, v in sorted(new) if k == kind and v not in _turned(value))
        # "They won four to one" beside another score.
        other = next((v for v in others if not set(_NUMBERS.findall(v)) <= english_values(pair.source)), None)
        if other is not None and not any((kind, v) in there for v in _turned(value)):
            return [Changed(True, f"'{value}' of the source became '{other}'")]
    return []


def _code_lost(source: str, target: Text) -> Changed | None:
    """A number that begins with a zero is a code or a piece of a telephone number: each digit of it stays."""
    # Zeros alone are the thousands of "10 000".
    codes = [code for code in dict.fromkeys(_CODE.findall(source)) if code.strip("0")] if "0" in source else []
    if not codes:
        return None
    written = _written(target)
    lost = next(
        (code for code in codes if code.lstrip("0") in written and code not in with_ascii_digits(target)), None
    )
    return Changed(True, f"'{lost}' of the source became '{lost.lstrip('0')}'") if lost else None


@view
def _written(text: Text) -> frozenset[str]:
    return frozenset(_WHOLE.findall(with_ascii_digits(text)))


def _sign_changed(pair: Pair) -> Changed | None:
    """3x + 7 that became 3x - 7: other signs between the same two."""
    here = _signs(pair.source) if _SIGNS.search(pair.source.string) else {}
    if not here:
        return None
    there = _signs(pair.target)
    for both, sign in here.items():
        other = there.get(both, sign)
        if other != sign and not {sign, other} <= _OF_DATES:
            return Changed(True, f"'{both[0]} {sign} {both[1]}' of the source became '{both[0]} {other} {both[1]}'")
    return None


@view
def _signs(text: Text) -> dict[tuple[str, str], str]:
    """The signs of calculation between two numbers or letters, where the text has each two but once."""
    string = with_ascii_digits(text)
    found: dict[tuple[str, str], set[str]] = {}
    for m in _OPERATION.finditer(string):
        found.setdefault((m[1], m[3]), set()).add(_ALIKE.get(m[2], m[2]))
    return {both: next(iter(signs)) for both, signs in found.items() if len(signs) == 1}


@view
def _in_formulas(text: Text) -> frozenset[tuple[str, str]]:
    string = with_ascii_digits(text)
    found = {("=", canonical(m[1])) for m in _RESULT.finditer(string)} if "=" in string else set()
    return frozenset(found | {(m[2], f"{m[1]}{m[2]}{m[3]}") for m in _TWO.finditer(string)})


def _turned(value: str) -> tuple[str, ...]:
    m = _TWO.fullmatch(value)
    return (f"{m[3]}{m[2]}{m[1]}",) if m else ()
