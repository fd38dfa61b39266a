"""A preference pair as one conversation: what both sides begin with stands once, then chosen's rest, then rejected's.

So the prompt is translated and paid for once, is the same text in both sides, and whoever translates, checks or takes
a row does so with both sides of it. Only what looks back (what a call repeats, what was said before) has to know that
the sides are two conversations: `Sides` says which messages are whose.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")
CHOSEN, REJECTED = "chosen", "rejected"
SIDES = (CHOSEN, REJECTED)
PROMPT = "prompt"


class Sides(NamedTuple):
    """Of a pair's messages the first `prompt` are shared, the `chosen` after them are chosen's, the rest rejected's.

    >>> pair = Sides(1, 1)
    >>> pair.conversations(["How?", "So.", "No."])
    (['How?', 'So.'], ['How?', 'No.'])
    >>> pair.side_of(2)
    'rejected'
    """

    prompt: int
    chosen: int

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Sides | None":
        """The sides of a row that is a pair; None for a conversation."""
        found = row.get("sides")
        return cls(**found) if found else None

    def parts(self, messages: Sequence[T]) -> tuple[list[T], list[T], list[T]]:
        """The prompt, and what each side goes on with."""
        end = self.prompt + self.chosen
        return list(messages[: self.prompt]), list(messages[self.prompt : end]), list(messages[end:])

    def conversations(self, messages: Sequence[T]) -> tuple[list[T], list[T]]:
        """Each side from its beginning."""
        prompt, chosen, rejected = self.parts(messages)
        return prompt + chosen, prompt + rejected

    def side_of(self, message: int | None) -> str:
        """Whose a message is: `prompt`, `chosen` or `rejected`; what is said of no message is said of the prompt."""
        if message is None or message < self.prompt:
            return PROMPT
        return CHOSEN if message < self.prompt + self.chosen else REJECTED

    def place(self, side: str, message: int) -> int:
        """The index among the pair's messages of a message of one side's conversation."""
        return message if side == CHOSEN or message < self.prompt else message + self.chosen

    def alike(self, messages: Sequence[Any]) -> bool:
        """Whether one side says nothing that the other does not: there is nothing left to prefer."""
        chosen, rejected = self.conversations(messages)
        shorter = min(len(chosen), len(rejected))
        return chosen[:shorter] == rejected[:shorter]
