"""Common nouns with their gender and plurals, by each of their forms; written for these checks, in `nouns.json`.

A form that several nouns share says of each what it is, so that whoever asks can keep silent: كتاب is a book and, read
otherwise, writers.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

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
    lists = json.loads(Path(__file__).with_name("nouns.json").read_text(encoding="utf-8"))
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
