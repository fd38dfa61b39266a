"""Which candidate each segment of a conversation takes: the best one, unless changing hands costs more than it brings.

A segment is what lies between two boundaries that all candidates have (`processors.ranking.combine`). The gain of a
candidate there is what a scorer expects of it, in chrF points, times the segment's length. Changing the translator
within a message costs, and anywhere where the two call the same things by other words: what a translator repeats
across the boundary (names, terms, the form of address) is looked for on the other side of it in the other's text.
The path of the highest sum is found by dynamic programming; where nothing tells candidates apart, none is left.
"""

from collections.abc import Sequence
from functools import partial

from processors.texts.prose import words
from processors.texts.text import text_of

# Characters of the source by which a gain counts once: about a sentence of FLORES.
SENTENCE = 130
# What it costs to change the translator within a message, and as much more where they share none of the words that
# either repeats there: chrF points of a sentence. Chosen on half of FLORES dev (benchmarks/ranking_segments.py).
SWITCH, DISAGREEMENT = 1.0, 1.0
# Shorter words are particles, which any two translations share.
_SHORTEST = 4
Costs = Sequence[Sequence[float]]


def best_path(gains: Sequence[Sequence[float]], costs: Sequence[Costs | None]) -> list[int]:
    """The candidate of each segment: the path of the highest sum of gains less the costs of its changes.

    `gains[s][c]` is of candidate c in segment s; `costs[s][a][b]` what it costs to go on with b in segment s after a,
    None where a change is free. Of equal paths the one that stays, and then the one of the first candidate, is taken.

    >>> best_path([[0, 3], [1, 0], [0, 3]], [None, [[0, 2], [2, 0]], [[0, 2], [2, 0]]])
    [1, 1, 1]
    >>> best_path([[0, 3], [9, 0], [0, 3]], [None, [[0, 2], [2, 0]], [[0, 2], [2, 0]]])
    [1, 0, 1]
    >>> best_path([[1, 1], [1, 1]], [None, None])
    [0, 0]
    """
    if not gains:
        return []
    width = len(gains[0])
    totals, steps = list(gains[0]), []
    for segment, cost in zip(gains[1:], costs[1:], strict=True):
        came = []
        for there in range(width):
            best = there
            for here in range(width):
                if _after(totals, cost, here, there) > _after(totals, cost, best, there):
                    best = here
            came.append(best)
        totals = [_after(totals, cost, came[c], c) + segment[c] for c in range(width)]
        steps.append(came)
    path = [max(range(width), key=lambda c: (totals[c], -c))]
    for came in reversed(steps):
        path.append(came[path[-1]])
    return path[::-1]


def _after(totals: Sequence[float], cost: Costs | None, here: int, there: int) -> float:
    return totals[here] - (cost[here][there] if cost is not None and here != there else 0.0)


def path_gain(gains: Sequence[Sequence[float]], costs: Sequence[Costs | None], path: Sequence[int]) -> float:
    """The sum that `best_path` makes the highest, of any path."""
    total = 0.0
    for place, (segment, cost, taken) in enumerate(zip(gains, costs, path, strict=True)):
        before = path[place - 1] if place else taken
        total += segment[taken] - (cost[before][taken] if cost is not None and before != taken else 0.0)
    return total


def change_costs(
    before: Sequence[str], after: Sequence[str], switch: float = SWITCH, disagreement: float = DISAGREEMENT
) -> list[list[float]]:
    """What it costs to change hands between two segments of a message, of which each candidate has a text."""
    first, second = ([set(_terms(text)) for text in texts] for texts in (before, after))
    share = partial(_apart, first, second)
    width = range(len(before))
    return [[0.0 if a == b else switch + disagreement * share(a, b) for b in width] for a in width]


def _apart(before: Sequence[set[str]], after: Sequence[set[str]], a: int, b: int) -> float:
    """Of the words that either repeats across the boundary, the share that is not on the other side where a goes over
    to b; 0 where nothing is repeated."""
    of_a, of_b = before[a] & after[a], before[b] & after[b]
    if not (of_a or of_b):
        return 0.0
    return 1 - (len(of_a & after[b]) + len(of_b & before[a])) / (len(of_a) + len(of_b))


def _terms(text: str) -> list[str]:
    return [word.strip(".,;:!?؟،؛()[]«»\"'*_`") for word in words(text_of(text)) if len(word) >= _SHORTEST]


def segment_gain(points: float, source: str) -> float:
    """A candidate's gain in a segment: chrF points, weighed by the length of the source."""
    return points * len(source) / SENTENCE
