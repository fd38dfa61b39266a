"""What every check looks at: a source and its translation, each read once."""

from __future__ import annotations

from typing import NamedTuple

from processors.languages.knowledge import LanguageKnowledge
from processors.languages.language import DEFAULT, knowledge
from processors.texts.text import Text, text_of


class Pair(NamedTuple):
    """A source and a target, with the target's language (BCP 47) and script (ISO 15924).

    What a check wants to know of either text is a view (`processors.texts`): computed once, shared by all checks, by
    all candidates of a row and by whatever meets the text again. `finish_reason` is the server's word for why the
    target ends; None where nobody knows.
    """

    source: Text
    target: Text
    language: str = DEFAULT.code
    script: str = DEFAULT.script
    finish_reason: str | None = "stop"

    @property
    def knowledge(self) -> LanguageKnowledge:
        """What is known of the target's language."""
        return knowledge(self.language, self.script)

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
        return cls(text_of(source), text_of(target), language, script, finish_reason)
