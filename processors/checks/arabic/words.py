"""The word lists of the rules of spelling and agreement, written for these checks; they stand in `words.json`.

A word is in a list only if the spelling that it is told from is no other word: not أكتب, whose اكتب is a command, nor
مكتبة, for مكتبه is his office. Common nouns with their gender and plurals stand in `nouns.json`; a form that several
nouns share says of each what it is, so that whoever asks can keep silent: كتاب is a book and, read otherwise, writers.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple


def _read(name: str) -> Any:
    return json.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))


_LISTS: dict[str, list[str]] = _read("words.json")


def _words(name: str) -> frozenset[str]:
    return frozenset(word for line in _LISTS[name] for word in line.split(" "))


def _pairs(name: str) -> dict[str, str]:
    """Wrong spelling -> right one."""
    return {
        wrong: right for line in _LISTS[name] for wrong, _, right in (one.partition("=") for one in line.split(" "))
    }


# With a hamza that writers leave out, rightly spelled. Whole words take only و or ف before them, and what those must
# not be read from is in NOT_JOINED; nouns take all that may be written with one, verbs subjects and objects.
WHOLE, NOT_JOINED, NOUNS, VERBS = map(_words, ("whole", "not_joined", "nouns", "verbs"))
# With an alif that only joins, however they are often written; of form VIII those that its pattern does not show.
WASL, WASL_DOUBLED = map(_words, ("wasl", "wasl_doubled"))
# Common misspellings of whole words; adverbs without the ending that is their tanwin.
KNOWN, ADVERBS = _pairs("known"), _words("adverbs")
# Right with the hamza above its alif and below it.
EITHER_SEAT = _words("either_seat")
# With the article and a heh of their root, or of a foreign word.
OWN_HEH = _words("own_heh")
# In ta marbuta, and no word with a pronoun in its place.
TA_MARBUTA = _words("ta_marbuta")
# Written with ta marbuta in place of a pronoun; nouns that begin with ya and do end in one.
PRONOUN, YA_NOUNS = _pairs("pronoun"), _words("ya_nouns")
# In alif maqsura: told where they have a ya. Those with the article that do end in one. Words with one for a ya.
MAQSURA, OWN_MAQSURA, YA = _words("maqsura"), _words("own_maqsura"), _pairs("ya")
# Of agreement: adjectives in the masculine, nouns of women with the article, pasts with their feminine, words behind
# which a noun with the article is owned by no other, masculine nouns in ta marbuta.
ADJECTIVES, WOMEN, PASTS, FREE, MASCULINE = (
    _words("adjectives"),
    _words("women"),
    _pairs("pasts"),
    _words("free"),
    _words("masculine"),
)
# With the article and a ya at their end, and no adjective of relation.
NOT_NISBA = _words("not_nisba")
# English words that no name has in small letters, those that titles have; what is written small between Arabic words:
# units, functions, what programs say.
ENGLISH, IN_TITLES, SMALL_NAMES = map(_words, ("english", "in_titles", "small_names"))

Number = Literal["one", "accusative", "many", "nominative"]


class NounForm(NamedTuple):
    """A form of a noun. `accusative`: of one, with its alif; `nominative`: a sound plural's -un, beside its -in.

    `people`: its plural takes the plural of adjectives. `measure`: a unit or currency, which stays as it is behind
    digits.
    """

    noun: str
    number: Number
    feminine: bool
    people: bool
    plural: str
    measure: bool


@cache
def nouns() -> Mapping[str, tuple[NounForm, ...]]:
    """Every form, without article and vowel marks, of every noun."""
    lists = _read("nouns.json")
    measures = frozenset(" ".join(lists["measures"]).split())
    found: dict[str, list[NounForm]] = defaultdict(list)
    for name in ("masculine", "masculine_people", "feminine", "feminine_people"):
        for entry in " ".join(lists[name]).split():
            noun, _, plural = entry.partition(":")
            people, feminine = name.endswith("people"), name.startswith("feminine")
            plurals = _sound(noun, feminine) if plural == "+" else tuple(plural.split("/"))
            one = NounForm(noun, "one", feminine, people, plurals[0], noun in measures)
            found[noun].append(one)
            if noun[-1] not in "ةىا" and not noun.endswith("اء"):
                found[f"{noun}ا"].append(one._replace(number="accusative"))
            for many in plurals:
                found[many].append(one._replace(number="many"))
            if plurals[0].endswith("ين"):
                found[f"{plurals[0][:-2]}ون"].append(one._replace(number="nominative"))
    return {form: tuple(readings) for form, readings in found.items()}


def _sound(noun: str, feminine: bool) -> tuple[str, ...]:
    """The plural by an ending: -in behind a number, -at."""
    return (f"{noun[:-1]}ات",) if feminine else (f"{noun}ين",)
