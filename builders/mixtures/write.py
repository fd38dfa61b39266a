"""Writes the rows that were chosen, shuffled over all sources, in little memory and with the same bytes each time.

Which place each row has is known before. So each part of a source is read once more and its rows are put aside by the
shard of their place (`put_aside`); then each shard is read together, ordered and written (`write_shard`). Any process
does any of both, and what was done before an interruption stands.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from builders.dataset.shard_writer import GROUP_ROWS
from builders.mixtures.read import TEXTS, MixturePart, chat_schema, chats
from processors.atomic_files import replacing, write_unsynced
from processors.errors import CountError

if TYPE_CHECKING:
    import pyarrow as pa

    Whole = np.ndarray[Any, np.dtype[np.int64]]

# Bytes of rows that are held before they are put aside.
_HELD = 64_000_000
_PLACE, _BYTES = "place", "bytes"


@dataclass(frozen=True, slots=True)
class Origin:
    """What a mixture's rows say of the source that they are from."""

    name: str
    language: str | None


@dataclass(frozen=True, slots=True)
class Order:
    """Where each chosen row goes, as files in a folder that any process maps: ascending rows, each copy once.

    `row` numbers all rows that were read, over all parts; `starts` are each part's first, and one beyond the last.
    `first_rows`: of each part, the number of its first row in its split. `shards`: the first place of each shard, and
    one beyond the last.
    """

    folder: Path
    starts: tuple[int, ...]
    first_rows: tuple[int, ...]
    shards: tuple[int, ...]

    def save(self, arrays: dict[str, "Whole"]) -> None:
        """Write `row`, `copy`, `place`, and `tokens` and `bytes` of each copy."""
        for name, array in arrays.items():
            with replacing(self.folder / f"{name}.npy") as temporary, temporary.open("wb") as file:
                np.save(file, array)

    @property
    def columns(self) -> dict[str, "Whole"]:
        return _mapped(self.folder)

    def aside(self, part: int) -> Path:
        """Where the rows of a part are put aside."""
        return self.folder / f"aside-{part:06d}.arrow"


# A process that works on many parts maps the files once.
@lru_cache(maxsize=1)
def _mapped(folder: Path) -> dict[str, "Whole"]:
    return {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("row", "copy", _PLACE, "tokens", _BYTES)}


def mixture_schema(scores: Sequence[str]) -> "pa.Schema":
    """A row of the dataset; `scores` are those that any source has."""
    import pyarrow as pa

    return pa.schema(
        [
            *(field for field in chat_schema() if field.name not in TEXTS),
            *((name, pa.float64()) for name in scores),
            ("id", pa.string()),
            ("origin", pa.string()),
            ("origin_split", pa.string()),
            ("language", pa.string()),
            ("translator", pa.string()),
            ("copy", pa.int32()),
            ("tokens", pa.int64()),
            ("turns", pa.int32()),
        ]
    )


def put_aside(number: int, part: MixturePart, origin: Origin, order: Order, scores: Sequence[str]) -> None:
    """Write a part's chosen rows to a file of Arrow batches, each of one shard, and which is of which beside it."""
    import pyarrow as pa

    path = order.aside(number)
    told = path.with_suffix(".json")
    if told.exists():
        return
    schema = mixture_schema(scores).append(pa.field(_PLACE, pa.int64())).append(pa.field(_BYTES, pa.int64()))
    batches: dict[str, list[int]] = {}
    written = 0
    with replacing(path) as temporary, pa.OSFile(str(temporary), "wb") as sink:
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with pa.ipc.new_file(sink, schema, options=options) as file:
            for table in _chosen(number, part, origin, order, schema):
                places = table.column(_PLACE).to_numpy()
                shards = np.searchsorted(order.shards, places, side="right") - 1
                for shard in np.unique(shards).tolist():
                    of_shard = table.take(np.flatnonzero(shards == shard)).combine_chunks()
                    (batch,) = of_shard.to_batches()
                    file.write_batch(batch)
                    batches.setdefault(str(shard), []).append(written)
                    written += 1
    write_unsynced(told, batches)


def _chosen(number: int, part: MixturePart, origin: Origin, order: Order, schema: "pa.Schema") -> Iterator["pa.Table"]:
    """The part's chosen rows in tables of bounded size."""
    import pyarrow as pa

    start, end = order.starts[number], order.starts[number + 1]
    low, high = np.searchsorted(order.columns["row"], [start, end])
    mine = {name: np.asarray(column[low:high]) for name, column in order.columns.items()}
    scores = [name for name in schema.names if name not in {*mixture_schema([]).names, _PLACE, _BYTES}]
    held: list[pa.RecordBatch] = []
    size, begin = 0, start
    for rows in chats(part, origin.name, scores):
        first, last = np.searchsorted(mine["row"], [begin, begin + rows.batch.num_rows])
        taken = {name: column[first:last] for name, column in mine.items()}
        if first < last:
            local = taken["row"] - begin
            taken["number"] = taken["row"] - start + order.first_rows[number]
            held.append(_batch(rows.batch.take(pa.array(local)), rows.values, local, taken, part, origin, schema))
            size += int(taken[_BYTES].sum())
        begin += rows.batch.num_rows
        if size > _HELD:
            yield pa.Table.from_batches(held)
            held, size = [], 0
    if begin != end:
        raise CountError(f"{part.file}: {begin - start} rows read, {end - start} before; it changed meanwhile")
    if held:
        yield pa.Table.from_batches(held)


