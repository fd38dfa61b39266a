"""A text as a sketch by which texts that are nearly the same are found without comparing each with each.

MinHash of runs of words: two texts share about as many of a sketch's values as their runs have in common of all that
either has (Jaccard's index). Words are in one spelling, so that marks and digits make no difference.
"""

import json
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np

from processors.selection.decontamination.words import WordNumbers, grams, words

# Words of a run; bands of values, of which one has to be the same for two texts to be compared at all: of pairs that
# are alike by ALIKE 99 in 100 are, of those alike by 0.5 one in five.
RUN, BANDS, ROWS = 5, 16, 6
VALUES = BANDS * ROWS
# Of a sketch: a value has two bytes.
BYTES = 2 * VALUES
# From here on texts are nearly the same; below the other they are not, and between them nothing is said. A sketch of
# 96 values is off by 0.04 at 0.8 (one standard deviation) and by 0.05 at 0.5.
ALIKE, UNLIKE = 0.8, 0.5
# An answer of fewer words may well be that of several questions.
LEAST_ANSWER = 8

_random = np.random.Generator(np.random.PCG64(14))
_FACTORS, _TERMS = (_random.integers(0, 2**64, VALUES, np.uint64) | np.uint64(1) for _ in range(2))
_MIX = np.uint64(0x94D049BB133111EB)
# Runs at once: a block of 400 kB stays in the processor's cache.
_BLOCK = 512


class Sketches:
    """Makes sketches; remembers the words that it met."""

    def __init__(self) -> None:
        self._numbers = WordNumbers()

    def of(self, texts: Sequence[str]) -> bytes | None:
        """`BYTES` bytes: the sketch of texts that follow one another, little-endian; None where they have no word."""
        numbers = self._numbers.of(words("\n".join(texts)))
        if not len(numbers):
            return None
        runs = np.unique(grams(numbers, min(RUN, len(numbers))))
        least = np.full(VALUES, 2**64 - 1, np.uint64)
        for start in range(0, len(runs), _BLOCK):
            hashed = runs[start : start + _BLOCK, None] * _FACTORS
            hashed += _TERMS
            np.minimum(least, hashed.min(axis=0), out=least)
        # The least of many numbers begins with zeros: only mixed again are two of its bytes as good as all.
        return ((least * _MIX) >> np.uint64(48)).astype("<u2").tobytes()

    def answer(self, texts: Sequence[str]) -> bytes | None:
        """Eight bytes that are the same for the same words in the same order; None where these are too few to tell."""
        numbers = self._numbers.of(words("\n".join(texts)))
        return blake2b(numbers.tobytes(), digest_size=8).digest() if len(numbers) >= LEAST_ANSWER else None


def digest(messages: Sequence[Mapping[str, Any]]) -> bytes:
    """Eight bytes that are the same for the same conversation only."""
    told = json.dumps([[one["role"], one["content"] or ""] for one in messages], ensure_ascii=False)
    return blake2b(told.encode("utf-8", "replace"), digest_size=8).digest()
