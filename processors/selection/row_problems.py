"""Which rows of the source are no conversation that can be translated and trained on, and why."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

from processors.conversations.parts import (
    ROLES,
    TAG,
    TRANSLATABLE,
    Scanner,
    Stretch,
    parse_json_or_literal,
    parse_tool_call,
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row is dropped: `reason` (snake_case, stable, counted), `field` (`messages[2].content`), `detail`."""

    reason: str
    field: str
    detail: str

    def __str__(self) -> str:
        return f"{self.reason}: {self.field}: {self.detail}"


def row_problem(row: dict[str, Any], field: str = "messages") -> Problem | None:
    """Why this source row cannot be translated and trained on, or None. Looks at the schema, then at each message.

    An empty content is allowed (an assistant that only calls tools); a `system` message is allowed anywhere. `field`
    is what the source calls the messages.
    """
    messages = row.get("messages")
    if not isinstance(messages, list) or not messages:
        return Problem("no_messages", field, f"{_show(messages)}, expected a non-empty list of messages")
    for i, message in enumerate(messages):
        problem = _message_problem(message, f"{field}[{i}]")
        if problem:
            return problem
    for role in ("user", "assistant"):
        if not any(message["role"] == role for message in messages):
            found = ", ".join(sorted({message["role"] for message in messages}))
            return Problem(f"no_{role}_message", field, f"only {found}, expected at least one {role} message")
    source = row.get("source")
    if source is not None and not isinstance(source, str):
        return Problem("wrong_source", "source", f"{_show(source)}, expected a string")
    if source:
        problem = _text_problem(source, "source")
        if problem:
            return problem
    return _kwargs_problem(row.get("chat_template_kwargs"))


def _message_problem(message: Any, field: str) -> Problem | None:
    if not isinstance(message, dict):
        return Problem("wrong_message", field, f"{_show(message)}, expected an object with role and content")
    role, content = message.get("role"), message.get("content")
    if role is None:
        return Problem("missing_role", f"{field}.role", f"no role, expected one of {', '.join(sorted(ROLES))}")
    if not isinstance(role, str) or role not in ROLES:
        return Problem("unknown_role", f"{field}.role", f"{_show(role)}, expected one of {', '.join(sorted(ROLES))}")
    if content is None:
        return Problem("null_content", f"{field}.content", "no content, expected a string")
    if not isinstance(content, str):
        return Problem("wrong_content", f"{field}.content", f"{_show(content)}, expected a string")
    problem = _text_problem(content, f"{field}.content")
    # Only an assistant's tags are read by the chat template and the tools; elsewhere they are quoted instructions.
    if problem is None and role == "assistant" and TAG.search(content):
        return _tag_problem(content, f"{field}.content")
    return problem


def _text_problem(text: str, field: str) -> Problem | None:
    # JSON may hold half of a pair (`"\ud83d"`), which Python reads and neither Parquet nor a request can hold.
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        found = f"lone surrogate U+{ord(text[error.start]):04X} at character {error.start}"
        return Problem("invalid_unicode", field, f"{found}, expected text that can be written as UTF-8")
    return None


def _tag_problem(content: str, field: str) -> Problem | None:
    scanner = Scanner(content)
    for stretch in scanner.stretches():
        where = f"at character {stretch.start}"
        if not stretch.closed:
            found = f"<{stretch.type}> {where} is never closed"
            return Problem(f"unbalanced_{stretch.type}", field, f"{found}, expected </{stretch.type}>")
        if stretch.type == "tool_call":
            body = content[stretch.body_start : stretch.body_end]
            if parse_tool_call(body) is None:
                found = f"the tool call {where} does not parse: {_show(body.strip())}"
                return Problem("unparsable_tool_call", field, f"{found}, expected a JSON object")
        elif stretch.type in TRANSLATABLE:
            stray = _stray_tag(scanner, stretch)
            if stray:
                name = stray[2]
                found = f"{stray[0]} at character {stray.start()} has no partner"
                return Problem(f"unbalanced_{name}", field, f"{found}, expected pairs of <{name}> and </{name}>")
    return None


def _stray_tag(scanner: Scanner, stretch: Stretch) -> re.Match[str] | None:
    """The first think or tool_call tag in a stretch, outside code, that has no partner there.

    Inside reasoning only an opening tag at the start of a line counts: models write about the tags.
    """
    waiting: dict[str, list[re.Match[str]]] = {"think": [], "tool_call": []}
    first = bisect_right(scanner.tags, stretch.body_start - 1, key=lambda tag: tag.start())
    for index, fenced in scanner.events(first, stretch.body_start):
        if index is None:
            continue
        tag = scanner.tags[index]
        if tag.start() >= stretch.body_end:
            break
        # Calls are thought of in reasoning ("I need a <tool_call>"): they are none.
        if fenced or tag[2] not in waiting or (stretch.type == "think" and tag[2] == "tool_call"):
            continue
        if not tag[1]:
            if stretch.type == "text" or scanner.at_line_start(tag.start(), stretch.body_start):
                waiting[tag[2]].append(tag)
        elif waiting[tag[2]]:
            waiting[tag[2]].pop()
        elif stretch.type == "text":
            return tag
    return next((tags[0] for tags in waiting.values() if tags), None)


def _kwargs_problem(kwargs: Any) -> Problem | None:
    field = "chat_template_kwargs"
    if kwargs is None:
        return None
    if not isinstance(kwargs, dict):
        return Problem("wrong_chat_template_kwargs", field, f"{_show(kwargs)}, expected an object")
    instructions, thinking = kwargs.get("custom_instructions"), kwargs.get("enable_thinking")
    if instructions is not None and not isinstance(instructions, str):
        return _wrong_kwarg("custom_instructions", instructions, "a string")
    if thinking is not None and not isinstance(thinking, bool):
        return _wrong_kwarg("enable_thinking", thinking, "true or false")
    texts = [("custom_instructions", instructions or "")]
    for name in ("python_tools", "xml_tools"):
        tools = kwargs.get(name)
        if tools is None:
            continue
        if not isinstance(tools, list) or not all(isinstance(tool, str) for tool in tools):
            return _wrong_kwarg(name, tools, "a list of strings")
        texts += [(f"{name}[{i}]", tool) for i, tool in enumerate(tools)]
    for name, text in texts:
        problem = _text_problem(text, f"{field}.{name}")
        if problem:
            return problem
        # xml_tools is printed as given by the template, so only an entry that looks like JSON must be JSON.
        is_json = name.startswith("xml_tools") and text.lstrip()[:1] in ("{", "[")
        if is_json and parse_json_or_literal(text) is None:
            return Problem("unparsable_tool", f"{field}.{name}", f"{_show(text)} does not parse, expected JSON")
    return None


def _wrong_kwarg(name: str, value: Any, expected: str) -> Problem:
    field = f"chat_template_kwargs.{name}"
    return Problem("wrong_chat_template_kwargs", field, f"{_show(value)}, expected {expected}")


def _show(value: Any) -> str:
    """The value on one short line; for a long text its beginning and its length."""
    if value is None:
        return "null"
    if isinstance(value, str) and len(value) > 60:
        return f"{value[:60]!a}... ({len(value)} characters)"
    shown = ascii(value)
    return shown if len(shown) <= 80 else f"{shown[:80]}... ({type(value).__name__})"
