"""Reads a source's files as chat rows of one schema, a part at a time: row groups of Parquet, other files as a whole.

Parquet that has SmolTalk2's columns already is passed on as it is, without a Python object a row; anything else goes
through the shapes of `smolkalam import`. A row that is no chat has a reason instead. A part gives the same rows in the
same order each time it is read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builders.dataset.templates import tools_as_json
from builders.imports import converted
from builders.imports.chats import CannotTake
from builders.imports.readers import Row, read_file
from builders.imports.shapes import EVERY, SHAPES
from builders.mixtures.find import SourceFiles
from builders.run_folder import schemas
from processors.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

# Rows that are made Python objects at once; bytes of row groups that are read as one part.
_ROWS, PART_BYTES = 512, 8_000_000
_PARQUET = ".parquet"
# Of a row beside its chat, for thresholds and for the mixture's own columns, where its source has them.
TEXTS = ("id", "translator")


@dataclass(frozen=True, slots=True)
class MixturePart:
    """Row groups `first` to `last` (exclusive) of a file of a source's split, or all of a file that is not Parquet."""

    source: int
    split: str
    file: str
    first: int = 0
    last: int = 0
    bytes: int = 0
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class ChatRows:
    """Rows with `chat_schema`, the values of the columns that were asked for, and why a row is none (else None)."""

    batch: "pa.RecordBatch"
    values: dict[str, list[Any]]
    reasons: list[str | None]


def chat_schema() -> "pa.Schema":
    """What every source's row becomes: SmolTalk2's columns, its tools as JSON, and what `TEXTS` names."""
    import pyarrow as pa

    return pa.schema([*schemas.source(), ("tools", pa.string()), *((name, pa.string()) for name in TEXTS)])


def parts_of(found: Sequence[SourceFiles]) -> list[MixturePart]:
    """All parts, in the order of the sources, their splits and rows. Raises InputError for a damaged file."""
    parts = []
    for number, one in enumerate(found):
        for split, names in one.splits.items():
            for path in map(one.fetched, names):
                parts += list(_parts(number, split, path))
    return parts


def _parts(source: int, split: str, path: Path) -> Iterator[MixturePart]:
    if not path.name.endswith(_PARQUET):
        yield MixturePart(source, split, str(path), bytes=path.stat().st_size)
        return
    meta = footer(path, str(path))
    first = size = rows = 0
    for group in range(meta.num_row_groups):
        size += meta.row_group(group).total_byte_size
        rows += meta.row_group(group).num_rows
        if size >= PART_BYTES or group == meta.num_row_groups - 1:
            yield MixturePart(source, split, str(path), first, group + 1, size, rows)
            first, size, rows = group + 1, 0, 0


def footer(file: Any, name: str) -> Any:
    """The metadata of a Parquet file. Raises InputError where it is none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file) as opened:
            return opened.metadata
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{name}: is no Parquet file, or damaged: {str(error).splitlines()[0]}") from None


def first_row(path: Path) -> Mapping[str, Any]:
    """The first row of a file that is not Parquet; empty where it has none."""
    return next((row.values for row in islice(read_file(path), 20) if row.values is not None), {})


def chats(part: MixturePart, origin: str, columns: Sequence[str]) -> Iterator[ChatRows]:
    """A part's rows, and of each these further columns. `origin` is a row's `source` where it says none itself."""
    if part.file.endswith(_PARQUET):
        yield from _parquet(part, origin, columns)
        return
    rows = read_file(Path(part.file))
    while batch := list(islice(rows, _ROWS)):
        yield _converted(batch, origin, columns)


def raw_rows(part: MixturePart) -> Iterator[Row]:
    """A part's rows as they are, with all of their columns."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not part.file.endswith(_PARQUET):
        yield from read_file(Path(part.file))
        return
    try:
        with pq.ParquetFile(part.file) as file:
            for batch in file.iter_batches(batch_size=_ROWS, row_groups=list(range(part.first, part.last))):
                yield from _rows(batch)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{part.file}: damaged: {str(error).splitlines()[0]}; download it again") from None


