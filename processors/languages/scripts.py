"""Counts of a text: words, visible characters, and how many of its letters and digits are in a script.

Characters are judged by the Unicode data in the `regex` module, which follows each Unicode release: Unicode 18.0 in
regex 2026.11.15, where letters, numbers and Script_Extensions agree with the Unicode Character Database on every code
point. (Python's own `unicodedata` is older, 14.0 in Python 3.11, and has no scripts.)
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import regex

from processors.errors import InputError
from processors.protected.find import spans_of
from processors.texts.prose import words
from processors.texts.text import Text, text_of, view, view_by

# Kinds of protected spans that the paper whitelists: URLs, e-mails, code, mathematics. The other kinds (paths, tags,
# placeholders, JSON inside prose) stay in the count.
WHITELISTED = frozenset({"url", "email", "fence", "indented_code", "code", "math", "environment", "boxed", "calc"})
# What every such span holds, behind a single character: looking for one is thirty times as fast as for a few.
_TRIGGERS = (
    *((character, character) for character in "`$\\@\t"),
    *(("~", "~~~"), (":", "://"), ("<", "<<"), ("w", "www."), ("\n", "\n    ")),
)

# A code point weighs one in each of the four fields of an integer to which it belongs, so that one sum counts all.
_WORD, _IN_SCRIPT, _COUNTED, _CHARACTER = 1 << 48, 1 << 32, 1 << 16, 1
_FIELD = 0xFFFF
# Code points a sum may cover: no field can overflow.
_BLOCK = 1 << 15
# Planes 4 to 13 are unassigned, and 14 to 16 hold tags, variation selectors and private use: no letter or digit.
_LAST_LETTER = 0x40000


class Counts(NamedTuple):
    """Of one text. `words` and `characters` are of all of it, as `str.split` sees white space.

    `in_script` (A of the paper) are letters and numbers of the script, `counted` (A + L + D) these, all other letters
    and the digits 0 to 9; both without the whitelisted spans, and 0 if no script was asked for.
    """

    words: int
    characters: int
    counted: int
    in_script: int


def count(text: str, script: str | None = None) -> Counts:
    """Counts one text of any length. Raises `InputError` for an unknown script."""
    return Counts(*count_size(text), *(count_script(text, script) if script is not None else (0, 0)))


@view
def size_of(text: Text) -> tuple[int, int]:
    """`words` and `characters` of `Counts`."""
    found = words(text)
    return len(found), len("".join(found))


def count_size(text: str) -> tuple[int, int]:
    """`size_of` a string."""
    return size_of(text_of(text))


@view_by
def script_of(text: Text, script: str) -> tuple[int, int]:
    """`counted` and `in_script` of `Counts`. Raises `InputError` for an unknown script."""
    weights = _weigh(text.string, _table(script))
    if _may_hold_whitelisted(text.string):
        for span in spans_of(text):
            if span.kind in WHITELISTED:
                weights[span.start : span.end] = 0
    if len(weights) <= _BLOCK:
        total = int(weights.sum())
        return total >> 16 & _FIELD, total >> 32 & _FIELD
    sums = np.add.reduceat(weights, range(0, len(weights), _BLOCK)).tolist()
    return sum(total >> 16 & _FIELD for total in sums), sum(total >> 32 & _FIELD for total in sums)


def count_script(text: str, script: str) -> tuple[int, int]:
    """`script_of` a string."""
    return script_of(text_of(text), script)


def count_many(texts: Sequence[str], script: str | None = None) -> np.ndarray:
    """`count` of each text, many times faster: short texts are counted together.

    An int64 array of the shape (texts, 4), a row the fields of `Counts`. Raises `InputError` for an unknown script.
    """
    table = _table(script)
    counts = np.empty((len(texts), 4), np.int64)
    ends = (np.fromiter(map(len, texts), np.int64, len(texts)) + 1).cumsum()
    start = covered = 0
    while start < len(texts):
        stop = int(ends.searchsorted(covered + _BLOCK, "right"))
        if stop == start:
            counts[start] = count(texts[start], script)
            stop += 1
        else:
            counts[start:stop] = _count_block(texts[start:stop], ends[start:stop] - covered, script, table)
        covered, start = int(ends[stop - 1]), stop
    return counts


def _count_block(texts: Sequence[str], ends: np.ndarray, script: str | None, table: np.ndarray) -> np.ndarray:
    """Rows of `Counts`. `ends[i]` is where the text i and the separator after it end in the block."""
    # A line end after each text keeps their words apart, and gives an empty text something to sum.
    block = "\n".join(texts) + "\n"
    weights = _weigh(block, table)
    visible = weights & _CHARACTER
    weights[0] += visible[0] * _WORD
    weights[1:] += (visible[1:] & ~visible[:-1]) * _WORD
    totals = np.add.reduceat(weights, np.concatenate(([0], ends[:-1])))
    counts = np.stack((totals >> 48, totals & _FIELD, totals >> 16 & _FIELD, totals >> 32 & _FIELD), axis=1)
    if script is not None and _may_hold_whitelisted(block):
        for place, text in enumerate(texts):
            if _may_hold_whitelisted(text):
                counts[place, 2:] = count_script(text, script)
    return counts


def _may_hold_whitelisted(text: str) -> bool:
    """False if no span of `text` can be whitelisted, nor of a line of it: most prose needs no search for spans."""
    for character, trigger in _TRIGGERS:
        if character in text and trigger in text:
            return True
    return text.startswith("    ")


def _weigh(text: str, table: np.ndarray) -> np.ndarray:
    weights: np.ndarray = table.take(_codes(text), mode="clip")
    return weights


def _codes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


@lru_cache(maxsize=8)
def _table(script: str | None) -> np.ndarray:
    """The weight of each code point, indexed by it; the last entry stands for all that follow."""
    every = np.arange(_LAST_LETTER, dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")
    table = np.zeros(_LAST_LETTER + 1, np.int64)
    table[_codes("".join(every.split()))] = table[_LAST_LETTER] = _CHARACTER
    if script is not None:
        own, own_digit = _patterns(script)
        for run in regex.finditer(r"\p{L}+", every):
            table[run.start() : run.end()] = _CHARACTER + _COUNTED
        for run in own.finditer(every):
            table[run.start() : run.end()] = _CHARACTER + _COUNTED + _IN_SCRIPT
        if own_digit.search(every):
            table[ord("0") : ord("9") + 1] = _CHARACTER + _COUNTED
    table.setflags(write=False)
    return table


def _patterns(script: str) -> tuple[regex.Pattern[str], regex.Pattern[str]]:
    """A run of the script's letters and numbers, and one of its decimal digits."""
    if regex.fullmatch("[A-Za-z]{4}", script) and script.title() not in ("Zyyy", "Zinh", "Zzzz"):
        try:
            return (
                regex.compile(rf"(?V1)[[\p{{L}}\p{{N}}]&&\p{{scx={script}}}]+"),
                regex.compile(rf"(?V1)[\p{{Nd}}&&\p{{scx={script}}}]"),
            )
        except regex.error:
            pass
    raise InputError(
        f"script {script!r} is not one that Unicode gives to characters: expected a four-letter code of ISO 15924 "
        "such as Arab, Ethi, Deva, Latn"
    )
