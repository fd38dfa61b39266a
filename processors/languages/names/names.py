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
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent
_WORD = re.compile(r"[^\W\d_]+")
# Kinds of `others.json`; countries and languages are CLDR's too, and only these have further forms.
_BY_HAND = {"lands": "land", "money": "money", "cities": "city", "brands": "brand", "persons": "person"}
# Shorter stems stand in too many words.
_LEAST = 3
# By so many letters a name's people and adjectives begin like it.
_ALIKE = 4
# A stem so long stands in no other word.
_LONG = 5
# English names that have no plural in "s".
_NO_PLURAL = ("s", "sh", "ch", "ese", "Z")


@dataclass(frozen=True, eq=False)
class Name:
    """`english` spellings, `stems` of which one is in any text that names it, in the target's plain spelling.

    `around` is what may stand before and behind a short one, as patterns. `within` are other names' words of which one
    of the stems is the first: Guinea is not named in "Guinea-Bissau".
    """

    kind: str
    english: tuple[str, ...]
    stems: tuple[str, ...]
    around: tuple[str, str]
    within: tuple[str, ...]

    @property
    def beginnings(self) -> tuple[str, ...]:
        """What its further English words begin with: "Brazil", "Brazilian"."""
        return tuple(spelling[:_ALIKE] for spelling in self.english)

    def times(self, spelling: str) -> int:
        """How often a text in the plain spelling names it."""
        found = sum(1 for _ in self._pattern.finditer(spelling))
        return found - sum(map(spelling.count, self.within)) if found else 0

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        before, ends = self.around
        short = "|".join(re.escape(stem) for stem in self.stems if len(stem) < _LONG)
        long = "|".join(re.escape(stem) for stem in self.stems if len(stem) >= _LONG)
        word = rf"(?<!\w)(?:{before})(?:{short})(?:{ends})(?!\w)"
        return re.compile("|".join(([word] if short else []) + ([long] if long else [])))


@dataclass(frozen=True)
class Names:
    """`by_word`: an English name's first word to the names that begin with it, longest first; `forms`: a target's
    whole word to the name that it can only be; `phrases` names of several words; `before` what may be written
    before a word."""

    by_word: Mapping[str, tuple[tuple[str, Name], ...]]
    forms: Mapping[str, Name]
    phrases: Mapping[str, Name]
    before: tuple[str, ...]

    def words(self, spelling: str) -> dict[Name, str]:
        """The names whose words stand in a text in the plain spelling, with the word."""
        found = {name: phrase for phrase, name in self.phrases.items() if phrase in spelling}
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
    cities = FOLDER / f"{code}.cities.json"
    by_kind = {kind: rules[listed_as] for listed_as, kind in _BY_HAND.items()}
    by_kind["city"] |= json.loads(cities.read_text(encoding="utf-8")) if cities.exists() else {}
    groups = [
        _NameGroup(
            kind, english.split("|"), [stem.strip("=?") for stem in stems.split("|")], _wholes(stems), _silent(stems)
        )
        for kind, names in by_kind.items()
        for english, stems in names.items()
    ]
    by_hand = {(group.kind, spelling): group for group in groups for spelling in group.english}
    by_stem = {(group.kind, stem): group for group in groups for stem in group.stems}
    for key, (english, other) in listed.items():
        own = normalise(other)
        own = own.removeprefix(rules["article"]) if other.startswith(rules["article"]) else own
        # Languages of no country have names that are other words too: "Pali" is Arabic's "ballet".
        wholes = [own] if key.startswith("t") else []
        stem = _stem(own, rules)
        group = by_hand.get(("land", english)) or by_stem.get(("land", stem))
        if group is None:
            group = by_stem["land", stem] = _NameGroup("land", [], [stem], [], frozenset())
            groups.append(group)
        if english not in group.english:
            group.english.append(english)
        group.wholes.extend(wholes)
    return _built(groups, rules)


class _NameGroup(NamedTuple):
    """A name before it is one: `wholes` are words of it that have no further ending, `silent` stems stand in
    other texts too."""

    kind: str
    english: list[str]
    stems: list[str]
    wholes: list[str]
    silent: frozenset[str]


def _wholes(stems: str) -> list[str]:
    """Those marked by "=", and a mark that there are forms."""
    return ["", *(stem[:-1] for stem in stems.split("|") if stem.endswith("="))]


def _silent(stems: str) -> frozenset[str]:
    return frozenset(stem[1:] for stem in stems.split("|") if stem.startswith("?"))


def _stem(name: str, rules: Mapping[str, Any]) -> str:
    for ending in rules["endings"]:
        if name.endswith(ending) and len(name) - len(ending) >= _LEAST:
            return name.removesuffix(ending)
    return name


def _built(groups: list[_NameGroup], rules: Mapping[str, Any]) -> Names:
    by_word: dict[str, list[tuple[str, Name]]] = {}
    forms: dict[str, Name] = {}
    phrases: dict[str, Name] = {}
    before, after = ("|".join(sorted(rules[key], key=len, reverse=True)) for key in ("before", "after"))
    never_new = frozenset(rules["never_new"])
    several: dict[str, list[str]] = {}
    for stem in (stem for group in groups if group.kind == "land" for stem in group.stems if " " in stem):
        several.setdefault(stem.partition(" ")[0], []).append(stem)
    for group in groups:
        name = _name(group, several, (before, after), never_new)
        for spelling in name.english:
            first = re.match(r"[A-Za-z]+", spelling)
            by_word.setdefault(first[0] if first else spelling, []).append((spelling, name))
        unsure = group.silent | never_new
        for form in _forms(group, unsure, rules):
            if len(form) >= _LEAST and " " not in form:
                # What stands by hand comes first.
                forms.setdefault(form, name)
        phrases |= {stem: name for stem in group.stems if " " in stem and group.wholes and stem not in unsure}
    longest = {word: tuple(sorted(found, key=lambda one: -len(one[0]))) for word, found in by_word.items()}
    return Names(longest, forms, phrases, tuple(rules["before"]))


def _name(
    group: _NameGroup, several: Mapping[str, list[str]], around: tuple[str, str], never_new: frozenset[str]
) -> Name:
    english = list(group.english)
    if group.kind == "land" and group.wholes:
        english += [f"{spelling}s" for spelling in english if not spelling.endswith(_NO_PLURAL)]
    starts = {*group.stems, *group.wholes} - never_new if group.kind == "land" else set()
    within = tuple(one for start in starts for one in several.get(start, ()) if one not in group.stems)
    return Name(group.kind, tuple(english), tuple(group.stems), around, within)


def _forms(group: _NameGroup, unsure: frozenset[str], rules: Mapping[str, Any]) -> set[str]:
    """Whole words of the target that can only be this name; of what is `unsure` those that the rules call sure."""
    # Languages of CLDR have no forms of their own.
    if not group.wholes:
        return set()
    ends = rules["people"] if group.kind == "land" else rules["forms"].get(group.kind, [""])
    sure = rules["sure"]
    found: set[str] = set()
    for stem in group.stems:
        # "Korea" and "Korean" end alike before their endings: "كوريا" and "كوري".
        bare = stem[:-1] if group.kind == "land" and stem.endswith(rules["adjective"]) else stem
        made = {one + end for one in (stem, bare) for end in ends}
        found |= made.intersection(sure) if stem in unsure else made
    return found | {whole for whole in group.wholes if whole not in unsure or whole in sure}
