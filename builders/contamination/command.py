"""`smolkalam decontaminate`: data without the rows in which items of a benchmark stand.

Every row that is read is kept or dropped, and the two add up. The folder is put in its place when all is written. The
same data and benchmarks give the same bytes, whatever the number of processes.
"""

import json
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from builders.contamination.against import Against, read_against
from builders.contamination.data import (
    DataPart,
    DroppedRow,
    LookedThrough,
    files_of,
    first_texts,
    look_through,
    parts_of,
    write_kept,
)
from builders.executors.this_machine import in_processes
from processors.atomic_files import look_for_room, new_folder
from processors.errors import CountError
from processors.selection.decontamination import Index, save
from processors.selection.decontamination.words import script_of_most
from processors.watcher import watched_by

KEPT, DROPPED, REPORT, INDEX = "kept", "dropped.jsonl", "decontamination.json", "index.npz"
# Less is looked through by this process itself: others take half a second to start.
_SMALL = 30_000_000
# An item in so many rows, and in this share of them, is more likely a common phrase than a leak.
_MANY_ROWS, _MANY_SHARE = 20, 0.01
_EARLY_ROWS = 1000
_EVERY_S = 0.3


@dataclass(slots=True)
class Cleaned:
    """What became of the data: `dropped` by reason and by benchmark, `items` that were found and in how many rows."""

    read: int = 0
    kept: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    benchmarks: Counter[str] = field(default_factory=Counter)
    items: Counter[tuple[str, str]] = field(default_factory=Counter)


def run_decontaminate(
    data: Path, against: Sequence[Against], output: Path, *, fields: Sequence[str] = (), workers: int = 1
) -> Cleaned:
    """Write `output`/kept, dropped.jsonl, the report and the index; returns the counts.

    `fields`: of each row, the ones to look into (all texts of it). Raises InputError for what cannot be read, before
    any data is where a benchmark is at fault.
    """
    look_for_room(output)
    files = files_of(data)
    parts = parts_of(files)
    index, warnings = read_against(against)
    _tell_index(index)
    if parts:
        warnings += _of_another_script(index, first_texts(parts[0], tuple(fields)), data)
    for warning in warnings:
        _warn(warning)
    with new_folder(output) as folder:
        (folder / "parts").mkdir()
        save(index, folder / INDEX)
        looked = _look(folder, parts, tuple(fields), workers)
        cleaned = _write(data, files, parts, looked, folder)
        (folder / REPORT).write_text(json.dumps(_report(cleaned, index), indent=1, ensure_ascii=False) + "\n")
        shutil.rmtree(folder / "parts")
    _tell(cleaned, index, output)
    return cleaned


def _tell_index(index: Index) -> None:
    for one in index.benchmarks:
        print(f"{one.name}: {one.looked_for:,} of {one.items:,} items are looked for", file=sys.stderr)


def _warn(message: str) -> None:
    print(f"warning: {message}", file=sys.stderr)


def _of_another_script(index: Index, texts: list[str], data: Path) -> Iterator[str]:
    script = script_of_most(texts)
    for one in index.benchmarks:
        if script and one.script and one.script != script:
            yield (
                f"{one.name} is in {one.script} letters and {data} begins in {script} ones: next to nothing of it can "
                "be found there; give the benchmark in the data's language too"
            )


def _look(folder: Path, parts: list[DataPart], fields: tuple[str, ...], workers: int) -> list[LookedThrough]:
    work = partial(_look_at, parts, str(folder), fields)
    if workers == 1 or len(parts) == 1 or sum(part.bytes for part in parts) < _SMALL:
        with _watched(folder, parts):
            for number in range(len(parts)):
                work(number)
    else:
        with _watched(folder, parts):
            in_processes(work, len(parts), workers)
    return [LookedThrough.from_json(json.loads(_part(folder, number).read_bytes())) for number in range(len(parts))]


def _look_at(parts: list[DataPart], folder: str, fields: tuple[str, ...], number: int) -> None:
    """One part, in any process; what is found lies in a file of the part's number."""
    looked = look_through(parts[number], f"{folder}/{INDEX}", fields)
    path = _part(Path(folder), number)
    written = path.with_suffix(".tmp")
    written.write_text(json.dumps(looked.as_json()))
    written.replace(path)


def _part(folder: Path, number: int) -> Path:
    return folder / "parts" / f"{number:06d}.json"


