"""A lexicon of two languages: which words of a text are to be expected in its translation, and how surely.

It is no dictionary for people. An entry says of a word's stem in which stems its translations show, in what share of
translations one of them does, and how often one stands in a text by chance. What two texts have in common is then
weighed, not counted: `llama` in both tells more than `other`. `model_recipes/lexicon` learns one from parallel text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
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

    `rarer` are those that say less, in translations that hold none of `others`: what a neighbouring sentence on the
    same matter has as well. Compared by identity, for speed: stems that say the same share one entry.
    """

    others: frozenset[str]
    hit: float
    rate: float
    rarer: frozenset[str] = frozenset()
    rarer_hit: float = 0.0
    rarer_rate: float = 0.0

    def any_of(self) -> frozenset[str]:
        """The usual and the rarer translations."""
        return self.others | self.rarer

    def is_met(self, stems: frozenset[str]) -> bool:
        """Whether a text of these stems has any translation of this one."""
        return not self.others.isdisjoint(stems) or not self.rarer.isdisjoint(stems)


class _Entries(Mapping[str, LexiconEntry]):
    """Entries by stem, each made when it is first asked for: a process meets a tenth of them."""

    def __init__(self, found: Mapping[str, Sequence[Any]]) -> None:
        self._found, self._made = found, dict[str, LexiconEntry]()
        self._alike: dict[tuple[Any, ...], LexiconEntry] = {}

    def __getitem__(self, stem: str) -> LexiconEntry:
        made = self._made.get(stem)
        if made is None:
            others, hit, rate, *more = self._found[stem]
            rarer, rarer_hit, rarer_rate = more or ((), 0.0, 0.0)
            key = (frozenset(others), hit, rate, frozenset(rarer), rarer_hit, rarer_rate)
            made = self._made[stem] = self._alike.setdefault(key, LexiconEntry(*key))
        return made

    def __contains__(self, stem: object) -> bool:
        return stem in self._found

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


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
        return cls(languages[0], languages[1], _Entries(data["forward"]), _Entries(data["backward"]))


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
