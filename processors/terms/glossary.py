"""The glossary's file, and its terms in an English text.

A term in small letters is found in any case, one with a capital only as it is written: `apple` is no company and
`IT` is no pronoun. Its last word may have the ending of a plural or a genitive. Where two terms begin at one place
the longer one is meant.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from processors.errors import InputError
from processors.protected.find import Span
from processors.text_files import read_utf8

# Letters by which a term is looked up where a word begins.
_KEY = 3
_BEGINS = re.compile(r"(?<![^\W_])(?=\S)")
_WORD = re.compile(r"\w+")
# Stands for a protected span, in which no term is looked for.
_GAP = "\n\0\n"


class Term(NamedTuple):
    """An English term and what it may be called in the target's language, the first one preferred."""

    english: str
    translations: tuple[str, ...]

    def told(self) -> tuple[str, str]:
        """As a prompt says it."""
        return self.english, " | ".join(self.translations)


class Glossary:
    """Terms by their English; equal for equal terms, in whatever order and with whatever white space they stood."""

    def __init__(self, terms: Iterable[Term]) -> None:
        self.terms = tuple(sorted(terms))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Glossary) and self.terms == other.terms

    def __hash__(self) -> int:
        return hash(self.terms)

    def digest(self) -> str:
        """What the terms are, for a fingerprint."""
        return blake2b(repr([tuple(term) for term in self.terms]).encode(), digest_size=16).hexdigest()

    def found(self, text: str, spans: Sequence[Span] = ()) -> tuple[Term, ...]:
        """The terms that stand in the text outside the protected spans, each once, in the order of the text."""
        pieces, position = [], 0
        for span in spans:
            pieces.append(text[position : span.start])
            position = span.end
        prose = _GAP.join([*pieces, text[position:]])
        return tuple(dict.fromkeys(term for term in self._in_order(prose)))

    def _in_order(self, prose: str) -> Iterator[Term]:
        end = 0
        for place in _BEGINS.finditer(prose):
            at = place.start()
            if at < end:
                continue
            begins = prose[at : at + _KEY].lower()
            candidates = [one for length in range(1, _KEY + 1) for one in self._index.get(begins[:length], ())]
            found = [(match.end(), term) for pattern, term in candidates if (match := pattern.match(prose, at))]
            if found:
                end, term = max(found)
                yield term

    @cached_property
    def _index(self) -> dict[str, list[tuple[re.Pattern[str], Term]]]:
        index = defaultdict(list)
        for term in self.terms:
            first = _WORD.match(term.english)
            word = first[0] if first else term.english
            # The last letter may be another in the plural: "fly", "flies".
            key = word[: min(_KEY, max(1, len(word) - 1))].lower()
            index[key].append((_pattern(term.english), term))
        return dict(index)


def _pattern(english: str) -> re.Pattern[str]:
    *before, last = english.split()
    if last[-1:] == "y" and last[-2:-1] not in "aeiou":
        ending = rf"{re.escape(last[:-1])}(?:y(?:['’]s)?|ies['’]?)"
    elif last[-1:].isalpha():
        ending = rf"{re.escape(last)}(?:['’]s|(?:e?s)?['’]?)"
    else:
        ending = re.escape(last)
    whole = r"\s+".join([*map(re.escape, before), ending])
    return re.compile(rf"{whole}(?!\w)", re.IGNORECASE if english == english.lower() else 0)


def read_glossary(path: str | Path) -> Glossary:
    """The glossary in a file of UTF-8, a term a line: the English, a tab, its translation.

    A term may have several translations, separated by `|` or on lines of their own. Empty lines and those that begin
    with `#` are skipped. Raises InputError, which names the line.
    """
    text = read_utf8(path, "glossary")
    found: dict[str, dict[str, None]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        cells = [" ".join(cell.split()) for cell in line.split("\t")]
        while len(cells) > 2 and not cells[-1]:
            cells.pop()
        translations = [one.strip() for one in cells[-1].split("|") if one.strip()]
        if len(cells) != 2 or not cells[0] or not translations:
            raise InputError(
                f"glossary {path}, line {number}: expected a term, a tab and its translation (several: a | b)"
            )
        found.setdefault(cells[0], {}).update(dict.fromkeys(translations))
    if not found:
        raise InputError(f"glossary {path}: has no terms; write one a line: the English, a tab, its translation")
    return Glossary(Term(english, tuple(translations)) for english, translations in found.items())
