"""Letters that broke on the way: encodings read as others, tokens of a model, fillers that nobody sees.

What any text in any script may suffer, whatever the language. Each sign is looked for in a source too: a text about
encodings shows them, and so does its translation. Of the human pairs of FLORES dev (half), Tatoeba and Debian's Arabic
catalogues none has a sign that its source has not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import regex

from processors.texts.prose import characters, words
from processors.texts.text import Text, view

__all__ = ["HARMLESS", "Sign", "broken", "few_single_letters", "single_letters"]


class Sign(NamedTuple):
    """Where a sign stands: `kind` is compared with the source's, `at` and `found` are for the reader."""

    kind: str
    at: int
    found: str


# Of these one is a sign. A cheap look first: a set of characters or a string that stands in every match.
_SIGNS: Mapping[str, regex.Pattern[str]] = {
    "characters that were lost": regex.compile("\ufffd|[\ue000-\uf8ff\ufffe\uffff\ud800-\udfff]"),
    "control characters": regex.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f]"),
    # Marks and isolates (U+200E, U+200F, U+2066 to U+2069) are what Unicode recommends; these it advises against, but
    # for what they are still used for: a few words from left to right, "--help" or an address.
    "bidirectional embeddings": regex.compile(
        "[\u202b\u202d\u202e]|\u202a(?![^\u202a-\u202e\\p{Arabic}\\p{Hebrew}]{0,200}\u202c)"
        "|(?<!\u202a[^\u202a-\u202e\\p{Arabic}\\p{Hebrew}]{0,200})\u202c"
    ),
    # Not the ornate brackets, nor the ligatures that stand for themselves (U+FDF0 to U+FDFF).
    # A keyboard's key for lam and alef writes one of its forms, which reads well; other forms no keyboard writes.
    "presentation forms": regex.compile(
        "[\ufb00-\ufd3d\ufd50-\ufdef\ufe70-\ufef4]|[\ufef5-\ufefc](?=\\p{Arabic}*[\ufef5-\ufefc])"
    ),
    "a letter's form": regex.compile("[\ufef5-\ufefc]"),
    "a model's tokens": regex.compile(
        r"<0x[0-9A-Fa-f]{2}>|\u2581|\u0120[^\W\d_]|</w>|@@ (?=[^\W\d_])|(?<=[^\W\d_] )##(?=[^\W\d_])"
        r"|<(?:unk|pad|mask|bos|eos)>|\[(?:UNK|PAD|MASK|SEP|CLS)\]|<\|[a-z_]{2,30}\|>"
    ),
    # Soft hyphens, spaces and joiners without width, letters of Hangul that show nothing, tags.
    "invisible characters": regex.compile(
        "[\u00ad\u200b\u2060-\u2064\ufeff\u034f\u180e\u3164\uffa0\U000e0001]"
        # What joins or parts letters says something once in a word.
        "|(?:\\p{L}\\p{M}*[\u200c-\u200f\u061c]){3}"
    ),
    "escapes": regex.compile(
        r"(?:\\u[0-9A-Fa-f]{4}|\\u\{[0-9A-Fa-f]{3,6}\}|\\x[0-9A-Fa-f]{2}|&#x?[0-9A-Fa-f]{3,6};|U\+[0-9A-F]{4}"
        r"|(?:%[D-E][0-9A-Fa-f]%[8-9A-Ba-b][0-9A-Fa-f])|(?:=[D-E][0-9A-F]=[89AB][0-9A-F])"
        r"|\\[0-3][0-7]{2}\\[0-3][0-7]{2})(?:[\s.,!?]{0,3}(?:\\u[0-9A-Fa-f]{4}|\\u\{|\\x|&#x?[0-9A-Fa-f]{2,6};|U\+|[%=][0-9A-F]{2})"
        r"){2}|(?:%[0-9A-F]{2}){4}"
    ),
    # UTF-8 read as Windows-1252, Latin-1, MacRoman, code page 437 or 1251, once or twice; Windows-1256 as 1252.
    "mojibake": regex.compile(
        "\u00e2\u20ac[\u2122\u0153\u009d\u201c\u201d\u2018\u00a6]|\u00c3[\u0080-\u00bf\u0192\u2030\u0160\u00a9]"
        "|\u00c2[\u00a0-\u00bf]"
        "|[\u00c3\u00c4\u00c5\u00d0\u00d1\u00d7-\u00df\u00e0\u00e2\u00e3][\u0080-\u00bf\u0152-\u017e\u0192\u02c6\u02dc"
        "\u2013-\u203a\u20ac\u2122](?:[\\s!-/:-@]?"
        "[\u00c3\u00c4\u00c5\u00d0\u00d1\u00d7-\u00df\u00e0\u00e2\u00e3][\u0080-\u00bf\u0152-\u017e\u0192\u02c6\u02dc"
        "\u2013-\u203a\u20ac\u2122]|[\u0080-\u00bf\u0152-\u017e]{2})"
        "|[\u00c0-\u00ff]{2}[\u00a1-\u00ff]{2}|[\u00c0-\u024f\u00d7\u00a4](?=(?!\\p{N})\\p{Arabic})|(?<=\\p{Arabic}(?<!\\p{N}))[\u00c0-\u024f\u00d7\u00a4](?![A-Za-z])|[\u00c0-\u017f]{5}|\u00ff[\u2260\u00b1\u00df\u00a9\u00ae]"
        "|[\u256a\u2518\u250c\u256b][\u00a2-\u00ff\u2500-\u25ff]|[\u0428\u0429\u0420\u0421][\u00a7\u201e\u00b1\u0402-\u040f\u2026\u2020-\u2026]"
    ),
    # UTF-8 of Arabic read as Windows-1256: each letter is one of two, with a mark or a letter of no Arabic text.
    "mojibake in Arabic letters": regex.compile(
        "(?:[\u0637\u0638][\u00a0-\u00bf\u0080-\u009f\u2018-\u203a\u20ac\u0679\u0686\u0688\u0691\u0698\u06a9\u06af\u067e\u06ba"
        "\u0152\u0153\u02c6\u0192\u2122\u200c-\u200f\u06be\u06c1\u06d2]\\s?){3}"
    ),
    # Without word boundaries, so that "?!?!" and "???" at a question's end are none.
    "question marks for letters": regex.compile(
        r"(?<![^\s(\"«“])\?{2,}(?=[\s.,،؛:!)\"»”]|$)(?=.{0,80}?(?<![^\s(\"«“])\?{2,}(?=[\s.,،؛:!)\"»”]|$))|\?{4,}"
        r"|(?<=\p{L})\?+(?=\p{L})|(?<!\S)\?{1,3}(?=\p{L})|(?<=[\p{L}\p{M}][ ,،])\?{2,}(?= ?\p{L})",
        regex.DOTALL,
    ),
    "boxes for letters": regex.compile("[\u25a0\u25a1\u25af\u2588\u2591-\u2593\u25fb\u25fc\u25fe]{2}|\ufffc"),
    "marks piled on a letter": regex.compile(r"\p{M}{5,}"),
    "stretched letters": regex.compile("(?:\\p{L}\\p{M}*\u0640\\p{M}*){3}|(?:\\w+\u0640\\w*\\s+){5}"),
}
# A reader sees nothing of it.
HARMLESS = frozenset(["a letter's form"])
_NEVER_IN_PLAIN = regex.compile(
    r"[^\p{Arabic}\p{M}\p{P}\p{N}\s$+<=>^`|~A-Za-z]|[\u034f\ufb00-\ufdef\ufe70-\ufeff]|[?\\&%=@#<\[\u0640]"
)

