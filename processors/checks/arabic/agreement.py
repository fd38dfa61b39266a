"""Agreement where two words that stand together tell it: demonstratives, adjectives, a verb and its subject.

What a phrase is, its words alone seldom say: in "سائق السيارة الجديد" the driver is new. So an adjective is judged
only behind a noun with the article that nothing before can own: at the start of a clause, or behind a preposition.
Nouns and their gender are those of `nouns.json`, adjectives a short list; a word that may be something else is left
alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from processors.checks.arabic.mistake import Mistake
from processors.checks.arabic.prose import Word
from processors.checks.arabic.words import ADJECTIVES, FREE, MASCULINE, NOT_NISBA, PASTS, WOMEN, NounForm, nouns

_SPACES = (" ", "\u00a0")
# This and that -> the other gender's.
_DEMONSTRATIVES = {"هذا": "هذه", "هذه": "هذا", "ذلك": "تلك", "تلك": "ذلك"}
_FEMININE_DEMONSTRATIVES = ("هذه", "تلك")


def may_disagree(word: str) -> bool:
    """Whether a bare word is one that something beside it must agree with, or that must agree itself."""
    plain = word[1:] if word[0] in "وف" and len(word) > 3 else word
    return plain in _DEMONSTRATIVES or plain in PASTS or _is_adjective(word)


def agreement(string: str, words: Sequence[Word]) -> Iterator[Mistake]:
    """Words beside each other that should agree and do not."""
    for place, word in enumerate(words[:-1]):
        following = words[place + 1]
        plain = word.bare[1:] if word.bare[0] in "وف" and len(word.bare) > 3 else word.bare
        before = word.bare[: len(word.bare) - len(plain)]
        if plain in _DEMONSTRATIVES:
            right = _demonstrative(plain, following)
        elif plain in PASTS and following.bare in WOMEN:
            right = PASTS[plain]
        elif word.bare.startswith(("ال", "بال", "وال", "لل")):
            right = None
            adjective = _adjective(string, words, place)
            if adjective and string[word.end : following.start] in _SPACES:
                yield Mistake("agreement", following.start, following.end, following.string, adjective)
        else:
            continue
        if right and string[word.end : following.start] in _SPACES:
            yield Mistake(
                "agreement",
                word.start,
                following.end,
                string[word.start : following.end],
                f"{before}{right} {following.bare}",
            )


def _of(word: str) -> tuple[NounForm, ...]:
    """What a noun with the article may be."""
    article = next((one for one in ("بال", "وال", "ال") if word.startswith(one)), "")
    if word.startswith("لل"):
        return nouns().get(word[2:], ())
    return nouns().get(word[len(article) :], ()) if article else ()


def _demonstrative(word: str, noun: Word) -> str | None:
    """The demonstrative that the noun with its article asks for, if it is another one."""
    feminine = word in _FEMININE_DEMONSTRATIVES
    if not noun.bare.startswith("ال"):
        return None
    forms = _of(noun.bare)
    if not forms:
        # A ta marbuta tells; its lack does not. "That" may end the phrase before.
        known = word == "هذا" and noun.bare.endswith("ة") and len(noun.bare) > 4 and noun.bare not in MASCULINE
        return _DEMONSTRATIVES[word] if known and not feminine else None
    if all(form.number == "one" and form.feminine != feminine for form in forms):
        return _DEMONSTRATIVES[word]
    if all(form.number in ("many", "nominative") for form in forms):
        if all(form.people for form in forms):
            return "أولئك" if word in ("ذلك", "تلك") else "هؤلاء"
        if not feminine and not any(form.people for form in forms):
            return _DEMONSTRATIVES[word]
    return None


def _adjective(string: str, words: Sequence[Word], place: int) -> str | None:
    """The adjective with its article behind a noun with its own, if the noun asks for the other gender."""
    noun, adjective = words[place], words[place + 1]
    if not _is_adjective(adjective.bare):
        return None
    feminine = adjective.bare.endswith("ة")
    if not _free(string, words, place):
        return None
    forms = _of(noun.bare)
    if not forms and noun.bare.endswith("ة") and len(noun.bare) > 5 and noun.bare not in MASCULINE:
        return None if feminine else f"{adjective.bare}ة"
    wants = {_feminine_adjective(form) for form in forms}
    if wants == {True} and not feminine:
        return f"{adjective.bare}ة"
    if wants == {False} and feminine:
        return adjective.bare[:-1]
    return None


def _is_adjective(word: str) -> bool:
    """Whether it is an adjective with the article, as far as the list and a ya of relation tell."""
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
