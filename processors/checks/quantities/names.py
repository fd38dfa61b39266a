"""A country, a people, a language, a currency, a city, a brand, a person or a name in Latin letters became another.

Told only where a name of the source is nowhere in the target and another name of the same kind is new there: names
have many spellings, so a name that only seems to be missing says nothing.
"""

from __future__ import annotations

import re

from processors.alignment.lexicon import lexicon
from processors.alignment.sides import target_side
from processors.checks.pairs.pair import Pair
from processors.checks.pairs.verdict import Verdict
from processors.checks.wording.contrasts import contrast
from processors.checks.wording.names import changed_name
from processors.languages.english_numbers import latin_words
from processors.languages.knowledge import LanguageKnowledge
from processors.languages.names import Name, names_of
from processors.languages.spellings import plain
from processors.texts import Text, view_by

_WORDS = re.compile(r"[A-Za-z]+")
_CAPITALISED = re.compile(r"\b[A-Z][a-z]{2,}")
# So many consonants tell a name from others: "She" sounds as the end of "Russia" does.
_TELLING = 2
_LATIN = re.compile(r"[A-Z][a-z]")


@view_by
def _named(source: Text, known: LanguageKnowledge) -> dict[Name, tuple[str, int]]:
    """The names that an English text has, as it spells them first, and how often."""
    names = names_of(known.code, known.normalise)
    if names is None:
        return {}
    string = source.string
    found: dict[Name, tuple[str, int]] = {}
    if names.by_word.keys().isdisjoint(latin_words(source)):
        return found
    last = 0
    for m in _WORDS.finditer(string):
        # Papua New Guinea is no Guinea.
        if m.start() < last:
            continue
        for spelling, name in names.by_word.get(m[0], ()):
            end = m.start() + len(spelling)
            if string.startswith(spelling, m.start()) and not string[end : end + 1].isalpha():
                said, times = found.get(name, (spelling, 0))
                found[name] = said, times + 1
                last = end
                break
    return found


def check_names(pair: Pair) -> list[Verdict]:
    """The first name that was plainly replaced, or word by one that it excludes."""
    if found := changed_kind(pair) or changed_contrast(pair):
        return found
    changed = changed_name(pair.source, pair.target, pair.knowledge) if _LATIN.search(pair.target.string) else None
    return [Verdict("names", True, f"'{changed[0]}' of the source became '{changed[1]}'")] if changed else []


def changed_contrast(pair: Pair) -> list[Verdict]:
    """A word that became one that it excludes: every day and every week, north and south."""
    found = contrast(pair.source, pair.target, pair.knowledge)
    return [Verdict("names", found.sure, f"'{found.lost}' of the source became '{found.new}'")] if found else []


def has_names(source: Text, known: LanguageKnowledge) -> bool:
    """Whether any word of the text begins a name of a list."""
    names = names_of(known.code, known.normalise)
    return names is not None and not names.by_word.keys().isdisjoint(latin_words(source))


def changed_kind(pair: Pair) -> list[Verdict]:
    """A name of a list that became another one of its kind."""
    known = pair.knowledge
    here = _named(pair.source, known)
    if not here:
        return []
    spelling, target, source = plain(pair.target, known), pair.target.string, pair.source.string
    lost = [
        name
        for name, (said, times) in here.items()
        if said not in target and name.times(spelling) < times + _as_months(name, source, known)
    ]
    names = names_of(known.code, known.normalise)
    if not lost or names is None:
        return []
    explained, others = {stem for name in here for stem in name.stems}, _others(pair.source, here)
    for name, word in names.words(spelling).items():
        if explained.intersection(name.stems) or any(map(others.__contains__, name.beginnings)):
            continue
        # Of "Papua New Guinea" also "Guinea".
        if any(stem in one for one in explained if " " in one for stem in name.stems):
            continue
        gone = next((one for one in lost if one.kind == name.kind), None)
        if gone is not None and gone.kind == "city" and _is_heard(here[gone][0], pair.target, known):
            continue
        if gone is not None and not _sounds_as_one(word, others, known):
            return [Verdict("names", True, f"'{here[gone][0]}' of the source became '{word}'")]
    return []


def _others(source: Text, here: dict[Name, tuple[str, int]]) -> str:
    """The words of an English text that are no names of a list: "Indies", "Austro"."""
    known = {word for name in here for spelling in name.english for word in _WORDS.findall(spelling)}
    return " ".join(sorted(latin_words(source) - known))


def _as_months(name: Name, source: str, known: LanguageKnowledge) -> int:
    """How often a stem of the name may be a month of the source: Nissan in April."""
    if known.dates is None or name.kind != "brand":
        return 0
    months = [month for month, words in known.dates.months.items() if not set(words.split("|")).isdisjoint(name.stems)]
    return sum(map(source.count, months))


def _is_heard(city: str, target: Text, known: LanguageKnowledge) -> bool:
    """Whether a city stands in the target in a spelling that no list has."""
    words, side = lexicon(known.code), target_side(target, known.code)
    if words is None or side is None:
        return False
    sound = words.source.skeleton(max(city.lower().split(), key=len))
    return len(sound) >= _TELLING and any(words.target.skeleton(stem) == sound for stem in side.stems)


def _sounds_as_one(word: str, others: str, known: LanguageKnowledge) -> bool:
    """Whether a name of the source that no list has may be written so: "Tokio", "Katharina"."""
    words = lexicon(known.code)
    if words is None:
        return False
    heard = {sound for spelling in (word, word[1:]) if len(sound := words.target.skeleton(spelling)) >= _TELLING}
    return any(words.source.skeleton(name.lower()) in heard for name in _CAPITALISED.findall(others))
