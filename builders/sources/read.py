"""Finding and reading SmolTalk2-like shards: which splits there are, and their rows as datatrove Documents."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from datatrove.data import Document
from datatrove.io import get_datafolder
from datatrove.pipeline.base import PipelineStep

from builders.recipes.recipe import Source
from builders.run_folder.unit_writer import drop
from builders.run_folder.units import Unit, share
from builders.sources.fields import FieldRows
from builders.sources.find import COLUMNS, Shard, columns_of, reaching, row_id
from processors.errors import InputError
from processors.selection.pairs import as_conversation

if TYPE_CHECKING:
    pass


class DroppedBefore(Protocol):
    """Of units that were looked at before: which rows are dropped already. It travels to workers with the reader."""

    def knows(self, unit: Unit) -> bool:
        """Whether the unit was looked at."""

    def wanted(self, unit: Unit) -> Sequence[bool]:
        """For each row of a unit, in order, whether it is to be read; all of one that it does not know."""

    def reasons(self, unit: Unit) -> Mapping[str, tuple[str, str]]:
        """Of the rows of a unit that are not: reason and detail, by id."""


class ShardReader(PipelineStep):
    """Reads the rows of this task's units as Documents, each with its unit's name in the metadata.

    datatrove's ParquetReader shards by file only, drops documents with empty text in silence and numbers rows by
    file; here a task gets a contiguous range of units, every row comes out, and ids are those of the split.

    `left_out` knows of rows that are dropped already: they come out marked so, and nothing of them is read.
    """

    name = "Shards"
    type = "READER"

    def __init__(
        self,
        source: Source,
        units: list[Unit],
        columns: tuple[str, ...] = (),
        left_out: "DroppedBefore | None" = None,
    ) -> None:
        super().__init__()
        self.left_out = left_out
        self.source = source
        self.units = units
        self.columns = columns

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        folder = get_datafolder(self.source.path)
        mine = share(self.units, rank, world_size)
        position = 0
        while position < len(mine):
            last = position
            while last + 1 < len(mine) and _adjoin(mine[last], mine[last + 1]):
                last += 1
            with reaching(self.source.path):
                yield from self._read(folder, mine[position : last + 1])
            position = last + 1

    def _read(self, folder: Any, units: list[Unit]) -> Iterator[Document]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        start, stop = units[0].offset, units[-1].offset + units[-1].rows
        file = units[0].file
        try:
            with folder.open(file, "rb") as handle:
                parquet = pq.ParquetFile(handle)
                groups, skip = row_groups(parquet.metadata, start, stop)
                columns = _columns(self.source, parquet, self.columns)
                as_rows = _reader(self.source)
                if self.left_out is None or not any(map(self.left_out.knows, units)):
                    rows = _rows(parquet, groups, columns, start - skip, as_rows)
                else:
                    wanted = [flag for unit in units for flag in self.left_out.wanted(unit)]
                    rows = _wanted_rows(parquet, groups, columns, skip - start, wanted, as_rows)
                for unit in units:
                    reasons = self.left_out.reasons(unit) if self.left_out else {}
                    for number in range(unit.first, unit.first + unit.rows):
                        with self.track_time():
                            reason = reasons.get(row_id(unit.split, number))
                            document = _document(self.source, {} if reason else next(rows), unit, number)
                            if reason:
                                drop(document, *reason)
                        yield document
        except (pa.ArrowInvalid, pa.ArrowException, OSError) as error:
            raise damaged(self.source, file, error) from None


def read_rows(source: Source, shard: Shard, rows: Sequence[int], columns: tuple[str, ...] = ()) -> Iterator[Document]:
    """Single rows of a shard as Documents, as ShardReader makes them.

    `rows` are numbers within the shard, ascending, each once. Only the row groups that hold them are read, one at a
    time. Raises InputError where the file is damaged or cannot be reached.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    unit = Unit(shard.split, shard.split, shard.split, shard.file, 0, shard.first, shard.rows)
    wanted, begin = deque(rows), 0
    try:
        with reaching(source.path), get_datafolder(source.path).open(shard.file, "rb") as handle:
            parquet = pq.ParquetFile(handle)
            names, as_rows = _columns(source, parquet, columns), _reader(source)
            for group, size in enumerate(shard.groups):
                end = begin + size
                if wanted and wanted[0] < end:
                    for batch in parquet.iter_batches(batch_size=64, row_groups=[group], columns=names):
                        while wanted and wanted[0] < min(end, begin + batch.num_rows):
                            row = wanted.popleft()
                            yield _document(
                                source, next(as_rows(batch.slice(row - begin, 1))), unit, shard.first + row
                            )
                        begin += batch.num_rows
                        if not wanted or wanted[0] >= end:
                            break
                begin = end
    except (pa.ArrowInvalid, pa.ArrowException, OSError) as error:
        raise damaged(source, shard.file, error) from None


