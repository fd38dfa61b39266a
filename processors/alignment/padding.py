"""Has a translator put words in: the longest stretch of a translation of which its source says nothing."""

from __future__ import annotations

from typing import NamedTuple

from processors.alignment.lexicon import COMMON, lexicon
from processors.alignment.sides import Side, target_words
from processors.languages.language import knowledge
from processors.languages.spellings import plain
from processors.texts.text import text_of


class Padding(NamedTuple):
    """Words in a row without a partner: how many partners were to be expected, the words, and their text."""

    expected: float
    words: int
    text: str


def strange_stretch(source: Side, target: str, language: str) -> Padding:
    """The stretch of the target of which most was to be expected in the source and nothing is; common words and such
    as the lexicon lacks neither part it nor count. Of no length where no lexicon is known."""
    known, best = lexicon(language), Padding(0.0, 0, "")
    if known is None:
        return best
    words_of, spelled = target_words(known), plain(text_of(target), knowledge(language))
    wanted = frozenset().union(*[entry.others for entry in source.entries])
    names = {name for name, _ in source.names}
    expected, words, start = 0.0, 0, 0
    for m in known.target.words.finditer(spelled):
        stems, entry, sounds = words_of.stems(m[0]), words_of.entry(m[0]), words_of.names(m[0])
        if entry is not None and entry.rate >= COMMON:
            words += 1
            continue
        here = not wanted.isdisjoint(stems) or not names.isdisjoint(sounds)
        if here or (entry is not None and not entry.others.isdisjoint(source.stems)):
            expected, words, start = 0.0, 0, m.end()
            continue
        words += 1
        expected += entry.hit if entry is not None else 0.0
        if expected > best.expected:
            best = Padding(expected, words, spelled[start : m.end()].strip())
    return best
