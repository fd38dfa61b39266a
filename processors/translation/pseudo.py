"""Pseudo-localisation: text that looks like a translation and says nothing, made at the speed of memory.

For load tests and dry runs: the build does everything that it does with a real translator, without one.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from processors.errors import InputError
from processors.languages.alphabets import ALPHABETS, Alphabet
from processors.languages.language import DEFAULT
from processors.prompting import NO_HINTS, Hints
from processors.translation.retry_ladder import Reply

if TYPE_CHECKING:
    from processors.protected.compare import Span

_TATWEEL = "\N{ARABIC TATWEEL}"
_LATIN = "abcdefghijklmnopqrstuvwxyz"
# Not sentence punctuation: the comma of 1,000, and the mark in `?/x.py` that tells a query or a list from a path.
_KEPT_MARK = re.compile(r"([,;?](?:(?=[/\\.~])|(?=[0-9])(?<=[0-9],)))")
_NOT_ASCII = re.compile(r"([^\x00-\x7f]+)")
# Marks that belong to an emoji or keycap, not to a letter.
_SYMBOL_MARKS = frozenset({*range(0xFE00, 0xFE10), 0x20E3})


class _Table(dict[int, str]):
    """What each code point becomes, for str.translate; computed when a code point is first met."""

    def __init__(self, alphabet: Alphabet) -> None:
        super().__init__()
        self._alphabet = alphabet
        self._latin = dict(zip(_LATIN, alphabet.letters, strict=True))

    def __missing__(self, code: int) -> str:
        character = chr(code)
        category = unicodedata.category(character)
        if category[0] == "L" or category == "Nl":
            value = self._letters(character)
        elif category[0] == "M" and code not in _SYMBOL_MARKS:
            value = ""
        else:
            value = unicodedata.normalize("NFC", character)
            value = self._alphabet.punctuation.get(value, value)
        self[code] = value
        return value

    def _letters(self, character: str) -> str:
        if character == _TATWEEL:
            return ""
        found = []
        for letter in unicodedata.normalize("NFKC", character).casefold():
            if unicodedata.name(letter, "").startswith(self._alphabet.unicode_name):
                found.append(letter)
                continue
            # A letter with marks is its base letter; a Hangul syllable, which decomposes into letters, is itself.
            decomposed = unicodedata.normalize("NFD", letter)
            base, marks = decomposed[0], decomposed[1:]
            if base in self._latin:
                found.append(self._latin[base])
            elif unicodedata.category(base)[0] == "L":
                found.append(
                    self._any(base if all(unicodedata.category(mark)[0] == "M" for mark in marks) else letter)
                )
        return "".join(found) or self._any(character)

    def _any(self, letter: str) -> str:
        """A letter for one without a place of its own: neighbours in the code chart get different ones."""
        return self._alphabet.letters[(ord(letter) * 7 + ord(letter) // 26) % 26]


def _converter(alphabet: Alphabet) -> Callable[[str], str]:
    table = _Table(alphabet)
    # charmap_decode looks bytes up in an array: ten times as fast as str.translate, for the text that is mostly there.
    ascii_table = "".join(table[code] for code in range(128))

    def convert(text: str) -> str:
        if text.isascii():
            return codecs.charmap_decode(text.encode("ascii"), "strict", ascii_table)[0]
        runs = _NOT_ASCII.split(text)
        runs[::2] = [codecs.charmap_decode(run.encode("ascii"), "strict", ascii_table)[0] for run in runs[::2]]
        runs[1::2] = [run.translate(table) for run in runs[1::2]]
        return "".join(runs)

    return convert


_CONVERTERS = {code: _converter(alphabet) for code, alphabet in ALPHABETS.items()}


def pseudo_translate(text: str, spans: Sequence[Span], script: str = DEFAULT.script) -> str:
    """`text` with every letter outside `spans` replaced by one of the target script, letter by letter.

    The same text gives the same answer, equal words (whatever their case) equal words, and different words of a to z
    different ones. White space, digits, symbols and emoji stay; sentence punctuation becomes the target's; combining
    marks go, but for those on a span. The length in characters and the number of words stay about equal (LR near 1).
    `spans`: the protected spans of `text`, sorted and non-overlapping, in code points; they stay as they are.
    `script`: ISO 15924, one of ALPHABETS; InputError for another.
    """
    return converted(text, spans, letter_by_letter(script))


def letter_by_letter(script: str) -> Callable[[str], str]:
    """What turns text into the script's letters; InputError for a script without any here."""
    convert = _CONVERTERS.get(script)
    if convert is None:
        raise InputError(f"no pseudo-localisation into the script {script!r}; choose one of {', '.join(ALPHABETS)}")
    return convert


def converted(text: str, spans: Iterable[Span], convert: Callable[[str], str]) -> str:
    """`text` with what stands between its spans converted."""
    pieces: list[str] = []
    position = 0
    for span in spans:
        if span.start > position:
            pieces += _gap(text[position : span.start], convert, follows_span=position > 0)
        pieces.append(text[span.start : span.end])
        position = span.end
    pieces += _gap(text[position:], convert, follows_span=position > 0)
    return "".join(pieces)


def _gap(text: str, convert: Callable[[str], str], *, follows_span: bool) -> list[str]:
    # A mark on a span's last letter stays there: without it the span could grow into what comes next.
    marks = _leading_marks(text) if follows_span else 0
    pieces = _KEPT_MARK.split(text[marks:])
    pieces[::2] = map(convert, pieces[::2])
    return [text[:marks], *pieces]


def _leading_marks(text: str) -> int:
    count = 0
    for character in text:
        if character.isascii() or (character != _TATWEEL and unicodedata.category(character)[0] != "M"):
            break
        count += 1
    return count


class PseudoBackend:
    """Pseudo-localisation into a script as the backend of a translator."""

    concurrent = False

    def __init__(self, script: str) -> None:
        self._translate = partial(pseudo_translate, script=script)

    async def ask(
        self, text: str, spans: Iterable[Span], attempt: int, problem: str = "", hints: Hints = NO_HINTS
    ) -> Reply:
        return Reply(self._translate(text, list(spans)))
