"""An answer as the checkers read it: its words, sentences, lines and paragraphs, each found once.

All is linear in the length of the answer: models loop, and a checker that is a reward sees what they write.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property, lru_cache

from processors.instructions.facts import Facts, facts_of
from processors.languages import knowledge
from processors.languages.digits import ascii_digits

# Marks of direction, the zero-width space and the byte order mark. The zero-width non-joiner stays: Persian has it.
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u061c\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
# Ligatures and shaped letters, as old converters write Arabic; the ornate brackets of ﴾verses﴿ stay.
_SHAPED = re.compile("[\ufb50-\ufd3d\ufd50-\ufdff\ufe70-\ufefc]+")
# Arabic's vowel marks and the signs of recitation, which are read over a letter and are none.
MARKS = re.compile(
    "[\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u08d3-\u08ff\u0640]"
)
# A word, its marks with it: `\w` alone breaks at each vowel mark. One apostrophe, hyphen, dot or comma holds parts of
# a Latin word or a number together.
_WORD = re.compile(
    r"\w[\w\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u08d3-\u08ff\u200c]*(?:(?<=\d)[.,٫٬](?=\d)\w+|['’](?=[a-zA-Z])\w+)*"
)
_SPACES = re.compile(r"\s+")
# What ends a sentence, with the quotes and brackets that close behind it.
_STOP = re.compile(r"[.!?؟۔…。！？]+[\"'”’»›)\]*_]*(?=\s|$)")
_BULLET = re.compile(
    r"[ \t]*(?:[-*•+–—◦‣▪●○](?=[ \t])|\(?[0-9٠-٩۰-۹]{1,3}[.)\-][ \t]|\(?[اأبجدهوزحطي][.)][ \t])[ \t]*"
)
_BEFORE_STOP = re.compile(r"[^\s(\[«“\"']*\Z")
# No sentence: a rule, a heading, a title, a fence.
_NO_SENTENCE = re.compile(r"[ \t]*(?:[-*_=#]{3,}[ \t]*\Z|#{1,6}[ \t]|<<[^<>\n]*>>[ \t*]*\Z|```)")
_HAS_LETTER = re.compile(r"[^\W\d_]")


def clean(text: str) -> str:
    """`text` composed (NFC), with plain letters for shaped ones and without invisible marks."""
    if text.isascii():
        return text
    text = _SHAPED.sub(lambda match: unicodedata.normalize("NFKC", match.group()), text)
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", text))


@lru_cache(maxsize=4096)
def _folded(text: str, language: str) -> str:
    return fold(text, language)


def fold(text: str, language: str) -> str:
    """The spelling in which words are compared: no marks, one form of alif, ASCII digits, lower case.

    >>> fold("المَدْرَسَةُ ٣", "ar")
    'المدرسه 3'
    """
    text = ascii_digits(MARKS.sub("", text))
    return knowledge(language).normalise(text).casefold()


def fold_words(text: str, language: str) -> str:
    """`fold` with the ending of feminine nouns as it stands: "قطة" is a cat, and "قطه" his tomcat."""
    ending = facts_of(language).feminine[0]
    return ending.join(fold(part, language) for part in text.split(ending)) if ending else fold(text, language)


def fold_given(text: str, language: str) -> str:
    """`fold` of what an instruction was given, remembered, with single spaces."""
    return _folded(" ".join(clean(text).split()), language)


class ResponseText:
    """One answer and what is read in it. `loose`: whether the checker may be lenient, as its kind says."""

    def __init__(self, text: str, language: str, loose: bool = False) -> None:
        self.text = clean(text)
        self.language = language
        self.facts: Facts = facts_of(language)
        self.loose = loose

    @cached_property
    def folded(self) -> str:
        return fold(self.text, self.language)

    @cached_property
    def worded(self) -> str:
        return fold_words(self.text, self.language)

    @cached_property
    def words(self) -> list[str]:
        return _WORD.findall(self.text.replace("\u0640", "") if "\u0640" in self.text else self.text)

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @cached_property
    def sentences(self) -> list[str]:
        """Sentences, in which a line's end ends one; without list marks, headings and what holds no letter."""
        found = []
        for line in self.lines:
            if _NO_SENTENCE.match(line):
                continue
            mark = _BULLET.match(line)
            found += self._in_line(line[mark.end() :] if mark else line)
        return found

    def _in_line(self, line: str) -> list[str]:
        parts, start = [], 0
        for stop in _STOP.finditer(line):
            if stop.end() < len(line) and not self._ends(line, start, stop):
                continue
            parts.append(line[start : stop.end()])
            start = stop.end()
        parts.append(line[start:])
        return [part.strip() for part in parts if _HAS_LETTER.search(part)]

    def _ends(self, line: str, start: int, stop: re.Match[str]) -> bool:
        """Whether a stop within a line ends a sentence: not an ellipsis, nor the dot of an abbreviation."""
        marks = stop.group().rstrip("\"'”’»›)]*_")
        if set(marks) <= {"…"} or marks.startswith(".."):
            return False
        if marks != ".":
            return True
        # A word of 40 characters is no abbreviation; a bound keeps this linear.
        match = _BEFORE_STOP.search(line[max(start, stop.start() - 40) : stop.start()])
        word = MARKS.sub("", match.group()).casefold() if match else ""
        if word in self.facts.abbreviations:
            return False
        # A letter alone is an initial, unless a number stands before it: "570 م." is a year.
        before = line[max(start, stop.start() - 41) : stop.start() - 1].rstrip()
        return not (len(word) == 1 and word.isalpha()) or before[-1:].isdecimal()

    @cached_property
    def paragraphs(self) -> list[str]:
        """What empty lines part, without empty ones."""
        found, lines = [], []
        for line in [*self.lines, ""]:
            if line.strip():
                lines.append(line)
            elif lines:
                found.append("\n".join(lines).strip())
                lines = []
        return found


def one_spaced(text: str) -> str:
    return _SPACES.sub(" ", text).strip()
