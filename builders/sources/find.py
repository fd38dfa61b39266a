"""Finds SmolTalk2-like shards: which splits there are, what each file holds, which units it becomes."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datatrove.io import get_datafolder

from builders.recipes.recipe import Source
from builders.run_folder import schemas
from builders.run_folder.units import Unit
from builders.sources.fields import check_fields
from builders.sources.layouts import FILE_OF_ROWS, PARQUET, DataFiles, data_files, has_configs, is_read, within
from processors.commands import pasted
from processors.errors import InputError, one_line
from processors.scoring.columns import NAMES
from processors.selection.choose_rows import choose_splits
from processors.selection.pairs import PAIR_COLUMNS, SIDES

if TYPE_CHECKING:
    import pyarrow as pa


_SHARD = re.compile(r"^(?P<split>.+)-(?P<index>\d{5})-of-(?P<count>\d{5})\.parquet$")


# What is read of each row, `messages` being all that it needs; another column only where something asks for it.
COLUMNS = ("messages", "chat_template_kwargs", "source")


def columns_of(source: Source) -> tuple[str, ...]:
    """The columns that are read of each row of chat: of a pair its two sides in the place of `messages`."""
    return PAIR_COLUMNS if source.pairs else COLUMNS


def messages_columns(source: Source) -> tuple[str, ...]:
    """Those of them that hold messages, and that each row needs."""
    return SIDES if source.pairs else COLUMNS[:1]


MESSAGE_FIELDS = ("role", "content")
KWARGS_FIELDS = ("custom_instructions", "enable_thinking", "python_tools", "xml_tools")

# A unit is small enough to be held in memory by every worker and lost to a crash, and large enough to be a file.
# Rows, and bytes uncompressed; the smaller of the two counts.
UNIT_ROWS, UNIT_BYTES = 2000, 32_000_000


@dataclass(frozen=True, slots=True)
class Shard:
    """One Parquet file of a split. `bytes` are uncompressed; `first` is its first row's number in the split; `groups`
    has its row groups' numbers of rows; `unread` are the columns and fields that no dataset is built with;
    `types` those of the columns, of a source that is read by its fields.
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
    types: tuple[str, ...] = ()


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
    with reaching(source.path):
        try:
            names = folder.list_files(source.config, recursive=False)
        except (FileNotFoundError, NotADirectoryError):
            names = []
    by_split = _by_split(source, names) or _parquet_files(source, names)
    choice = choose_splits(by_split, source.keep, source.drop)
    warnings = [f"split '{name}' is wanted by the recipe and not in {source.path}" for name in choice.missing]
    if not choice.kept:
        raise InputError(f"source.keep and source.drop leave no split of: {', '.join(sorted(by_split))}")
    found: list[Shard] = []
    for split in choice.kept:
        shards = _open_split(folder, source, split, by_split[split])
        found += shards
        if not any(shard.rows for shard in shards):
            warnings.append(f"split '{split}' has no rows")
    if unread := dict.fromkeys(name for shard in found for name in shard.unread):
        warnings.append(
            f"{source.path}: not carried over, for SmolTalk2's rows have no such thing and source.carry does not name "
            f"it: {', '.join(unread)}"
        )
    if not any(shard.rows for shard in found):
        raise InputError(f"{source.path}: no row in any shard of the splits {', '.join(choice.kept)}")
    if source.fields:
        _check_one_schema(source, found)
    return found, warnings, choice.dropped


def other_files(source: Source) -> DataFiles | None:
    """The files of a source that is not laid out in shards; None where it is, or is no place that can be read.

    Raises InputError as `data_files` does.
    """
    if not Path(source.path).is_file() and (_shard_names(source) or _misplaced(source)):
        return None
    return data_files(source)


def _shard_names(source: Source) -> list[str]:
    try:
        with reaching(source.path):
            names = get_datafolder(source.path).list_files(source.config, recursive=False)
    except (FileNotFoundError, NotADirectoryError, ValueError, ImportError):
        return []
    return [name for name in names if _SHARD.match(name.rpartition("/")[2])]


