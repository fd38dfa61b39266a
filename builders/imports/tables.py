"""JSON lines, JSON and CSV of rows that are no chat, as the Parquet shards that a source's units are cut from.

The files are read twice: for the types of their columns, and for their rows, a hundred at a time. What is no row is an
error with its line: a benchmark whose rows are left out in silence is another benchmark.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from builders.dataset.shard_writer import SplitWriter
from builders.imports.column_types import NoType, Seen, SeenCells, held, of_cell, of_columns, storage
from builders.imports.readers import Row, read_file
from builders.recipes.recipe import Source
from builders.sources.fields import check_fields
from builders.sources.layouts import CSV, DataFiles
from processors.errors import InputError, one_line

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH, _GROUP_BYTES, _SHARD_BYTES = 100, 10_000_000, 500_000_000


class DataFile(NamedTuple):
    """A file as it is called, and where its bytes are."""

    name: str
    path: Path


def write_tables(source: Source, found: DataFiles, files: Mapping[str, Sequence[DataFile]], folder: Path) -> None:
    """Write the files' rows as shards of their splits into `folder`. Raises InputError with the file and the line."""
    read = partial(_rows, found)
    schema = _schema(source, found, files, read)
    if source.fields:
        check_fields(", ".join(file.name for of in files.values() for file in of), source, schema)
    kinds = {one.name: one.type for one in schema}
    flat = storage_schema(schema)
    folder.mkdir(parents=True)
    for split, of in files.items():
        writer = SplitWriter(folder, split, schema, group_bytes=_GROUP_BYTES, shard_bytes=_SHARD_BYTES)
        for file in of:
            for rows in _batches(read(file), _BATCH):
                made = [_made(file, row, found, kinds) for row in rows]
                batch = _batch(file, rows, made, flat).cast(schema)
                writer.write_batch(batch, (batch.slice(n, 1).nbytes for n in range(batch.num_rows)))
        writer.close()


def copy_tables(found: DataFiles, files: Mapping[str, Sequence[DataFile]], folder: Path) -> None:
    """Write Parquet files' rows as shards, with the card's features, or all that their own schema says.

    Raises InputError for a damaged file, and one whose rows are not as the card says.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq
    from datasets.table import table_cast

    folder.mkdir(parents=True)
    schema = found.features and found.features.arrow_schema
    for split, of in files.items():
        writer: SplitWriter | None = None
        for file in of:
            try:
                with pq.ParquetFile(file.path) as parquet:
                    to = schema or parquet.schema_arrow
                    sizes = {"group_bytes": _GROUP_BYTES, "shard_bytes": _SHARD_BYTES}
                    writer = writer or SplitWriter(folder, split, to, **sizes)
                    for batch in parquet.iter_batches(batch_size=_BATCH):
                        made = table_cast(pa.Table.from_batches([batch]), to) if schema else batch
                        for one in made.combine_chunks().to_batches() if schema else [batch]:
                            writer.write_batch(one, (one.slice(n, 1).nbytes for n in range(one.num_rows)))
            except (pa.ArrowException, ValueError, TypeError) as error:
                raise InputError(
                    f"{file.name}: damaged, no Parquet, or not as the card's features say ({one_line(error)})"
                ) from None
        if writer is not None:
            writer.close()
    if not any(folder.iterdir()):
        raise InputError(f"{', '.join(file.name for of in files.values() for file in of)}: no row in it")


def storage_schema(schema: "pa.Schema") -> "pa.Schema":
    """The schema that Arrow makes of Python's values."""
    import pyarrow as pa

    return pa.schema([(one.name, storage(one.type)) for one in schema])


def _rows(found: DataFiles, file: DataFile) -> Iterator[Row]:
    """The rows of a file. Raises InputError for what is none."""
    for row in read_file(file.path, **_asked(found)):
        if row.values is None:
            raise InputError(f"{file.name}:{row.line}: {row.reason.replace('_', ' ')}: {row.detail}; mend that line")
        yield row


