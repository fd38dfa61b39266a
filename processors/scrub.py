"""Foreign words (a server's message, a library's error, a log's line) without our keys, before they are cut or kept.

Servers quote keys: whole, masked, percent-encoded in an address, escaped in JSON within JSON, or cut off in the
middle of one. So each run of characters that stands in a key is taken out, however its characters are written, and
only then is anything shortened: a key that straddled the cut would keep its first half.
"""

import html
import os
import re
from functools import lru_cache

HIDDEN = "<key>"
# So many characters of a key in a row are taken out. Fewer are a prefix that all of a provider's keys share.
PIECE = 8
# A key shorter than that cannot be told from words.
SHORTEST = 4
# An answer is looked through for keys of at least so many characters: `EMPTY` may well stand in a text.
LONG_KEY = 16
# What is shown of a message is its beginning; more of it is not looked through.
MOST = 20_000

_known: set[str] = set()
_VARIABLE = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD)$")
# Keys that nobody told us of.
_LOOKS_LIKE_ONE = re.compile(r"\b(?:hf_\w{16,}|sk-[\w-]{16,}|Bearer\s+[\w.~+/-]{16,}=*)")
# One character, as it is or escaped: %2B, %252B, \u002b, \\u002b, \/, &#43;, &amp;#43;, &plus;
_CHARACTER = re.compile(
    r"%(?:25)*[0-9A-Fa-f]{2}|\\+u[0-9A-Fa-f]{4}|\\+x[0-9A-Fa-f]{2}|\\+.|&(?:amp;)*(?:#\d+|#x[0-9A-Fa-f]+|\w+);|.",
    re.DOTALL,
)


def know(key: str) -> str:
    """Take this key out of all foreign words from now on, in this process; returns it."""
    if len(key) >= SHORTEST and key not in _known:
        _known.add(key)
        _pieces.cache_clear()
    return key


def scrub(text: str) -> str:
    """`text` without any key that this process knows or finds in its environment, in whatever spelling.

    >>> know("sk-a+b/0123456789") and scrub("bad key sk-a%2Bb%2F0123456789, or sk-a+b/012")
    'bad key <key>, or <key>'
    """
    text = text[:MOST]
    hidden = bytearray(len(text))
    _hide(hidden, [(character, at, at + 1) for at, character in enumerate(text)])
    if "%" in text or "\\" in text or "&" in text:
        _hide(hidden, [(_decoded(found[0]), found.start(), found.end()) for found in _CHARACTER.finditer(text)])
    for found in _LOOKS_LIKE_ONE.finditer(text):
        hidden[found.start() : found.end()] = b"\1" * len(found[0])
    if any(hidden):
        kept = (text[at] if not hide else "" if at and hidden[at - 1] else HIDDEN for at, hide in enumerate(hidden))
        return "".join(kept)
    return text


def excerpt(text: str, most: int = 200) -> str:
    """The beginning of foreign words as one line without keys, `most` characters at most."""
    line = " ".join(scrub(text).split())
    return line if len(line) <= most else f"{line[:most]}…"


def holds_key(text: str) -> bool:
    """Whether a key stands in an answer, which then is none."""
    return any(key in text for key in _known if len(key) >= LONG_KEY)


def _hide(hidden: bytearray, characters: list[tuple[str, int, int]]) -> None:
    """Mark the keys' pieces in a text; `characters` are what its parts from `start` to `end` mean."""
    pieces, lengths = _pieces(frozenset(_known | _of_environment()))
    meaning = "".join(character for character, _, _ in characters)
    for length in lengths:
        for at in range(len(meaning) - length + 1):
            if meaning[at : at + length] in pieces:
                start, end = characters[at][1], characters[at + length - 1][2]
                hidden[start:end] = b"\1" * (end - start)


@lru_cache(maxsize=4)
def _pieces(keys: frozenset[str]) -> tuple[frozenset[str], tuple[int, ...]]:
    """What is looked for, and the lengths of it: of a long key each run of PIECE characters, a short one whole."""
    found = {key[at : at + PIECE] for key in keys for at in range(max(1, len(key) - PIECE + 1))}
    return frozenset(found), tuple(sorted({len(piece) for piece in found}))


def _of_environment() -> set[str]:
    return {value.strip() for name, value in os.environ.items() if _VARIABLE.search(name) and len(value) >= LONG_KEY}


def _decoded(token: str) -> str:
    if len(token) == 1:
        return token
    if token[0] == "%":
        return chr(int(token[-2:], 16))
    if token[0] == "\\":
        digits = token.lstrip("\\")
        return chr(int(digits[1:], 16)) if len(digits) > 1 else (digits or "\\")
    while (simpler := html.unescape(token)) != token:
        token = simpler
    # Always one character, so that a place in the meaning is a place among the characters.
    return token if len(token) == 1 else token[:1]
