"""Units of work: a contiguous range of a shard's rows, and the files that a stage writes for it.

Every stage after `select` reads and writes one file a unit, under the same name. A unit is either wholly on disk or
not at all, whatever the number of tasks and workers; that is what makes a build resumable and its bytes the same.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builders.run_folder.files import write_error
from builders.run_folder.folder import COUNTS, DONORS, DROPS
from processors.atomic_files import replacing, write_text
from processors.errors import CountError, InputError, SmolKalamError

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Unit:
    """Rows `first` to `first + rows - 1` (numbered over the whole split) of one source shard.

    `offset` is the number of the range's first row within its file.
    """

    name: str
    split: str
    into: str
    file: str
    offset: int
    first: int
    rows: int


@dataclass(slots=True)
class UnitFiles:
    """Where a stage's output for a unit lies. `counts` is written last: it is the commit."""

    folder: Path
    name: str

    @property
    def kept(self) -> Path:
        return self.folder / f"{self.name}.parquet"

    @property
    def dropped(self) -> Path:
        return self.folder / DROPS / f"{self.name}.jsonl"

    @property
    def donors(self) -> Path:
        return self.folder / DONORS / f"{self.name}.parquet"

    @property
    def counts(self) -> Path:
        return self.folder / COUNTS / f"{self.name}.json"

    def done(self) -> bool:
        return self.counts.exists()


# Of so many bytes a file is small: of a few rows, and read by several stages one after the other. Compressors,
# dictionaries and statistics of the twenty to thirty columns took half the time that it takes to write and to read
# such a file, and made it no smaller.
SMALL = 1 << 16

# Why a row has no candidate of a translator that fuses those of others in some rows only. It has not failed.
NOT_FUSED = "not_fused"


@dataclass(frozen=True, slots=True)
class Dropped:
    """A row that a stage leaves out: its id, the reason (snake_case), and what was found where."""

    id: str
    reason: str
    detail: str = ""


def write_unit(
    files: UnitFiles,
    schema: "pa.Schema",
    read: int,
    kept: list[dict[str, Any]],
    dropped: list[Dropped],
    extra: dict[str, int] | None = None,
    *,
    failed: dict[str, int] | None = None,
    retries: int = 0,
    donors: "pa.Table | None" = None,
) -> None:
    """Write a unit's rows and drops, and what is good in the dropped ones (`donors`), then its counts.

    `extra` are counters of all rows, `failed` the part of them that the dropped ones had, and `retries` how often
    those have been tried again (`builders.stages.common.retry_failed`); both are needed to count right when they are.

    Raises CountError if `read` differs from kept plus dropped, SmolKalamError naming the row if one does not fit
    the schema, and SmolKalamError if the file cannot be written (a full disk, no permission).
    """
    if read != len(kept) + len(dropped):
        raise CountError(
            f"{files.folder.name}/{files.name}: {read} rows read, but {len(kept)} kept + {len(dropped)} dropped"
        )
    table = to_table(kept, schema, files)
    counts = {"read": read, "kept": len(kept), "dropped": dict(sorted(Counter(d.reason for d in dropped).items()))}
    if extra:
        counts["extra"] = dict(sorted(extra.items()))
    if failed:
        counts["failed_extra"] = dict(sorted(failed.items()))
    if retries:
        counts["retries"] = retries
    try:
        for path in (files.kept, files.dropped, files.counts):
            path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(files.kept) as temporary:
            _write(table, temporary)
        if dropped:
            lines = "".join(json.dumps(asdict(d), ensure_ascii=False) + "\n" for d in dropped)
            write_text(files.dropped, lines, errors="backslashreplace")
        else:
            files.dropped.unlink(missing_ok=True)
        if donors:
            files.donors.parent.mkdir(exist_ok=True)
            with replacing(files.donors) as temporary:
                _write(donors, temporary)
        else:
            files.donors.unlink(missing_ok=True)
        write_text(files.counts, json.dumps(counts))
    except OSError as error:
        raise write_error(error, files.folder) from error


def _write(table: "pa.Table", path: Path) -> None:
    import pyarrow.parquet as pq

    if table.nbytes > SMALL:
        pq.write_table(table, path, compression="zstd")
    else:
        pq.write_table(table, path, compression="none", use_dictionary=False, write_statistics=False)


def to_table(rows: list[dict[str, Any]], schema: "pa.Schema", files: UnitFiles) -> "pa.Table":
    """Rows as an Arrow table of `schema`; a row that does not fit raises SmolKalamError with its id and the field."""
    import pyarrow as pa

    try:
        return pa.Table.from_pylist(rows, schema=schema)
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        for row in rows:
            for field in schema:
                try:
                    pa.array([row.get(field.name)], type=field.type)
                except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError) as error:
                    raise SmolKalamError(
                        f"{files.folder.name}/{files.name}: row {row.get('id')}: field '{field.name}' does not fit "
                        f"{field.type}: {str(error).splitlines()[0]}"
                    ) from None
        raise


