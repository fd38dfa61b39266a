"""What has been translated of a conversation so far, for what is told of the chunks that follow.

A chunk for which everything failed is not told of: what a model said in its place would go on in the next ones.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from processors.conversations.parts import ROLES
from processors.conversations.sides import PROMPT, Sides
from processors.prompting import NO_HINTS, Hints

# How the custom instructions are called among the messages.
INSTRUCTIONS = "custom_instructions"


class ContextWanted(NamedTuple):
    """So many chunks before each, and whether with the conversation's system prompt."""

    chunks: int
    system: bool


def name_of(message: int) -> str:
    """How a message is called, by its index."""
    return f"messages[{message}]"


def place_of(name: str, messages: Sequence[Mapping[str, str]]) -> str:
    """How a message is called, by `name_of`, to people: the text of a field by its place in the row.

    >>> [place_of("messages[0]", [{"role": role}]) for role in ("choices[2]", "user")]
    ['choices[2]', 'messages[0]']
    """
    if not name.startswith("messages["):
        return name
    role = messages[int(name[len("messages[") : -1])]["role"]
    return name if role in ROLES else role


class SaidBefore:
    """The chunks of one conversation in the order in which they were translated, which is the conversation's own.

    Messages are called by `name_of`, or INSTRUCTIONS.

    Custom instructions come last and are no part of the dialogue: they have a context of their own.
    """

    def __init__(
        self,
        wanted: ContextWanted,
        messages: Sequence[Mapping[str, str]],
        custom_instructions: str,
        sides: Sides | None = None,
    ) -> None:
        self._wanted = wanted
        # Of a pair, what the other side says was never said before.
        self._side = {name_of(n): sides.side_of(n) for n in range(len(messages))} if sides else {}
        systems = [message["content"] for message in messages if message["role"] == "system"]
        self._system = (custom_instructions or next(iter(systems), "")).strip() if wanted.system else ""
        self._instructing = {INSTRUCTIONS, *(name_of(n) for n, m in enumerate(messages) if m["role"] == "system")}
        self._pairs: list[tuple[str, str, str]] = []

    def add(self, message: str, source: str, target: str) -> None:
        """A chunk of this message has come out."""
        self._pairs.append((message, source.strip(), target.strip()))

    def hints(self, message: str) -> Hints:
        """What is told of the next chunk of this message."""
        of_it = [
            pair
            for pair in self._pairs
            if (pair[0] == INSTRUCTIONS) == (message == INSTRUCTIONS) and self._is_before(pair[0], message)
        ]
        before = tuple((source, target) for _, source, target in of_it[-self._wanted.chunks :])
        system = "" if message in self._instructing else self._system
        return Hints(context=before, system=system) if before or system else NO_HINTS

    def _is_before(self, said: str, message: str) -> bool:
        return self._side.get(said, PROMPT) in (PROMPT, self._side.get(message))
