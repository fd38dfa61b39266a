"""Makes the index of benchmarks: which items say the same, which are too short, which words are all items'."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from processors.selection.decontamination.index import Index, IndexedBenchmark, Item, Rules, by_gram
from processors.selection.decontamination.words import WordNumbers, grams, script_of_most, words

# Grams of its own that a side needs at most, to be looked for.
_OWN = 8
_READ_FOR_SCRIPT = 500


class _SideGrams(NamedTuple):
    item: int
    kind: int
    grams: np.ndarray


class IndexBuilder:
    """Takes benchmarks one after another (`add`), and makes their index (`build`)."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = rules or Rules()
        self._benchmarks: list[IndexedBenchmark] = []
        self._names: list[str] = []
        self._benchmark: list[int] = []
        self._sides: list[_SideGrams] = []
        self._numbers = WordNumbers()
        self._lengths: set[int] = set()

    def add(self, name: str, items: Iterable[Item]) -> IndexedBenchmark:
        """Take a benchmark's items; returns what became of them. An item without words is a short one."""
        first: list[str] = []
        read, found = self._distinct(items, first)
        asked = Counter(parts[0].tobytes() for _, parts in found)
        drafts = [(item, self._drafts(parts, asked[parts[0].tobytes()])) for item, parts in found]
        common = self._common([sides for _, sides in drafts])
        short = alike = 0
        for item, sides in drafts:
            kept = {kind: np.setdiff1d(side, common, assume_unique=True) for kind, side in sides.items()}
            # Of a side most of which the others say too, enough must be left that tells it from them.
            kept = {k: side for k, side in kept.items() if len(side) >= min(_OWN, (len(sides[k]) + 1) // 2)}
            short += not sides
            alike += bool(sides) and not kept
            if kept:
                self._sides += [_SideGrams(len(self._names), kind, side) for kind, side in kept.items()]
                self._names.append(item)
                self._benchmark.append(len(self._benchmarks))
        made = IndexedBenchmark(name, read, read - len(found), short, alike, script_of_most(first))
        self._benchmarks.append(made)
        return made

    def _distinct(self, items: Iterable[Item], first: list[str]) -> tuple[int, list[tuple[str, list[np.ndarray]]]]:
        """How many items there are, and of those that say different things the name and the words of each part.

        `first` is given the first items' texts.
        """
        read = 0
        texts: set[tuple[bytes, ...]] = set()
        found = []
        for item in items:
            read += 1
            if read <= _READ_FOR_SCRIPT:
                first += [item.question, *item.options]
            parts = [self._numbers.of(words(text)) for text in (item.question, *item.options)]
            said = (parts[0].tobytes(), *sorted(part.tobytes() for part in parts[1:]))
            if said not in texts:
                texts.add(said)
                found.append((item.name, parts))
        return read, found

    def _common(self, drafts: list[dict[int, np.ndarray]]) -> np.ndarray:
        """The grams that are in more items than may have one, sorted."""
        seen_in: Counter[int] = Counter()
        for sides in drafts:
            seen_in.update({gram for side in sides.values() for gram in side.tolist()})
        return np.array(sorted(gram for gram, items in seen_in.items() if items > self.rules.common), np.uint64)

    def _drafts(self, parts: list[np.ndarray], asked: int) -> dict[int, np.ndarray]:
        """The grams of each side, by kind. A question of several items is no side: its options tell them apart."""
        question, *options = parts
        drafts = {}
        if asked == 1:
            drafts[0] = self._grams(question)
        if options:
            apart = [grams(part, self.rules.n) for part in parts]
            drafts[1] = np.unique(np.concatenate(apart))
            if len(drafts[1]) < self.rules.least:
                drafts[1] = self._grams(np.concatenate(parts))
        return {kind: side for kind, side in drafts.items() if len(side)}

    def _grams(self, numbers: np.ndarray) -> np.ndarray:
        if len(numbers) < self.rules.short:
            return np.empty(0, np.uint64)
        length = min(self.rules.n, len(numbers))
        self._lengths.add(length)
        return np.unique(grams(numbers, length))

    def build(self) -> Index:
        """The index of all that was added."""
        rules = self.rules
        totals = np.array([len(side.grams) for side in self._sides], np.uint32)
        needed = np.maximum(np.ceil(totals * rules.coverage), np.minimum(totals, rules.least)).astype(np.uint32)
        every = np.concatenate([side.grams for side in self._sides]) if self._sides else np.empty(0, np.uint64)
        owner = np.repeat(np.arange(len(self._sides), dtype=np.uint32), totals)
        return Index(
            rules=rules,
            benchmarks=list(self._benchmarks),
            names=list(self._names),
            benchmark=np.array(self._benchmark, np.uint32),
            **by_gram(every, owner),
            item=np.array([side.item for side in self._sides], np.uint32),
            kind=np.array([side.kind for side in self._sides], np.uint8),
            total=totals,
            needed=needed,
            lengths=tuple(sorted(self._lengths | ({rules.n} if self._sides else set()))),
        )
