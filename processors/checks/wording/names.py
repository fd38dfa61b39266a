"""Names in Latin letters: which words are names, and a name that became another one ("Microsoft", "Google").

Told only where a name of the source is neither in the target nor sounds in it, and the target has another one: a
translator may write a name in either script, and may add an abbreviation in brackets.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from itertools import groupby, product
from operator import itemgetter

from processors.alignment.lexicon import lexicon
from processors.alignment.sides import target_side
from processors.languages.english_numbers import latin_words
from processors.languages.knowledge import PRODUCTS, LanguageKnowledge
from processors.protected.find import blanked
from processors.texts.text import Text, view_by

_NAME = re.compile(r"(?<![\w.'’@/\\&-])[A-Z][A-Za-z]*[a-z][A-Za-z]*(?![\w'’@/\\-]|\.\w)")
_CAPITALISED = re.compile(r"(?<![A-Za-z])[A-Z][A-Za-z]+")
_HANDLE = re.compile(r"@(\w{2,60})")
_BEGINS = re.compile(r"(?:^|[.!?:\"“(\n]\s*|^\W+)$")
# Of a name's sound: so many consonants tell it from others, and names that begin with so many alike are one.
_LEAST_CONSONANTS, _ALIKE = 2, 3


def is_name(word: str, language: str) -> bool:
    """Whether the other language writes it as it sounds: "Google", "Python"."""
    known = lexicon(language)
    if known is None or word.lower() in PRODUCTS:
        return word.lower() in PRODUCTS
    sound = known.source.skeleton(word.lower())
    found = next((e for stem in known.source.stems(word.lower()) if (e := known.forward.get(stem))), None)
    # A stem has lost its last letters.
    others = map(known.target.skeleton, found.others) if found else ()
    return any(len(other) > _LEAST_CONSONANTS and sound.startswith(other) for other in others)


def changed_name(source: Text, target: Text, known: LanguageKnowledge) -> tuple[str, str] | None:
    """The name of the source, and what stands for it."""
    small, found = source.string.lower(), list(_NAME.finditer(blanked(target)))
    strange = {name for name in {m[0] for m in found} if name.lower() not in small}
    new = [m for m in found if m[0] in strange]
    # In brackets a name is explained.
    new = [m for m in new if target.string[m.start() - 1 : m.start()] not in ("(", "[")]
    if not new:
        return None
    words, side = lexicon(known.code), target_side(target, known.code)
    if words is None or side is None:
        return None
    sounds = {words.target.skeleton(stem) for stem in side.stems}
    named, beginnings = list(_NAME.finditer(blanked(source))), {m[0][:_ALIKE] for m in new}
    stays = {name for name in {m[0] for m in named} if name in target.string}
    for m in named:
        name = m[0]
        if name in stays:
            continue
        entries = [e for stem in words.source.stems(name.lower()) if (e := words.forward.get(stem))]
        sound = words.source.skeleton(name.lower())
        begins = _BEGINS.search(source.string[max(0, m.start() - 4) : m.start()]) is not None
        if any(e.is_met(side.stems) for e in entries):
            continue
        if begins and entries and not is_name(name, known.code):
            continue
        # What begins alike is the name in another spelling.
        if name[:_ALIKE] in beginnings:
            continue
        if len(sound) >= _LEAST_CONSONANTS and sound not in sounds:
            return name, new[0][0]
    return None


def spelled_handles(missing: Counter[str], target: str, known: LanguageKnowledge) -> Counter[str]:
    """Of what is missing the names of users ("@maria") that stand in the target in other letters ("@ماريا")."""
    found: Counter[str] = Counter()
    words = lexicon(known.code) if "@" in target else None
    if words is None:
        return found
    sounds = {words.target.skeleton(known.normalise(m[1].replace("_", ""))) for m in _HANDLE.finditer(target)}
    for text, times in missing.items():
        if text.startswith("@") and _HANDLE.fullmatch(text):
            sound = words.source.skeleton(text[1:].replace("_", "").lower())
            if sound in sounds and len(sound) >= _LEAST_CONSONANTS:
                found[text] = times
    return found


def is_known(word: str, source: Text, known: LanguageKnowledge) -> bool:
    """Whether a word that seems turned round is one of the language as it stands, or sounds as one of the source."""
    words = lexicon(known.code)
    if words is None:
        return False
    plain_word = known.normalise(word)
    spellings = (plain_word, *words.target.stems(plain_word))
    if any(stem in words.backward for stem in spellings):
        return True
    return not _heard(source, known.code).isdisjoint(map(words.target.skeleton, spellings))


@view_by
def _heard(source: Text, code: str) -> frozenset[str]:
    """How the words of an English text sound to a language, those of one consonant aside."""
    words = lexicon(code)
    sounds = map(words.source.skeleton, map(str.lower, latin_words(source))) if words else ()
    return frozenset(sound for sound in sounds if len(sound) >= _LEAST_CONSONANTS)


def is_borrowed(word: str, source: Text, known: LanguageKnowledge) -> bool:
    """Whether a word with letters that the language only borrows sounds as a name of the source does, or a part of it.

    "Gujarati" and "MyPaint" need letters that Arabic has not. Persian words have them too, so the consonants have to
    follow each other in the name: "p" alone somewhere in a name took a fifth of planted Persian words for names.
    """
    words, letters = lexicon(known.code), known.letters
    if words is None or letters is None:
        return False
    signs = [sign for sign in dict.fromkeys(word) if letters.foreign.match(sign)]
    if not letters.loans.keys() >= set(signs):
        return False
    # Without the article and endings, which are no part of the name.
    spellings = {word, *words.target.stems(word)}
    ways = list(product(*[letters.loans[sign] for sign in signs]))
    for name in {name.lower() for name in _CAPITALISED.findall(source.string)}:
        heard = words.source.skeleton(name)
        for latin in ways:
            sounds = dict(zip(signs, map(words.source.skeleton, latin), strict=True))
            spelled = all(letter in name for letter in latin)
            if spelled and any(_sound(word, sounds, words.target.skeleton) in heard for word in spellings):
                return True
    return False


def _sound(spelling: str, sounds: dict[str, str], skeleton: Callable[[str], str]) -> str:
    """The consonants of a word, where some letters' sounds are given; what no name has, if there is but one."""
    found = "".join(map(itemgetter(0), groupby("".join([sounds.get(c) or skeleton(c) for c in spelling]))))
    return found if len(found) >= _LEAST_CONSONANTS else "?"
