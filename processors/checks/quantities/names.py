"""A country, a people, a language, a currency or a name in Latin letters that became another one.

Told only where a name of the source is nowhere in the target and another name of the same kind is new there: names
have many spellings, so a name that only seems to be missing says nothing.
"""

from __future__ import annotations

import re

from processors.checks.pairs.pair import Pair
from processors.checks.pairs.verdict import Verdict
from processors.checks.wording.names import changed_name
from processors.languages.knowledge import LanguageKnowledge
from processors.languages.names import Name, names_of
from processors.languages.spellings import plain
from processors.texts import Text, view_by

_WORDS = re.compile(r"[A-Za-z]+")
_LATIN = re.compile(r"[A-Z][a-z]")
# By so many letters a name's people and adjectives begin like it ("Brazil", "Brazilian").
_ALIKE = 4


@view_by
def _named(source: Text, known: LanguageKnowledge) -> dict[Name, str]:
    """The names that an English text has, as it spells them."""
    names = names_of(known.code, known.normalise)
    if names is None:
        return {}
    string = source.string
    found: dict[Name, str] = {}
    if names.by_word.keys().isdisjoint(_WORDS.findall(string)):
        return found
    for m in _WORDS.finditer(string):
        for spelling, name in names.by_word.get(m[0], ()):
            if string.startswith(spelling, m.start()) and not string[m.start() + len(spelling) :][:1].isalpha():
                found[name] = spelling
                break
    return found


def check_names(pair: Pair) -> list[Verdict]:
    """The first name that was plainly replaced."""
    if found := _of_kind(pair):
        return found
    changed = changed_name(pair.source, pair.target, pair.knowledge) if _LATIN.search(pair.target.string) else None
    return [Verdict("names", True, f"'{changed[0]}' of the source became '{changed[1]}'")] if changed else []


def _of_kind(pair: Pair) -> list[Verdict]:
    known = pair.knowledge
    here = _named(pair.source, known)
    if not here:
        return []
    spelling, target, source = plain(pair.target, known), pair.target.string, pair.source.string
    lost = [
        name for name, said in here.items() if said not in target and not any(map(spelling.__contains__, name.stems))
    ]
    names = names_of(known.code, known.normalise)
    if not lost or names is None:
        return []
    explained = {stem for name in here for stem in name.stems}
    for name, word in names.words(spelling).items():
        if explained.intersection(name.stems) or any(said[:_ALIKE] in source for said in name.english):
            continue
        gone = next((one for one in lost if one.kind == name.kind), None)
        if gone is not None:
            return [Verdict("names", True, f"'{here[gone]}' of the source became '{word}'")]
    return []
