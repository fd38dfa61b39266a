"""Finding and reading SmolTalk2-like shards: which splits there are, and their rows as datatrove Documents."""

import hashlib
import re
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datatrove.data import Document
from datatrove.io import get_datafolder
from datatrove.pipeline.base import PipelineStep

from builders.recipes.recipe import Source
from builders.run_folder.units import Unit
from processors.errors import InputError
from processors.selection.choose_rows import choose_splits

if TYPE_CHECKING:
    import pyarrow as pa

_SHARD = re.compile(r"^(?P<split>.+)-(?P<index>\d{5})-of-(?P<count>\d{5})\.parquet$")
# What is read of each row, `messages` being all that it needs; another column only where something asks for it.
COLUMNS = ("messages", "chat_template_kwargs", "source")
MESSAGE_FIELDS = ("role", "content")
KWARGS_FIELDS = ("custom_instructions", "enable_thinking", "python_tools", "xml_tools")
# A unit is small enough to be held in memory by every worker and lost to a crash, and large enough to be a file.
UNIT_ROWS = 2000
UNIT_BYTES = 32_000_000


@dataclass(frozen=True, slots=True)
class Shard:
    """One Parquet file of a split. `bytes` are uncompressed; `first` is its first row's number in the split; `groups`
    has its row groups' numbers of rows; `unread` are the columns and fields that no dataset is built with.
    """

    split: str
    file: str
    first: int
    rows: int
    bytes: int
    columns: tuple[str, ...]
    digest: str
    groups: tuple[int, ...] = ()
    unread: tuple[str, ...] = ()


def find_shards(source: Source) -> tuple[list[Shard], list[str], list[str]]:
    """The shards that a source names, in order; warnings (a wanted split is not there, or empty; columns that are not
    carried over); splits left out.

    Raises InputError, one line, for a folder without shards or without rows, a missing shard of a split, a file that
    is not Parquet, no column `messages`, a column of the wrong type or one that not all shards of a split have.
    """
    try:
        folder = get_datafolder(source.path)
    except (ValueError, ImportError) as error:
        # fsspec: an unknown protocol, or one whose library is not installed.
        raise InputError(f"source.path {source.path}: {error}; give a folder or an hf:// path") from None
    by_split: dict[str, dict[int, tuple[str, int]]] = {}
    with reaching(source.path):
        try:
            names = folder.list_files(source.config, recursive=False)
        except (FileNotFoundError, NotADirectoryError):
            names = []
    for name in names:
        match = _SHARD.match(name.rsplit("/", 1)[-1])
        if match:
            shards = by_split.setdefault(match["split"], {})
            index, count = int(match["index"]), int(match["count"])
            if index in shards or any(count != other for _, other in shards.values()):
                raise InputError(
                    f"{source.path}/{name}: split '{match['split']}' has shards of two uploads "
                    "(the number after -of- differs); delete the older ones"
                )
            shards[index] = (name, count)
    if not by_split:
        raise InputError(
            f"{source.path}: no shards {source.config}/<split>-00000-of-000NN.parquet; {_instead(source, names)}"
        )
    choice = choose_splits(by_split, source.keep, source.drop)
    warnings = [f"split '{name}' is wanted by the recipe and not in {source.path}" for name in choice.missing]
    if not choice.kept:
        raise InputError(f"source.keep and source.drop leave no split of: {', '.join(sorted(by_split))}")
    shards_found: list[Shard] = []
    for split in choice.kept:
        shards, first = by_split[split], 0
        count = next(iter(shards.values()))[1]
        for index in range(count):
            if index not in shards:
                raise InputError(
                    f"{source.path}/{source.config}: shard {index:05d} of {count:05d} of split '{split}' is missing; "
                    "download it again or drop the split with source.drop"
                )
            with reaching(source.path):
                shard = _open_shard(folder, source, split, shards[index][0], first)
            shards_found.append(shard)
            first += shard.rows
        _check_alike(source, shards_found[-count:])
        if not first:
            warnings.append(f"split '{split}' has no rows")
    if unread := dict.fromkeys(name for shard in shards_found for name in shard.unread):
        warnings.append(
            f"{source.path}: not carried over, for SmolTalk2's rows have no such thing: {', '.join(unread)}"
        )
    if not any(shard.rows for shard in shards_found):
        raise InputError(f"{source.path}: no row in any shard of the splits {', '.join(choice.kept)}")
    return shards_found, warnings, choice.dropped


def _check_alike(source: Source, shards: Sequence[Shard]) -> None:
    """A column that some shards of a split have is missing from the others, and not just left out."""
    for column in COLUMNS:
        without = [shard for shard in shards if column not in shard.columns]
        if without and len(without) < len(shards):
            raise InputError(
                f"{source.path.rstrip('/')}/{without[0].file}: no column '{column}', which other shards of split "
                f"'{without[0].split}' have; write it there too, or leave it out of all of them"
            )


