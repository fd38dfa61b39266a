"""Which rows of many say again what an earlier row says: the same, nearly the same, or with the same answer.

Rows are numbers in the order of the dataset, so that the first of a group is the same however the work was divided.
"""

from typing import NamedTuple

import numpy as np

from processors.duplicates.sketch import ALIKE, BANDS, ROWS, VALUES

# Of a band's rows that are compared with others of it, and how many of these come first: of boilerplate, thousands of
# rows share a band without being alike, and each with each would never end. What follows is found in other bands.
_LEADERS = 24


class Again(NamedTuple):
    """Rows, the earlier row that each says again, and how alike the two are (1 where they are the same)."""

    rows: np.ndarray
    first: np.ndarray
    alike: np.ndarray


def alike(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """float array: how much of their runs of words texts share, by their sketches (uint16 arrays of shape (n, 96))."""
    return (left == right).mean(axis=1)


def first_rows(digests: np.ndarray, sketches: np.ndarray, has: np.ndarray) -> Again:
    """The rows that say what an earlier row says, and that row, which itself says nothing again.

    `digests`: uint64 of shape (n,), the same for the same row; `sketches`: uint16 of shape (n, 96); `has`: which have
    one (bool, (n,)).
    """
    _, earliest, of = np.unique(digests, return_index=True, return_inverse=True)
    first, score = earliest[of], np.ones(len(digests))
    own = np.flatnonzero((first == np.arange(len(first))) & has)
    pairs = _near(sketches[own])
    order = np.lexsort((pairs[:, 0], pairs[:, 1]))
    again = np.zeros(len(digests), bool)
    for a, b in own[pairs[order]]:
        # Only what is kept makes another a duplicate: of a chain of small changes the ends are not alike.
        if not again[a] and not again[b]:
            again[b], first[b] = True, a
    score[again] = alike(sketches[again], sketches[first[again]])
    # The same as a row that is nearly the same as another is as near to that other.
    score = score[earliest[of]]
    first = first[first]
    rows = np.flatnonzero(first != np.arange(len(first)))
    return Again(rows, first[rows], score[rows])


def first_answers(answers: np.ndarray, has: np.ndarray) -> Again:
    """The rows whose answer is that of an earlier one: `answers` is uint64 of shape (n,), `has` says where it is."""
    rows = np.flatnonzero(has)
    _, earliest, of = np.unique(answers[rows], return_index=True, return_inverse=True)
    first = rows[earliest[of]]
    again = first != rows
    return Again(rows[again], first[again], np.ones(int(again.sum())))


def _near(sketches: np.ndarray) -> np.ndarray:
    """int array of shape (n, 2): pairs that are alike, the earlier first; not each of a group with each."""
    found = [np.empty((0, 2), np.int64)]
    for band in range(BANDS):
        values = np.ascontiguousarray(sketches[:, band * ROWS : (band + 1) * ROWS])
        keys = values.view(f"V{2 * ROWS}").ravel()
        _, of, sizes = np.unique(keys, return_inverse=True, return_counts=True)
        rows = np.flatnonzero(sizes[of] > 1)
        rows = rows[np.argsort(of[rows], kind="stable")]
        for _ in range(_LEADERS):
            if not len(rows):
                break
            # Of each group its first row that is left, and what is left of the group behind it.
            begins = np.flatnonzero(np.r_[True, of[rows][1:] != of[rows][:-1]])
            lengths = np.diff(np.r_[begins, len(rows)])
            leaders = np.repeat(rows[begins], lengths)
            others = rows != leaders
            leaders, rest = leaders[others], rows[others]
            near = _alike_in_parts(sketches, leaders, rest)
            found.append(np.stack([leaders[near], rest[near]], axis=1))
            rows = rest[~near]
            counts = np.bincount(of[rows], minlength=len(sizes))
            rows = rows[counts[of[rows]] > 1]
    return np.unique(np.concatenate(found), axis=0)


def _alike_in_parts(sketches: np.ndarray, left: np.ndarray, right: np.ndarray, part: int = 100_000) -> np.ndarray:
    return np.concatenate(
        [np.empty(0, bool)]
        + [
            alike(sketches[left[at : at + part]], sketches[right[at : at + part]]) >= ALIKE
            for at in range(0, len(left), part)
        ]
    )


def unpacked(sketches: list[bytes | None]) -> tuple[np.ndarray, np.ndarray]:
    """Sketches as `first_rows` takes them, and which there are."""
    has = np.array([one is not None for one in sketches], bool)
    empty = bytes(2 * VALUES)
    joined = b"".join(one if one is not None else empty for one in sketches)
    return np.frombuffer(joined, "<u2").reshape(len(sketches), VALUES), has
