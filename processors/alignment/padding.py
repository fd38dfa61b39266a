"""Has a translator put words in, or left some out: the longest stretch of a side of which the other says nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from processors.alignment.lexicon import COMMON, LexiconEntry, WordRules, lexicon
from processors.alignment.sides import CAPITALISED, Side, source_words, target_words
from processors.languages.language import knowledge
from processors.languages.spellings import plain
from processors.texts.text import text_of


class Unmatched(NamedTuple):
    """Words in a row without a partner: how many partners were to be expected, the words, and their text."""

    expected: float
    words: int
    text: str


_NONE = Unmatched(0.0, 0, "")


def strange_stretch(source: Side, target: str, language: str) -> Unmatched:
    """The stretch of the target of which most was to be expected in the source and nothing is; common words and such
    as the lexicon lacks neither part it nor count. Of no length where no lexicon is known."""
    known = lexicon(language)
    if known is None:
        return _NONE
    words = target_words(known)
    wanted = frozenset().union(*[entry.any_of() for entry in source.entries])
    names = {name for name, _ in source.names}

    def there(word: str) -> bool:
        return not wanted.isdisjoint(words.stems(word)) or not names.isdisjoint(words.names(word))

    return _longest(plain(text_of(target), knowledge(language)), known.target, words.entry, source, there)


def missing_stretch(source: str, target: Side, language: str) -> Unmatched:
    """The same of the source's words, looked for in its translation; names count as words."""
    known = lexicon(language)
    if known is None:
        return _NONE
    words, latin = source_words(known), target.latin
    capitals = frozenset(map(str.lower, CAPITALISED.findall(source)))

    def there(word: str) -> bool:
        return word in latin or (word in capitals and not target.sounds.isdisjoint(words.names(word)))

    return _longest(source.lower(), known.source, words.entry, target, there)


def _longest(
    string: str,
    rules: WordRules,
    entry_of: Callable[[str], LexiconEntry | None],
    other: Side,
    there: Callable[[str], bool],
) -> Unmatched:
    most, of_words, stretch = 0.0, 0, slice(0)
    expected, words, start = 0.0, 0, 0
    for m in rules.words.finditer(string):
        entry = entry_of(m[0])
        if entry is not None and entry.rate >= COMMON:
            words += 1
            continue
        if there(m[0]) or (entry is not None and entry.is_met(other.stems)):
            expected, words, start = 0.0, 0, m.end()
            continue
        words += 1
        expected += entry.hit if entry is not None else 0.0
        if expected > most:
            most, of_words, stretch = expected, words, slice(start, m.end())
    return Unmatched(most, of_words, string[stretch].strip())
