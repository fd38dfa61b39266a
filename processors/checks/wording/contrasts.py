"""Words of which one excludes the others: every day and every week, north and south, red and blue, brother and sister.

`languages/contrasts.json` has groups of them: of each word the English that says it, the English that may be told by
its translation as well, what may stand for it (a part of a word is enough), and what can stand for nothing else. Told
only where a word of the source has nothing that may stand for it, and another of its group is new.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from processors.languages.english import DENIALS
from processors.languages.english_numbers import english_words
from processors.languages.knowledge import LanguageKnowledge
from processors.languages.spellings import plain
from processors.texts.text import Text

_PATH = Path(__file__).parents[2] / "languages" / "contrasts.json"
# Soft: a program's windows are mirrored for those who read from the right, four times in software's half; and of two
# things that happen either may be told as the one behind the other.
_NOTED = ("left", "right", "before it", "after it")
_TRIGGER = re.compile(r"[a-z]{3,}")
# Of the patterns' words those that stand in too many texts.
_COMMON = frozenset(
    ["every", "each", "once", "twice", "per", "last", "next", "this", "past", "following", "single", "times", "are",
     "was", "were", "stay", "stayed", "stays", "remain", "remained", "remains", "the", "you", "she", "they", "his",
     "her", "your", "our", "their", "its", "use", "work", "school", "than", "half", "one", "two", "three", "four",
     "five", "six", "seven", "eight", "nine", "ten", "and", "some", "came", "finished", "not", "very", "dark",
     "bed", "ing"]
)  # fmt: skip


class _Word(NamedTuple):
    """A word of a group: `english` says it, `may` has it among others; `kept` may stand for it, `new` is only it. Of
    `triggers` one is in every text that says it."""

    name: str
    triggers: frozenset[str]
    english: re.Pattern[str]
    may: re.Pattern[str]
    kept: re.Pattern[str]
    new: re.Pattern[str]


class _Group(NamedTuple):
    """`triggers`: of these one is in every text that says one of the words."""

    triggers: frozenset[str]
    words: tuple[_Word, ...]


@cache
def _groups(language: str) -> tuple[_Group, ...]:
    listed = json.loads(_PATH.read_text(encoding="utf-8")).get(language.partition("-")[0], [])
    return tuple(
        _Group(
            frozenset().union(*(_triggers_of(said) for said, *_ in group.values())),
            tuple(_word(name, *said) for name, said in group.items()),
        )
        for group in listed
    )


@cache
def _triggers(language: str) -> frozenset[str]:
    return frozenset().union(*(group.triggers for group in _groups(language)))


def _triggers_of(english: str) -> frozenset[str]:
    # Of "prices?" both.
    found = {m[0] for m in _TRIGGER.finditer(english)}
    found |= {m[0][:-1] for m in _TRIGGER.finditer(english) if english[m.end() :].startswith("?")}
    return frozenset(found) - _COMMON


def _word(name: str, english: str, may: str, kept: str, new: str) -> _Word:
    return _Word(
        name,
        _triggers_of(english),
        re.compile(rf"\b(?:{english})\b", re.I),
        re.compile(rf"\b(?:{may})\b", re.I),
        re.compile(kept),
        re.compile(rf"(?<!\w)[وفبلك]?(?:{new})(?!\w)"),
    )


def may_contrast(source: Text, known: LanguageKnowledge) -> bool:
    """Whether an English text has any word of the groups: a cheap look."""
    return not _triggers(known.code).isdisjoint(english_words(source))


class Contrast(NamedTuple):
    """A word of the source, the one that stands for it, and whether no right translation has it."""

    lost: str
    new: str
    sure: bool


def contrast(source: Text, target: Text, known: LanguageKnowledge) -> Contrast | None:
    """The first word that became another one of its group."""
    if not may_contrast(source, known):
        return None
    here, spelling = english_words(source), plain(target, known)
    for group in _groups(known.code):
        if group.triggers.isdisjoint(here):
            continue
        said = [
            word for word in group.words if not word.triggers.isdisjoint(here) and word.english.search(source.string)
        ]
        lost = next((word for word in said if not word.kept.search(spelling)), None)
        # "Not open" is closed; "no more than" denies nothing.
        if lost is None or (len(group.words) == 2 and _denies(lost.english.sub(" ", source.string), spelling, known)):
            continue
        for other in group.words:
            if other not in said and other.new.search(spelling) and not other.may.search(source.string):
                return Contrast(lost.name, other.name, lost.name not in _NOTED)
    return None


def _denies(source: str, spelling: str, known: LanguageKnowledge) -> bool:
    if DENIALS.search(source):
        return True
    return known.denials is not None and known.denials.search(spelling) is not None