def _asked(found: DataFiles) -> dict[str, Any]:
    """What a card says of reading its files, as the reader takes it."""
    said = dict(found.options)
    if found.kind != CSV:
        return {"under": str(said["field"])} if said.get("field") else {}
    names = said.get("names") or said.get("column_names") or ()
    header = said.get("header", "infer") in ("infer", 0)
    # pandas: names that are said without a header mean that there is none.
    header = header and ("header" in said or not names)
    return {"delimiter": said.get("delimiter") or said.get("sep"), "names": names, "header": header}


def _schema(
    source: Source,
    found: DataFiles,
    files: Mapping[str, Sequence[DataFile]],
    read: Callable[[DataFile], Iterator[Row]],
) -> "pa.Schema":
    """The card's features, or what holds all that is in the files."""
    if found.features is not None:
        schema: pa.Schema = found.features.arrow_schema
        return schema
    seen: dict[str, Any] = {}
    new = SeenCells if found.kind == CSV else Seen
    for file in (file for of in files.values() for file in of):
        for row in read(file):
            for name, value in (row.values or {}).items():
                if name not in seen:
                    seen[name] = new()
                seen[name].add(value)
    names = ", ".join(file.name for of in files.values() for file in of)
    if not seen:
        raise InputError(f"{names}: no row in it")
    # Of preference pairs the messages are read, so that what only some of them have is null in the others.
    # What is named of CSV, which has no types, is text.
    into = {path.partition(".")[0] for path in source.fields if "." in path or found.kind == CSV}
    inside = set(seen) if "*" in into or not source.fields else into | (set(source.fields) & set(seen))
    try:
        return of_columns(seen, inside)
    except NoType as error:
        raise InputError(f"{names}: {error}") from None


def _made(file: DataFile, row: Row, found: DataFiles, kinds: Mapping[str, "pa.DataType"]) -> dict[str, Any]:
    """A row's values as the schema's storage takes them."""
    values = row.values or {}
    if found.features is None:
        if found.kind == CSV:
            return {name: held(of_cell(values.get(name), kind), kind) for name, kind in kinds.items()}
        return {name: held(values.get(name), kind) for name, kind in kinds.items()}
    if strange := next((name for name in values if name not in kinds), None):
        raise InputError(
            f"{file.name}:{row.line}: column '{strange}' is none of the card's features: {', '.join(kinds)}; add it "
            "there"
        )
    if found.kind == CSV:
        values = {name: _cell(found.features[name], cell, kinds[name]) for name, cell in values.items()}
    try:
        made: dict[str, Any] = found.features.encode_example({name: values.get(name) for name in kinds})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _no_fit(file, row, error) from None
    return made


def _cell(feature: Any, cell: str | None, kind: "pa.DataType") -> Any:
    """A cell as the card's feature takes it; what is no such value is told when it is encoded."""
    from datasets import ClassLabel

    if isinstance(feature, ClassLabel):
        return cell
    try:
        return of_cell(cell, kind)
    except (ValueError, KeyError):
        return cell


def _batch(file: DataFile, rows: Sequence[Row], made: list[dict[str, Any]], schema: "pa.Schema") -> "pa.RecordBatch":
    import pyarrow as pa

    try:
        return pa.RecordBatch.from_pylist(made, schema=schema)
    except (pa.ArrowException, ValueError, TypeError, OverflowError, UnicodeEncodeError) as error:
        if len(rows) == 1:
            raise _no_fit(file, rows[0], error) from None
    # One of them is it.
    for row, one in zip(rows, made, strict=True):
        _batch(file, [row], [one], schema)
    raise AssertionError("rows that Arrow takes one by one and not together")


def _no_fit(file: DataFile, row: Row, error: Exception) -> InputError:
    if isinstance(error, UnicodeEncodeError):
        return InputError(
            f"{file.name}:{row.line}: half a character (U+{ord(error.object[error.start]):04X}), which UTF-8 cannot "
            "hold; mend that line"
        )
    return InputError(f"{file.name}:{row.line}: not as the card's features say: {one_line(error)}; mend either")


def _batches(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    from itertools import islice

    while batch := list(islice(rows, size)):
        yield batch
