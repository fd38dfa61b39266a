"""Names of countries, their people and languages, of currencies, cities, brands and people, and a target's words.

A country, its people and its language are one name here ("Spain", "Spanish"): languages tell them by one stem, and a
translator may choose ("in French", "in the language of France"). What stands in `CODE.json` is CLDR's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
_WORD = re.compile(r"[^\W\d_]+")
# Kinds of `others.json`; countries and languages are CLDR's too, and only these have further forms.
_BY_HAND = {"lands": "land", "money": "money", "cities": "city", "brands": "brand", "persons": "person"}
# Shorter stems stand in too many words.
_LEAST = 3


@dataclass(frozen=True, slots=True)
class Name:
    """`english` spellings, `stems` of which one is in any text that names it, in the target's plain spelling."""

    kind: str
    english: tuple[str, ...]
    stems: tuple[str, ...]


@dataclass(frozen=True)
class Names:
    """`by_word`: an English name's first word to the names that begin with it, longest first; `forms`: a target's
    whole word to the name that it can only be; `before` what may be written before it."""

    by_word: Mapping[str, tuple[tuple[str, Name], ...]]
    forms: Mapping[str, Name]
    before: tuple[str, ...]

    def words(self, spelling: str) -> dict[Name, str]:
        """The names whose words stand in a text in the plain spelling, with the word."""
        found: dict[Name, str] = {}
        # In the order of the text: that of a set differs from process to process, and with it what is told.
        for word in dict.fromkeys(_WORD.findall(spelling)):
            for name in self._of_word(word):
                found.setdefault(name, word)
        return found

    @cached_property
    def _of_word(self) -> Callable[[str], tuple[Name, ...]]:
        """The names that a word can only be, with each of what may stand before it taken off."""

        @lru_cache(maxsize=1 << 16)
        def look(word: str) -> tuple[Name, ...]:
            bare = (word[len(prefix) :] for prefix in self.before if word.startswith(prefix))
            return tuple(name for name in map(self.forms.get, bare) if name is not None)

        return look


@cache
def names_of(code: str, normalise: Callable[[str], str]) -> Names | None:
    """The names known in a language (BCP 47); None where there is no file of them."""
    code = code.partition("-")[0]
    rules = json.loads((FOLDER / "others.json").read_text(encoding="utf-8")).get(code)
    if rules is None:
        return None
    listed = json.loads((FOLDER / f"{code}.json").read_text(encoding="utf-8"))
    groups: list[tuple[str, list[str], list[str], list[str]]] = []
    for key, (english, other) in listed.items():
        own = _bare(normalise(other), rules, starts=other.startswith(rules["article"]))
        # Languages of no country have names that are other words too: "Pali" is Arabic's "ballet".
        groups.append(("land", [english], [_stem(own, rules)], [own] if key.startswith("t") else []))
    for listed_as, kind in _BY_HAND.items():
        for english, stems in rules[listed_as].items():
            groups.append((kind, english.split("|"), stems.split("|"), [""]))
    return _built(_joined(groups), rules)


def _bare(name: str, rules: Mapping[str, Any], *, starts: bool) -> str:
    return name.removeprefix(rules["article"]) if starts else name


def _stem(name: str, rules: Mapping[str, Any]) -> str:
    for ending in rules["endings"]:
        if name.endswith(ending) and len(name) - len(ending) >= _LEAST:
            return name.removesuffix(ending)
    return name


Group = tuple[str, list[str], list[str], list[str]]


def _joined(groups: list[Group]) -> list[Group]:
    """Groups that share a stem as one."""
    by_stem: dict[tuple[str, str], Group] = {}
    joined: list[Group] = []
    # By hand first: they bring several stems together.
    for kind, english, stems, wholes in reversed(groups):
        known = next((by_stem[kind, stem] for stem in stems if (kind, stem) in by_stem), None)
        if known is None:
            known = (kind, [], [], [])
            joined.append(known)
        known[1].extend(english)
        known[2].extend(stem for stem in stems if stem not in known[2])
        known[3].extend(wholes)
        by_stem |= {(kind, stem): known for stem in stems}
    return joined


def _built(groups: list[Group], rules: Mapping[str, Any]) -> Names:
    by_word: dict[str, list[tuple[str, Name]]] = {}
    forms: dict[str, Name] = {}
    for kind, english, stems, wholes in groups:
        name = Name(kind, tuple(english), tuple(stems))
        for spelling in english:
            first = re.match(r"[A-Za-z]+", spelling)
            by_word.setdefault(first[0] if first else spelling, []).append((spelling, name))
        ends = rules["people"] if kind == "land" else rules["forms"].get(kind, [""])
        unsure = [stem for stem in stems if stem in rules["never_new"]]
        # A stem that is another word's too says nothing but in forms that are listed; of a country none of its stems.
        telling = stems if not unsure else () if kind == "land" else [stem for stem in stems if stem not in unsure]
        own = {stem + end for stem in telling for end in ends} | ({*wholes} if telling else set())
        # Languages of CLDR have no forms of their own.
        own = own if wholes else set()
        own |= {stem + end for stem in unsure for end in ends if stem + end in rules["sure"]}
        forms |= {form: name for form in own if len(form) >= _LEAST and " " not in form}
    longest = {word: tuple(sorted(found, key=lambda one: -len(one[0]))) for word, found in by_word.items()}
    return Names(longest, forms, tuple(rules["before"]))
