"""Agreement where two words that stand together tell it: demonstratives, adjectives, a verb and its subject.

What a phrase is, its words alone seldom say: in "سائق السيارة الجديد" the driver is new. So an adjective is judged
only behind a noun with the article that nothing before can own: at the start of a clause, or behind a preposition.
Nouns and their gender are those of `nouns.json`, adjectives a short list; a word that may be something else is left
alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from processors.checks.arabic.mistake import Mistake
from processors.checks.arabic.prose import Word
from processors.checks.arabic.words import ADJECTIVES, FREE, MASCULINE, NOT_NISBA, PASTS, WOMEN, NounForm, nouns

_SPACES = (" ", "\u00a0")
_WITH_ARTICLE = ("ال", "بال", "وال", "لل")
# Pairs of words that a process remembers.
REMEMBERED = 1 << 17
# This and that -> the other gender's.
_DEMONSTRATIVES = {"هذا": "هذه", "هذه": "هذا", "ذلك": "تلك", "تلك": "ذلك"}
_FEMININE_DEMONSTRATIVES = ("هذه", "تلك")


@lru_cache(maxsize=REMEMBERED)
def clash(first: str, second: str) -> str | None:
    """What two bare words beside each other should be, as far as they alone tell; None if they may be right.

    Of an adjective only that is said; else what should stand for the first word.
    """
    if is_adjective(second) and has_article(first):
        return _adjective(first, second)
    plain = _plain(first)
    right = None
    if plain in _DEMONSTRATIVES:
        right = _demonstrative(plain, second)
    elif plain in PASTS and second in WOMEN:
        right = PASTS[plain]
    return right and first[: len(first) - len(plain)] + right


def _plain(first: str) -> str:
    """Without the conjunction that is written with it."""
    return first[1:] if first[0] in "وف" and len(first) > 3 else first


def leads(word: str) -> bool:
    """Whether `clash` may tell something of a bare word and whatever stands behind it."""
    plain = _plain(word)
    return plain in _DEMONSTRATIVES or plain in PASTS


def has_article(word: str) -> bool:
    """Whether `clash` may tell something of a bare word and an adjective behind it."""
    return word.startswith(_WITH_ARTICLE)


def agreement(string: str, words: Sequence[Word]) -> Iterator[Mistake]:
    """Words beside each other that should agree and do not."""
    for place, (word, following) in enumerate(pairwise(words)):
        right = clash(word.bare, following.bare)
        if right is None or string[word.end : following.start] not in _SPACES:
            continue
        if not is_adjective(following.bare) or not word.bare.startswith(_WITH_ARTICLE):
            found = string[word.start : following.end]
            yield Mistake("agreement", word.start, following.end, found, f"{right} {following.bare}")
        elif _free(string, words, place):
            yield Mistake("agreement", following.start, following.end, following.string, right)


def _of(word: str) -> tuple[NounForm, ...]:
    """What a noun with the article may be."""
    article = next((one for one in ("بال", "وال", "ال") if word.startswith(one)), "")
    if word.startswith("لل"):
        return nouns().get(word[2:], ())
    return nouns().get(word[len(article) :], ()) if article else ()


def _demonstrative(word: str, noun: str) -> str | None:
    """The demonstrative that the noun with its article asks for, if it is another one."""
    feminine = word in _FEMININE_DEMONSTRATIVES
    if not noun.startswith("ال"):
        return None
    forms = _of(noun)
    if not forms:
        # A ta marbuta tells; its lack does not. "That" may end the phrase before.
        known = word == "هذا" and noun.endswith("ة") and len(noun) > 4 and noun not in MASCULINE
        return _DEMONSTRATIVES[word] if known and not feminine else None
    if all(form.number == "one" and form.feminine != feminine for form in forms):
        return _DEMONSTRATIVES[word]
    if all(form.number in ("many", "nominative") for form in forms):
        if all(form.people for form in forms):
            return "أولئك" if word in ("ذلك", "تلك") else "هؤلاء"
        if not feminine and not any(form.people for form in forms):
            return _DEMONSTRATIVES[word]
    return None


def _adjective(noun: str, adjective: str) -> str | None:
    """The adjective with its article behind a noun with its own, if the noun asks for the other gender."""
    feminine = adjective.endswith("ة")
    forms = _of(noun)
    if not forms and noun.endswith("ة") and len(noun) > 5 and noun not in MASCULINE:
        return None if feminine else f"{adjective}ة"
    wants = {_feminine_adjective(form) for form in forms}
    if wants == {True} and not feminine:
        return f"{adjective}ة"
    if wants == {False} and feminine:
        return adjective[:-1]
    return None


def is_adjective(word: str) -> bool:
    """Whether a bare word is an adjective with the article, as far as the list and a ya of relation tell."""
    if not word.startswith("ال"):
        return False
    stem = word[2:]
    relation = len(stem) > 3 and stem.endswith("ي") and word not in NOT_NISBA
    return relation or (stem[:-1] if stem.endswith("ة") else stem) in ADJECTIVES


def _feminine_adjective(form: NounForm) -> bool | None:
    """Whether its adjective is one feminine; None of people, whose plural has a plural."""
    if form.number in ("one", "accusative"):
        return form.feminine
    return None if form.people else True


def _free(string: str, words: Sequence[Word], place: int) -> bool:
    """Whether no noun before can own this one."""
    word = words[place]
    if word.bare.startswith(("بال", "لل")):
        return True
    if not place:
        return True
    before = words[place - 1]
    between = string[before.end : word.start]
    return before.bare in FREE if between in _SPACES else any(map(between.__contains__, ".،؛!؟:\n"))
