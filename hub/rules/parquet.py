"""Rules for a dataset's Parquet files: what loads, what the viewer can page through, what the card says of them.

Only footers and the first rows are read. Sources: `datasets` 5.2 (`packaged_modules/parquet`, `utils/info_utils.py`)
and the dataset viewer's limits (github.com/huggingface/dataset-viewer, issues 1519 and 2982).
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.rules.findings import Finding, error, warning
from hub.rules.schema_difference import difference, plain_schema

if TYPE_CHECKING:
    import pyarrow as pa

# Bytes, as they are fetched (compressed), of what the viewer reads for one page of rows; above, it gives up.
SCAN_LIMIT = 300_000_000
# Above this a page is slow: the viewer reads a whole row group for it.
GROUP_BYTES = 100_000_000
# A preview has so many rows; it cuts their cells where they hold more bytes than that.
FIRST_ROWS, FIRST_ROWS_BYTES = 100, 200_000
MAX_COLUMNS = 1000  # the viewer shows no dataset of more
# The viewer shows a struct as JSON in one cell: beyond this nobody reads it.
WIDE_STRUCT = 50
# A split of up to this many uncompressed bytes is decoded to count its bytes; a larger one is estimated.
EXACT_BYTES = 64_000_000
_LET_THE_BUILD = "let the build write the card"


@dataclass(frozen=True, slots=True)
class Footer:
    """What a Parquet file says of itself."""

    path: Path
    name: str  # relative to the dataset's folder
    size: int
    rows: int
    groups: tuple[int, ...]  # uncompressed bytes of each row group
    fetched: tuple[int, ...]  # their bytes in the file
    page_index: bool
    schema: "pa.Schema"


class _Unreadable(Exception):
    """Rows of a file cannot be read: its name, and why."""


def read_shard(path: Path, name: str) -> Footer | Finding:
    """The footer of a file, or what is wrong with it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            metadata, schema = file.metadata, file.schema_arrow.remove_metadata()
    except (pa.ArrowException, OSError) as problem:
        seen = f"it cannot be read as Parquet ({str(problem).splitlines()[0][:120]}); loading its config fails"
        return error("unreadable-file", name, seen, "delete it and run the build again")
    groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
    return Footer(
        path=path,
        name=name,
        size=path.stat().st_size,
        rows=metadata.num_rows,
        groups=tuple(group.total_byte_size for group in groups),
        fetched=tuple(
            sum(group.column(column).total_compressed_size for column in range(group.num_columns)) for group in groups
        ),
        page_index=all(
            group.column(column).has_offset_index for group in groups for column in range(group.num_columns)
        ),
        schema=schema,
    )


def _empty(shard: Footer) -> Iterator[Finding]:
    if shard.rows == 0:
        seen = "a file without rows: `datasets` fails on the split, and the viewer with it"
        yield error("empty-file", shard.name, seen, "delete the file and leave the split out of the card")


def _row_groups(shard: Footer) -> Iterator[Finding]:
    largest = max(shard.fetched, default=0)
    if largest > SCAN_LIMIT:
        yield error(
            "row-group-bytes",
            shard.name,
            f"a row group of {largest:,} bytes; the viewer gives up above {SCAN_LIMIT:,} ('Scan size limit exceeded')",
            "build with a smaller outputs.row_group_bytes",
        )
    elif largest > GROUP_BYTES:
        yield warning(
            "row-group-bytes",
            shard.name,
            f"a row group of {largest:,} bytes; the viewer is slow above {GROUP_BYTES:,}",
            "build with a smaller outputs.row_group_bytes",
        )


def _columns_twice(shard: Footer) -> Iterator[Finding]:
    for name, times in Counter(shard.schema.names).items():
        if shard.rows and times > 1:
            seen = f"it has {times} columns '{name}': loading its config fails"
            yield error("columns", shard.name, seen, "rename or remove one")