def _columns(source: Source, parquet: Any, more: Sequence[str]) -> list[str]:
    """Of a file's columns those that are read: of a source that is read by its fields all, for all are carried."""
    names: list[str] = parquet.schema_arrow.names
    return names if source.fields else [name for name in (*columns_of(source), *more) if name in names]


def _reader(source: Source) -> Callable[[Any], Iterator[dict[str, Any]]]:
    """What makes rows of a batch."""
    return FieldRows(source).of if source.fields else _as_rows


def damaged(source: Source, file: str, error: Exception) -> InputError:
    """What is told of a file that cannot be read."""
    return InputError(f"{source.path}/{file}: damaged: {str(error).splitlines()[0]}; download it again")


def _adjoin(one: Unit, other: Unit) -> bool:
    return one.file == other.file and one.offset + one.rows == other.offset


def row_groups(metadata: Any, start: int, stop: int) -> tuple[list[int], int]:
    """Row groups that hold rows [start, stop) of the file, and the number of the first row of the first of them."""
    groups: list[int] = []
    begin = first = 0
    for index in range(metadata.num_row_groups):
        end = begin + metadata.row_group(index).num_rows
        if end > start and begin < stop:
            if not groups:
                first = begin
            groups.append(index)
        begin = end
    return groups, first


def _rows(
    parquet: Any, groups: list[int], columns: list[str], skip: int, as_rows: Callable[[Any], Iterator[dict[str, Any]]]
) -> Iterator[dict[str, Any]]:
    for batch in parquet.iter_batches(batch_size=256, row_groups=groups, columns=columns):
        if skip >= batch.num_rows:
            skip -= batch.num_rows
            continue
        batch, skip = batch.slice(skip), 0
        yield from as_rows(batch)


def _wanted_rows(
    parquet: Any,
    groups: list[int],
    columns: list[str],
    number: int,
    wanted: Sequence[bool],
    as_rows: Callable[[Any], Iterator[dict[str, Any]]],
) -> Iterator[dict[str, Any]]:
    """Those of the rows that `wanted` has; groups without any are not read. `number` is where in it the first one is.

    What is before `wanted` or behind it belongs to other tasks.
    """
    import pyarrow as pa

    for group in groups:
        end = number + parquet.metadata.row_group(group).num_rows
        if any(wanted[max(number, 0) : end]):
            for batch in parquet.iter_batches(batch_size=256, row_groups=[group], columns=columns):
                flags = [0 <= at < len(wanted) and wanted[at] for at in range(number, number + batch.num_rows)]
                number += batch.num_rows
                if any(flags):
                    yield from as_rows(batch.filter(pa.array(flags, pa.bool_())))
        number = end


def _as_rows(batch: Any) -> Iterator[dict[str, Any]]:
    try:
        yield from batch.to_pylist()
    except UnicodeDecodeError:
        # Parquet strings are not validated when read: find the rows, keep the others.
        if batch.num_rows == 1:
            yield _row(batch)
            return
        for index in range(batch.num_rows):
            yield _row(batch.slice(index, 1))


def _row(batch: Any) -> dict[str, Any]:
    try:
        return batch.to_pylist()[0]
    except UnicodeDecodeError as error:
        return {"invalid_utf8": str(error)}


def _document(source: Source, row: dict[str, Any], unit: Unit, number: int) -> Document:
    metadata: dict[str, Any] = {"unit": unit.name, "split": unit.split, "into": unit.into, "row": number}
    metadata |= dict.fromkeys(COLUMNS) | row
    if source.pairs and row and "invalid_utf8" not in row:
        metadata |= as_conversation(row)
    return Document(text="", id=row_id(unit.split, number), metadata=metadata)
