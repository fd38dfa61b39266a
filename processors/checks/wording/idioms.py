"""Set phrases of English whose translation has none of their words: "let the cat out of the bag" is "gave it away",
"sorry for your loss" is "may God make your reward great".

`idioms.json` has the part of each that no sentence changes, from a speaker's memory and not from any corpus. Where a
short text has an idiom, or is hardly more than a courtesy, that nothing of its words is in the target says little.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

from processors.languages.english import FUNCTION_WORDS

_PATH = Path(__file__).with_name("idioms.json")
_WORD = re.compile(r"[a-z']{4,}")
_SMALL_WORDS = FUNCTION_WORDS | {"your", "their", "them", "whenever", "please", "dear", "really"}
_APOSTROPHES = str.maketrans("’", "'")
# Words with a meaning that a courtesy may stand beside: "sorry to hear about your grandfather".
_MOST_BESIDE = 1


@cache
def _pattern(kind: str) -> re.Pattern[str]:
    phrases: list[str] = json.loads(_PATH.read_text(encoding="utf-8"))[kind]
    # The longest first: of "in stitches" and more of the same the whole is taken.
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(phrases, key=len, reverse=True)))})\b")


def has_idiom(english: str) -> bool:
    return _pattern("idioms").search(_plain(english)) is not None


def is_courtesy(english: str) -> bool:
    """Whether a sentence is a greeting, thanks, wish or the like, and says little beside it."""
    rest, found = _pattern("courtesies").subn(" ", _plain(english))
    return found > 0 and len(set(_WORD.findall(rest)) - _SMALL_WORDS) <= _MOST_BESIDE


def without_idioms(english: str) -> str:
    """In lower case, what is no set phrase."""
    return _pattern("idioms").sub(" ", _plain(english))


def _plain(english: str) -> str:
    return " ".join(english.lower().translate(_APOSTROPHES).split())
