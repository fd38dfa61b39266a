"""Messages as OpenAI's API, ShareGPT and their relatives write them, as SmolTalk2's: a role and a text.

What a text cannot say is put into it the way SmolTalk2 does: calls of tools as `<tool_call>` with JSON, reasoning as
`<think>`. What cannot be said at all (an image) is a reason to leave the row out, and so is a wrong type.
"""

import json
from collections.abc import Mapping
from typing import Any

ROLES = {
    **dict.fromkeys(("user", "human", "prompter"), "user"),
    **dict.fromkeys(("assistant", "gpt", "chatgpt", "bot", "ai", "model", "bing", "bard"), "assistant"),
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(("tool", "function", "observation", "tool_response", "function_response", "ipython"), "tool"),
}
# ShareGPT's role of a message that is a call.
CALLS = ("function_call", "tool_call")
REASONING = ("reasoning_content", "reasoning", "thinking")
# The fields of a message that say something; another one is told as left out.
FIELDS = frozenset({"role", "content", "from", "value", "tool_calls", "function_call", "refusal", *REASONING})


def what_is(value: Any) -> str:
    """What a value of JSON is, in words.

    >>> what_is(5), what_is(None), what_is({})
    ('a number', 'null', 'an object')
    """
    if value is None:
        return "null"
    numbers = {int: "a number", float: "a number", bool: "true or false"}
    kinds: dict[type, str] = {str: "a text", list: "a list", dict: "an object"} | numbers
    return kinds.get(type(value), f"a {type(value).__name__}")


class CannotTake(Exception):
    """A row that cannot be taken: `reason` in snake_case, and where in the row what was found."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def chat(value: Any, field: str) -> list[dict[str, str]]:
    """The messages of a list of them, also where it is written as JSON in a text. Raises CannotTake."""
    value = from_json(value, field)
    if value is None:
        raise CannotTake("missing_field", f"{field} is null, expected a list of messages")
    if not isinstance(value, list):
        raise CannotTake("wrong_type", f"{field} is {what_is(value)}, expected a list of messages")
    if not value:
        raise CannotTake("empty", f"{field} has no message")
    return [_message(message, f"{field}[{number}]") for number, message in enumerate(value)]


def from_json(value: Any, field: str) -> Any:
    """What a text of JSON says, as CSV and Parquet hold lists; any other value as it is. Raises CannotTake."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise CannotTake("wrong_type", f"{field} is a text that is no JSON ({error})") from None


def _message(message: Any, field: str) -> dict[str, str]:
    if not isinstance(message, dict):
        raise CannotTake("wrong_type", f"{field} is {what_is(message)}, expected an object with role and content")
    key, said = ("from", "value") if message.get("role") is None and "from" in message else ("role", "content")
    role = message.get(key)
    if role is None:
        raise CannotTake("missing_field", f"{field} has no {key}")
    if not isinstance(role, str) or role not in (*ROLES, *CALLS):
        raise CannotTake("unknown_role", f"{field}.{key} is {role!a:.60}, expected user, assistant, system or tool")
    content = _content(message.get(said), f"{field}.{said}")
    if content is None:
        content = _content(message.get("refusal"), f"{field}.refusal")
    if role in CALLS:
        if content is None:
            raise CannotTake("missing_field", f"{field} has no {said}")
        calls = from_json(content, f"{field}.{said}")
        return {"role": "assistant", "content": _calls(calls if isinstance(calls, list) else [calls], field)}
    parts = [_thought(message, field), content or "", _calls(_called(message, field), field)]
    if content is None and not any(parts):
        raise CannotTake("missing_field", f"{field} has no {said}")
    return {"role": ROLES[role], "content": "\n".join(part for part in parts if part)}


def _content(value: Any, field: str) -> str | None:
    """A text, or the texts of its parts, a line each, as vLLM gives them to a template that takes a text."""
    if value is None or isinstance(value, str):
        return value
    if not isinstance(value, list):
        raise CannotTake("wrong_type", f"{field} is {what_is(value)}, expected a text or a list of parts")
    return "\n".join(_part(part, f"{field}[{number}]") for number, part in enumerate(value))


def _part(part: Any, field: str) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, dict):
        raise CannotTake("wrong_type", f"{field} is {what_is(part)}, expected a part with a text")
    kind = part.get("type", "text")
    if kind not in ("text", "input_text", "output_text", "refusal"):
        raise CannotTake("not_text", f"{field} is {kind!a:.60}: only text can be translated")
    text = part.get("refusal" if kind == "refusal" else "text")
    if not isinstance(text, str):
        raise CannotTake("wrong_type", f"{field}.text is {what_is(text)}, expected a text")
    return text


def _thought(message: dict[str, Any], field: str) -> str:
    for name in REASONING:
        if (thought := message.get(name)) is not None:
            if not isinstance(thought, str):
                raise CannotTake("wrong_type", f"{field}.{name} is {what_is(thought)}, expected a text")
            return f"<think>\n{thought.strip()}\n</think>" if thought.strip() else ""
    return ""


def _called(message: dict[str, Any], field: str) -> list[Any]:
    calls = message.get("tool_calls")
    if calls is None:
        old = message.get("function_call")
        return [] if old is None else [old]
    calls = from_json(calls, f"{field}.tool_calls")
    if not isinstance(calls, list):
        raise CannotTake("wrong_type", f"{field}.tool_calls is {what_is(calls)}, expected a list")
    return calls


def _calls(calls: list[Any], field: str) -> str:
    return "\n".join(f"<tool_call>{_call(call, field)}</tool_call>" for call in calls)


def _call(call: Any, field: str) -> str:
    function = call.get("function", call) if isinstance(call, dict) else call
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise CannotTake("wrong_tool_call", f"{field}: expected a call with the name of a function and its arguments")
    arguments = function.get("arguments")
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments) if arguments.strip() else {}
        except (ValueError, RecursionError) as error:
            detail = f"{field}: the arguments of {function['name']!a:.60} are no JSON ({error})"
            raise CannotTake("wrong_tool_call", detail) from None
    return json.dumps(
        {"name": function["name"], "arguments": {} if arguments is None else arguments}, ensure_ascii=False
    )


def text_in(row: Mapping[str, Any], name: str) -> str:
    """A row's text of this name. Raises CannotTake for one that is missing, of another type, or empty."""
    value = row.get(name)
    if value is None:
        raise CannotTake("missing_field", f"{name} is null, expected a text")
    if not isinstance(value, str):
        raise CannotTake("wrong_type", f"{name} is {what_is(value)}, expected a text")
    if not value.strip():
        raise CannotTake("empty", f"{name} is empty")
    return value
