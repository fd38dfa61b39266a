"""The word lists of the rules of spelling and agreement, written for these checks; they stand in `words.json`.

A word is in a list only if the spelling that it is told from is no other word: not أكتب, whose اكتب is a command, nor
مكتبة, for مكتبه is his office.
"""

from __future__ import annotations

import json
from pathlib import Path

_LISTS: dict[str, list[str]] = json.loads(Path(__file__).with_name("words.json").read_text(encoding="utf-8"))


def _words(name: str) -> frozenset[str]:
    return frozenset(word for line in _LISTS[name] for word in line.split(" "))


def _pairs(name: str) -> dict[str, str]:
    """Wrong spelling -> right one."""
    return {
        wrong: right for line in _LISTS[name] for wrong, _, right in (one.partition("=") for one in line.split(" "))
    }


# With a hamza that writers leave out, rightly spelled. Whole words take only و or ف before them, and what those must
# not be read from is in NOT_JOINED; nouns take all that may be written with one, verbs subjects and objects.
WHOLE, NOT_JOINED, NOUNS, VERBS = map(_words, ("whole", "not_joined", "nouns", "verbs"))
# With an alif that only joins, however they are often written; of form VIII those that its pattern does not show.
WASL, WASL_DOUBLED = map(_words, ("wasl", "wasl_doubled"))
# Common misspellings of whole words; adverbs without the ending that is their tanwin.
KNOWN, ADVERBS = _pairs("known"), _words("adverbs")
# With the article and a heh of their root, or of a foreign word.
OWN_HEH = _words("own_heh")
# In ta marbuta, and no word with a pronoun in its place.
TA_MARBUTA = _words("ta_marbuta")
# Written with ta marbuta in place of a pronoun; nouns that begin with ya and do end in one.
PRONOUN, YA_NOUNS = _pairs("pronoun"), _words("ya_nouns")
# In alif maqsura: told where they have a ya. Those with the article that do end in one. Words with one for a ya.
MAQSURA, OWN_MAQSURA, YA = _words("maqsura"), _words("own_maqsura"), _pairs("ya")
# Of agreement: adjectives in the masculine, nouns of women with the article, pasts with their feminine, words behind
# which a noun with the article is owned by no other, masculine nouns in ta marbuta.
ADJECTIVES, WOMEN, PASTS, FREE, MASCULINE = (
    _words("adjectives"), _words("women"), _pairs("pasts"), _words("free"), _words("masculine")
)  # fmt: skip
