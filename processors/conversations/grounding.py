"""The values of tool calls that the conversation says word for word.

A call's argument that the user named ("the fabric called 'network222'") must be named alike in the translation, since
the call stays as it is: otherwise the conversation teaches to invent it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from processors.conversations.chunking import Chunk
from processors.conversations.parts import parse_tool_call, split_parts
from processors.conversations.sides import SIDES, Sides
from processors.protected.prose import reads_as_prose
from processors.protected.scan import Span

VALUE = "value"
# A longer value is a text of its own (a mail's body, a question passed on): it is translated, and noted; but not what
# the user sets in quotation marks ("a ticket titled ..."), and not a query.
_MOST_WORDS, _LONGEST = 4, 60
_LONGEST_QUOTED = 160
_OPENING, _CLOSING = "\"'“«‘`„", "\"'”»’`“"
# A Python call's arguments by their quotes: its code need not parse.
_LITERAL = re.compile(r"\"([^\"\\\n]{2,200})\"|'([^'\\\n]{2,200})'")
# Values that any text says by chance.
_SMALL = frozenset(
    ["the", "and", "for", "all", "any", "new", "now", "one", "two", "yes", "true", "false", "none", "null", "other"]
)


class GroundedValue(NamedTuple):
    """`value` stands in the prose of `messages[message]`; `kept` is whether it has to arrive letter by letter."""

    message: int
    value: str
    kept: bool


def grounded_values(messages: Sequence[Mapping[str, Any]], sides: Sides | None = None) -> list[GroundedValue]:
    """The values of calls that an earlier message says, each once: with the last user who says it, or the last at all.

    Nothing that is only digits (a translation may write them in its own), no small word, and none of one letter. Of a
    pair (`sides`), a side's calls repeat what its own conversation says.
    """
    if sides is not None:
        of_sides = zip(SIDES, sides.conversations(messages), strict=True)
        both = (
            one._replace(message=sides.place(side, one.message))
            for side, conversation in of_sides
            for one in grounded_values(conversation)
        )
        return list(dict.fromkeys(both))
    if not any(tag in (message["content"] or "") for message in messages for tag in ("<tool_call>", "<code>")):
        return []
    found: dict[tuple[int, str], GroundedValue] = {}
    said: list[tuple[int, str, str]] = []
    for index, message in enumerate(messages):
        if message["role"] == "tool" or not message["content"]:
            continue
        parts = split_parts(message["content"])
        for part in parts:
            if part.type in ("tool_call", "python_call") and message["role"] == "assistant":
                for value in _values(part.type, part.text):
                    place = _said_in(said, value)
                    if place:
                        found.setdefault((place[0], value), GroundedValue(place[0], value, _is_kept(value, place[2])))
        said += [(index, message["role"], part.text) for part in parts if part.translatable]
    return list(found.values())


def _values(kind: str, text: str) -> Iterator[str]:
    if kind == "python_call":
        values: list[Any] = [literal[1] or literal[2] for literal in _LITERAL.finditer(text)]
    else:
        values = [call.get("arguments", call.get("parameters")) for call in parse_tool_call(text) or []]
    while values:
        value = values.pop(0)
        if isinstance(value, Mapping):
            values += value.values()
        elif isinstance(value, list):
            values += value
        elif isinstance(value, str):
            value = value.strip()
            if any(map(str.isalpha, value)) and len(value) > 1 and value.lower() not in _SMALL:
                yield value


def _said_in(said: list[tuple[int, str, str]], value: str) -> tuple[int, str, str] | None:
    last = None
    for place in reversed(said):
        if value in place[2] and next(occurrences(place[2], value), None) is not None:
            if place[1] == "user":
                return place
            last = last or place
    return last


def _is_kept(value: str, text: str) -> bool:
    """Whether the value is a name, a query or quoted within the text, not the text, nor a sentence of it."""
    words = len(value.split())
    if len(text.split()) <= words or len(value) > _LONGEST_QUOTED:
        return False
    if len(value) <= _LONGEST and words <= _MOST_WORDS:
        return True
    return "\n" not in value and (_is_quoted(value, text) or not reads_as_prose(value))


def _is_quoted(value: str, text: str) -> bool:
    """Whether the value stands in quotation marks of its own."""
    for place in occurrences(text, value):
        before, behind = (
            text[max(0, place - 1) : place],
            text[place + len(value) : place + len(value) + 2].lstrip(".,!?"),
        )
        if before and before in _OPENING and behind and behind[0] in _CLOSING:
            return True
    return False


def occurrences(text: str, value: str) -> Iterator[int]:
    """Where `value` stands in `text` as whole words."""
    place = text.find(value)
    while place >= 0:
        end = place + len(value)
        if not (text[place - 1 : place].isalnum() and value[0].isalnum()) and not (
            text[end : end + 1].isalnum() and value[-1].isalnum()
        ):
            yield place
        place = text.find(value, end)


def with_values(text: str, spans: Sequence[Span], values: Sequence[str]) -> tuple[Span, ...]:
    """`spans` and, outside of them, the values; the longest first, where one holds another."""
    merged = list(spans)
    for value in sorted(values, key=len, reverse=True):
        for place in occurrences(text, value):
            end = place + len(value)
            if all(span.end <= place or span.start >= end for span in merged):
                merged.append(Span(place, end, VALUE))
    return tuple(sorted(merged, key=lambda span: span.start))


def grounded(chunk: Chunk, values: Sequence[str]) -> Chunk:
    """The chunk with the values among its spans."""
    return replace(chunk, spans=with_values(chunk.text, chunk.spans, values)) if values else chunk


def values_of(text: str, spans: Sequence[Span]) -> list[str]:
    """The values among the spans of `text`, each once."""
    return list(dict.fromkeys(text[span.start : span.end] for span in spans if span.kind == VALUE))