def _page_index(shard: Footer) -> Iterator[Finding]:
    if shard.rows and not shard.page_index:
        seen = "no page index: to show 100 rows the viewer reads whole row groups"
        yield warning("page-index", shard.name, seen, "write it with write_page_index=True")


# What a file breaks by itself.
SHARD_RULES = (_empty, _row_groups, _columns_twice, _page_index)


@dataclass(frozen=True, slots=True)
class ConfigFiles:
    """A config's files that have rows, by split, and what its `dataset_info` says (None: it has none).

    Without `counts`, numbers and sizes are not compared: a file is missing, and the card may be right.
    """

    name: str
    splits: dict[str, list[Footer]]
    info: Any
    counts: bool

    @property
    def first(self) -> Footer:
        """The file that `datasets` takes the types from."""
        return next(iter(self.splits.values()))[0]


def check_config(config: str, splits: dict[str, list[Footer]], info: Any, *, counts: bool) -> Iterator[Finding]:
    """What breaks `CONFIG_RULES` (see `ConfigFiles` for the arguments); nothing of a config without rows."""
    files = ConfigFiles(config, {split: shards for split, shards in splits.items() if shards}, info, counts)
    if not files.splits:
        return
    try:
        for rule in CONFIG_RULES:
            yield from rule(files)
    except _Unreadable as problem:
        name, reason = problem.args
        seen = f"its rows cannot be read ({reason}); loading its config fails, or reading such a row"
        yield error("unreadable-file", name, seen, "delete it and run the build again")


def _schemas(config: ConfigFiles) -> Iterator[Finding]:
    """Every file against what a reader is promised: the card's features, or, without them, the first file's types.

    A finding for each way in which files differ, not for each file.
    """
    shards = [shard for files in config.splits.values() for shard in files]
    card = config.info.features if config.info is not None else None
    whose = "the card's features" if card is not None else config.first.name
    wanted = card.arrow_schema.remove_metadata() if card is not None else config.first.schema
    differing: dict[tuple[str, bool], list[str]] = {}
    for shard in shards:
        if change := difference(wanted, shard.schema):
            loads = not difference(plain_schema(wanted), plain_schema(shard.schema))
            differing.setdefault((change, loads), []).append(shard.name)
    for (change, loads), names in differing.items():
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        seen = f"{names[0]}{more}: its columns differ from {whose} ({change})"
        if loads:
            yield warning("schema", names[0], f"{seen}; `datasets` casts them", "build all splits with one schema")
        elif len(names) == len(shards):
            seen += "; loading fails, casts or fills with nulls"
            yield error("features", config.name, seen, _LET_THE_BUILD)
        else:
            seen += "; loading fails, casts or fills with nulls"
            yield error("schema", names[0], seen, "build all splits with one schema")
    if config.info is not None and card is None:
        seen = "its dataset_info has no features: types are guessed from the first file"
        yield warning("dataset-info", config.name, seen, "let the build write it")


def _columns(files: ConfigFiles) -> Iterator[Finding]:
    import pyarrow as pa
    from datasets import Features

    config, schema = files.name, files.first.schema
    if len(schema.names) > MAX_COLUMNS:
        seen = f"{len(schema.names)} columns; the viewer shows no dataset of more than {MAX_COLUMNS}"
        yield error("columns", config, seen, "nest them, or make it several configs")
    for path, kind in _types(schema):
        if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
            seen = f"column {path} is binary: the viewer shows its bytes as text or nothing"
            yield warning("columns", config, seen, "make it a string, or an Image, Audio or Pdf feature")
        elif pa.types.is_null(kind):
            seen = f"column {path} has no type, for all its values are null: it matches no other file's"
            yield error("columns", config, seen, "write it with an explicit schema")
        elif pa.types.is_struct(kind) and kind.num_fields > WIDE_STRUCT:
            seen = f"column {path} is a struct of {kind.num_fields} fields, one unreadable cell in the viewer"
            yield warning("columns", config, seen, "keep JSON of differing keys as a string")
    try:
        Features.from_arrow_schema(schema)
    except (ValueError, TypeError, NotImplementedError) as problem:
        seen = f"`datasets` knows no feature for a column's type: {str(problem).splitlines()[0]}"
        yield error("columns", config, seen, "take another type, such as a list of structs or a JSON string")


