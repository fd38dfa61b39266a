"""What every check looks at: a source and its translation, each read once."""

from __future__ import annotations

from typing import NamedTuple

from processors.texts.text import Text, text_of


class Pair(NamedTuple):
    """A source and a target, with the target's language (BCP 47) and script (ISO 15924).

    What a check wants to know of either text is a view (`processors.texts`): computed once, shared by all checks, by
    all candidates of a row and by whatever meets the text again. `finish_reason` is the server's word for why the
    target ends; None where nobody knows.
    """

    source: Text
    target: Text
    language: str = "ar"
    script: str = "Arab"
    finish_reason: str | None = "stop"

    @classmethod
    def of(
        cls,
        source: str,
        target: str,
        *,
        language: str = "ar",
        script: str = "Arab",
        finish_reason: str | None = "stop",
    ) -> Pair:
        """The pair of two strings."""
        return cls(text_of(source), text_of(target), language, script, finish_reason)
