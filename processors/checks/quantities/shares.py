"""What a share of an English hour, year, dozen or of people amounts to: "an hour and a half" is ninety minutes.

A translation may say either; no word of the one is in the other.
"""

from __future__ import annotations

import re

from processors.languages.digits import decimal
from processors.languages.english_numbers import COUNTING
from processors.texts import Text, view

# Of each word, into how many of the next smaller ones it falls.
_MAKE = {"hour": 60, "day": 24, "year": 12, "dozen": 12, "minute": 60, "century": 100, "decade": 10, "million": 1000}
_SHARES = {"half": 0.5, "quarter": 0.25, "third": 1 / 3, "two thirds": 2 / 3, "three quarters": 0.75}
_COUNTS = {"a": 1, "an": 1, "one": 1} | {word: int(value) for word, value in COUNTING.items() if value}
_COUNT = rf"\d{{1,2}}|{'|'.join(_COUNTS)}"
_WHOLE = "|".join(_MAKE)
_OF = re.compile(
    r"\b(?P<share>(?:three[- ])?quarters?|half|(?:two[- ])?thirds?)(?:[- ]of)?[- ](?:(?:an?|one)[- ])?"
    rf"(?P<whole>{_WHOLE})\b",
    re.IGNORECASE,
)
_AND = re.compile(
    rf"\b(?P<before>{_COUNT}) (?:(?P<whole>{_WHOLE})s? )?and (?:an? )?(?P<share>half|(?:three )?quarters?)"
    rf"(?: (?P<behind>{_WHOLE})s?)?\b",
    re.IGNORECASE,
)
_IN = re.compile(rf"\b(?P<few>{_COUNT}) (?:in|out of)(?: every)? (?P<all>{_COUNT})\b", re.IGNORECASE)


@view
def share_values(source: Text) -> frozenset[str]:
    """The numbers, in the spelling of `canonical`, that shares of an English text amount to."""
    string = source.string
    found = {_MAKE[m["whole"].lower()] * _share(m["share"]) for m in _OF.finditer(string)}
    for m in _AND.finditer(string):
        whole = m["whole"] or m["behind"]
        if whole:
            found.add(_MAKE[whole.lower()] * (_count(m["before"]) + _share(m["share"])))
    for m in _IN.finditer(string):
        if _count(m["few"]) < _count(m["all"]):
            found.add(100 * _count(m["few"]) / _count(m["all"]))
    return frozenset(decimal(round(value, 2)) for value in found)


def _share(said: str) -> float:
    words = re.split(r"[- ]", said.lower())
    name = " ".join(words)
    return _SHARES.get(name) or _SHARES[name.rstrip("s")]


def _count(said: str) -> int:
    return int(said) if said.isdigit() else _COUNTS[said.lower()]
