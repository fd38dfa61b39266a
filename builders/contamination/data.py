"""The data that is looked through, in parts: JSON lines by their bytes, Parquet files by their row groups.

A part is looked through by any process, and what is found does not depend on how data is divided. Files are written
again without the rows that were found: lines as they stand, row groups with their schema.
"""

import gzip
import json
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import IO, Any

from builders.contamination.against import texts_of
from processors.errors import InputError
from processors.selection.decontamination import Search, load
from processors.selection.decontamination.search import QUOTED

# Bytes of a part, and rows that are made Python objects at once.
PART_BYTES, _ROWS = 8_000_000, 256
_LINES, _PARQUET = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz"), ".parquet"


@dataclass(frozen=True, slots=True)
class DataPart:
    """Lines of a file that begin in the bytes from `first` to `last`, or a Parquet file's row group `first`.

    `last` is None for the end of the file.
    """

    file: str
    first: int
    last: int | None
    bytes: int


@dataclass(frozen=True, slots=True)
class DroppedRow:
    """A row that is left out. `row` counts from 0 in its part; `others`: items found in it besides this one.

    `reason` is `contaminated`, or why it could not be looked into at all.
    """

    row: int
    reason: str
    benchmark: str | None = None
    item: str | None = None
    side: str | None = None
    coverage: float | None = None
    quote: str | None = None
    others: int = 0


@dataclass(frozen=True, slots=True)
class LookedThrough:
    """A part: rows that were read, and what is left out.

    `items` says in how many rows each item was found, by benchmark and item.
    """

    rows: int
    dropped: list[DroppedRow]
    items: list[tuple[str, str, int]]

    def as_json(self) -> dict[str, Any]:
        """What `json.dumps` takes and `from_json` reads back."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "LookedThrough":
        items = [(str(benchmark), str(item), int(rows)) for benchmark, item, rows in data["items"]]
        return cls(data["rows"], [DroppedRow(**row) for row in data["dropped"]], items)


def files_of(data: Path) -> list[Path]:
    """The file itself, or a folder's JSON lines and Parquet files in order. Raises InputError where there is none."""
    if not data.exists():
        raise InputError(f"{data}: no such file or folder")
    found = [data] if data.is_file() else sorted(path for path in data.rglob("*") if path.is_file())
    files = [path for path in found if path.name.endswith((*_LINES, _PARQUET)) and not path.name.startswith(".")]
    if not files:
        raise InputError(f"{data}: expected JSON lines (.jsonl, .ndjson, or .gz), Parquet, or a folder of such files")
    return files


def parts_of(files: Sequence[Path]) -> list[DataPart]:
    """All parts, in the order of the rows. Raises InputError for a damaged Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    parts = []
    for file in files:
        size = file.stat().st_size
        if file.name.endswith(_PARQUET):
            try:
                meta = pq.read_metadata(file)
            except (pa.ArrowException, OSError) as error:
                raise InputError(f"{file}: is no Parquet file, or damaged: {str(error).splitlines()[0]}") from None
            groups = range(meta.num_row_groups)
            parts += [DataPart(str(file), group, None, meta.row_group(group).total_byte_size) for group in groups]
        elif file.name.endswith(".gz"):
            parts.append(DataPart(str(file), 0, None, size))
        else:
            starts = range(0, size, PART_BYTES)
            parts += [DataPart(str(file), at, at + PART_BYTES, min(PART_BYTES, size - at)) for at in starts]
    return parts


@lru_cache(maxsize=1)
def _search(index: str) -> Search:
    return Search(load(Path(index)))


def look_through(part: DataPart, index: str, fields: tuple[str, ...]) -> LookedThrough:
    """Look for the items of the index (its file) in each row of a part, in its texts or in these fields' alone.

    Raises InputError where a file cannot be read or the first row has none of the fields.
    """
    search = _search(index)
    dropped: list[DroppedRow] = []
    items: dict[tuple[str, str], int] = {}
    rows = 0
    for values, reason in _values(part):
        if values is None:
            dropped.append(DroppedRow(rows, reason))
        else:
            found = search.find(texts_of(_wanted(values, fields, part)))
            if found:
                best = found[0]
                quote = best.quote if len(best.quote) <= QUOTED else f"{best.quote[:QUOTED]}..."
                found_in = best.benchmark, best.item, best.side, best.coverage, quote
                dropped.append(DroppedRow(rows, "contaminated", *found_in, len(found) - 1))
            for one in found:
                items[one.benchmark, one.item] = items.get((one.benchmark, one.item), 0) + 1
        rows += 1
    return LookedThrough(rows, dropped, [(*name, count) for name, count in sorted(items.items())])


def _wanted(values: Mapping[str, Any], fields: tuple[str, ...], part: DataPart) -> list[Any]:
    if not fields:
        return list(values.values())
    missing = [field for field in fields if field not in values]
    if missing:
        names = ", ".join(map(str, values))[:300]
        raise InputError(f"{part.file}: a row has no field '{missing[0]}'; its fields are {names}")
    return [values[field] for field in fields]


def first_texts(part: DataPart, fields: tuple[str, ...], rows: int = 200) -> list[str]:
    """The texts of a part's first rows."""
    looked = (_wanted(values, fields, part) for values, _ in islice(_values(part), rows) if values is not None)
    return [text for value in looked for text in texts_of(value)]


