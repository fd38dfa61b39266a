"""A stand-in for a translator that checks take for one: each word becomes a word of the target's language.

Pseudo-localised text is known as such, and no check asks it for words, names or sentences. What is made here has the
words that the lexicon expects (`processors.alignment`), so everything is asked of it that is asked of a translation:
load tests and benchmarks pay for all checks. It means as little.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from processors.alignment.lexicon import lexicon
from processors.languages.english_numbers import ENGLISH_NUMBERS
from processors.languages.knowledge import LanguageKnowledge
from processors.languages.language import DEFAULT, knowledge
from processors.prompting import NO_HINTS, Hints
from processors.translation.pseudo import converted, letter_by_letter
from processors.translation.retry_ladder import Reply

if TYPE_CHECKING:
    from processors.protected.compare import Span

_WORD = re.compile(r"([A-Za-z]+)")
# Distinct words, and pieces between words, that a process remembers.
_REMEMBERED = 1 << 16


def word_by_word(variant: int, script: str = DEFAULT.script, language: str = DEFAULT.code) -> Callable[[str], str]:
    """What turns text into words of a language: of those that the lexicon has for a word the one at `variant`.

    Variants differ where there is a choice. Number words and verbs that ask for something are those that the language
    has for them, or most rows would be vetoed. A word that nobody knows is written in the script's letters; so is
    every word where there is no lexicon of the language. Raises InputError for a script without letters here.
    """
    letters, known, own = letter_by_letter(script), lexicon(language), _asked_for(knowledge(language, script))

    @lru_cache(maxsize=_REMEMBERED)
    def word(english: str) -> str:
        if english.lower() in own:
            return own[english.lower()]
        stems = known.source.stems(english.lower()) if known else ()
        entry = next((known.forward[stem] for stem in stems if stem in known.forward), None) if known else None
        return sorted(entry.others)[variant % len(entry.others)] if entry else letters(english)

    between = lru_cache(maxsize=_REMEMBERED)(letters)

    def convert(text: str) -> str:
        pieces = _WORD.split(text)
        pieces[::2] = map(between, pieces[::2])
        pieces[1::2] = map(word, pieces[1::2])
        return "".join(pieces)

    return convert


def _asked_for(known: LanguageKnowledge) -> dict[str, str]:
    """The words of which a check demands a certain translation."""
    asked = known.questions.requests if known.questions and known.questions.requests else {}
    words = {verb: stem for verb, stems in asked.items() if (stem := stems.partition("|")[0]).isalpha()}
    if known.numbers:
        for form, (kind, value) in reversed(list(known.numbers.forms.items())):
            if kind in ("one", "ten", "tens"):
                words |= {english: form for english, n in ENGLISH_NUMBERS.items() if n == value and n > 2}
            elif kind == "scale":
                words[str(value)] = form
    return words


class WordByWordBackend:
    """The stand-in as the backend of a translator."""

    concurrent = False

    def __init__(self, variant: int, script: str, language: str) -> None:
        self._convert = word_by_word(variant, script, language)

    async def ask(
        self, text: str, spans: Iterable[Span], attempt: int, problem: str = "", hints: Hints = NO_HINTS
    ) -> Reply:
        return Reply(converted(text, spans, self._convert))
