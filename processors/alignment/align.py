"""Lays the sentences of a translation beside those of its source: which belong together, and which have no partner.

Translators keep the order of sentences; they split one, join two, seldom more. So the best path through the table of
likenesses is found by dynamic programming (Gale and Church 1993, "A Program for Aligning Sentences in Bilingual
Corpora"), with the words of a lexicon for evidence beside the lengths. Where the sentences plainly follow each other
one by one the path is walked, not searched: the table is made only for what lies between, so that a text takes time
in proportion to its length.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from processors.alignment.likeness import back, forth, of_two, whole
from processors.alignment.sides import Side, joined

# Log chances of what a path may do, against one sentence for one: Gale and Church's, but for a gap, which is not an
# accident of typing here but what is looked for: it costs little, and `Bead.surplus` tells how plain it is. Chosen on
# half of the blocks of FLORES-200 dev and on the demo's reference, which joins many sentences.
_GAP = -3.0
_STEPS = {
    (1, 1): 0.0,
    (1, 2): -4.0,
    (2, 1): -4.0,
    (1, 3): -8.0,
    (3, 1): -8.0,
    (2, 2): -6.5,
    (1, 0): _GAP,
    (0, 1): _GAP,
}
# As much likeness as no neighbour has by chance: the path goes through here.
_SURE = 3.0
# How far ahead the next sure place is looked for, in sentences of both sides together.
_AHEAD = 12
# A table of more cells is narrowed to a band around its diagonal.
_BAND = 8
# A table of so many cells is searched as a whole where the path through the sure places took a wrong turn.
_WHOLE, _WRONG_TURN = 256, 4.0
_IMPOSSIBLE = float("-inf")


class Bead(NamedTuple):
    """Sentences of the source and of the target that belong together: `[source, source_end)`, `[target, target_end)`.

    One of the two is empty where a sentence has no partner; then `surplus` says how much worse, in logs, the best path
    is that gives it one.
    """

    source: int
    source_end: int
    target: int
    target_end: int
    surplus: float = 0.0

    @property
    def lost(self) -> bool:
        return self.target == self.target_end

    @property
    def added(self) -> bool:
        return self.source == self.source_end


def align(sources: Sequence[Side], targets: Sequence[Side]) -> list[Bead]:
    """The best path, from the first sentences to the last, as beads in order."""
    table = _Likenesses(sources, targets)
    beads: list[Bead] = []
    i = j = 0
    while i < len(sources) or j < len(targets):
        if table.sure(i, j):
            beads.append(Bead(i, i + 1, j, j + 1))
            i, j = i + 1, j + 1
            continue
        # A sure sentence may hold its neighbour too: the search takes in the pair on either side.
        if beads:
            last = beads.pop()
            i, j = last.source, last.target
        end = _next_sure(table, i + bool(beads), j + bool(beads))
        end = (end[0] + 1, end[1] + 1) if table.sure(*end) else end
        beads += _search(table, (i, j), end)
        i, j = end
    if len(sources) * len(targets) <= _WHOLE and _took_a_wrong_turn(beads):
        return _search(table, (0, 0), (len(sources), len(targets)))
    return beads


def _took_a_wrong_turn(beads: Sequence[Bead]) -> bool:
    """Whether a sure place may have been none: a sentence is plainly alone, as where three became two."""
    return any((bead.lost or bead.added) and bead.surplus >= _WRONG_TURN for bead in beads)


class _Likenesses:
    """The likenesses of beads, each computed once."""

    def __init__(self, sources: Sequence[Side], targets: Sequence[Side]) -> None:
        self.sources, self.targets = sources, targets
        self._known: dict[tuple[int, int, int, int], float] = {}
        # Spans of sentences, and what one sentence says of a span on the other side: beads share both.
        self._spans: dict[tuple[bool, int, int], Side] = {}
        self._forth: dict[tuple[int, int, int], float] = {}
        self._back: dict[tuple[int, int, int], float] = {}

    def sure(self, i: int, j: int) -> bool:
        return i < len(self.sources) and j < len(self.targets) and self.score(i, j, 1, 1) >= _SURE

    def score(self, i: int, j: int, a: int, b: int) -> float:
        key = (i, j, a, b)
        known = self._known.get(key)
        if known is None:
            known = _STEPS[a, b]
            if a and b:
                known += self._likeness(i, j, a, b)
            self._known[key] = known
        return known

    def _likeness(self, i: int, j: int, a: int, b: int) -> float:
        """`likeness` of two spans."""
        if a == b == 1:
            # Most beads, and few of these are met again as a part of a larger one.
            return of_two(self.sources[i], self.targets[j])
        source, target = self._span(True, i, a), self._span(False, j, b)
        there: float = 0
        for k in range(i, i + a):
            said = self._forth.get((k, j, b))
            if said is None:
                said = self._forth[k, j, b] = forth(self.sources[k], target)
            there += said
        told_back: float = 0
        for k in range(j, j + b):
            said = self._back.get((k, i, a))
            if said is None:
                said = self._back[k, i, a] = back(self.targets[k], source)
            told_back += said
        return whole(there, told_back, source.length, target.length)

    def _span(self, of_source: bool, start: int, size: int) -> Side:
        sides = self.sources if of_source else self.targets
        if size == 1:
            return sides[start]
        key = (of_source, start, size)
        span = self._spans.get(key)
        if span is None:
            span = self._spans[key] = joined(tuple(sides[start : start + size]))
        return span


def _next_sure(table: _Likenesses, i: int, j: int) -> tuple[int, int]:
    """The nearest place ahead where a sure pair begins, and the pair behind it is sure too or nothing follows."""
    n, m = len(table.sources), len(table.targets)
    for distance in range(1, _AHEAD + 1):
        for a in range(distance + 1):
            x, y = i + a, j + distance - a
            if (x, y) == (n, m):
                return n, m
            if table.sure(x, y) and (table.sure(x + 1, y + 1) or (x + 1, y + 1) == (n, m)):
                return x, y
    return n, m


def _search(table: _Likenesses, start: tuple[int, int], end: tuple[int, int]) -> list[Bead]:
    _, path = _best(table, start, end, _STEPS)
    beads = []
    without: dict[tuple[int, int], float] = {}
    best = None
    for (i, j), (x, y) in path:
        gap = (x - i, y - j)
        surplus = 0.0
        if 0 in gap:
            if best is None:
                best = sum(table.score(p, q, r - p, s - q) for (p, q), (r, s) in path)
            if gap not in without:
                without[gap] = _best(table, start, end, {step: cost for step, cost in _STEPS.items() if step != gap})[
                    0
                ]
            surplus = best - without[gap]
        beads.append(Bead(i, x, j, y, surplus))
    return beads


Place = tuple[int, int]


def _best(
    table: _Likenesses, start: Place, end: Place, steps: dict[tuple[int, int], float]
) -> tuple[float, list[tuple[Place, Place]]]:
    """The best path's score and its steps; -inf and none where these steps do not lead to the end."""
    rows, columns = end[0] - start[0], end[1] - start[1]
    slope = columns / max(rows, 1)
    best: dict[Place, tuple[float, Place | None]] = {start: (0.0, None)}
    for i in range(start[0], end[0] + 1):
        middle = start[1] + round((i - start[0]) * slope)
        low, high = (start[1], end[1]) if rows <= _BAND * 2 else (middle - _BAND, middle + _BAND)
        for j in range(max(low, start[1]), min(high, end[1]) + 1):
            if (i, j) not in best:
                continue
            value = best[i, j][0]
            for a, b in steps:
                place = (i + a, j + b)
                if place[0] > end[0] or place[1] > end[1]:
                    continue
                here = value + table.score(i, j, a, b)
                if place not in best or here > best[place][0]:
                    best[place] = (here, (i, j))
    if end not in best:
        return _IMPOSSIBLE, []
    path = []
    place = end
    while (before := best[place][1]) is not None:
        path.append((before, place))
        place = before
    return best[end][0], path[::-1]
