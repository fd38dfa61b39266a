"""Foreign words (a server's message, a library's error, a log's line) without our keys, before they are cut or kept.

Servers quote keys: whole, masked, percent-encoded in an address, escaped in JSON within JSON, in base64, broken over
lines, or cut off in the middle of one. So each run of characters that stands in a key is taken out, however its
characters are written, and only then is anything shortened: a key that straddled the cut would keep its first half.
"""

import base64
import html
import os
import re
from collections.abc import Iterator
from functools import lru_cache

HIDDEN = "<key>"
# So many characters of a key in a row are taken out. Fewer are a prefix that all of a provider's keys share.
PIECE = 8
# A key shorter than that cannot be told from words.
SHORTEST = 4
# An answer is looked through for so many characters of a key: `EMPTY` may well stand in a text.
LONG_KEY = 16
# What is shown of a message is its beginning; more of it is not looked through.
MOST = 20_000

_known: set[str] = set()
_URL_SAFE = str.maketrans("+/", "-_")
_VARIABLE = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD)$")
# Keys that nobody told us of.
_LOOKS_LIKE_ONE = re.compile(r"\b(?:hf_\w{16,}|sk-[\w-]{16,}|Bearer\s+[\w.~+/-]{16,}=*)")
# One character, as it is or escaped: %2B, %252B, \u002b, \\u002b, \/, &#43;, &amp;#43;, &plus;
_CHARACTER = re.compile(
    r"%(?:25)*[0-9A-Fa-f]{2}|\\+u[0-9A-Fa-f]{4}|\\+x[0-9A-Fa-f]{2}|\\+.|&(?:amp;)*(?:#\d+|#x[0-9A-Fa-f]+|\w+);|.",
    re.DOTALL,
)
# PIECE characters in a row that are escaped without need: what does that to a key does it to all of it.
_MARKS = ("%", "\\u", "\\x", "#")
_ESCAPED = re.compile(r"(?:%(?:25)*[0-9A-Fa-f]{2}|\\+u[0-9A-Fa-f]{4}|\\+x[0-9A-Fa-f]{2}|&(?:amp;)*#\w+;){8}")
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{16}")

# What parts of a text mean, each with where it starts and ends.
Reading = list[tuple[str, int, int]]


def know(key: str) -> str:
    """Take this key out of all foreign words from now on, in this process; returns it."""
    if len(key) >= SHORTEST and key not in _known:
        _known.add(key)
        _pieces.cache_clear()
    return key


def is_key(value: str) -> bool:
    """Whether this is a key that this process knows."""
    return value.strip() in _known


def scrub(text: str) -> str:
    """`text` without any key that this process knows or finds in its environment, in whatever spelling.

    >>> know("sk-a+b/0123456789") and scrub("bad key sk-a%2Bb%2F0123456789, or sk-a+b/012")
    'bad key <key>, or <key>'
    """
    text = text[:MOST]
    hidden = bytearray(len(text))
    keys = frozenset(_known | _of_environment())
    for reading, lines in _readings(text):
        _hide(hidden, reading, *_pieces(keys if not lines else frozenset(key for key in keys if len(key) >= LONG_KEY)))
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
    """Whether LONG_KEY characters of a key stand in an answer, in whatever spelling: then it is none.

    Called for each answer: most are done with after a look for a few pieces, of which a part of a key has one.
    """
    keys = frozenset(key for key in _known if len(key) >= LONG_KEY)
    if not keys:
        return False
    plain, encoded, pieces = _signs(keys)
    if not (
        any(sign in text for sign in plain)
        or (any(text.count(mark) >= PIECE for mark in _MARKS) and _ESCAPED.search(text))
        or (_ENCODED.search(text) and any(sign in text for sign in encoded))
    ):
        return False
    for reading, _ in _readings(text):
        meaning = "".join(character for character, _, _ in reading)
        if any(meaning[at : at + LONG_KEY] in pieces for at in range(len(meaning) - LONG_KEY + 1)):
            return True
    return False


def _readings(text: str) -> Iterator[tuple[Reading, bool]]:
    """How a text may be read: as it is, with escapes decoded, and both without white space, which is told (True)."""
    plain = [(character, at, at + 1) for at, character in enumerate(text)]
    yield plain, False
    found = [plain]
    if "%" in text or "\\" in text or "&" in text:
        found.append([(_decoded(one[0]), one.start(), one.end()) for one in _CHARACTER.finditer(text)])
        yield found[1], False
    for reading in found:
        joined = [one for one in reading if not one[0].isspace()]
        if len(joined) < len(reading):
            yield joined, True


def _hide(hidden: bytearray, characters: Reading, pieces: frozenset[str], lengths: tuple[int, ...]) -> None:
    """Mark the keys' pieces in a text, as it is read."""
    meaning = "".join(character for character, _, _ in characters)
    for length in lengths:
        for at in range(len(meaning) - length + 1):
            if meaning[at : at + length] in pieces:
                start, end = characters[at][1], characters[at + length - 1][2]
                hidden[start:end] = b"\1" * (end - start)


@lru_cache(maxsize=4)
def _pieces(keys: frozenset[str]) -> tuple[frozenset[str], tuple[int, ...]]:
    """What is looked for, and the lengths of it: of a long key each run of PIECE characters, a short one whole."""
    found = {
        written[at : at + PIECE]
        for key in keys
        for written in _written(key)
        for at in range(max(1, len(written) - PIECE + 1))
    }
    return frozenset(found), tuple(sorted({len(piece) for piece in found}))


@lru_cache(maxsize=4)
def _signs(keys: frozenset[str]) -> tuple[tuple[str, ...], tuple[str, ...], frozenset[str]]:
    """Of long keys: pieces of which each run of 2 * PIECE - 1 characters has one, in base64 too, and all runs."""
    forms = {key: tuple(_written(key)) for key in keys}
    plain = {key[at : at + PIECE] for key in keys for at in range(0, len(key) - PIECE + 1, PIECE)}
    encoded = {
        one[at : at + PIECE] for _, *others in forms.values() for one in others for at in range(0, len(one), PIECE)
    }
    runs = {
        one[at : at + LONG_KEY] for form in forms.values() for one in form for at in range(len(one) - LONG_KEY + 1)
    }
    return tuple(sorted(plain)), tuple(sorted(piece for piece in encoded if len(piece) == PIECE)), frozenset(runs)


def _written(key: str) -> Iterator[str]:
    """A key as it is, and a long one in base64 wherever it begins among what is encoded."""
    yield key
    if len(key) < LONG_KEY:
        return
    for skipped in range(3):
        whole = key[skipped:].encode("utf-8", "replace")
        encoded = base64.b64encode(whole[: len(whole) // 3 * 3]).decode()
        yield encoded
        if (other := encoded.translate(_URL_SAFE)) != encoded:
            yield other


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
