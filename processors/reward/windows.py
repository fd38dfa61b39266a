"""Windows of a conversation and its translations, for a reward model that cannot read them whole.

A window holds the same stretch of every side: cuts are made between messages, then between parts (reasoning, text,
...), then between lines where all sides have as many of them, and only then in proportion to the length. Nothing is
left out and nothing is shown twice.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from processors.conversations.parts import split_parts
from processors.judging.exchange import Messages, conversation_text

Message = dict[str, str]
# For each text the offset, in code points, at which each of its tokens begins.
TokenStarts = Callable[[list[str]], list[list[int]]]

# What the role above a message costs, on both sides together.
HEADER_TOKENS = 8
_BOUNDARIES = tuple(map(re.compile, (r"\n+", r"[.!?؟۔…]+[\"'»)\]]*\s+", r"\s+")))


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of the source and the same stretch of each of its translations."""

    source: list[Message]
    targets: tuple[list[Message], ...]


def aligned_windows(source: Messages, targets: Sequence[Messages], starts: TokenStarts, budget: int) -> list[Window]:
    """Windows of `source` and all `targets` together, each of at most `budget` tokens of source and longest target.

    Joined, the windows' contents are the conversation's on every side. Windows have about the same size. A window
    may exceed the budget by the few tokens that a cut adds, and where a single character is more than the budget.
    Where a target has another number of messages than the source, both are taken as one message.
    """
    if any(len(target) != len(source) for target in targets):
        source, targets = _as_one(source), [_as_one(target) for target in targets]
    cells = [small for cell in _cells(source, targets, starts) for small in _cut(cell, budget)]
    sizes = [_size(cell) + HEADER_TOKENS for cell in cells]
    aim = sum(sizes) / max(1, -(-sum(sizes) // budget))
    windows: list[list[_Cell]] = []
    room = 0.0
    for cell, size in zip(cells, sizes, strict=True):
        taken = aim - room
        if not windows or size > budget - taken or size / 2 > room:
            windows.append([])
            room = aim
        windows[-1].append(cell)
        room -= size
    return [_window(window) for window in windows]


@dataclass(frozen=True, slots=True)
class _Side:
    """A stretch of one side of a cell; `starts` are of the whole text."""

    text: str
    starts: list[int]
    begin: int
    end: int

    @property
    def tokens(self) -> int:
        return bisect_left(self.starts, self.end) - bisect_left(self.starts, self.begin)

    def __str__(self) -> str:
        return self.text[self.begin : self.end]

    def cut(self, at: int) -> "tuple[_Side, _Side]":
        middle = self.begin + at
        return (
            _Side(self.text, self.starts, self.begin, middle),
            _Side(self.text, self.starts, middle, self.end),
        )


@dataclass(frozen=True, slots=True)
class _Cell:
    """What corresponds to each other within one message: first the source, then each target."""

    message: int
    roles: tuple[str, ...]
    sides: tuple[_Side, ...]


def _size(cell: _Cell) -> int:
    return cell.sides[0].tokens + max((side.tokens for side in cell.sides[1:]), default=0)


def _as_one(messages: Messages) -> list[Message]:
    return [{"role": messages[0]["role"] if messages else "user", "content": conversation_text(messages)}]


def _cells(source: Messages, targets: Sequence[Messages], starts: TokenStarts) -> Iterator[_Cell]:
    """Pairs of parts where a message has the same parts on every side, else pairs of messages."""
    places: list[tuple[int, tuple[str, ...], int]] = []
    texts: list[str] = []
    for number, rows in enumerate(zip(source, *targets, strict=True)):
        roles = tuple(row["role"] for row in rows)
        parts = [split_parts(row["content"]) for row in rows]
        types = [[part.type for part in side] for side in parts]
        if all(kinds == types[0] for kinds in types) and types[0]:
            cells = [[str(part) for part in together] for together in zip(*parts, strict=True)]
        else:
            cells = [[row["content"] for row in rows]]
        for cell in cells:
            places.append((number, roles, len(cell)))
            texts += cell
    found = iter(zip(texts, starts(texts), strict=True))
    for number, roles, count in places:
        sides = (_Side(text, begins, 0, len(text)) for text, begins in (next(found) for _ in range(count)))
        yield _Cell(number, roles, tuple(sides))


def _cut(cell: _Cell, budget: int) -> list[_Cell]:
    """The cell in pieces that fit, by halving."""
    if _size(cell) + HEADER_TOKENS <= budget or all(side.end - side.begin < 2 for side in cell.sides):
        return [cell]
    cuts = _line_cuts([str(side) for side in cell.sides]) or _proportional_cuts([str(side) for side in cell.sides])
    halves = zip(*(side.cut(at) for side, at in zip(cell.sides, cuts, strict=True)), strict=True)
    return [small for half in halves for small in _cut(_Cell(cell.message, cell.roles, half), budget)]


def _line_cuts(texts: list[str]) -> list[int] | None:
    """Where to halve texts of equally many lines; None if their lines do not correspond or there is only one."""
    ends = [[found.end() for found in re.finditer(r"\n+", text) if found.end() < len(text)] for text in texts]
    if not ends[0] or any(len(other) != len(ends[0]) for other in ends):
        return None
    line = min(range(len(ends[0])), key=lambda i: abs(2 * ends[0][i] - len(texts[0])))
    return [side[line] for side in ends]


def _proportional_cuts(texts: list[str]) -> list[int]:
    """A cut of the source at the natural boundary nearest to its middle, and of the others at the same share."""
    source, *others = texts
    if len(source) < 2:
        return [len(source), *(len(text) // 2 for text in others)]
    at = _snap(source, len(source) // 2)
    return [at, *(_snap(text, round(len(text) * at / len(source))) for text in others)]


def _snap(text: str, at: int) -> int:
    """The end of the line, sentence or word that is nearest to `at`, not further away than a quarter of the text."""
    reach = len(text) // 4
    low, high = max(1, at - reach), min(len(text) - 1, at + reach)
    for boundary in _BOUNDARIES:
        ends = [end for found in boundary.finditer(text, max(0, low - 1), high) if low <= (end := found.end()) < high]
        if ends:
            return min(ends, key=lambda end: abs(end - at))
    return at


def _window(cells: list[_Cell]) -> Window:
    sides: list[list[Message]] = [[] for _ in cells[0].sides]
    before = None
    for cell in cells:
        for messages, role, side in zip(sides, cell.roles, cell.sides, strict=True):
            if cell.message == before:
                messages[-1]["content"] += str(side)
            else:
                messages.append({"role": role, "content": str(side)})
        before = cell.message
    return Window(sides[0], tuple(sides[1:]))
