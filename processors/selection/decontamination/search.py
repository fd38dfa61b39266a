"""Looks for the items of an index in the texts of a row."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from processors.selection.decontamination.index import SIDES, Index
from processors.selection.decontamination.words import WordNumbers, grams, words

# Of the table that says which grams cannot be in the index: bits of a gram's number, so 4 MB.
_BITS = 22
# Of the row's own text: words, and characters at most. Enough to see what was found, and not to train on it.
_QUOTED_WORDS, QUOTED = 12, 120


@dataclass(frozen=True, slots=True)
class Found:
    """An item in a row: `coverage` is the share of its side's grams that stand there; `quote`: the row's own text."""

    benchmark: str
    item: str
    side: str
    coverage: float
    quote: str

    def __str__(self) -> str:
        quote = self.quote if len(self.quote) <= QUOTED else f"{self.quote[:QUOTED]}..."
        return f"{self.benchmark}, item {self.item}, by its {self.side}, {self.coverage:.0%}: {quote}"


class Search:
    """An index, ready to be asked. Not shared between threads: it remembers words."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._numbers = WordNumbers()
        self._shift = np.uint64(64 - _BITS)
        self._maybe = np.zeros(1 << _BITS, bool)
        self._maybe[(index.grams >> self._shift).astype(np.int64)] = True
        self._starts = index.starts.astype(np.int64)

    def find(self, texts: Iterable[str]) -> list[Found]:
        """The items of which enough stands in these texts of one row, the best covered first.

        No gram reaches from one text into the next; what is in one and what is in another counts together.
        """
        rows = [words(text) for text in texts]
        hits = [(place, *self._hits(row)) for place, row in enumerate(rows)]
        known = [ids for _, ids, _ in hits if len(ids)]
        if not known:
            return []
        index = self.index
        distinct = np.unique(np.concatenate(known))
        sides = np.concatenate([index.sides[self._starts[i] : self._starts[i + 1]] for i in distinct])
        sides, counts = np.unique(sides, return_counts=True)
        enough = counts >= index.needed[sides]
        best: dict[int, tuple[float, int]] = {}
        for side, count in zip(sides[enough].tolist(), counts[enough].tolist(), strict=True):
            item, share = int(index.item[side]), count / int(index.total[side])
            if item not in best or share > best[item][0]:
                best[item] = (share, side)
        found = sorted(best.items(), key=lambda one: (-one[1][0], one[0]))
        return [self._found(item, share, side, rows, hits) for item, (share, side) in found]

    def _hits(self, row: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of the index's grams in a text, and the words at which they begin."""
        numbers = self._numbers.of(row)
        ids, places = [], []
        for length in self.index.lengths:
            made = grams(numbers, length)
            where = np.flatnonzero(self._maybe[(made >> self._shift).astype(np.int64)])
            if len(where):
                made = made[where]
                at = np.searchsorted(self.index.grams, made)
                at[at == len(self.index.grams)] = 0
                same = self.index.grams[at] == made
                ids.append(at[same])
                places.append(where[same])
        none = np.empty(0, np.int64)
        return (np.concatenate(ids), np.concatenate(places)) if ids else (none, none)

    def _found(
        self, item: int, share: float, side: int, rows: list[list[str]], hits: list[tuple[int, np.ndarray, np.ndarray]]
    ) -> Found:
        quote = ""
        for place, ids, at in hits:
            mine = [
                begin
                for gram, begin in zip(ids.tolist(), at.tolist(), strict=True)
                if side in self.index.sides[self._starts[gram] : self._starts[gram + 1]]
            ]
            if mine:
                quote = " ".join(rows[place][min(mine) : min(mine) + _QUOTED_WORDS])
                break
        index = self.index
        benchmark = index.benchmarks[int(index.benchmark[item])].name
        return Found(benchmark, index.names[item], SIDES[int(index.kind[side])], round(share, 3), quote)
