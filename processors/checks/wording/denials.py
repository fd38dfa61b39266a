"""How languages deny, from `languages/denials.json`: of English, and of the target languages that are in it.

There a word's pattern is looked for in the whole word, in the plain spelling; of lists of words one is enough.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from processors.alignment.lexicon import REMEMBERED
from processors.texts.remembered import Remembered

_PATH = Path(__file__).parents[2] / "languages" / "denials.json"


class EnglishDenials(NamedTuple):
    """`idle` are turns in which a denial denies nothing or is said otherwise elsewhere ("cannot help", "not only",
    "not uncommon"), `opposites` words whose denial other languages say by their opposite, `able` those that say what
    can or must be, and `functions` those that are no object of a denial. `affixed` are words that deny by a part
    ("unkind"), `shields` others by which a translation may come to a denial."""

    words: frozenset[str]
    idle: re.Pattern[str]
    opposites: frozenset[str]
    functions: frozenset[str]
    able: frozenset[str]
    affixed: Mapping[str, bool]
    shields: Mapping[str, bool]


class Denials(NamedTuple):
    """`strong` words deny, `weak` ones mean the opposite, `perhaps` denies or not. `sure` do nothing but deny, each as
    it is written (with "and") and bare, except in the turns of `idle`, as `why` of a question, before one of `but`,
    behind a word that they are `not_behind` and not `only_behind`. `copulas` and `able` stand between a denial and
    what it denies. `affixed`: what is denied by a part of an English word ("unsafe"), with its opposite."""

    strong: Mapping[str, bool]
    weak: Mapping[str, bool]
    perhaps: frozenset[str]
    sure: Mapping[str, str]
    not_behind: Mapping[str, Sequence[str]]
    only_behind: Mapping[str, Sequence[str]]
    why: str
    yes: frozenset[str]
    idle: re.Pattern[str]
    but: frozenset[str]
    copulas: frozenset[str]
    able: Mapping[str, bool]
    affixed: Mapping[str, Mapping[str, bool]]


def _member(pattern: str) -> Mapping[str, bool]:
    compiled = re.compile(pattern)
    return Remembered(lambda word: compiled.fullmatch(word) is not None, REMEMBERED)


@cache
def _data() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_PATH.read_text(encoding="utf-8"))
    return found


@cache
def english_denials() -> EnglishDenials:
    said = _data()["en"]
    contracted = said["contracted"].split()
    words = [*said["words"].split(), *contracted, *(word.replace("'", "’") for word in contracted)]
    return EnglishDenials(
        frozenset(words),
        re.compile("|".join(said["idle"])),
        frozenset(said["opposites"].split()),
        frozenset(said["functions"].split()),
        frozenset(said["able"].split()),
        _member(said["affixed"]),
        _member(said["shields"]),
    )


@cache
def denials_of(code: str) -> Denials | None:
    said = _data().get(code.partition("-")[0])
    # Of English, which a pseudo-locale is (en-XA), stands there what is known of a source.
    if said is None or "strong" not in said:
        return None
    return Denials(
        _member(said["strong"]),
        _member(said["weak"]),
        frozenset(said["perhaps"].split()),
        {
            join + word: word
            for word in said["sure"].split()
            for join in ("", *said["joined"].split())
            if join + word not in said["never_joined"].split()
        },
        {word: others.split() for word, others in said["not_behind"].items()},
        {word: others.split() for word, others in said["only_behind"].items()},
        said["why"],
        frozenset(said["yes"].split()),
        re.compile(rf"(?:{said['idle']})(?!\w)"),
        frozenset(said["but"].split()),
        frozenset(said["copulas"].split()),
        _member(said["able"]),
        {word: _member(f"{said['particles']}(?:{opposite})") for word, opposite in said["affixed"].items()},
    )
