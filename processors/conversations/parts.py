"""What a conversation is made of: messages, and inside a message typed parts.

A part is a stretch of a message that the pipeline treats in one way: reasoning (`<think>`), a tool call or a tool
response (JSON in tags), a tool list, a Python call of smolagents (`<code>` on its own line), or plain text.
Splitting is lossless for any string: `join_parts(split_parts(s)) == s`.
"""

import ast
import json
import re
import warnings
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

from processors.texts.text import Text, text_of, view

PartType = Literal["text", "think", "tool_call", "tool_response", "tools", "python_call"]
Role = Literal["system", "user", "assistant", "tool"]

ROLES: frozenset[str] = frozenset(get_args(Role))
TRANSLATABLE: frozenset[str] = frozenset({"text", "think"})

_PART_OF_TAG: dict[str, PartType] = {
    "think": "think",
    "tool_call": "tool_call",
    "tool_response": "tool_response",
    "tools": "tools",
    "code": "python_call",
}
TAG = re.compile(r"<(/?)(think|tool_call|tool_response|tools|code)>")
_FENCE = re.compile(r"^[ \t>]*(`{3,}|~{3,})([^\n]*)$", re.MULTILINE)
_TICKS = re.compile(r"`+")
# An indent of four columns is code, so it belongs to the text; blank lines and a smaller indent do not.
_LEADING = re.compile(r"(?:[^\S\n]*\n)*(?: {0,3}(?![ \t]))?")
_VISIBLE = re.compile(r"\s*(\S)")
# How many further tags and fences are looked at for a better end than the first one: bounds the work on hostile text.
_LOOKAHEAD = 64


@dataclass(frozen=True, slots=True)
class Part:
    """One typed stretch of a message; `opening + text + closing` is the stretch as it was.

    `text` is what a translator may see: no tag, no blank lines around it. Tags and the white space beside them are
    in `opening` and `closing`; a plain text part has only white space there, an unclosed part no closing tag.
    """

    type: PartType
    text: str
    opening: str = ""
    closing: str = ""

    @property
    def translatable(self) -> bool:
        """Whether this type of part is translated at all (`text` and `think`); the others stay verbatim."""
        return self.type in TRANSLATABLE

    def __str__(self) -> str:
        return self.opening + self.text + self.closing


@dataclass(slots=True)
class Stretch:
    """A part by its offsets. `body` is what lies between the tags; `closed` is False if the closing tag is missing."""

    type: PartType
    start: int
    body_start: int
    body_end: int
    end: int
    closed: bool = True


