"""Which row is meant: its id here, its number, or the id that its source gives it."""

from collections.abc import Iterator, Sequence

from datatrove.data import Document
from datatrove.io import get_datafolder

from builders.recipes.recipe import Source
from builders.sources.find import Shard, find_shards, reaching, row_id
from builders.sources.read import read_rows
from processors.errors import InputError

# What a source calls its rows' ids; `smolkalam import` writes the first.
OWN_IDS = ("source_id", "id")
HOW = "give a split and a row's number, such as train/12, or the id that the source gives it"


def find_row(source: Source, asked: str) -> Document:
    """The row as a Document. Raises InputError for one that is not there, or where several may be meant.

    `split/12` is a row's number with or without its zeros. Else the source's own ids come before a number alone, for
    which there has to be one split only.
    """
    shards, _, _ = find_shards(source)
    rows = {split: sum(shard.rows for shard in shards if shard.split == split) for split in _splits(shards)}
    split, slash, digits = asked.strip().rpartition("/")
    if slash and split in rows and _is_number(digits):
        return _read(source, shards, asked, split, int(digits))
    found = list(_by_own_id(source, shards, asked.strip()))
    if len(found) == 1:
        return _read(source, shards, asked, *found[0])
    if found:
        which = ", ".join(row_id(*one) for one in found[:3])
        raise InputError(f"--row {asked}: {len(found):,} rows of the source have that id: {which}; give one of these")
    if _is_number(asked) and len(rows) == 1:
        return _read(source, shards, asked, next(iter(rows)), int(asked))
    if _is_number(asked):
        raise InputError(
            f"--row {asked}: of which split? Such as {next(iter(rows))}/{asked}; there are {_named(rows)}"
        )
    if slash and _is_number(digits):
        raise InputError(f"--row {asked}: the source has no split '{split}' that is kept; it has {_named(rows)}")
    raise InputError(f"--row {asked}: there is no such row; {HOW}")


def _splits(shards: Sequence[Shard]) -> list[str]:
    return list(dict.fromkeys(shard.split for shard in shards))


def _named(splits: Sequence[str] | dict[str, int]) -> str:
    names = list(splits)
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _is_number(text: str) -> bool:
    # Longer ones are hashes, which int() would turn into a row that nothing has.
    return text.isascii() and text.isdecimal() and len(text) < 16


def _read(source: Source, shards: Sequence[Shard], asked: str, split: str, number: int) -> Document:
    mine = [shard for shard in shards if shard.split == split]
    shard = next((one for one in mine if one.first <= number < one.first + one.rows), None)
    if shard is None:
        raise InputError(f"--row {asked}: split '{split}' has {sum(one.rows for one in mine):,} rows, from 0 on")
    (document,) = read_rows(source, shard, [number - shard.first])
    return document


def _by_own_id(source: Source, shards: Sequence[Shard], asked: str) -> Iterator[tuple[str, int]]:
    """Split and number of each row that the source calls so; only the column with its ids is read."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    folder = get_datafolder(source.path)
    for shard in shards:
        column = next((name for name in OWN_IDS if name in shard.columns), None)
        if column is None:
            continue
        try:
            with reaching(source.path), folder.open(shard.file, "rb") as file:
                ids = pq.ParquetFile(file).read(columns=[column]).column(column)
            equal = pc.equal(ids.cast(pa.string()), asked)
        except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
            # A list or a struct is no id that somebody types, and a damaged file is told when its row is read.
            continue
        for number in pc.indices_nonzero(equal.combine_chunks()).to_pylist():
            yield shard.split, shard.first + number
