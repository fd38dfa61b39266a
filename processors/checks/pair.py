"""What every check looks at: a source and its translation, each read once."""

from __future__ import annotations

from typing import NamedTuple

from processors.languages.knowledge import LanguageKnowledge
from processors.languages.language import DEFAULT, knowledge
from processors.texts.text import Text, text_of

_DEFAULT_KNOWLEDGE = knowledge(DEFAULT.code, DEFAULT.script)


class Pair(NamedTuple):
    """A source and a target, with the target's language (BCP 47) and script (ISO 15924).

    What a check wants to know of either text is a view (`processors.texts`): computed once, shared by all checks, by
    all candidates of a row and by whatever meets the text again. `finish_reason` is the server's word for why the
    target ends; None where nobody knows. `knowledge` is what we know of the language. Make one with `Pair.of`.
    """

    source: Text
    target: Text
    language: str = DEFAULT.code
    script: str = DEFAULT.script
    finish_reason: str | None = "stop"
    knowledge: LanguageKnowledge = _DEFAULT_KNOWLEDGE

    @classmethod
    def of(
        cls,
        source: str,
        target: str,
        *,
        language: str = DEFAULT.code,
        script: str = DEFAULT.script,
        finish_reason: str | None = "stop",
    ) -> Pair:
        """The pair of two strings."""
        known = knowledge(language, script)
        return cls(text_of(source), text_of(target), language, script, finish_reason, known)