class Scanner:
    """Finds the parts of one message. Code, fenced or inline, hides the tags in it; a part's end ends its fences."""

    def __init__(self, content: str) -> None:
        self.content = content
        self.tags = list(TAG.finditer(content))
        self._inline: dict[int, list[tuple[int, int]]] = {}
        self._fences = list(_FENCE.finditer(content)) if self.tags else []
        self._fence_starts = [m.start() for m in self._fences]
        self._line_ends = [m.start() for m in re.finditer("\n", content)] if self.tags else []
        self._without_end: set[str] = set()

    def in_inline_code(self, pos: int) -> bool:
        """Whether the character at `pos` is between backticks on its line."""
        line = bisect_right(self._line_ends, pos)
        spans = self._inline.get(line)
        if spans is None:
            line_start = self._line_ends[line - 1] + 1 if line else 0
            line_end = self._line_ends[line] if line < len(self._line_ends) else len(self.content)
            spans = self._inline[line] = _inline_code(self.content, line_start, line_end)
        at = bisect_right(spans, (pos, len(self.content))) - 1
        return at >= 0 and spans[at][0] <= pos < spans[at][1]

    def events(self, tag_index: int, start: int) -> Iterator[tuple[int | None, bool]]:
        """From `start` on: (index of a tag outside inline code, whether a fence is open there); None for a fence."""
        fence_index = bisect_right(self._fence_starts, start - 1)
        open_fence = ""
        for index in range(tag_index, len(self.tags)):
            pos = self.tags[index].start()
            if pos < start:
                continue
            while fence_index < len(self._fences) and self._fence_starts[fence_index] < pos:
                open_fence = _after_fence(open_fence, self._fences[fence_index])
                fence_index += 1
                yield None, bool(open_fence)
            if not self.in_inline_code(pos):
                yield index, bool(open_fence)

    def at_line_start(self, pos: int, region: int) -> bool:
        """Whether only blanks are before `pos` on its line, or between it and `region`."""
        while pos > region and self.content[pos - 1] in " \t\r":
            pos -= 1
        return pos == region or self.content[pos - 1] == "\n"

    def stretches(self) -> Iterator[Stretch]:
        """All of the message, in order: parts in tags, and the text between them."""
        region, tag_index = 0, 0
        while region < len(self.content):
            found = self._next_part(tag_index, region)
            if found is None:
                yield Stretch("text", region, region, len(self.content), len(self.content))
                return
            if found.start > region:
                yield Stretch("text", region, region, found.start, found.start)
            yield found
            region = found.end
            while tag_index < len(self.tags) and self.tags[tag_index].start() < region:
                tag_index += 1

    def _next_part(self, tag_index: int, region: int) -> Stretch | None:
        for index, fenced in self.events(tag_index, region):
            if index is None or fenced or self.tags[index][1]:
                continue
            tag = self.tags[index]
            end = self._part_end(index, tag[2], region)
            if end is not None:
                return Stretch(_PART_OF_TAG[tag[2]], tag.start(), tag.end(), *end)
        return None

    def _part_end(self, index: int, name: str, region: int) -> tuple[int, int, bool] | None:
        """(end of the body, end of the part, closed) of the part that the tag opens; None if it is a mere mention."""
        tag, content = self.tags[index], self.content
        anchored = self.at_line_start(tag.start(), region)
        unclosed = len(content), len(content), False
        if name == "think":
            # In a sentence it is spoken of ("the <think> tag"); reasoning begins a line or ends one.
            if not anchored and not content.startswith("\n", tag.end()):
                return None
            closing = self._think_end(index)
            return (closing.start(), closing.end(), True) if closing else unclosed
        visible = _VISIBLE.match(content, tag.end())
        json_like = visible is not None and visible[1] in "{["
        # smolagents puts `<code>` alone on its line, HTML does not; `<tools>` and `<tool_call>` hold JSON, whatever is
        # before them.
        if name == "code":
            is_part = anchored and content[tag.end() : tag.end() + 1] in ("\n", "\r")
        elif name == "tools":
            is_part = json_like
        else:
            is_part = anchored or (json_like and name == "tool_call")
        if not is_part:
            return None
        closing_tag = f"</{name}>"
        end = -1 if name in self._without_end else content.find(closing_tag, tag.end())
        if end < 0:
            # Remembered, so that a text of a thousand opening tags is not searched to its end a thousand times. A call
            # that was cut off is still a call, by its JSON; any other tag without an end is text.
            self._without_end.add(name)
            return unclosed if json_like and name in ("tool_call", "tool_response") else None
        if name == "tool_call":
            end = self._call_end(tag.end(), end)
        return end, end + len(closing_tag), True

    def _think_end(self, index: int) -> re.Match[str] | None:
        """The closing tag that is outside code and closes what was nested; else the first one outside inline code."""
        first: re.Match[str] | None = None
        depth, budget = 1, _LOOKAHEAD
        for other, fenced in self.events(index + 1, self.tags[index].end()):
            # The search is free up to a first end, and short beyond it.
            budget -= first is not None
            if budget < 0:
                break
            if other is None or self.tags[other][2] != "think":
                continue
            tag = self.tags[other]
            first = first or (tag if tag[1] else None)
            if fenced:
                continue
            depth += -1 if tag[1] else 1
            if depth == 0:
                return tag
        return first

    def _call_end(self, start: int, end: int) -> int:
        """A JSON string may hold the closing tag: the first end whose body parses, else the first end."""
        candidate = end
        # Each end that is tried is parsed from the start: eight bound the work on hostile text.
        for _ in range(8):
            following = self.content.find("</tool_call>", candidate + 1)
            if following < 0 or "<tool_call>" in self.content[candidate:following]:
                break
            if parse_tool_call(self.content[start:candidate]) is not None:
                return candidate
            candidate = following
        return candidate if parse_tool_call(self.content[start:candidate]) is not None else end