def _instead(source: Source, names: list[str]) -> str:
    """What to do about a source without shards, by what is there."""
    path, file = Path(source.path), f"{source.config}/train-00000-of-00001.parquet"
    if "://" not in source.path and not path.exists():
        return "there is no such folder"
    if path.is_file():
        return f"that is a file: put it into a folder as {file} (JSON lines as Parquet) and give that folder"
    if any(_SHARD.match(shard.name) for shard in path.glob("*.parquet")):
        inside = path.name == source.config
        return f"give {path.parent}, the folder around it" if inside else f"put the shards into {path / source.config}"
    if names:
        found = ", ".join(name.rsplit("/", 1)[-1] for name in names[:3])
        return f"{source.config} holds {found}: name a Parquet file such as {file}; of JSON lines make one first"
    return "give --input a folder laid out as the Hub repository HuggingFaceTB/smoltalk2"


@contextmanager
def reaching(path: str) -> Iterator[None]:
    """Turn what the Hub's client raises for an unreachable, unknown or closed repository into one line."""
    import httpx2  # huggingface_hub's HTTP client; its own errors derive from it

    try:
        yield
    except httpx2.HTTPError as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"{path}: cannot be read from the Hub ({type(error).__name__}: {reason}); check the name, the network "
            "and, for a private repository, HF_TOKEN; or give --input a folder"
        ) from None


def _open_shard(folder: Any, source: Source, split: str, name: str, first: int) -> Shard:
    import pyarrow as pa
    import pyarrow.parquet as pq

    where = f"{source.path.rstrip('/')}/{name}"
    try:
        with folder.open(name, "rb") as file:
            parquet = pq.ParquetFile(file)
            schema, metadata = parquet.schema_arrow, parquet.metadata
    except (pa.ArrowInvalid, pa.ArrowException) as error:
        raise InputError(
            f"{where}: not a Parquet file, or cut short ({str(error).splitlines()[0]}); download it again"
        ) from None
    except OSError as error:
        raise InputError(f"{where}: cannot be read: {error}") from None
    if "messages" not in schema.names:
        raise InputError(
            f"{where}: no column 'messages', a list of {{role, content}}; expected SmolTalk2's columns "
            f"{', '.join(COLUMNS)} (the last two may be missing), found {', '.join(schema.names)}"
        )
    _check_type(where, schema)
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    size = sum(group.total_byte_size for group in groups)
    rows = tuple(group.num_rows for group in groups)
    digest, unread = _digest(metadata), tuple(_unread(schema))
    return Shard(split, name, first, metadata.num_rows, size, tuple(schema.names), digest, rows, unread)


def _unread(schema: "pa.Schema") -> Iterator[str]:
    yield from (name for name in schema.names if name not in COLUMNS)
    message = schema.field("messages").type.value_type
    yield from (f"messages[].{field.name}" for field in message if field.name not in MESSAGE_FIELDS)
    if "chat_template_kwargs" in schema.names:
        kwargs = schema.field("chat_template_kwargs").type
        names = [field.name for field in kwargs] if kwargs.num_fields else []
        yield from (f"chat_template_kwargs.{name}" for name in names if name not in KWARGS_FIELDS)


def _digest(metadata: Any) -> str:
    """Tells one version of a shard from another by its footer alone, wherever it lies and whenever it was copied."""
    digest = hashlib.blake2b(digest_size=12)
    for index in range(metadata.num_row_groups):
        group = metadata.row_group(index)
        for number in range(group.num_columns):
            column = group.column(number)
            # Raw: a limit that is not valid UTF-8 is found when its row is read, and drops that row only.
            limits = column.statistics and (column.statistics.min_raw, column.statistics.max_raw)
            digest.update(repr((column.num_values, column.total_compressed_size, limits)).encode(errors="replace"))
    return digest.hexdigest()


def _check_type(where: str, schema: "pa.Schema") -> None:
    import pyarrow as pa

    messages = schema.field("messages").type
    fields = set()
    if pa.types.is_list(messages) or pa.types.is_large_list(messages):
        item = messages.value_type
        if pa.types.is_struct(item):
            fields = {item.field(i).name for i in range(item.num_fields)}
    if not {"role", "content"} <= fields:
        raise InputError(
            f"{where}: column 'messages' is {messages}; expected a list of {{content: string, role: string}}"
        )
    if "chat_template_kwargs" not in schema.names:
        return
    kwargs = schema.field("chat_template_kwargs").type
    # A shard in which no row has any is written with the type `null`.
    if not pa.types.is_struct(kwargs) and not pa.types.is_null(kwargs):
        raise InputError(
            f"{where}: column 'chat_template_kwargs' is {kwargs}; expected a struct {{{', '.join(KWARGS_FIELDS)}}}"
        )