def _parquet(part: MixturePart, origin: str, columns: Sequence[str]) -> Iterator[ChatRows]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    known = {name for shape in SHAPES for name in (*shape.needs, *shape.takes)}
    wanted = {*known, *EVERY, *TEXTS, *columns}
    try:
        with pq.ParquetFile(part.file) as file:
            names = [name for name in file.schema_arrow.names if name in wanted]
            groups = list(range(part.first, part.last))
            for batch in file.iter_batches(batch_size=_ROWS, row_groups=groups, columns=names):
                yield _as_it_is(batch, origin, columns) or _converted(_rows(batch), origin, columns)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{part.file}: damaged: {str(error).splitlines()[0]}; download it again") from None


def _as_it_is(batch: "pa.RecordBatch", origin: str, columns: Sequence[str]) -> ChatRows | None:
    """Rows that have the columns already; None where one has them otherwise, or text that is no UTF-8."""
    import pyarrow as pa

    found, schema = batch.schema, chat_schema()
    for name in ("messages", "chat_template_kwargs"):
        if name not in found.names or found.field(name).type != schema.field(name).type:
            return None
    kwargs = batch.column("chat_template_kwargs")
    if kwargs.null_count or any(kwargs.field(name).null_count for name in ("python_tools", "xml_tools")):
        return None
    try:
        batch.validate(full=True)
    except pa.ArrowInvalid:
        return None
    texts = {name: batch.column(name) for name in found.names if found.field(name).type == pa.string()}
    nothing = pa.nulls(batch.num_rows, pa.string())
    tools = texts.get("tools")
    if tools is None:
        said = kwargs.field("xml_tools").to_pylist() if len(kwargs.field("xml_tools").flatten()) else []
        tools = pa.array([tools_as_json({"xml_tools": one}) for one in said], pa.string()) if said else nothing
    of_source = texts.get("source", nothing).fill_null(origin)
    arrays = [batch.column("messages"), kwargs, of_source, tools, *(texts.get(name, nothing) for name in TEXTS)]
    rows = pa.RecordBatch.from_arrays(arrays, schema=schema)
    values = {name: batch.column(name).to_pylist() for name in columns if name in found.names}
    return ChatRows(rows, values, [None] * batch.num_rows)


def _rows(batch: "pa.RecordBatch") -> list[Row]:
    try:
        return [Row(0, row) for row in batch.to_pylist()]
    except (UnicodeDecodeError, OverflowError):
        # Parquet's strings need not be UTF-8, nor its times be any that Python has.
        return [_one(batch, number) for number in range(batch.num_rows)]


def _one(batch: "pa.RecordBatch", number: int) -> Row:
    try:
        return Row(0, batch.slice(number, 1).to_pylist()[0])
    except UnicodeDecodeError:
        return Row(0, reason="not_utf8")
    except OverflowError:
        return Row(0, reason="unreadable_value")


def _converted(rows: Sequence[Row], origin: str, columns: Sequence[str]) -> ChatRows:
    import pyarrow as pa

    schema = chat_schema()
    nothing: dict[str, Any] = dict.fromkeys(schema.names)
    made: list[dict[str, Any]] = []
    reasons: list[str | None] = []
    for row in rows:
        given = dict(row.values or {})
        try:
            if row.values is None:
                raise CannotTake(row.reason, row.detail)
            chat = converted(given, {}, origin).row
        except CannotTake as why:
            made.append(nothing)
            reasons.append(why.reason)
            continue
        texts = {name: None if given.get(name) is None else str(given[name]) for name in TEXTS}
        chat = {name: chat.get(name) for name in schemas.source().names}
        chat["source"] = str(chat["source"])
        made.append(chat | {"tools": tools_as_json(chat["chat_template_kwargs"])} | texts)
        reasons.append(None)
    values = {name: [(row.values or {}).get(name) for row in rows] for name in columns}
    return ChatRows(pa.RecordBatch.from_pylist(made, schema=schema), values, reasons)


def numeric_columns(kinds: Mapping[str, Any]) -> list[str]:
    """The columns that hold numbers, by name: of Parquet their types, of another file its first row's values."""
    import pyarrow as pa

    def is_number(kind: Any) -> bool:
        if isinstance(kind, pa.DataType):
            return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))
        return isinstance(kind, int | float) and not isinstance(kind, bool)

    return [name for name, kind in kinds.items() if is_number(kind)]
