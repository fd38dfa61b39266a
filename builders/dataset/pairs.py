"""Rows of preference pairs: what is one conversation in the build is `prompt`, `chosen` and `rejected` in the dataset.

Each is a list of messages, and the sides are what follows the prompt: TRL's explicit form, as `smolkalam preferences`
writes it too. In SmolTalk2 both sides begin with the prompt, and one message of it stands as text in `prompt` as well,
which TRL 1.16 refuses: it takes the text for the conversation.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from processors.conversations.sides import PROMPT, SIDES, Sides


def said_in(row: Mapping[str, Any], messages: Sequence[Mapping[str, str]] | None) -> dict[str, Any]:
    """The columns that hold what is said in a ranked row, source or translation: `messages`, or those of a pair."""
    sides = Sides.of(row)
    if sides is None:
        return {"messages": messages}
    parts = (None, None, None) if messages is None else sides.parts(messages)
    return dict(zip((PROMPT, *SIDES), parts, strict=True))
