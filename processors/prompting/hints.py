"""What is told of a text beside the text itself. All of it is a part of the request, and so of its answer's key."""

from typing import NamedTuple


class Hints(NamedTuple):
    """`terms` are those of a glossary that stand in the text, each with what it is to be called."""

    terms: tuple[tuple[str, str], ...] = ()

    def terms_told(self) -> str:
        """A line a term.

        >>> Hints(terms=(("loss", "خسارة"), ("model", "نموذج"))).terms_told()
        '- loss = خسارة\\n- model = نموذج'
        """
        return "\n".join(f"- {term} = {translation}" for term, translation in self.terms)


NO_HINTS = Hints()
"""Of a text of which nothing is told."""