def _inline_code(content: str, start: int, end: int) -> list[tuple[int, int]]:
    """Inline code spans of one line: a run of backticks up to the next run of the same length (CommonMark 6.1)."""
    runs = [m.span() for m in _TICKS.finditer(content, start, end)]
    following: dict[int, int] = {}
    partner = [-1] * len(runs)
    for i in range(len(runs) - 1, -1, -1):
        length = runs[i][1] - runs[i][0]
        partner[i] = following.get(length, -1)
        following[length] = i
    spans, i = [], 0
    while i < len(runs):
        if partner[i] >= 0:
            spans.append((runs[i][0], runs[partner[i]][1]))
            i = partner[i]
        i += 1
    return spans


def _after_fence(open_fence: str, line: re.Match[str]) -> str:
    """The fence that is open after this fence line (CommonMark 4.5)."""
    marker, info = line[1], line[2]
    if not open_fence:
        # A line with a backtick behind its backticks is inline code.
        return "" if marker[0] == "`" and "`" in info else marker
    closes = marker[0] == open_fence[0] and len(marker) >= len(open_fence) and not info.strip()
    return "" if closes else open_fence


def split_parts(content: str) -> list[Part]:
    """The typed parts of one message's content, in order; `[]` for an empty string. Never fails.

    White space between a closing tag and the next part belongs to the closing. A tag counts as a part's tag at the
    start of a line or directly after another part (a tool call also before a `{`); elsewhere, and in code, it is text.
    """
    return list(parts_of(text_of(content)))


@view
def parts_of(text: Text) -> tuple[Part, ...]:
    """`split_parts`, found once a text: translation, checks and scores ask for the same messages."""
    content = text.string
    if not TAG.search(content):
        if not content:
            return ()
        return (_part(content, Stretch("text", 0, 0, len(content), len(content)), len(content)),)
    stretches = list(Scanner(content).stretches())
    parts: list[Part] = []
    taken = 0
    for number, stretch in enumerate(stretches):
        # Only white space, which the part before has taken.
        if stretch.end <= taken:
            continue
        end = stretch.end
        if stretch.type != "text" and number + 1 < len(stretches):
            end = _LEADING.match(content, stretch.end).end()  # type: ignore[union-attr]
        parts.append(_part(content, stretch, end, taken))
        taken = end
    return tuple(parts)


def _part(content: str, stretch: Stretch, end: int, taken: int = 0) -> Part:
    start = max(stretch.start, taken)
    body_start = max(stretch.body_start, taken)
    leading = _LEADING.match(content, body_start, stretch.body_end)
    text_start = leading.end() if leading else body_start
    text_end = max(text_start, text_start + len(content[text_start : stretch.body_end].rstrip()))
    return Part(stretch.type, content[text_start:text_end], content[start:text_start], content[text_end:end])


def join_parts(parts: Iterable[Part]) -> str:
    """The message's content, byte for byte."""
    return "".join(str(part) for part in parts)


def parse_tool_call(text: str) -> list[dict[str, Any]] | None:
    """The calls in the body of a `<tool_call>`: one object or a list of them; None if it does not parse.

    Besides JSON the Python literals of the original hermes-function-calling data are accepted (`{'name': ...}`).
    """
    value = parse_json_or_literal(text)
    calls = value if isinstance(value, list) else [value]
    return calls if calls and all(isinstance(call, dict) for call in calls) else None


def parse_json_or_literal(text: str) -> Any:
    """A value in JSON or as a Python literal, which models mix up; None where it is neither."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None
