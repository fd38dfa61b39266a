"""`smolkalam import`: files as people have them become a folder that a recipe's `source.path` takes.

Every row that is read is written or left out with its reason, and the two add up. The folder is put in its place when
all is read: a reader of it never sees half.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from builders.dataset.shard_writer import SplitWriter
from builders.imports.chats import CannotTake
from builders.imports.hub_rows import hub_id, hub_splits
from builders.imports.question_sets import questions
from builders.imports.readers import Row, read_file
from builders.imports.shapes import ID, column_name, converted
from builders.recipes.base import NAME_PATTERN
from builders.run_folder import schemas
from processors.atomic_files import look_for_room, new_folder
from processors.commands import as_yaml
from processors.errors import CountError, InputError
from processors.scoring.columns import NAMES

if TYPE_CHECKING:
    import pyarrow as pa

LEFT_OUT = "left_out.jsonl"
REPORT = "import.json"
# Held until they are written.
_BATCH, _GROUP_BYTES, _SHARD_BYTES = 64, 10_000_000, 500_000_000
# Rows left out that are shown one by one; all are in the file.
_SHOWN = 5


@dataclass(slots=True)
class Imported:
    """What became of one file, or of one split of a dataset of the Hub."""

    file: str
    split: str
    read: int = 0
    written: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    shapes: Counter[str] = field(default_factory=Counter)
    columns: dict[str, str] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        names = ("file", "split", "read", "written")
        made = {name: getattr(self, name) for name in names}
        return made | {"left_out": dict(self.left_out), "shapes": dict(self.shapes), "columns": self.columns}


def run_import(
    names: Sequence[str],
    output: Path,
    *,
    keep: Sequence[str] = (),
    split: str | None = None,
    config: str | None = None,
) -> list[Imported]:
    """Import files and datasets of the Hub into the folder `output`; returns what became of each.

    `keep`: further columns to keep. `split`: of files, the split that they become (`train`); of a dataset of the Hub,
    the only one that is read. `config`: of datasets of the Hub alone. Raises InputError where a file cannot be read
    at all, and where no row could be taken.
    """
    if split is not None and not re.fullmatch(NAME_PATTERN, split):
        raise InputError(f"--split {split}: expected letters, digits, _ and single dots")
    if config is not None and all(Path(name).is_file() for name in names):
        raise InputError(f"--config {config}: {names[0]} is a file, which has no configs; leave --config out")
    look_for_room(output)
    sources = list(_sources(names, split, config))
    with new_folder(output) as folder:
        found, columns = import_rows(sources, folder, keep=keep)
    _tell(found, output, columns)
    return found


def import_rows(
    sources: Sequence[tuple[str, str, Iterable[Row]]],
    folder: Path,
    *,
    keep: Sequence[str],
    config: str = "SFT",
    own_id: bool = True,
) -> tuple[list[Imported], list[str]]:
    """Write the rows of things to read, each with its name and its split, into `folder` as shards of `config`.

    `own_id`: with a column for the rows' own ids. Returns what became of each, and the names of the columns that are
    kept. Raises InputError where there is no row, and where none has a column that is to be kept.
    """
    taken = [*schemas.ranked(combined=True, scored=NAMES).names, *schemas.parallel().names, ID]
    columns = {name: column_name(name, taken) for name in dict.fromkeys(keep) if name != "id"}
    names = [*([ID] if own_id else []), *columns.values()]
    found = _write_all(sources, folder / config, columns, names)
    _check(found, columns)
    (folder / REPORT).write_text(json.dumps({"files": [one.plain() for one in found], "carry": names}, indent=1))
    return found, list(columns.values())


def _sources(names: Sequence[str], split: str | None, config: str | None) -> Iterator[tuple[str, str, Iterable[Row]]]:
    """Name, split and rows of each thing to read; what is not there is known before anything is read."""
    for name in names:
        path = Path(name)
        repository = None if path.exists() else hub_id(name)
        if repository:
            for part, rows in hub_splits(repository, config, split).items():
                yield f"{repository}/{part}", part, rows
        elif path.is_dir():
            raise InputError(f"{name}: a folder; give its files, such as {name}/*.jsonl")
        elif not path.exists():
            raise InputError(f"{name}: no such file, and not the id of a dataset such as user/name")
        else:
            yield name, split or "train", read_file(path)


def _write_all(
    sources: Sequence[tuple[str, str, Iterable[Row]]], folder: Path, columns: dict[str, str], names: Sequence[str]
) -> list[Imported]:
    schema = _schema(names)
    folder.mkdir(parents=True)
    found: list[Imported] = []
    with ExitStack() as stack:
        left_out = stack.enter_context((folder.parent / LEFT_OUT).open("w", encoding="utf-8"))
        for split in dict.fromkeys(split for _, split, _ in sources):
            writer = SplitWriter(folder, split, schema, group_bytes=_GROUP_BYTES, shard_bytes=_SHARD_BYTES)
            for name, _, rows in (source for source in sources if source[1] == split):
                found.append(_write(name, split, rows, writer, left_out, columns))
            writer.close()
    return found


def _schema(names: Sequence[str]) -> "pa.Schema":
    import pyarrow as pa

    return pa.schema([*schemas.source(), *((name, pa.string()) for name in names)])


def _write(
    name: str, split: str, rows: Iterable[Row], writer: SplitWriter, left_out: IO[str], keep: dict[str, str]
) -> Imported:
    one = Imported(name, split)
    batch: list[dict[str, Any]] = []
    for row in questions(iter(rows)):
        one.read += 1
        try:
            if row.values is None:
                raise CannotTake(row.reason, row.detail)
            made = converted(row.values, keep, Path(name).name)
        except CannotTake as why:
            one.left_out[why.reason] += 1
            line = {"file": name, "line": row.line, "reason": why.reason, "detail": why.detail}
            # Half of a pair is told as its escape: the file is UTF-8.
            left_out.write(json.dumps(line) + "\n")
            if one.left_out.total() <= _SHOWN:
                print(ascii_only(f"{name}:{row.line}: left out: {why}"), file=sys.stderr)
            continue
        one.shapes[made.shape] += 1
        one.columns |= {column: became for column, became in made.became.items() if column not in one.columns}
        one.written += 1
        batch.append(made.row)
        if len(batch) == _BATCH:
            writer.write(batch)
            batch = []
    if batch:
        writer.write(batch)
    return one


def ascii_only(text: str) -> str:
    """A line for the terminal: what UTF-8 cannot hold is escaped."""
    return text.encode("utf-8", "backslashreplace").decode()


def _check(found: list[Imported], keep: Iterable[str]) -> None:
    for one in found:
        if one.read != one.written + one.left_out.total():
            raise CountError(
                f"{one.file}: {one.read} rows read, {one.written} written, {one.left_out.total()} left out"
            )
    if not any(one.written for one in found):
        reasons = sum((one.left_out for one in found), Counter[str]()).most_common(3)
        why = ", ".join(f"{reason} {count:,}" for reason, count in reasons) or "no rows in it"
        raise InputError(f"{', '.join(one.file for one in found)}: no row could be taken ({why}); nothing is written")
    there = {column: None for one in found for column in one.columns if "[]." not in column}
    if missing := next((name for name in keep if name not in there), None):
        raise InputError(
            f"{', '.join(one.file for one in found)}: no column '{missing}', which --keep or source.carry names; "
            f"it has {', '.join(there)}; nothing is written"
        )


def _tell(found: list[Imported], output: Path, kept: list[str]) -> None:
    for one in found:
        shapes = ", ".join(f"{shape} {count:,}" for shape, count in one.shapes.most_common()) or "nothing known"
        print(f"{one.file}: {shapes}; {_counts(one.read, one.written, one.left_out)}", file=sys.stderr)
        width = max(map(len, one.columns), default=0)
        for column, became in one.columns.items():
            print(ascii_only(f"  {column:{width}}  {became}"), file=sys.stderr)
    reasons = sum((one.left_out for one in found), Counter[str]())
    total = _counts(sum(one.read for one in found), sum(one.written for one in found), reasons)
    print(f"all: {total}{f'; each with its line in {output / LEFT_OUT}' if reasons else ''}", file=sys.stderr)
    carry = ", ".join([ID, *kept])
    print(f"in a recipe: source: {{path: {as_yaml(output)}, carry: [{carry}]}}", file=sys.stderr)


def _counts(read: int, written: int, left_out: Counter[str]) -> str:
    why = f" ({', '.join(f'{reason} {count:,}' for reason, count in left_out.most_common())})" if left_out else ""
    return f"{read:,} rows read = {written:,} written + {left_out.total():,} left out{why}"
