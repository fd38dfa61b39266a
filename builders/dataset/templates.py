"""What a chat template is given of a row beside its messages, in the forms that other templates than SmolLM3's read.

SmolTalk2 has tools and custom instructions in `chat_template_kwargs`, which only SmolLM3's template reads: with any
other they would be missing in training without a word. So tools are a JSON string too, as in OpenAI's API, which most
templates and TRL take; SmolLM3's prints the list as it is where it is given no `tools`. And custom instructions become
a system message, where the recipe says so (`outputs.system_message`): SmolLM3's template takes one in their place, and
makes the same text of it, unless it holds one of that template's flags: such instructions are left where they are.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from processors.conversations.sides import PROMPT

# In a system message they change what SmolLM3's template does.
FLAGS = ("/think", "/no_think", "/system_override")
ADDED, LEFT = "added", "left"


def tools_as_json(kwargs: Mapping[str, Any] | None) -> str | None:
    """The list of a row's tools as JSON; None where it has none.

    A schema that has no `function` of its own gets one around it. What is no JSON object, such as the signatures of
    `python_tools`, is left where it is.

    >>> tools_as_json({"xml_tools": ['{"name": "add", "parameters": {}}']})
    '[{"type": "function", "function": {"name": "add", "parameters": {}}}]'
    """
    found = []
    for text in (kwargs or {}).get("xml_tools") or ():
        try:
            tool = json.loads(text)
        except ValueError:
            continue
        if isinstance(tool, dict) and tool:
            found.append(tool if "function" in tool else {"type": "function", "function": tool})
    return json.dumps(found, ensure_ascii=False) if found else None


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
