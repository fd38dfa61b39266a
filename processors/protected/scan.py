"""What the search for protected spans shares: a span, and the scan of one text in linear time."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """`text[start:end]` is protected; offsets are code points, `kind` is one of KINDS."""

    start: int
    end: int
    kind: str


KINDS = (
    "fence",
    "indented_code",
    "code",
    "math",
    "environment",
    "boxed",
    "url",
    "email",
    "path",
    "tag",
    "placeholder",
    "table_rule",
    "emoji",
    "flag",
    "calc",
    "json",
    # Not found in a text by itself: what a conversation's tool calls say (`processors.conversations.grounding`).
    "value",
)

Found = tuple[int, int, str] | None
# Beyond the end of every text, so that places can be compared without asking whether there is one.
NOWHERE = 1 << 62


class Scan:
    """The scan of one text: `floor` is the end of the last span, `limit` the start of the next code block."""

    __slots__ = ("_lists", "_next", "floor", "json_given_up", "limit", "rule_checked_to", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.floor = 0
        self.limit = len(text)
        self.rule_checked_to = -1
        self.json_given_up = False
        self._next: dict[str, int] = {}
        self._lists: dict[object, object] = {}

    def find(self, needle: str, position: int) -> int:
        """The next `needle` at or after `position`, or NOWHERE; positions never go back, so the sum is linear."""
        known = self._next.get(needle, -1)
        if known < position:
            known = self.text.find(needle, position)
            known = NOWHERE if known < 0 else known
            self._next[needle] = known
        return known

    def once(self, key: object, make: Callable[[str], object]) -> object:
        if key not in self._lists:
            self._lists[key] = make(self.text)
        return self._lists[key]