@contextmanager
def _watched(folder: Path, parts: list[DataPart]) -> Iterator[None]:
    """A bar over the bytes of the parts that are there, and an early word where most rows fall out."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(file=sys.stderr, highlight=False)
    columns = TextColumn("looking"), BarColumn(), DownloadColumn(), TextColumn("{task.fields[note]}")
    total = sum(part.bytes for part in parts)
    waiting = set(range(len(parts)))
    read = dropped = done = 0
    warned = False
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task("", total=total, note="")

        def look() -> None:
            nonlocal read, dropped, done, warned
            for number in [one for one in sorted(waiting) if _part(folder, one).exists()]:
                waiting.discard(number)
                looked = json.loads(_part(folder, number).read_bytes())
                read += looked["rows"]
                dropped += len(looked["dropped"])
                done += parts[number].bytes
            progress.update(bar, completed=done, note=f"{read:,} rows, {dropped:,} dropped")
            if not warned and read >= _EARLY_ROWS and 2 * dropped > read:
                warned = True
                _warn(f"{dropped:,} of the first {read:,} rows are dropped; stop (Ctrl-C) and look at a few of them")

        with watched_by(look, _EVERY_S):
            yield


def _write(data: Path, files: list[Path], parts: list[DataPart], looked: list[LookedThrough], folder: Path) -> Cleaned:
    cleaned = Cleaned()
    by_file: dict[str, list[LookedThrough]] = {str(file): [] for file in files}
    for part, one in zip(parts, looked, strict=True):
        by_file[part.file].append(one)
        cleaned.items.update({(benchmark, item): rows for benchmark, item, rows in one.items})
    # Half of a pair is told as its escape: the file is UTF-8.
    with (folder / DROPPED).open("w", encoding="utf-8", errors="backslashreplace") as out:
        for file in files:
            name = str(file.relative_to(data)) if file != data else file.name
            rows = _numbered(by_file[str(file)])
            for number, row in rows.items():
                out.write(json.dumps({"file": name, "row": number, **_told(row)}, ensure_ascii=False) + "\n")
                cleaned.reasons[row.reason] += 1
                if row.benchmark is not None:
                    cleaned.benchmarks[row.benchmark] += 1
            kept = write_kept(file, folder / KEPT / name, rows.keys())
            read = sum(one.rows for one in by_file[str(file)])
            if read != kept + len(rows):
                raise CountError(f"{name}: {read} rows read, {kept} kept, {len(rows)} dropped")
            cleaned.read += read
            cleaned.kept += kept
    return cleaned


def _numbered(looked: list[LookedThrough]) -> dict[int, DroppedRow]:
    """The dropped rows of a file by their number in it."""
    rows: dict[int, DroppedRow] = {}
    begin = 0
    for one in looked:
        rows |= {begin + row.row: row for row in one.dropped}
        begin += one.rows
    return rows


def _told(row: DroppedRow) -> dict[str, Any]:
    return {name: value for name, value in asdict(row).items() if name != "row" and value not in (None, 0)}


def _report(cleaned: Cleaned, index: Index) -> dict[str, Any]:
    found = Counter(benchmark for benchmark, _ in cleaned.items)
    return {
        "read": cleaned.read,
        "kept": cleaned.kept,
        "dropped": dict(sorted(cleaned.reasons.items())),
        "rules": asdict(index.rules),
        "benchmarks": [
            asdict(one)
            | {"looked_for": one.looked_for, "found": found[one.name], "rows": cleaned.benchmarks[one.name]}
            for one in index.benchmarks
        ],
    }


def _tell(cleaned: Cleaned, index: Index, output: Path) -> None:
    found = Counter(benchmark for benchmark, _ in cleaned.items)
    lines = [["benchmark", "items", "looked for", "found", "rows dropped"]]
    for one in index.benchmarks:
        counts = one.items, one.looked_for, found[one.name], cleaned.benchmarks[one.name]
        lines.append([one.name, *(f"{count:,}" for count in counts)])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for name, *cells in lines:
        numbers = (f"{cell:>{width}}" for cell, width in zip(cells, widths[1:], strict=True))
        print(f"{name:<{widths[0]}}  {'  '.join(numbers)}", file=sys.stderr)
    for (benchmark, item), rows in cleaned.items.most_common(3):
        if rows >= _MANY_ROWS and rows >= _MANY_SHARE * cleaned.read:
            _warn(f"{benchmark}: item {item} stands in {rows:,} rows: is it a phrase that anybody may write?")
    why = ", ".join(f"{reason} {count:,}" for reason, count in sorted(cleaned.reasons.items()))
    gone = cleaned.read - cleaned.kept
    print(
        f"{cleaned.read:,} rows read = {cleaned.kept:,} kept + {gone:,} dropped"
        f"{f' ({why}); each with its item in {output / DROPPED}' if gone else ''}",
        file=sys.stderr,
    )
