"""What any text in any script has: words, sentences, lines, and a length that readers see."""

from __future__ import annotations

import re

from processors.texts.text import Text, view

_MARKS = re.compile("[\u064b-\u065f\u0670\u0640]")
# A set of characters first, then what it must be: so the search jumps from one to the next.
_SENTENCE_END = re.compile(
    r"[\n.!?؟۔…。！？።](?:(?<=\n)\n*|(?<![.!?؟۔…。！？።]{2})[.!?؟۔…。！？።]*[\"'”“»)\]’‘]*(?:\s+|$))"
)

_GOES_ON = re.compile(r"(?<=[^\s.!?؟۔:;…|。！？])[ \t]*\n[ \t]*(?=[a-z])")


@view
def distinct_characters(text: Text) -> str:
    """Each character of the text once. A search for one of a set is soon done in it, however long the text."""
    return "".join(sorted(set(text.string)))


@view
def words(text: Text) -> tuple[str, ...]:
    """What stands between white space."""
    return tuple(text.string.split())


@view
def sentences(text: Text) -> tuple[str, ...]:
    """Sentences and lines, white space normalised, without those that hold no letter."""
    parts = (" ".join(s.split()) for s in _SENTENCE_END.split(text.string))
    return tuple(s for s in parts if any(map(str.isalpha, s)))


@view
def filled_lines(text: Text) -> int:
    """How many lines hold more than white space."""
    return sum(1 for line in text.string.splitlines() if line.strip())


@view
def whole_lines(text: Text) -> int:
    """`filled_lines` without those that only go on where the line before broke off within a sentence."""
    return filled_lines(text) - len(_GOES_ON.findall(text.string))


@view
def visible_length(text: Text) -> int:
    """Characters without white space and vowel marks."""
    string = text.string
    bare = string if string.isascii() else _MARKS.sub("", string)
    return len("".join(bare.split()))