# Characters of which each match has one: what a text has none of is seen at once. Each stands for itself, so that they
# are looked up one by one.
_NEEDS: Mapping[str, re.Pattern[str] | regex.Pattern[str]] = {
    # Each match is a single character.
    **{kind: _SIGNS[kind] for kind in ("characters that were lost", "control characters", "a letter's form")},
    "presentation forms": re.compile("[\ufb00-\ufefc]"),
    "boxes for letters": re.compile("[\u2588-\u25fe\ufffc]"),
    "marks piled on a letter": regex.compile(r"\p{M}"),
    "a model's tokens": re.compile("[<>@#\\[\u2581\u0120]"),
    "bidirectional embeddings": re.compile("[\u202a-\u202e]"),
    "escapes": re.compile(r"[\\&+%=]"),
    "mojibake in Arabic letters": re.compile("[\u0637\u0638]"),
    "question marks for letters": re.compile(r"\?"),
    "invisible characters": re.compile(
        "[\u00ad\u200b-\u200f\u2060-\u2064\ufeff\u034f\u061c\u180e\u3164\uffa0\U000e0001]"
    ),
    "mojibake": re.compile("[\u00a4\u00c0-\u024f\u0420\u0421\u0428\u0429\u250c\u2518\u256a\u256b]"),
    "stretched letters": re.compile("\u0640"),
}


_NO_KIND: frozenset[str] = frozenset()
assert _NEEDS.keys() == _SIGNS.keys()
# Plain characters that were met: all of most texts.
_plain: set[str] = set()


def _is_odd(character: str) -> bool:
    """Whether it takes part in a sign where no plain one does."""
    odd = _NEVER_IN_PLAIN.search(character) is not None
    if not odd:
        _plain.add(character)
    return odd


@lru_cache(maxsize=1 << 12)
def _kinds_with(character: str) -> frozenset[str]:
    """The signs that need this character."""
    return frozenset(kind for kind, needs in _NEEDS.items() if needs.search(character))


@view
def broken(text: Text) -> tuple[Sign, ...]:
    """The first of each kind of sign in the text."""
    # Plain letters with no mark that takes part in any sign: the most usual text is done at once.
    if not any(map(_is_odd, characters(text) - _plain)):
        return ()
    string, kinds = text.string, _NO_KIND.union(*map(_kinds_with, characters(text)))
    found = []
    for kind in filter(kinds.__contains__, _SIGNS) if kinds else ():
        pattern = _SIGNS[kind]
        m = pattern.search(string)
        if m:
            found.append(Sign(kind, m.start(), m.group()))
    return tuple(found)


def few_single_letters(text: Text) -> bool:
    """A cheap look that spares most texts the count: fewer than six of `single_letters`, or than seven in ten.

    A word of white space that is all letters is one word of several; of any other at most every second character is a
    word of one letter.
    """
    found = words(text)
    lengths = list(map(len, filter(str.isalpha, found)))
    alone = lengths.count(1)
    long = len(lengths) - alone
    rest = sum(map(len, found)) - sum(lengths) + alone
    most = (rest + len(found) - long) // 2
    return most < 6 or most * 10 < (most + long) * 7


_TOKEN = regex.compile(r"[^\W\d_]\p{M}*+(?:[^\W\d_]\p{M}*+)*+")

_MARK = regex.compile(r"\p{M}")


@view
def single_letters(text: Text) -> tuple[int, int]:
    """(words of one letter, words): spaced out l e t t e r s."""
    found = _TOKEN.findall(text.string)
    # Most texts have no marks, and lengths tell.
    if _MARK.search(text.string) is None:
        return list(map(len, found)).count(1), len(found)
    return sum(len(word) == 1 or len(_MARK.sub("", word)) == 1 for word in found), len(found)
