"""A lexicon of two languages: which words of a text are to be expected in its translation, and how surely.

It is no dictionary for people. An entry says of a word's stem in which stems its translations show, in what share of
translations one of them does, and how often one stands in a text by chance. What two texts have in common is then
weighed, not counted: `llama` in both tells more than `other`. `model_recipes/lexicon` learns one from parallel text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "lexicons"
# Distinct words whose stems a process remembers; the latest ones. A running text repeats most of its words.
REMEMBERED = 1 << 15
# The shortest stem; shorter ones are endings and particles more often than words.
_LEAST = 3
# A word that stands in one sentence of fifty is in another place by chance, and says little.
COMMON = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class LexiconEntry:
    """A stem: the stems of the other language that translate it, `hit`, the share of translations that hold one of
    them, and `rate`, the share of the other language's words that are one of them.

    Compared by identity, for speed: stems that say the same share one entry.
    """

    others: frozenset[str]
    hit: float
    rate: float


@dataclass(frozen=True)
class WordRules:
    """How one language's words become stems, and its names skeletons of consonants."""

    words: re.Pattern[str]
    stems: Callable[[str], tuple[str, ...]]
    skeleton: Callable[[str], str]


@dataclass(frozen=True, eq=False)
class Lexicon:
    """Both languages' rules and the entries, `forward` from the source and `backward` from the target."""

    source: WordRules
    target: WordRules
    forward: Mapping[str, LexiconEntry]
    backward: Mapping[str, LexiconEntry]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Lexicon:
        """A lexicon as `model_recipes.lexicon.train` writes it."""
        languages = [
            language(data["stemming"][code], data["skeletons"][code]) for code in (data["source"], data["target"])
        ]
        made: dict[tuple[frozenset[str], float, float], LexiconEntry] = {}

        def entry(others: list[str], hit: float, rate: float) -> LexiconEntry:
            key = (frozenset(others), hit, rate)
            return made.setdefault(key, LexiconEntry(*key))

        entries = [{stem: entry(*found) for stem, found in data[name].items()} for name in ("forward", "backward")]
        return cls(languages[0], languages[1], entries[0], entries[1])


@cache
def lexicon(target: str) -> Lexicon | None:
    """The lexicon from English into a language (BCP 47); None where there is none, and then nobody knows words."""
    path = FOLDER / f"{target.partition('-')[0]}.json"
    return Lexicon.from_dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def language(stemming: Mapping[str, Any], skeletons: Mapping[str, Any]) -> WordRules:
    """One language's functions from its rules (see `model_recipes/lexicon/en-ar.yaml` for what they mean)."""
    return WordRules(re.compile(stemming["words"]), _stemmer(stemming), _skeleton(skeletons))


def _stemmer(rules: Mapping[str, Any]) -> Callable[[str], tuple[str, ...]]:
    prefixes, suffixes = tuple(rules.get("prefixes", ())), [tuple(pair) for pair in rules["suffixes"]]
    before, verbs = rules.get("letters_before", ""), rules.get("verb_letters", "")
    undouble, kept = frozenset(rules.get("undouble_after", ())), rules.get("doubles_kept", "")

    def without_prefix(word: str) -> str:
        for prefix in prefixes:
            if word.startswith(prefix) and len(word) - len(prefix) >= _LEAST:
                return word[len(prefix) :]
        return word[1:] if len(word) >= _LEAST + 2 and word[0] in before else word

    def without_suffix(word: str) -> str:
        for suffix, instead in suffixes:
            if word.endswith(suffix) and len(word) - len(suffix) >= _LEAST:
                word = word[: len(word) - len(suffix)] + instead
                if suffix in undouble and len(word) > _LEAST and word[-1] == word[-2] and word[-1] not in kept:
                    word = word[:-1]
                return word
        return word

    @lru_cache(maxsize=REMEMBERED)
    def stems(word: str) -> tuple[str, ...]:
        stem = without_suffix(without_prefix(word))
        if verbs and len(stem) > _LEAST and stem[0] in verbs:
            return stem, stem[1:]
        return (stem,)

    return stems


def _skeleton(rules: Mapping[str, Any]) -> Callable[[str], str]:
    clusters, letters = rules["clusters"], rules["letters"]

    @lru_cache(maxsize=REMEMBERED)
    def skeleton(word: str) -> str:
        for cluster, instead in clusters:
            word = word.replace(cluster, instead)
        sounds = [letters[letter] for letter in word if letter in letters]
        return "".join(sound for place, sound in enumerate(sounds) if not place or sound != sounds[place - 1])

    return skeleton
