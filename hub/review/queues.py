"""What is to be judged: near ties, what each check found, a random sample; of all splits or of one.

The same run and seed give the same queues in the same order, to whoever judges: so that two people meet on the same
pairs, and a server that was started again goes on where it was. Of a run of more rows than the report shows whole it
is the report's sample.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import combinations, groupby
from typing import Any

from builders.judging.sample import draw_pairs
from builders.recipes.recipe import Recipe
from builders.run_folder.folder import RANK, Run
from builders.run_folder.units import UnitFiles, read_unit
from builders.stages.rank import configs_of, ranked_again
from hub.report.rows import SampledRows
from hub.review.said import INSTRUCTIONS, Message, ReviewedText
from processors.errors import SmolKalamError
from processors.ranking.policy import FALLBACKS
from processors.selection.choose_rows import sample_key

NEAR, RANDOM, CHECK = "near", "random", "check:"
# Nobody judges more of one kind in a row.
LONGEST = 500
# Characters of source and both translations: who judges reads them.
_MOST_TEXT = 40_000

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """Two candidates of a row that are to be compared, or one alone, by translator. `key` tells nothing of them."""

    key: str
    row: str
    unit: str
    split: str
    names: tuple[str, ...]


class Queues:
    """The queues of a run. `rows` are the report's: all that is known of candidates but their texts."""

    # What is written here is a translation, to be checked and remembered as one.
    translates = True

    def __init__(self, run: Run, recipe: Recipe, rows: SampledRows, *, near: float, seed: int) -> None:
        self.run, self.recipe, self.near, self.seed = run, recipe, near, seed
        self.language = recipe.language
        self.names = list(configs_of(recipe).values())
        self.rows = {row["id"]: row for row in rows.rows}
        self.splits = list(rows.population)
        # The queues that there are, in the order in which they are offered.
        self.kinds = self._kinds()
        self._items: dict[str, ReviewItem] = {}
        self._drawn: dict[tuple[str, str | None], list[ReviewItem]] = {}
        self._lock = threading.Lock()
        # For the texts of rows that are looked at again and again; a unit is read for each that is not here.
        self._texts = lru_cache(maxsize=256)(self._read_row)

    def _kinds(self) -> tuple[str, ...]:
        near = [NEAR] if len(self.names) > 1 else []
        checks = {verdict["check"] for row in self.rows.values() for verdict in _verdicts(row)}
        return (*near, RANDOM, *(f"{CHECK}{name}" for name in sorted(checks)))

    def queue(self, kind: str, split: str | None = None) -> list[ReviewItem]:
        """A queue in its order. KeyError where there is no such kind or split."""
        if kind not in self.kinds:
            raise KeyError(kind)
        if split is not None and split not in self.splits:
            raise KeyError(split)
        with self._lock:
            if (kind, split) not in self._drawn:
                rows = [row for row in self.rows.values() if split in (None, row["split"])]
                items = list(self._draw(kind, rows))
                self._items.update({item.key: item for item in items})
                self._drawn[kind, split] = items
            return self._drawn[kind, split]

    def item(self, key: str) -> ReviewItem:
        """An item that was handed out before, or KeyError."""
        return self._items[key]

    def _draw(self, kind: str, rows: Sequence[Row]) -> Iterator[ReviewItem]:
        if kind == NEAR:
            return self._near(rows)
        by_key = sorted(rows, key=lambda row: sample_key(row["id"], self.seed))
        return self._random(by_key) if kind == RANDOM else self._found(by_key, kind.removeprefix(CHECK))

    def _near(self, rows: Sequence[Row]) -> Iterator[ReviewItem]:
        apart = {row["id"]: _apart(row) for row in rows}
        nearest = sorted(rows, key=lambda row: (apart[row["id"]], row["id"]))
        looked_at = [row for row in nearest[: 2 * LONGEST] if apart[row["id"]] <= self.near]
        pairs = draw_pairs(self._whole(looked_at), LONGEST, near=self.near, **self._limits()).pairs
        pairs.sort(key=lambda pair: (_difference(self.rows[pair.id], pair.a, pair.b), pair.id))
        return (self._item(pair.id, (pair.a, pair.b)) for pair in pairs)

    def _random(self, rows: Sequence[Row]) -> Iterator[ReviewItem]:
        rows = rows[: 2 * LONGEST]
        pairs = draw_pairs(self._whole(rows), LONGEST, near=None, **self._limits()).pairs
        if pairs:
            return (self._item(pair.id, (pair.a, pair.b)) for pair in pairs)
        # Of one translator, or where all say the same: what is there to be approved and edited.
        return (self._item(row["id"], _there(row)[:1]) for row in rows[:LONGEST] if _there(row))

    def _found(self, rows: Sequence[Row], check: str) -> Iterator[ReviewItem]:
        """What a check found, hard verdicts first, beside the best of the row's other candidates, if there is one."""
        found = []
        for place, row in enumerate(rows):
            for one in row["candidates"]:
                hard = [verdict["hard"] for verdict in one["checks"] if verdict["check"] == check]
                if hard and one["tokens"] is not None:
                    found.append((not any(hard), place, one["translator"], row))
        found.sort(key=lambda each: each[:3])
        met = set()
        for _, _, name, row in found[:LONGEST]:
            others = [other for other in _there(row) if other != name]
            best = sorted(others, key=lambda other: _score(row, other), reverse=True)[:1]
            item = self._item(row["id"], tuple(sorted([name, *best], key=self.names.index)))
            if item.key not in met:
                met.add(item.key)
                yield item

    def _limits(self) -> dict[str, Any]:
        return {"recipe": self.recipe, "seed": self.seed, "tokens": len, "max_tokens": _MOST_TEXT}

    def _item(self, row: str, names: Iterable[str]) -> ReviewItem:
        # In the recipe's order, whoever comes first in the queue.
        names = tuple(sorted(names, key=self.names.index))
        key = blake2b("\0".join([str(self.seed), row, *names]).encode(), digest_size=9).hexdigest()
        return ReviewItem(key, row, self.rows[row]["unit"], self.rows[row]["split"], names)

    def _whole(self, rows: Sequence[Row]) -> Iterator[Row]:
        """Rows with their texts, unit by unit."""
        for unit, some in groupby(sorted(rows, key=lambda row: (row["unit"], row["id"])), key=lambda row: row["unit"]):
            yield from self._read(unit, [row["id"] for row in some])

    def whole(self, row: str) -> Row:
        """A row with its texts (`schemas.ranked_unit`). Raises SmolKalamError for a damaged file."""
        return self._texts(row)

    def _read_row(self, row: str) -> Row:
        for found in self._read(self.rows[row]["unit"], [row]):
            return found
        raise SmolKalamError(f"{self.run.folder}: the row {row} is not in it any more; start the review again")

    def _read(self, unit: str, ids: Sequence[str]) -> list[Row]:
        import pyarrow as pa
        import pyarrow.compute as pc

        table = read_unit(UnitFiles(self.run.stage(RANK), unit))
        found = table.filter(pc.is_in(table["id"], pa.array(ids, pa.string()))).to_pylist()
        if missing := set(ids) - {row["id"] for row in found}:
            # No config took them, and so the stage did not keep them.
            found += ranked_again(self.recipe, self.run, [unit], missing)
        return found

    def candidates(self, row: str) -> dict[str, ReviewedText]:
        """A row's candidates by translator, those that there are."""
        whole = self.whole(row)
        return {
            one["translator"]: _candidate(whole, one) for one in whole["candidates"] if one["messages"] is not None
        }

    def sides(self, item: ReviewItem, annotator: str) -> tuple[str, ...]:
        """The item's translators in the order in which somebody sees them: drawn by annotator and row."""
        drawn = sample_key(f"{annotator}\0{item.row}\0{' '.join(item.names)}", self.seed)
        return item.names[::-1] if drawn % 2 else item.names


