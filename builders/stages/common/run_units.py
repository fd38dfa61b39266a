"""Runs a stage's pipeline over the units that are missing, shows how far it is, and adds up what it counted.

Every row that was read was kept or dropped with a reason: that is asserted when the stage is done.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from builders.executors.this_machine import Work, names_in
from builders.run_folder.activity import RequestsSince
from builders.run_folder.files import write_error
from builders.run_folder.folder import ENGINES
from builders.run_folder.forecast import Forecast
from builders.run_folder.stage_parts import StagePart
from builders.run_folder.unit_writer import Donors, UnitWriter, expected_rows
from builders.run_folder.units import Unit, UnitFiles, total_counts
from builders.stages.common.context import Build
from processors.atomic_files import write_text
from processors.errors import CountError


@dataclass(frozen=True, slots=True)
class UnitPipeline:
    """What a stage does to units: `reader` gives the documents of its `units`, `steps` work on them.

    `row` makes of a document the row to keep, of `schema`. `last` wraps the unit writer for a pipeline that ends in
    datatrove's InferenceRunner, which takes it as its output writer. For `processes` and
    `together` see `builders.executors`' Work. `forecast` tells how long so many rows will take. `donors` is what is
    kept of rows that are left out.
    """

    name: str
    reader: Any
    steps: list[Any]
    row: Callable[[Document], dict[str, Any]]
    schema: Callable[[], Any]
    last: Callable[[UnitWriter], Any] | None = None
    processes: Callable[[], int] | None = None
    together: bool = False
    forecast: Callable[[int], Forecast] | None = None
    donors: Donors | None = None


def run_units(build: Build, stage: UnitPipeline) -> None:
    """See that a stage's units, those of its reader, are all done and add up its counts."""
    folder, progress = build.run.stage(stage.name), build.run.progress(stage.name)
    reader, units = stage.reader, list(stage.reader.units)

    def pipeline(names: list[str]) -> list[Any]:
        wanted = set(names)
        reader.units = [unit for unit in units if unit.name in wanted]
        expected = expected_rows(reader.units)
        writer = UnitWriter(folder, stage.schema, stage.row, expected, progress=progress, donors=stage.donors)
        return [reader, *stage.steps, stage.last(writer) if stage.last else writer]

    items = {unit.name: UnitFiles(folder, unit.name).counts for unit in units}
    # What asks a model may have failed rows to try again.
    more = build.retry_failed and stage.last is not None
    work = Work(stage.name, items, pipeline, build.run.logs(stage.name), stage.processes, more, stage.together)
    observe(build, work, expected_rows(units), progress, stage.forecast)
    add_up(build, stage.name, units)


class WriteFile(PipelineStep):
    """Writes what `make` returns, as JSON, to `path`: the whole work of a stage that is no work of units."""

    name = "One file"
    type = "WRITER"

    def __init__(self, path: Path, make: Callable[[], Any]) -> None:
        super().__init__()
        self.path = path
        self.make = make

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> Any:
        with self.track_time():
            found = self.make()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_text(self.path, json.dumps(found, ensure_ascii=False, indent=1) + "\n")
        except OSError as error:
            raise write_error(error, self.path.parent) from None


def run_once(build: Build, part: StagePart, rows: int, make: Callable[[], Any]) -> Any:
    """See that the one file of a part is written, with what `make` returns, and return that. Both are as JSON.

    `make` must go to another process: a function of a module, or `functools.partial` of one. `rows` are those that it
    reads, for the bar.
    """
    assert part.file is not None
    path = build.run.stage(part.file)
    work = Work(part.name, {part.name: path}, lambda _: [WriteFile(path, make)], build.run.logs(part.name))
    observe(build, work, {part.name: rows})
    return json.loads(path.read_text(encoding="utf-8"))


def add_up(build: Build, name: str, units: list[Unit]) -> None:
    """Note a stage's counts over all its units. Raises CountError where a row was lost."""
    totals = total_counts(build.run.stage(name), [unit.name for unit in units])
    if totals.read != sum(unit.rows for unit in units):
        raise CountError(f"{name}: {totals.read} rows read of {sum(unit.rows for unit in units)}")
    build.totals[name] = totals


def observe(
    build: Build,
    work: Work,
    rows: dict[str, int],
    progress: Path | None = None,
    forecast: Callable[[int], Forecast] | None = None,
) -> None:
    """Run a stage's work, shown by rows: those of its items that are done, and those that tasks hold.

    `forecast` says of so many rows how long they will take.
    """
    left = sum(rows[name] for name in work.missing())
    watch = WrittenRows(work.items, rows, sum(rows.values()) - left, progress)
    told = forecast(left) if forecast else None
    asked = RequestsSince(build.run.logs(work.name, ENGINES), told)
    build.observer.stage(work.name, sum(rows.values()), watch.before, watch, asked)
    build.executor.run(replace(work, rows=left))
    build.observer.finished(work.name)


class WrittenRows:
    """How many rows a stage is done with since `before`: those of its items that are written, and those that tasks
    hold.

    It is asked several times a second, of thousands of items: a folder is listed only where it has changed since.
    """

    def __init__(self, items: Mapping[str, Path], rows: Mapping[str, int], before: int, progress: Path | None) -> None:
        self.before, self.progress = before, progress
        self._of: dict[Path, dict[str, int]] = {}
        for name, path in items.items():
            self._of.setdefault(path.parent, {})[path.name] = rows[name]
        self._seen: dict[Path, tuple[int, int]] = {}

    def __call__(self) -> int:
        held = 0
        for path in self.progress.glob("*.json") if self.progress else ():
            with suppress(OSError, ValueError):
                held += json.loads(path.read_text())["rows"]
        return sum(map(self._written, self._of)) - self.before + held

    def _written(self, folder: Path) -> int:
        """The rows of a folder's items that are there."""
        try:
            changed = folder.stat().st_mtime_ns
        except OSError:
            return 0
        if self._seen.get(folder, (-1, 0))[0] != changed:
            of = self._of[folder]
            self._seen[folder] = changed, sum(of.get(name, 0) for name in names_in(folder))
        return self._seen[folder][1]
