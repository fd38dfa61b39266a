"""A row's custom instructions as a system message too, where the recipe says so (`outputs.system_message`).

SmolTalk2 has them in `chat_template_kwargs.custom_instructions`, which only SmolLM3's template reads: with any other
they would be missing in training without a word. SmolLM3's template takes a system message in their place, and makes
the same text of it, unless it holds one of that template's flags: such instructions are left where they are.
"""

from collections.abc import Callable
from typing import Any

from processors.conversations.sides import PROMPT

# In a system message they change what SmolLM3's template does.
FLAGS = ("/think", "/no_think", "/system_override")
ADDED, LEFT = "added", "left"


def instructions_of(row: dict[str, Any]) -> str:
    """The custom instructions that a row's template arguments have and its messages do not; empty where none."""
    said = row[_said_in(row)]
    first = said[0] if said else None
    if first is None or first["role"] == "system":
        return ""
    return str((row["chat_template_kwargs"] or {}).get("custom_instructions") or "").strip()


def _said_in(row: dict[str, Any]) -> str:
    """The column with a row's first message."""
    return "messages" if "messages" in row else PROMPT


def flagged(instructions: str) -> bool:
    """Whether they cannot be a system message without changing how SmolLM3's template reads the row."""
    return any(flag in instructions for flag in FLAGS)


def with_system_message(row: dict[str, Any], count: Callable[[str], int]) -> tuple[dict[str, Any], str | None]:
    """A config's row with its custom instructions as its first message, and what was done: `ADDED`, `LEFT`, or None.

    `count` gives a text's tokens. What names a message by its number (verdicts, segments) names it still.
    """
    instructions = instructions_of(row)
    if not instructions:
        return row, None
    if flagged(instructions):
        return row, LEFT
    candidates = [one | {"checks": [_next(check) for check in one["checks"]]} for one in row["candidates"]]
    segments = {"segments": [_next(one) for one in row["segments"]]} if row.get("segments") else {}
    return row | segments | {
        _said_in(row): [{"role": "system", "content": instructions}, *row[_said_in(row)]],
        "candidates": candidates,
        "tokens": row["tokens"] + count(instructions),
        "turns": row["turns"] + 1,
    }, ADDED


def _next(place: dict[str, Any]) -> dict[str, Any]:
    """What stands in a message stands in the one after; -1, the custom instructions, becomes the system message."""
    return place if place["message"] is None else place | {"message": place["message"] + 1}