def _types(schema: "pa.Schema") -> Iterator[tuple[str, "pa.DataType"]]:
    import pyarrow as pa

    def walk(path: str, kind: "pa.DataType") -> Iterator[tuple[str, "pa.DataType"]]:
        yield path, kind
        if pa.types.is_struct(kind):
            for index in range(kind.num_fields):
                yield from walk(f"{path}.{kind.field(index).name}", kind.field(index).type)
        elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
            yield from walk(f"{path}[]", kind.value_type)

    for column in schema:
        yield from walk(column.name, column.type)


def _counts(files: ConfigFiles) -> Iterator[Finding]:
    config, splits, info = files.name, files.splits, files.info
    if info is None or not files.counts:
        return
    if not info.splits:
        seen = "its dataset_info has no splits: readers see no sizes"
        yield warning("dataset-info", config, seen, _LET_THE_BUILD)
        return
    for name in [*splits, *info.splits]:
        if name not in splits:
            seen = "dataset_info has the split and `configs` has not; loading raises ExpectedMoreSplitsError"
            yield error("dataset-info", f"{config}/{name}", seen, _LET_THE_BUILD)
        elif name not in info.splits:
            seen = "`configs` has the split and dataset_info has not; loading raises UnexpectedSplitsError"
            yield error("dataset-info", f"{config}/{name}", seen, _LET_THE_BUILD)
    known = [name for name in splits if name in info.splits]
    for name in known:
        yield from _split_counts(f"{config}/{name}", splits[name], info.splits[name])
    total = sum(info.splits[name].num_bytes for name in known)
    if info.dataset_size is not None and info.dataset_size != total:
        seen = f"dataset_size is {info.dataset_size:,} and its splits' num_bytes add up to {total:,}"
        yield warning("num-bytes", config, seen, _LET_THE_BUILD)
    download = sum(shard.size for files in splits.values() for shard in files)
    if info.download_size is not None and info.download_size != download:
        seen = f"the card says {info.download_size:,} bytes to download and the files have {download:,}"
        yield warning("download-size", config, seen, _LET_THE_BUILD)


def _split_counts(place: str, shards: list[Footer], claimed: Any) -> Iterator[Finding]:
    rows = sum(shard.rows for shard in shards)
    if claimed.num_examples != rows:
        seen = f"the card says {claimed.num_examples:,} rows and the files have {rows:,}; loading raises an error"
        yield error("num-examples", place, seen, _LET_THE_BUILD)
    low, high = _arrow_bytes(shards)
    if not low <= claimed.num_bytes <= high:
        seen = f"the card says {claimed.num_bytes:,} bytes in memory (num_bytes) and it is {low:,} to {high:,}"
        yield warning("num-bytes", place, seen, _LET_THE_BUILD)


def _arrow_bytes(shards: list[Footer]) -> tuple[int, int]:
    """Between what the rows' bytes in Arrow must be: counted within 10 %, or estimated from one row group."""
    total = sum(sum(shard.groups) for shard in shards)
    counted = parquet = 0
    for shard in shards:
        for group, size in enumerate(shard.groups):
            if size > SCAN_LIMIT or (counted and total > EXACT_BYTES):
                continue
            counted += sum(batch.nbytes for batch in _batches(shard, row_groups=[group]))
            parquet += size
    if not parquet:
        return 0, total * 1000
    if total <= EXACT_BYTES:
        return int(counted * 0.9), int(counted * 1.1) + 64
    return int(counted / parquet * total / 3), int(counted / parquet * total * 3)


