"""What any text in any script has: words, sentences, lines, and a length that readers see."""

from __future__ import annotations

import re

from processors.texts.text import Text, view

_MARKS = re.compile("[\u064b-\u065f\u0670\u0640]")
# A set of characters first, then what it must be: so the search jumps from one to the next. "et al." ends nothing.
_SENTENCE_END = re.compile(
    r"[\n.!?؟۔…。！？።](?:(?<=\n)\n*|(?<!\bet al\.)(?<![.!?؟۔…。！？።]{2})[.!?؟۔…。！？።]*[\"'”“»)\]’‘]*(?:\s+|$))"
)

_GOES_ON = re.compile(r"\n[ \t]*[a-z]")
_ENDED = re.compile(r"[\s.!?؟۔:;…|。！？]")


@view
def characters(text: Text) -> frozenset[str]:
    """Each character of the text once."""
    return frozenset(text.string)


@view
def distinct_characters(text: Text) -> str:
    """The same as a string. A search for one of a set is soon done in it, however long the text."""
    return "".join(sorted(characters(text)))


@view
def words(text: Text) -> tuple[str, ...]:
    """What stands between white space."""
    return tuple(text.string.split())


@view
def longest_word(text: Text) -> int:
    """Characters of the longest of `words`."""
    return max(map(len, words(text)), default=0)


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
    string = text.string
    if "\n" not in string:
        return filled_lines(text)
    breaks = [m.start() for m in _GOES_ON.finditer(string)]
    # What the line before each of them ends in.
    ends = (string[string.rfind("\n", 0, at) + 1 : at].rstrip(" \t")[-1:] for at in breaks)
    return filled_lines(text) - sum(1 for end in ends if end and not _ENDED.match(end))


@view
def visible_length(text: Text) -> int:
    """Characters without white space and vowel marks."""
    string = text.string
    bare = string if string.isascii() else _MARKS.sub("", string)
    return len("".join(bare.split()))