def _values(part: DataPart) -> Iterator[tuple[Mapping[str, Any] | None, str]]:
    """Each row, or None and why there is none."""
    path = Path(part.file)
    try:
        if path.name.endswith(_PARQUET):
            yield from _group(part)
        else:
            for line in _lines(path, part.first, part.last):
                yield _parsed(line)
    except EOFError:
        raise InputError(f"{path}: cut short; copy or download it again") from None
    except zlib.error as error:
        raise InputError(f"{path}: damaged: {error}; copy or download it again") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None


def _parsed(line: bytes) -> tuple[Mapping[str, Any] | None, str]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None, "invalid_json"
    return (value, "") if isinstance(value, dict) else (None, "not_an_object")


def _group(part: DataPart) -> Iterator[tuple[Mapping[str, Any] | None, str]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(part.file) as file:
            for batch in file.iter_batches(batch_size=_ROWS, row_groups=[part.first]):
                try:
                    rows = batch.to_pylist()
                except (UnicodeDecodeError, OverflowError):
                    # Parquet's strings need not be UTF-8, nor its times be any that Python has.
                    yield from _one_by_one(batch)
                else:
                    yield from ((row, "") for row in rows)
    except pa.ArrowException as error:
        raise InputError(f"{part.file}: damaged: {str(error).splitlines()[0]}; download it again") from None


def _one_by_one(batch: Any) -> Iterator[tuple[Mapping[str, Any] | None, str]]:
    for number in range(batch.num_rows):
        try:
            (row,) = batch.slice(number, 1).to_pylist()
        except UnicodeDecodeError:
            yield None, "not_utf8"
        except OverflowError:
            yield None, "unreadable_value"
        else:
            yield row, ""


def _open(path: Path) -> IO[bytes]:
    return gzip.open(path) if path.name.endswith(".gz") else path.open("rb")  # type: ignore[return-value]


def _lines(path: Path, first: int, last: int | None) -> Iterator[bytes]:
    """Lines that are not blank and begin in these bytes."""
    with _open(path) as file:
        at = first
        if first:
            # A line that begins right here ends a byte before.
            file.seek(first - 1)
            at += len(file.readline()) - 1
        while (last is None or at < last) and (line := file.readline()):
            at += len(line)
            if line.strip():
                yield line


def write_kept(file: Path, output: Path, dropped: Collection[int]) -> int:
    """Write a file without the rows of these numbers (from 0); returns how many are kept. Raises OSError."""
    output.parent.mkdir(parents=True, exist_ok=True)
    if file.name.endswith(_PARQUET):
        return _write_groups(file, output, dropped)
    kept = 0
    with ExitStack() as stack:
        out: IO[bytes] = stack.enter_context(output.open("wb"))
        if output.name.endswith(".gz"):
            # Without the time and the name, which gzip writes down: the same rows have the same bytes.
            out = stack.enter_context(gzip.GzipFile("", "wb", fileobj=out, mtime=0))  # type: ignore[arg-type]
        for number, line in enumerate(_lines(file, 0, None)):
            if number not in dropped:
                kept += out.write(line if line.endswith(b"\n") else line + b"\n") > 0
    return kept


def _write_groups(file: Path, output: Path, dropped: Collection[int]) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kept = begin = 0
    with pq.ParquetFile(file) as parquet:
        schema = parquet.schema_arrow
        options = {"compression": "zstd", "write_page_index": True, "use_content_defined_chunking": True}
        with pq.ParquetWriter(output, schema, **options) as writer:
            for group in range(parquet.num_row_groups):
                table = parquet.read_row_group(group)
                flags = pa.array([row not in dropped for row in range(begin, begin + table.num_rows)], pa.bool_())
                begin += table.num_rows
                table = table.filter(flags)
                kept += table.num_rows
                if table.num_rows:
                    writer.write_table(table, row_group_size=table.num_rows)
    return kept
