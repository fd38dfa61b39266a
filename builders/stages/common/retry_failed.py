"""`build --retry-failed`: the conversations that a translator failed are tried again, and nothing else is.

What a unit kept is taken over as it is. Of a failed row the answers that were good are found in the store; where one
was missing it is asked for, and where all were bad the retry ladder goes on with attempts that it has not made yet
(see `Translator.retries`). A unit's files change together: its counts, which say that it is whole, go first and come
last. What later stages made of a unit goes before that, so that they do it again, and only it.
"""

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from datatrove.data import Document

from builders.engines.common.make import KeepDonors, candidate_row
from builders.executors.this_machine import Work
from builders.run_folder import schemas
from builders.run_folder.folder import FITTED, RANKER, RETRIED, RETRY_PLAN, SELECT, Run
from builders.run_folder.stage_parts import made_from
from builders.run_folder.unit_reader import UnitReader
from builders.run_folder.unit_writer import Donors, UnitWriter
from builders.run_folder.units import (
    NOT_FUSED,
    Unit,
    UnitFiles,
    read_counts,
    read_donors,
    read_dropped,
    read_unit,
    share,
)
from builders.stages.common.context import Build
from processors.atomic_files import check_guard, write_text


def plan_retry(folder: Path, units: list[Unit]) -> dict[str, Any]:
    """Which of a translate stage's units have failed rows, and the how-manieth chance each is to get.

    An unfinished plan is gone on with: units of it that are done do not get another chance for it.
    """
    path = folder / RETRY_PLAN
    if path.exists():
        return json.loads(path.read_text(encoding="utf-8"))
    shutil.rmtree(folder / RETRIED, ignore_errors=True)
    chances = {}
    for unit in units:
        counts = read_counts(UnitFiles(folder, unit.name))
        if counts["dropped"].keys() - {NOT_FUSED}:
            chances[unit.name] = counts.get("retries", 0) + 1
    write_text(path, json.dumps(chances))
    return chances


def retry_work(
    name: str,
    build: Build,
    chances: dict[str, int],
    last: Callable[[UnitWriter], Any],
    donors: Donors | None = None,
    offers: Sequence[Any] = (),
) -> tuple[Work, dict[str, int]]:
    """The work of a retry, and how many rows failed in each unit. `last`, `donors` and `offers` are as in the stage
    itself."""
    run, folder = build.run, build.run.stage(name)
    planned = [unit for unit in build.selected if unit.name in chances]
    later = made_from(build.parts, name)
    made = {
        unit.name: [path for part in later for path in part.outputs(run, unit.name, unit.into)] for unit in planned
    }
    rows = {unit.name: max(1, sum(_dropped(folder, unit.name).values())) for unit in planned}

    def pipeline(names: list[str]) -> list[Any]:
        wanted = set(names)
        todo = [unit for unit in planned if unit.name in wanted]
        by_name = {unit.name: unit for unit in todo}
        writer = RetryWriter(run, folder, by_name, made, chances, run.progress(name), donors)
        marks = [*([KeepDonors()] if donors else []), *offers]
        return [FailedRows(run.stage(SELECT), folder, todo, chances), *marks, last(writer)]

    items = {unit.name: _marker(folder, unit.name) for unit in planned}
    return Work(name, items, pipeline, run.logs(name), more=True), rows


def end_retry(folder: Path) -> None:
    """All of the plan is done; may be called by several machines.

    What says so for each unit stays until the next plan: another machine may just be looking whether any is missing.
    """
    check_guard()
    (folder / RETRY_PLAN).unlink(missing_ok=True)


class FailedRows(UnitReader):
    """Reads of each unit the selected rows that its translator failed."""

    name = "Failed rows"

    def __init__(self, select: Path, folder: Path, units: list[Unit], chances: dict[str, int]) -> None:
        super().__init__(select, units)
        self.translated = folder
        self.chances = chances

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        for unit in share(self.units, rank, world_size):
            files = UnitFiles(self.translated, unit.name)
            failed = {row.id for row in read_dropped(files)} if files.done() else None
            if failed is not None and (not failed or read_counts(files).get("retries", 0) >= self.chances[unit.name]):
                # Done by somebody who was killed before saying so.
                _mark(self.translated, unit.name)
                continue
            documents = UnitReader(self.folder, [unit]).run()
            for document in documents:
                # A unit whose replacement was cut short is translated wholly, from the stored answers.
                if failed is None or document.id in failed:
                    document.metadata["retries"] = self.chances[unit.name]
                    document.metadata["failed_rows"] = unit.rows if failed is None else len(failed)
                    yield document


class RetryWriter(UnitWriter):
    """Puts the rows that came out this time beside those that a unit has, and makes later stages do it again."""

    def __init__(
        self,
        run: Run,
        folder: Path,
        units: dict[str, Unit],
        made: dict[str, list[Path]],
        chances: dict[str, int],
        progress: Path,
        donors: Donors | None = None,
    ) -> None:
        super().__init__(folder, schemas.candidate, candidate_row, {}, progress=progress, donors=donors)
        self.build_run = run
        self.units = units
        self.made = made
        self.chances = chances

    def write(self, document: Document, rank: int = 0, **_: Any) -> None:
        self.expected[document.metadata["unit"]] = document.metadata["failed_rows"]
        super().write(document, rank)

    def _write(self, name: str, documents: list[Document]) -> None:
        files, chance = UnitFiles(self.folder, name), self.chances[name]
        kept, dropped, extra, failed = self._collect(name, documents)
        donors = self._donors(documents)
        if files.done():
            counts = read_counts(files)
            earlier = Counter(counts.get("extra", {}))
            earlier.subtract(counts.get("failed_extra", {}))
            extra = Counter({key: n for key, n in (earlier + extra).items() if n})
            if not kept and dropped == list(read_dropped(files)) and donors == read_donors(files):
                # They failed as before: nothing changes for anybody, but the next chance is another one.
                changed = counts | {"retries": chance, "extra": dict(sorted(extra.items()))}
                write_text(files.counts, json.dumps(changed | {"failed_extra": dict(failed)}))
                _mark(self.folder, name)
                return
            kept = sorted([*read_unit(files).to_pylist(), *kept], key=lambda row: row["id"])
        check_guard()
        for made in self._made_of(name):
            made.unlink(missing_ok=True)
        files.counts.unlink(missing_ok=True)
        self._write_files(name, self.units[name].rows, kept, dropped, extra, failed, chance, donors)
        _mark(self.folder, name)

    def _made_of(self, name: str) -> Iterator[Path]:
        """What says that a later stage is done with the unit; the ranker may have been fitted to its rows."""
        yield self.build_run.stage(RANKER, FITTED)
        yield from self.made[name]


def _dropped(folder: Path, name: str) -> dict[str, int]:
    files = UnitFiles(folder, name)
    dropped = read_counts(files)["dropped"] if files.done() else {}
    return {reason: rows for reason, rows in dropped.items() if reason != NOT_FUSED}


def _marker(folder: Path, name: str) -> Path:
    return folder / RETRIED / f"{name}.json"


def _mark(folder: Path, name: str) -> None:
    (folder / RETRIED).mkdir(parents=True, exist_ok=True)
    write_text(_marker(folder, name), "{}")