def read_unit(files: UnitFiles, columns: list[str] | None = None) -> "pa.Table":
    """A unit's kept rows, or of their columns those of `columns` that there are; "a.b" is a field of one, and of a
    small file the others may come with it. Raises SmolKalamError if the file is damaged."""
    import pyarrow as pa

    try:
        status = files.kept.stat()
        if status.st_size > SMALL:
            return _read(files.kept, columns)
        table = _small(files.kept, status.st_ino, status.st_mtime_ns, status.st_size)
    except (pa.ArrowInvalid, OSError) as error:
        raise SmolKalamError(
            f"{files.kept}: damaged or missing ({error}); delete {files.counts} and run again to redo this unit"
        ) from None
    if columns is None:
        return table
    wanted = {name.partition(".")[0] for name in columns}
    return table.select([name for name in table.column_names if name in wanted])


@lru_cache(maxsize=128)
def _small(path: Path, *state: int) -> "pa.Table":
    """All of a small file as it is now: who ranks it, looks for duplicates in it and writes configs of it reads it
    once. So many are 8 MB on the disk, and decoded at most some times as much: small tables are written plainly."""
    return _read(path, None)


def _read(path: Path, columns: list[str] | None) -> "pa.Table":
    import pyarrow.parquet as pq

    # Not `read_table`, which reads by way of pyarrow's datasets.
    with pq.ParquetFile(path) as file:
        # A task has one core; handing small files to threads takes longer than reading them.
        return file.read(columns=columns, use_threads=False)


def read_donors(files: UnitFiles) -> list[dict[str, Any]]:
    """What is good in a unit's dropped rows, of `schemas.donor`. Raises SmolKalamError if the file is damaged."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not files.donors.exists():
        return []
    try:
        return pq.read_table(files.donors, partitioning=None).to_pylist()
    except (pa.ArrowInvalid, OSError) as error:
        raise SmolKalamError(
            f"{files.donors}: damaged ({error}); delete {files.counts} and run again to redo this unit"
        ) from None


def messages_of(files: UnitFiles, ids: Sequence[str]) -> dict[str, list[dict[str, str]]]:
    """The messages of some of a unit's rows, by id; of those that it holds."""
    import pyarrow as pa
    import pyarrow.compute as pc

    table = read_unit(files, ["id", "messages"])
    picked = table.filter(pc.is_in(table["id"], pa.array(ids, pa.string())))
    return {row["id"]: row["messages"] for row in picked.to_pylist()}


def read_dropped(files: UnitFiles) -> Iterator[Dropped]:
    """A unit's dropped rows."""
    if files.dropped.exists():
        with files.dropped.open(encoding="utf-8") as lines:
            for line in lines:
                yield Dropped(**json.loads(line))


def read_counts(files: UnitFiles) -> dict[str, Any]:
    """A unit's counts: `read`, `kept`, `dropped` by reason, and `extra`, `failed_extra`, `retries` where there are.

    Raises InputError for a damaged file.
    """
    return _counts(files.counts)


def _counts(path: Path) -> dict[str, Any]:
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        return json.loads(text)
    except ValueError as error:
        raise InputError(f"{path}: damaged ({error}); delete it, and the next build does that unit again") from None


def all_counts(folder: Path) -> dict[str, dict[str, Any]]:
    """The counts of every unit that a stage has done so far, by unit. Raises InputError for a damaged file."""
    found = {}
    for path in sorted((folder / COUNTS).glob("*.json")):
        try:
            found[path.stem] = _counts(path)
        except FileNotFoundError:
            # The stage is being done again: its folder has just been moved aside.
            continue
    return found


@dataclass(slots=True)
class Totals:
    """Counts of a stage over all its units."""

    read: int
    kept: int
    dropped: Counter[str]
    extra: Counter[str]

    @property
    def failed(self) -> Counter[str]:
        """Of a translator: the rows that it failed, by reason."""
        return failed_rows(self.dropped)


def failed_rows(dropped: Mapping[str, int]) -> Counter[str]:
    """Those of the rows that a translator left out which it was to translate."""
    return Counter({reason: rows for reason, rows in dropped.items() if reason != NOT_FUSED})


def total_counts(folder: Path, names: Iterable[str]) -> Totals:
    """Add up a stage's counts. Raises CountError if a unit is missing or they do not add up."""
    totals = Totals(0, 0, Counter(), Counter())
    for name in names:
        files = UnitFiles(folder, name)
        if not files.done():
            raise CountError(f"{folder.name}/{name}: the unit is missing")
        counts = read_counts(files)
        totals.read += counts["read"]
        totals.kept += counts["kept"]
        totals.dropped.update(counts["dropped"])
        totals.extra.update(counts.get("extra", {}))
    if totals.read != totals.kept + totals.dropped.total():
        raise CountError(
            f"{folder.name}: {totals.read} rows read, but {totals.kept} kept + {totals.dropped.total()} dropped"
        )
    return totals


def share(units: list[Unit], rank: int, world_size: int) -> list[Unit]:
    """This task's contiguous part of the units."""
    return units[rank * len(units) // world_size : (rank + 1) * len(units) // world_size]
