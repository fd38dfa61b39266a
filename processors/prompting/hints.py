"""What is told of a text beside the text itself. All of it is a part of the request, and so of its answer's key."""

from typing import NamedTuple

# Characters of a conversation's system prompt that are told; its beginning says what it is about.
LONGEST_SYSTEM = 1500


class Hints(NamedTuple):
    """`context` are the chunks before the text, the latest last, each with its translation; `system` is the system
    prompt of the conversation, in the source's language. `terms` are those of a glossary that stand in the text, each
    with what it is to be called. `candidates` are others' translations of the text, for who writes one out of them.
    """

    context: tuple[tuple[str, str], ...] = ()
    system: str = ""
    terms: tuple[tuple[str, str], ...] = ()
    candidates: tuple[str, ...] = ()

    def context_told(self) -> str:
        """System prompt and context as one text; empty where there is neither.

        >>> print(Hints(context=(("Hello.", "مرحبا."),), system="Be brief.").context_told())
        System prompt of the conversation:
        Be brief.
        <BLANKLINE>
        Text:
        Hello.
        Translation:
        مرحبا.
        """
        parts = [f"System prompt of the conversation:\n{self.system_told()}"] if self.system else []
        parts += [f"Text:\n{source}\nTranslation:\n{target}" for source, target in self.context]
        return "\n\n".join(parts)

    def system_told(self) -> str:
        """The system prompt, cut where it is long."""
        return self.system if len(self.system) <= LONGEST_SYSTEM else f"{self.system[:LONGEST_SYSTEM]}…"

    def terms_told(self) -> str:
        """A line a term.

        >>> Hints(terms=(("loss", "خسارة"), ("model", "نموذج"))).terms_told()
        '- loss = خسارة\\n- model = نموذج'
        """
        return "\n".join(f"- {term} = {translation}" for term, translation in self.terms)

    def candidates_told(self) -> str:
        """Each between tags with its number; who made it is not told.

        >>> print(Hints(candidates=("مرحبا.", "أهلا.")).candidates_told())
        <translation_1>
        مرحبا.
        </translation_1>
        <translation_2>
        أهلا.
        </translation_2>
        """
        numbered = enumerate(self.candidates, 1)
        return "\n".join(f"<translation_{number}>\n{text}\n</translation_{number}>" for number, text in numbered)


NO_HINTS = Hints()
"""Of a text of which nothing is told."""