def plan_units(shards: list[Shard], into: dict[str, str]) -> list[Unit]:
    """Cut shards into units, in order. The cut depends on the shards alone, never on tasks or workers."""
    units = []
    for shard in shards:
        mean = max(1, shard.bytes // max(1, shard.rows))
        size = max(50, min(UNIT_ROWS, UNIT_BYTES // mean))
        for offset in range(0, shard.rows, size):
            first = shard.first + offset
            units.append(
                Unit(
                    name=f"{shard.split}-{first:08d}",
                    split=shard.split,
                    into=into.get(shard.split, shard.split),
                    file=shard.file,
                    offset=offset,
                    first=first,
                    rows=min(size, shard.rows - offset),
                )
            )
    return units


def row_id(split: str, row: int) -> str:
    """`<split>/<row number in the split, zero-padded>`: seven digits hold SmolTalk2's largest split ten times.

    >>> row_id("s1k_1.1_think", 12)
    's1k_1.1_think/0000012'
    """
    return f"{split}/{row:07d}"


class ShardReader(PipelineStep):
    """Reads the rows of this task's units as Documents, each with its unit's name in the metadata.

    datatrove's ParquetReader shards by file only, drops documents with empty text in silence and numbers rows by
    file; here a task gets a contiguous range of units, every row comes out, and ids are those of the split.
    """

    name = "Shards"
    type = "READER"

    def __init__(self, source: Source, units: list[Unit], columns: tuple[str, ...] = ()) -> None:
        super().__init__()
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
                groups, skip = _groups(parquet.metadata, start, stop)
                names = set(parquet.schema_arrow.names)
                columns = [c for c in (*COLUMNS, *self.columns) if c in names]
                rows = _rows(parquet, groups, columns, start - skip)
                for unit in units:
                    for number in range(unit.first, unit.first + unit.rows):
                        with self.track_time():
                            document = _document(next(rows), unit, number)
                        yield document
        except (pa.ArrowInvalid, pa.ArrowException, OSError) as error:
            raise _damaged(self.source, file, error) from None


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
            names = [c for c in (*COLUMNS, *columns) if c in parquet.schema_arrow.names]
            for group, size in enumerate(shard.groups):
                end = begin + size
                if wanted and wanted[0] < end:
                    for batch in parquet.iter_batches(batch_size=64, row_groups=[group], columns=names):
                        while wanted and wanted[0] < min(end, begin + batch.num_rows):
                            row = wanted.popleft()
                            yield _document(_row(batch, row - begin), unit, shard.first + row)
                        begin += batch.num_rows
                        if not wanted or wanted[0] >= end:
                            break
                begin = end
    except (pa.ArrowInvalid, pa.ArrowException, OSError) as error:
        raise _damaged(source, shard.file, error) from None


def _damaged(source: Source, file: str, error: Exception) -> InputError:
    return InputError(f"{source.path}/{file}: damaged: {str(error).splitlines()[0]}; download it again")


def share(units: list[Unit], rank: int, world_size: int) -> list[Unit]:
    """This task's contiguous part of the units."""
    return units[rank * len(units) // world_size : (rank + 1) * len(units) // world_size]


def _adjoin(one: Unit, other: Unit) -> bool:
    return one.file == other.file and one.offset + one.rows == other.offset


def _groups(metadata: Any, start: int, stop: int) -> tuple[list[int], int]:
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


def _rows(parquet: Any, groups: list[int], columns: list[str], skip: int) -> Iterator[dict[str, Any]]:
    for batch in parquet.iter_batches(batch_size=256, row_groups=groups, columns=columns):
        if skip >= batch.num_rows:
            skip -= batch.num_rows
            continue
        batch, skip = batch.slice(skip), 0
        try:
            yield from batch.to_pylist()
        except UnicodeDecodeError:
            # Parquet strings are not validated when read: find the rows, keep the others.
            for index in range(batch.num_rows):
                yield _row(batch, index)


def _row(batch: Any, index: int) -> dict[str, Any]:
    try:
        return batch.slice(index, 1).to_pylist()[0]
    except UnicodeDecodeError as error:
        return {"invalid_utf8": str(error)}


def _document(row: dict[str, Any], unit: Unit, number: int) -> Document:
    metadata: dict[str, Any] = {"unit": unit.name, "split": unit.split, "into": unit.into, "row": number}
    return Document(text="", id=row_id(unit.split, number), metadata=metadata | dict.fromkeys(COLUMNS) | row)
