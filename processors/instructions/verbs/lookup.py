"""Which forms of a verb a written word may be: from the list of roots, and from shapes that no noun has.

A word that may be a verb and a noun (كتب: he wrote, books) is taken for a verb; one that is nearly always a particle
(بعد: after) or one of a few nouns that look like verbs (يوم: day) is not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from processors.instructions.verbs.conjugation import (
    IMPERATIVE,
    PAST,
    PRESENT,
    Parts,
    irregular,
    parts_of,
    persons,
)
from processors.languages import knowledge

FORMS = (PAST, PRESENT, IMPERATIVE)
_CONJUNCTIONS = ("و", "ف")
_PRONOUNS = ("هما", "كما", "ها", "هم", "هن", "كم", "كن", "نا", "ني", "ه", "ك")
_LETTER = "[بتثجحخدذرزسشصضطظعغفقكلمنهوي]"
# Forms VII, VIII and X in the past: without the long a of their nouns (انطلق, but انطلاق).
_PAST_SHAPE = re.compile(rf"(?:ان{_LETTER}{{3}}|ا(?!ل){_LETTER}ت{_LETTER}{{2}}|است{_LETTER}{{3}})(?:ت|وا|نا|تم)?")
# With the plain alif of the imperative of form I, which أكبر and its like have not.
_IMPERATIVE_SHAPE = re.compile(rf"ا(?!ل|سم|بن|مر|ثن){_LETTER}{{3}}(?:وا|ي)?")
_PRESENT_SHAPE = re.compile(r"ي[اء-ي]{3,}(?<!ات)(?<!يه)(?<!ي)|سي(?:ست|ت|ن|ج|ح|ع|ق|ؤ)[اء-ي]{2,}")
_MARKS = re.compile("[\u064b-\u065f\u0670\u0640]")
# Longer is no word.
_LONGEST = 40
# Only nouns have it, and adverbs.
_NUNATION = re.compile("[\u064b\u064c\u064d]")


@cache
def _data() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((Path(__file__).parent / "arabic.json").read_text("utf-8"))
    return found


def _verbs() -> Iterator[Parts]:
    roots = _data()["roots"]
    for form, words in roots.items():
        kind, _, vowel = form.partition("_")
        for root in words.split():
            yield parts_of(root, kind, hollow_a=vowel == "hollow_a", weak_a=vowel == "weak_a")
    for words in _data()["irregular"]:
        yield irregular(*words.split())


@cache
def _known() -> dict[str, frozenset[str]]:
    """Each form of each listed verb, with its tenses. 50 ms, once a process."""
    found: dict[str, set[str]] = {}
    for parts in _verbs():
        for tense, form in persons(parts):
            found.setdefault(form, set()).add(tense)
    return {form: frozenset(tenses) for form, tenses in found.items()}


@cache
def _set_apart() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Particles, imperatives among them, and nouns."""
    data = _data()
    return tuple(frozenset(data[name].split()) for name in ("particles", "imperative_too", "nouns"))  # type: ignore[return-value]


def particles() -> frozenset[str]:
    return _set_apart()[0]


def tenses(word: str) -> frozenset[str]:
    """The tenses that a word may be a verb in; none where it can only be another kind of word.

    word: as it is written, with its vowels and hamzas.

    >>> sorted(tenses("وَكَتَبَتْ")), sorted(tenses("انتظر")), sorted(tenses("كتابٌ"))
    (['past'], ['imperative', 'past'], [])
    """
    return _tenses(word) if len(word) <= _LONGEST else frozenset()


@lru_cache(maxsize=1 << 14)
def _tenses(word: str) -> frozenset[str]:
    written = _MARKS.sub("", word)
    if not written or _NUNATION.search(word):
        return frozenset()
    # "وفي" is "and in" before it is "he was faithful"; "فقد" may be "for" and "he lost".
    if written[0] == "و" and _fold(written[1:]) in particles():
        return frozenset()
    found = _bare(written)
    if not found and written[0] in _CONJUNCTIONS and len(written) > 2:
        found = _bare(written[1:])
    return found


def _bare(word: str) -> frozenset[str]:
    apart, imperatives, nouns = _set_apart()
    folded = _fold(word)
    if folded in imperatives:
        return frozenset((IMPERATIVE,))
    if folded in apart or folded in nouns or word.endswith("ة"):
        return frozenset()
    found = set(_listed(word))
    # The future; and the lam of command.
    if len(word) > 3 and (folded[0] == "س" or (folded[0] == "ل" and folded[1] in "يتن")):
        found |= _listed(word[1:]) & {PRESENT}
    if _PAST_SHAPE.fullmatch(folded) and word[0] != "أ":
        found |= {PAST, IMPERATIVE}
    if _PRESENT_SHAPE.fullmatch(folded):
        found.add(PRESENT)
    if word[0] in "اٱ" and _IMPERATIVE_SHAPE.fullmatch(folded):
        found.add(IMPERATIVE)
    return frozenset(found)


def _fold(word: str) -> str:
    return knowledge("ar").normalise(word)


def _listed(word: str) -> frozenset[str]:
    """The tenses of a listed form, with a pronoun behind it or none. A hamza that was left out or added counts where
    no verb is written so."""
    folded = _fold(word)
    if "ؤو" in folded:
        # "جاؤوا" and "قرؤوا", whose hamza is written by itself or as an alif in the list.
        return _listed(word.replace("ؤو", "ءو")) | _listed(word.replace("ؤو", "أو"))
    if folded[:1] != "ا":
        return _with_pronoun(folded)
    hamza = "أ" + folded[1:]
    first, second = (folded, hamza) if word[0] in "اٱ" else (hamza, folded)
    if word[0] == "آ":
        # "آكل": the hamza of "I" before that of the root; or one form with its alif, "آمن".
        return _with_pronoun("أ" + folded) | _with_pronoun(hamza)
    if word.startswith("ال"):
        # The article before it is a hamza that was left out: "المهم" is what matters, not "I gather them".
        return _with_pronoun(first)
    return _with_pronoun(first) or _with_pronoun(second)


def _with_pronoun(form: str) -> frozenset[str]:
    known = _known()
    found = known.get(form, frozenset())
    for pronoun in _PRONOUNS:
        if form.endswith(pronoun) and len(form) > len(pronoun) + 1:
            found |= known.get(form[: -len(pronoun)], frozenset())
    return found
