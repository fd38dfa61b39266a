"""What every check looks at: a source and its translation, each read once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from processors.languages.knowledge import LanguageKnowledge
from processors.languages.language import DEFAULT, knowledge
from processors.texts.prose import words
from processors.texts.text import Text, text_of, view_by

_DEFAULT_KNOWLEDGE = knowledge(DEFAULT.code, DEFAULT.script)

# ISO 639-2's code for no linguistic content: nothing is known of it, and nothing is asked of its words.
NO_LANGUAGE = "zxx"
# Letters that must have become others before a text is taken for pseudo-localised.
_LETTERS = 4
# One word in so many may be another.
_SPARED = 10


class Pair(NamedTuple):
    """A source and a target, with the target's language (BCP 47) and script (ISO 15924).

    What a check wants to know of either text is a view (`processors.texts`): computed once, shared by all checks, by
    all candidates of a row and by whatever meets the text again. `finish_reason` is the server's word for why the
    target ends; None where nobody knows. `knowledge` is what we know of the language, `kept` the values of calls that
    have to stay in English. `of_english`: its conversation works on English, of which examples may stay. Make one with
    `Pair.of`.
    """

    source: Text
    target: Text
    language: str = DEFAULT.code
    script: str = DEFAULT.script
    finish_reason: str | None = "stop"
    knowledge: LanguageKnowledge = _DEFAULT_KNOWLEDGE
    kept: tuple[str, ...] = ()
    of_english: bool = False

    @classmethod
    def of(
        cls,
        source: str,
        target: str,
        *,
        language: str = DEFAULT.code,
        script: str = DEFAULT.script,
        finish_reason: str | None = "stop",
        kept: Sequence[str] = (),
        of_english: bool = False,
    ) -> Pair:
        """The pair of two strings."""
        left, right = text_of(source), text_of(target)
        language = NO_LANGUAGE if _is_pseudo(left, target) else language
        known = knowledge(language, script)
        return cls(left, right, language, script, finish_reason, known, tuple(kept), of_english)


@view_by
def _is_pseudo(source: Text, target: str) -> bool:
    """Whether the target is the source with other letters, one for one: pseudo-localisation, for dry runs and loads.

    By chance no translation is: of FLORES' lines (reference and four systems) none.
    """
    left, right = words(source), words(text_of(target))
    if len(left) != len(right):
        return False
    letters: dict[str, str] = {}
    # Marks that a letter lost and words that are spared make some words others.
    strange = len(left) // _SPARED
    # A pair of words that comes again says the same again: a letter's other is the first that it met.
    fitting: dict[tuple[str, str], bool] = {}
    for both in zip(left, right, strict=True):
        fits = fitting.get(both)
        if fits is None:
            fits = fitting[both] = len(both[0]) == len(both[1]) and _fits(letters, *both)
        if not fits:
            strange -= 1
            if strange < 0:
                return False
    return len(letters) >= _LETTERS and not any(map(str.isascii, letters.values()))


def _fits(letters: dict[str, str], source: str, target: str) -> bool:
    for ours, theirs in zip(source.lower(), target.lower(), strict=False):
        if ours.isascii() and ours.isalpha() and ours != theirs and letters.setdefault(ours, theirs) != theirs:
            return theirs.isascii()
    return True
