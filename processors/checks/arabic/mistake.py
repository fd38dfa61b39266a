"""What a look at Arabic text says: one place, what stands there, and what was expected."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

Kind = Literal[
    "language",
    "letters",
    "hamza",
    "ta_marbuta",
    "alif_maqsura",
    "tanwin",
    "tatweel",
    "diacritics",
    "punctuation",
    "number_noun",
    "agreement",
    "spelling",
]
KINDS: tuple[Kind, ...] = get_args(Kind)


class Mistake(NamedTuple):
    """One error: `text[start:end] == found`, in code points. `expected` is one way to write it rightly, or in words
    what should stand there; empty where nothing can be said."""

    kind: Kind
    start: int
    end: int
    found: str
    expected: str = ""


class Slip(NamedTuple):
    """An error within a word, wherever the word stands: what the rules of spelling say."""

    kind: Kind
    expected: str