def _batch(
    chat: "pa.RecordBatch",
    values: dict[str, list[Any]],
    local: "Whole",
    taken: dict[str, "Whole"],
    part: MixturePart,
    origin: Origin,
    schema: "pa.Schema",
) -> "pa.RecordBatch":
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = chat.num_rows
    own = chat.column("id").to_pylist()
    made: dict[str, Any] = {
        "id": [
            f"{origin.name}/{said if said is not None else f'{part.split}/{number:07d}'}"
            for said, number in zip(own, taken["number"].tolist(), strict=True)
        ],
        "origin": [origin.name] * rows,
        "origin_split": [part.split] * rows,
        "language": [origin.language] * rows,
        "turns": pc.list_value_length(chat.column("messages")).cast(pa.int32()),
        "copy": taken["copy"].astype(np.int32),
        **{name: taken[name] for name in ("tokens", _PLACE, _BYTES)},
    }
    for name, column in values.items():
        picked = (column[place] for place in local.tolist())
        made[name] = [float(value) if isinstance(value, int | float) else None for value in picked]
    arrays = []
    for field in schema:
        if field.name in made:
            array = made[field.name]
            arrays.append(array if isinstance(array, pa.Array) else pa.array(array, field.type))
        else:
            arrays.append(chat.column(field.name) if field.name in chat.schema.names else pa.nulls(rows, field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def write_shard(number: int, parts: int, order: Order, path: Path, group_bytes: int) -> None:
    """Write the shard of this number from what all parts put aside, ordered, and beside it its rows and bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    told = path.with_suffix(".json")
    if told.exists():
        return
    table = pa.concat_tables(list(_aside(number, parts, order)))
    table = table.take(np.argsort(table.column(_PLACE).to_numpy(), kind="stable")).combine_chunks()
    places = table.column(_PLACE).to_numpy()
    if not np.array_equal(places, np.arange(order.shards[number], order.shards[number + 1])):
        raise CountError(f"shard {number}: {len(places)} rows were put aside, and not those of its places")
    sizes = table.column(_BYTES).to_numpy()
    table = table.drop_columns([_PLACE, _BYTES])
    size = 0
    with (
        replacing(path) as temporary,
        # As builders.dataset.SplitWriter does, for the Hub's viewer and for uploads.
        pq.ParquetWriter(
            temporary, table.schema, compression="zstd", write_page_index=True, use_content_defined_chunking=True
        ) as writer,
    ):
        for first, last in group_bounds(sizes, group_bytes):
            group = table.slice(first, last - first)
            # A slice's own bytes, without those of its neighbours.
            group = group.take(np.arange(group.num_rows)).combine_chunks()
            writer.write_table(group, row_group_size=group.num_rows)
            size += group.nbytes
    write_unsynced(told, {"rows": table.num_rows, "bytes": size})


def _aside(number: int, parts: int, order: Order) -> Iterator["pa.Table"]:
    import pyarrow as pa

    for part in range(parts):
        path = order.aside(part)
        batches = json.loads(path.with_suffix(".json").read_bytes()).get(str(number))
        if batches:
            with pa.memory_map(str(path)) as source, pa.ipc.open_file(source) as file:
                yield pa.Table.from_batches([file.get_batch(batch) for batch in batches])


def group_bounds(sizes: "Whole", most: int, rows: int = GROUP_ROWS) -> list[tuple[int, int]]:
    """Row groups of so many bytes and rows at most; a row of more is a group of its own.

    >>> group_bounds(np.array([3, 3, 9, 1]), 6)
    [(0, 2), (2, 3), (3, 4)]
    """
    ends = np.cumsum(sizes)
    bounds, first = [], 0
    while first < len(sizes):
        before = int(ends[first - 1]) if first else 0
        last = int(np.searchsorted(ends, before + most, side="right"))
        last = min(max(last, first + 1), first + rows, len(sizes))
        bounds.append((first, last))
        first = last
    return bounds


def shard_starts(sizes: "Whole", most: int) -> list[int]:
    """The first place of each shard and one beyond the last, where `sizes` are the rows' bytes by place."""
    bounds = group_bounds(sizes, most, rows=len(sizes))
    return [first for first, _ in bounds] + [len(sizes)]
