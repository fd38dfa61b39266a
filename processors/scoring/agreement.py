"""How far the candidates of a row agree: chrF of each against each other, for many rows at once.

chrF (Popović 2015, WMT) is the F-score, recall weighted twice, of the character n-grams of orders 1 to 6 without white
space. Taken against the other candidates instead of a reference it is the utility of minimum Bayes risk decoding. The
values are sacrebleu's sentence chrF with its default settings; the work is sorting integers, a few tens of
microseconds a candidate at sentence length.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from processors.errors import InputError

# chrF2 as WMT and sacrebleu have it.
ORDERS = 6
BETA = 2.0
# A key is row | hash of the n-gram | candidate: sorting keys sorts rows, then n-grams, then candidates. With 40 bits
# of hash, two of 100,000 different n-grams of a row share one with a chance of 1 in 200, and then cost one match.
_CANDIDATE_BITS, _HASH_BITS, _ROW_BITS = 8, 40, 16
# Odd constants with well-spread bits (2**64 / the golden ratio, and one of the usual mixers): they decide no score.
_MULTIPLIER, _MIXER = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)
# Candidates of so many characters are sorted at once: some tens of megabytes of keys.
_BLOCK_CHARACTERS = 250_000

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


def agreement(rows: Sequence[Sequence[str]]) -> Floats:
    """chrF in [0, 1] of candidate `a` of a row with candidate `b` as its reference, shape (rows, S, S) at [row, a, b].

    Every row has the same number S of candidates, at most 256. An empty candidate agrees with nothing.
    """
    sizes, matches = overlaps(rows)
    return chrf(sizes[:, :, None, :], sizes[:, None, :, :], matches)


def overlaps(rows: Sequence[Sequence[str]]) -> tuple[Counts, Counts]:
    """n-grams of each candidate, shape (rows, S, 6), and n-grams in common of each two, shape (rows, S, S, 6).

    Sums of these over rows give a corpus chrF, as `chrf` takes any of them.
    """
    width = len(rows[0]) if rows else 0
    if any(len(row) != width for row in rows):
        raise InputError("cannot compare candidates: every row needs the same number of them")
    if width > 1 << _CANDIDATE_BITS:
        raise InputError(f"cannot compare {width} candidates of a row: expected at most {1 << _CANDIDATE_BITS}")
    sizes = np.zeros((len(rows), width, ORDERS), dtype=np.int64)
    matches = np.zeros((len(rows), width, width, ORDERS), dtype=np.int64)
    bare = [["".join(text.split()) for text in row] for row in rows]
    for block in _blocks(bare):
        _count(bare[block], sizes[block], matches[block])
    return sizes, matches


def chrf(hypothesis: Counts, reference: Counts, matches: Counts) -> Floats:
    """chrF in [0, 1] from counts by order, along the last axis; an order that one side is too short for counts not."""
    both = (hypothesis > 0) & (reference > 0)
    orders = np.maximum(both.sum(axis=-1), 1)
    precision = np.where(both, matches / np.maximum(hypothesis, 1), 0.0).sum(axis=-1) / orders
    recall = np.where(both, matches / np.maximum(reference, 1), 0.0).sum(axis=-1) / orders
    below = BETA**2 * precision + recall
    score: Floats = np.where(below > 0, (1 + BETA**2) * precision * recall / np.where(below > 0, below, 1.0), 0.0)
    return score


def _blocks(rows: list[list[str]]) -> Iterator[slice]:
    """Neighbouring rows that fit the caches together; a row alone if it is longer than a block."""
    start = characters = 0
    for i, row in enumerate(rows):
        size = sum(map(len, row))
        if i > start and (characters + size > _BLOCK_CHARACTERS or i - start == 1 << _ROW_BITS):
            yield slice(start, i)
            start, characters = i, 0
        characters += size
    if start < len(rows):
        yield slice(start, len(rows))


def _count(rows: list[list[str]], sizes: Counts, matches: Counts) -> None:
    width = len(rows[0])
    texts = [text for row in rows for text in row]
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    sizes[:] = np.maximum(lengths[:, None] - np.arange(ORDERS), 0).reshape(sizes.shape)
    # surrogatepass: a lone surrogate is a character like another here.
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    text = np.repeat(np.arange(len(texts)), lengths)
    left = np.repeat(np.cumsum(lengths), lengths) - np.arange(len(codes))  # characters to the text's end
    row = (text // width).astype(np.uint64) << np.uint64(_HASH_BITS + _CANDIDATE_BITS)
    place = row | (text % width).astype(np.uint64)
    rolling = np.zeros(len(codes), dtype=np.uint64)
    for order in range(ORDERS):
        rolling = rolling[: max(len(codes) - order, 0)] * _MULTIPLIER + codes[order:]
        whole = left[: len(rolling)] > order
        mixed = (rolling[whole] * _MIXER) >> np.uint64(64 - _HASH_BITS)
        keys = place[: len(rolling)][whole] | (mixed << np.uint64(_CANDIDATE_BITS))
        matches[..., order] = _shared(np.sort(keys), len(rows), width)


def _shared(keys: NDArray[np.uint64], rows: int, width: int) -> Counts:
    """Multiset intersections of each two candidates, shape (rows, width, width), from sorted keys."""
    shared = np.zeros((rows, width, width), dtype=np.int64)
    if not len(keys):
        return shared
    first = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    counts = np.diff(np.r_[first, len(keys)])
    keys = keys[first]
    grams = keys >> np.uint64(_CANDIDATE_BITS)
    starts = np.r_[True, grams[1:] != grams[:-1]]
    gram = np.cumsum(starts) - 1
    table = np.zeros((width, gram[-1] + 1), dtype=np.int32)
    table[(keys & np.uint64((1 << _CANDIDATE_BITS) - 1)).astype(np.int64), gram] = counts
    row = (grams[starts] >> np.uint64(_HASH_BITS)).astype(np.int64)
    edges = np.searchsorted(row, np.arange(rows + 1))
    filled = [i for i, (start, end) in enumerate(pairwise(edges)) if end > start]
    for a in range(width):
        for b in range(a + 1):
            least = np.minimum(table[a], table[b])
            shared[filled, a, b] = shared[filled, b, a] = np.add.reduceat(least, edges[filled])
    return shared