def _parquet_files(source: Source, names: list[str]) -> dict[str, dict[int, tuple[str, int]]]:
    """As `_by_split`, of Parquet files under other names. Raises InputError where there are none."""
    if "://" not in source.path and Path(source.path).is_file() and not is_read(source.path):
        raise InputError(f"{source.path}: expected a folder, or {FILE_OF_ROWS}")
    hint = _misplaced(source)
    found = None if hint else data_files(source)
    if found is None or found.kind != PARQUET:
        raise InputError(
            f"{source.path}: no shards {source.config}/<split>-00000-of-000NN.parquet; "
            f"{hint or _instead(source, names)}"
        )
    return {
        split: {number: (within(source, file), len(files)) for number, file in enumerate(files)}
        for split, files in found.splits.items()
    }


def _by_split(source: Source, names: list[str]) -> dict[str, dict[int, tuple[str, int]]]:
    """Of each split its shards' files by their number, each with the number of shards that its name gives."""
    by_split: dict[str, dict[int, tuple[str, int]]] = {}
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
    return by_split


def _open_split(folder: Any, source: Source, split: str, files: dict[int, tuple[str, int]]) -> list[Shard]:
    shards: list[Shard] = []
    count = next(iter(files.values()))[1]
    for index in range(count):
        if index not in files:
            raise InputError(
                f"{source.path}/{source.config}: shard {index:05d} of {count:05d} of split '{split}' is missing; "
                "download it again or drop the split with source.drop"
            )
        with reaching(source.path):
            shards.append(_open_shard(folder, source, split, files[index][0], sum(shard.rows for shard in shards)))
    _check_alike(source, shards)
    return shards


def _check_alike(source: Source, shards: Sequence[Shard]) -> None:
    """A column that some shards of a split have is missing from the others, and not just left out."""
    for column in columns_of(source):
        without = [shard for shard in shards if column not in shard.columns]
        if without and len(without) < len(shards):
            raise InputError(
                f"{source.path.rstrip('/')}/{without[0].file}: no column '{column}', which other shards of split "
                f"'{without[0].split}' have; write it there too, or leave it out of all of them"
            )


def _check_one_schema(source: Source, shards: Sequence[Shard]) -> None:
    """All shards of a build have the same columns of the same types, in the same order."""
    first = shards[0]
    for shard in shards[1:]:
        if (shard.columns, shard.types) == (first.columns, first.types):
            continue
        before, now = (dict(zip(one.columns, one.types, strict=True)) for one in (first, shard))
        changed = next((name for name in {**before, **now} if before.get(name) != now.get(name)), None)
        told = (
            "its columns stand in another order than"
            if changed is None
            else f"column '{changed}' is {now.get(changed, 'not there')}, and {before.get(changed, 'not there')}"
        )
        raise InputError(
            f"{source.path.rstrip('/')}/{shard.file}: {told} in {first.file}; write both with the same columns and "
            "types, or leave a split out with source.drop"
        )


def _misplaced(source: Source) -> str | None:
    """What to do about shards that lie elsewhere than `source.path` says, unless a card says where they are."""
    path = Path(source.path)
    if "://" in source.path:
        return None
    if not path.exists():
        return "there is no such folder"
    if path.is_file():
        return f"that is a file: `{pasted('import', path, '-o', 'FOLDER')}` makes a folder of it, to give instead"
    if has_configs(path):
        return None
    if any(_SHARD.match(shard.name) for shard in path.glob("*.parquet")):
        inside = path.name == source.config
        return f"give {path.parent}, the folder around it" if inside else f"put the shards into {path / source.config}"
    # `data` is where the Hub keeps the shards of a dataset without configs.
    there = {shard.parent.name for shard in path.glob("*/*.parquet") if _SHARD.match(shard.name)} - {"data"}
    if there and not (path / source.config).is_dir():
        listed = ", ".join(sorted(there)[:8]) + (", ..." if len(there) > 8 else "")
        return f"{_EXPECTED}, or as source.config what is there: {listed}"
    return None