def _candidate(row: Mapping[str, Any], one: Mapping[str, Any]) -> ReviewedText:
    messages = [
        Message(number, source["role"], source["content"] or "", target["content"] or "")
        # Where there are other numbers of them, a check has said so.
        for number, (source, target) in enumerate(zip(row["messages"], one["messages"], strict=False))
    ]
    instructions = (row["chat_template_kwargs"] or {}).get("custom_instructions")
    if instructions:
        messages.insert(0, Message(INSTRUCTIONS, "system", instructions, one["custom_instructions"] or ""))
    return ReviewedText(row["id"], one["translator"], tuple(messages))


def _verdicts(row: Row) -> Iterator[dict[str, Any]]:
    for one in row["candidates"]:
        if one["tokens"] is not None:
            yield from one["checks"]


def _there(row: Row) -> tuple[str, ...]:
    return tuple(one["translator"] for one in row["candidates"] if one["tokens"] is not None)


def _score(row: Row, name: str) -> float:
    one = next(one for one in row["candidates"] if one["translator"] == name)
    return next((one[score] for score in FALLBACKS if one[score] is not None), 0.0)


def _difference(row: Row, one: str, other: str) -> float:
    return abs(_score(row, one) - _score(row, other))


def _apart(row: Row) -> float:
    return min((_difference(row, *pair) for pair in combinations(_there(row), 2)), default=float("inf"))
