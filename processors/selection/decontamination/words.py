"""Texts as words in one spelling, and words as numbers: what two spellings of one sentence have in common.

A benchmark's item is copied with other marks, other forms of a letter, other digits and other words written together
with its own; its words here are the same. A word is a 64-bit number (BLAKE2b), the same on every machine.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
import regex

from processors.languages.digits import ascii_digits
from processors.languages.language import knowledge

# To be raised where the same text would become other numbers: an index of before is refused then.
SPELLING = 1

# No underscore: names in code are words.
_WORD = re.compile(r"[^\W_]+")
_MARKS = re.compile("[\u0300-\u036f\u064b-\u065f\u0670\u06d6-\u06ed\u0640\u200c-\u200f\u061c\u00ad]+")
_ARABIC = re.compile("[\u0600-\u06ff]")
_ARABIC_KNOWN = knowledge("ar")
# "A)", "2." and the like before an option, which is no word of it.
_LABEL = re.compile(r"(?<![^\s(\[])[A-Ha-h1-9أابجدهـ][).:][)\s]")
_SCRIPTS = {
    name: regex.compile(rf"\p{{Script={name}}}")
    for name in ("Latin", "Arabic", "Cyrillic", "Devanagari", "Ethiopic", "Greek", "Han", "Hangul", "Hebrew", "Thai")
}
# Characters of a text, for its script.
_READ = 2000
# Of a word in Arabic letters, what must be left behind what is written with it.
_LEAST = 3
# Distinct words that are remembered: about 100 MB.
_REMEMBERED = 500_000


def words(text: str) -> list[str]:
    """The words of a text as they stand in it, without marks on letters and labels of options.

    >>> words("A) إِلَى snake_case, 3.5!")
    ['إلى', 'snake', 'case', '3', '5']
    """
    if not text.isascii():
        if not unicodedata.is_normalized("NFKC", text):
            text = unicodedata.normalize("NFKC", text)
        text = _MARKS.sub("", text)
    return _WORD.findall(_LABEL.sub(" ", text))


def plain(word: str) -> str:
    """A word in the spelling in which it is compared.

    Small letters, western digits; in Arabic one form of alif, yeh and teh marbuta, no hamza, and nothing of the
    article, conjunctions and prepositions that are written with a word.

    >>> plain("Word"), plain("١٢"), plain("والمسؤولية"), plain("مدرسة")
    ('word', '12', 'مسووليه', 'مدرسه')
    """
    if word.isascii():
        return word.lower()
    word = ascii_digits(word.lower())
    if not _ARABIC.search(word):
        return word
    word = _ARABIC_KNOWN.normalise(word)
    for letter, other in _ARABIC_KNOWN.alike:
        word = word.replace(letter, other)
    while clitic := _clitic(word):
        word = word[len(clitic) :]
    return word


def _clitic(word: str) -> str:
    """What is written with a word, or may be: a first letter like it goes too, since it cannot be told from it."""
    here = (one for one in _ARABIC_KNOWN.proclitics if word.startswith(one) and len(word) >= len(one) + _LEAST)
    return next(here, "")


def script_of_most(texts: Sequence[str]) -> str:
    """The script that more than half of the letters are in, of the beginning of each text; empty where none is.

    >>> script_of_most(["What is العربية?"]), script_of_most(["1990"])
    ('Arabic', '')
    """
    counts = Counter(
        {name: sum(len(letter.findall(text[:_READ])) for text in texts) for name, letter in _SCRIPTS.items()}
    )
    name, most = counts.most_common(1)[0]
    return name if 2 * most > counts.total() else ""


class WordNumbers(dict[str, int]):
    """The number of each word as it stands in a text; those of words that were met are remembered."""

    def __missing__(self, word: str) -> int:
        if len(self) >= _REMEMBERED:
            self.clear()
        # A lone surrogate cannot be encoded and must not stop a scan.
        number = blake2b(plain(word).encode("utf-8", "replace"), digest_size=8).digest()
        self[word] = found = int.from_bytes(number, "little")
        return found

    def of(self, found: list[str]) -> np.ndarray:
        """uint64 array of the words' numbers, in their order."""
        return np.fromiter(map(self.__getitem__, found), np.uint64, len(found))


# Odd numbers without a pattern (the golden ratio's, and splitmix64's finishers).
_STEP, _MIX, _LAST = (np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


def grams(numbers: np.ndarray, length: int) -> np.ndarray:
    """uint64 array of the numbers of each `length` words that follow one another; empty for fewer words.

    `numbers`: uint64 array of words (`WordNumbers.of`).
    """
    count = len(numbers) - length + 1
    if count <= 0:
        return np.empty(0, np.uint64)
    made = np.full(count, length, np.uint64)
    for place in range(length):
        made *= _STEP
        made += numbers[place : place + count]
    # A product leaves its low bits poor; an index looks at the high ones and at all.
    made ^= made >> np.uint64(30)
    made *= _MIX
    made ^= made >> np.uint64(27)
    made *= _LAST
    return made ^ (made >> np.uint64(31))
