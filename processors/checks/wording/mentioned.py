"""Words in Latin letters that a text speaks of and does not say: loans, a program's names, other languages' words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from processors.alignment import lexicon
from processors.languages.english import ENGLISH, FUNCTION_WORDS
from processors.texts.text import Text

# As good as no sentence of English is without one.
_COMMON_WORDS = frozenset(
    ["the", "and", "of", "is", "are", "it", "you", "to", "for", "not", "they", "he", "she", "my"]
)
# How many times a word is looked at in the source, and how much around it: bounds the work.
_MOST_PLACES, _AROUND = 5, 110
_OUTSIDE, _EDGE = re.compile(r"(?<!\w)"), re.compile(r"\b")


def is_foreign(source: Text, stretch: str, words: list[str], language: str) -> bool:
    """Whether the source has it too, in a language that is not English: "dove si trova la stazione", "E. coli"."""
    if len(words) < 2 or lexicon(language) is None:
        return False
    english = sum(word.lower() in _COMMON_WORDS or is_word(word, language) for word in words)
    return english * 3 <= len(words) and stretch in source.string


def is_word(word: str, language: str) -> bool:
    """Whether a word is English as far as the lexicon knows: "jsmith", "muxer" and "dvips" are names."""
    known = lexicon(language)
    return (
        known is None
        or word.lower() in FUNCTION_WORDS
        or any(stem in known.forward for part in word.lower().split("-") for stem in known.source.stems(part))
    )


def is_mention(source: Text, word: str, loans: Collection[str]) -> bool:
    """A loan word, or one that the source speaks of ("the Latin word cella")."""
    if word.lower() in loans:
        return True
    if ENGLISH.excuses is None:
        return False
    # By patterns without the word in them: to compile one for each word took longer than all checks of a sentence.
    string, mention, mentioned = source.string, ENGLISH.excuses.mention, ENGLISH.excuses.mentioned
    for at in _places(string, word):
        low, high = max(0, at - _AROUND), at + _AROUND
        for start in _all_places(string, word, low, high):
            end = start + len(word)
            if _OUTSIDE.match(string, start) and (
                mentioned.match(string, end, high)
                or (_EDGE.match(string, end, high) and mention.search(string, low, start))
            ):
                return True
    return False


def _all_places(string: str, word: str, low: int, high: int) -> Iterator[int]:
    at = low - 1
    while (at := string.find(word, at + 1, high)) >= 0:
        yield at


def _places(string: str, word: str) -> Iterator[int]:
    at = -1
    for _ in range(_MOST_PLACES):
        at = string.find(word, at + 1)
        if at < 0:
            return
        yield at
