"""Rows of preference pairs: what is one conversation in the build is `chosen`, `rejected` and `prompt` in the dataset.

That is the form of SmolTalk2's config `Preference`, which TRL takes as it is: both sides begin with the same messages,
and `prompt` is the text of one of them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from processors.conversations.sides import CHOSEN, PROMPT, REJECTED, Sides


def said_in(row: Mapping[str, Any], messages: Sequence[Mapping[str, str]] | None) -> dict[str, Any]:
    """The columns that hold what is said in a ranked row, source or translation: `messages`, or those of a pair."""
    sides = Sides.of(row)
    if sides is None:
        return {"messages": messages}
    if messages is None:
        return dict.fromkeys((CHOSEN, REJECTED, PROMPT))
    chosen, rejected = sides.conversations(messages)
    return {CHOSEN: chosen, REJECTED: rejected, PROMPT: messages[sides.asked]["content"]}