_EXPECTED = "give --input a folder laid out as the Hub repository HuggingFaceTB/smoltalk2"


def _instead(source: Source, names: list[str]) -> str:
    """What to do about a source without any file that is read, by what is there."""
    if not names:
        return f"put Parquet, JSON lines, JSON or CSV there, under names that `datasets` knows, or {_EXPECTED}"
    file, found = f"{source.config}/train-00000-of-00001.parquet", ", ".join(n.rsplit("/", 1)[-1] for n in names[:3])
    return f"{source.config} holds {found}: name a Parquet file such as {file}, or make one: `smolkalam import`"


@contextmanager
def reaching(path: str) -> Iterator[None]:
    """Turn what the Hub's client raises for an unreachable, unknown or closed repository into one line."""
    import httpx2  # huggingface_hub's HTTP client; its own errors derive from it

    try:
        yield
    except httpx2.HTTPError as error:
        reason = one_line(error)
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
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    size = sum(group.total_byte_size for group in groups)
    rows = tuple(group.num_rows for group in groups)
    shard = Shard(split, name, first, metadata.num_rows, size, tuple(schema.names), _digest(metadata), rows)
    if source.fields:
        check_fields(where, source, schema)
        return replace(shard, types=tuple(str(field.type) for field in schema))
    _check_columns(where, source, schema.names)
    _check_type(where, source, schema)
    _check_carried(where, source, schema)
    return replace(shard, unread=tuple(_unread(source, schema)))


def _check_columns(where: str, source: Source, names: Sequence[str]) -> None:
    needed, columns = messages_columns(source), columns_of(source)
    missing = next((column for column in needed if column not in names), None)
    if missing is None:
        return
    if not source.pairs and all(side in names for side in SIDES):
        raise InputError(
            f"{where}: no column 'messages', but {' and '.join(SIDES)}: its rows are preference pairs; write "
            "`pairs: true` under source"
        )
    instead = "; leave source.pairs out for conversations" if source.pairs and "messages" in names else ""
    optional = "three" if source.pairs else "two"
    raise InputError(
        f"{where}: no column '{missing}', a list of {{role, content}}; expected SmolTalk2's columns "
        f"{', '.join(columns)} (the last {optional} may be missing), or in source.fields the texts of rows that are "
        f"no chat; found {', '.join(names)}{instead}"
    )


def _check_carried(where: str, source: Source, schema: "pa.Schema") -> None:
    for name in source.carry:
        if name in {
            *schemas.ranked(combined=True, scored=NAMES).names,
            *schemas.parallel().names,
            *columns_of(source),
        }:
            raise InputError(f"source.carry: '{name}' is a column of the dataset's own; rename it in the source")
        if name not in schema.names:
            there = [other for other in schema.names if other not in columns_of(source)]
            raise InputError(
                f"{where}: no column '{name}', which source.carry names; it has {', '.join(there) or 'none'}"
            )


def _unread(source: Source, schema: "pa.Schema") -> Iterator[str]:
    yield from (name for name in schema.names if name not in columns_of(source) and name not in source.carry)
    for column in messages_columns(source):
        message = schema.field(column).type.value_type
        yield from (f"{column}[].{field.name}" for field in message if field.name not in MESSAGE_FIELDS)
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


def _check_type(where: str, source: Source, schema: "pa.Schema") -> None:
    import pyarrow as pa

    for column in messages_columns(source):
        messages = schema.field(column).type
        fields = set()
        if pa.types.is_list(messages) or pa.types.is_large_list(messages):
            item = messages.value_type
            if pa.types.is_struct(item):
                fields = {item.field(i).name for i in range(item.num_fields)}
        if not {"role", "content"} <= fields:
            raise InputError(
                f"{where}: column '{column}' is {messages}; expected a list of {{content: string, role: string}}"
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
        # However long the rows are, a file for fewer than 50 is not worth its claim, its counts and its listing.
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