def _first_rows(files: ConfigFiles) -> Iterator[Finding]:
    """One finding a config, for long rows are the nature of some data: which split is cut soonest."""
    cut: dict[str, int] = {}
    for split, shards in files.splits.items():
        whole = _rows_shown(shards[0])
        if whole is not None:
            cut[split] = whole
    if cut:
        worst = min(cut, key=lambda split: cut[split])
        seen = (
            f"the first {FIRST_ROWS} rows of {len(cut)} splits are more than {FIRST_ROWS_BYTES:,} bytes, so the "
            f"viewer cuts long cells (in {worst} after {cut[worst]} rows)"
        )
        yield warning("first-rows", files.name, seen, "nothing, unless the first rows matter: then shorter ones first")


def _rows_shown(shard: Footer) -> int | None:
    """How many of the first rows fit; None where all do."""
    if shard.groups[0] > SCAN_LIMIT:
        return None
    first = next(_batches(shard, batch_size=FIRST_ROWS, row_groups=[0]))
    size = 0
    for index, row in enumerate(first.to_pylist()):
        size += len(json.dumps(row, ensure_ascii=False, default=str).encode("utf-8", errors="replace"))
        if size > FIRST_ROWS_BYTES:
            return index
    return None


def _batches(shard: Footer, **options: Any) -> Iterator["pa.RecordBatch"]:
    """Rows of a file. Raises `_Unreadable` where a page is damaged or a text no UTF-8."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(shard.path) as file:
            for batch in file.iter_batches(**options):
                batch.validate(full=True)
                yield batch
    except (pa.ArrowException, OSError) as problem:
        raise _Unreadable(shard.name, str(problem).splitlines()[0][:120]) from problem


def _statistics(files: ConfigFiles) -> Iterator[Finding]:
    """One finding a config: the viewer's statistics of a split fail by its nature; its rows are shown all the same.

    It draws the lengths of lists: there must be one, or more than two of them. And it wants more than one row.
    """
    lonely = [split for split, shards in files.splits.items() if sum(shard.rows for shard in shards) == 1]
    if lonely:
        seen = f"{len(lonely)} splits of one row, such as {lonely[0]}; the viewer has no statistics of them"
        yield warning("statistics", files.name, seen, "nothing, unless such a split can be left out")
    import pyarrow as pa

    lists = [c.name for c in files.first.schema if pa.types.is_list(c.type) or pa.types.is_large_list(c.type)]
    two = {
        column: having
        for column in lists
        if (having := [split for split, shards in files.splits.items() if _lengths(shards, column) == 2])
    }
    for column, having in two.items():
        seen = (
            f"{column} has only two lengths in {len(having)} splits, such as {having[0]}; the viewer's statistics fail"
        )
        yield warning("statistics", files.name, seen, "nothing: the rows are shown, and without statistics")


def _lengths(shards: list[Footer], column: str) -> int:
    """How many different lengths a column of lists has in a split: 3 stands for more. One leaf of it is read."""
    import pyarrow.compute as pc

    found: set[int] = set()
    for shard in shards:
        if column not in shard.schema.names:
            continue
        for batch in _batches(shard, columns=[_smallest_leaf(shard, column)]):
            found.update(pc.unique(pc.list_value_length(batch.column(0)).drop_null()).to_pylist())
            if len(found) > 2:
                return 3
    return len(found)


def _smallest_leaf(shard: Footer, column: str) -> str:
    """The part of a nested column that is the least to read."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(shard.path) as file:
        group = file.metadata.row_group(0)
        leaves = [group.column(number) for number in range(group.num_columns)]
    own = [leaf for leaf in leaves if leaf.path_in_schema.split(".")[0] == column]
    return min(own, key=lambda leaf: leaf.total_compressed_size).path_in_schema


# What a config's files break together, cheapest first.
CONFIG_RULES = (_schemas, _columns, _counts, _first_rows, _statistics)
