"""The end of every stage: collects a unit's documents, in whatever order, and writes them when all are there.

A step before it never removes a document; it marks it with `drop(document, reason, detail)`. So each document that
was read arrives here, and the count of a unit can be checked against what its source holds.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from builders.run_folder.units import Dropped, Unit, UnitFiles, to_table, write_unit
from processors.atomic_files import write_hint
from processors.errors import CountError

DROPPED = "dropped"


def drop(document: Document, reason: str, detail: str = "") -> Document:
    """Mark a document as dropped; the first reason stays."""
    document.metadata.setdefault(DROPPED, (reason, detail))
    return document


@dataclass(frozen=True, slots=True)
class Donors:
    """What is kept of dropped documents: `row` makes a row of `schema` of one, or None where nothing in it is good."""

    schema: Callable[[], Any]
    row: Callable[[Document], dict[str, Any] | None]


class UnitWriter(PipelineStep):
    """Writes units: `<folder>/<unit>.parquet`, `dropped/<unit>.jsonl` and, last, `counts/<unit>.json`.

    `rows` turns a document into the row to keep (a dict of `schema`). `expected` is how many documents each unit has.
    Usable as the last step of a pipeline, and as the output writer of datatrove's InferenceRunner, which hands over
    documents as they finish. A document's `counters` in its metadata are added to the unit's `extra` counts. `donors`
    says what is kept of a dropped document.
    """

    name = "Units"
    type = "WRITER"

    def __init__(
        self,
        folder: Path,
        schema: Callable[[], Any],
        rows: Callable[[Document], dict[str, Any]],
        expected: dict[str, int],
        *,
        progress: Path,
        donors: "Donors | None" = None,
    ) -> None:
        super().__init__()
        self.folder = folder
        self.schema = schema
        self.rows = rows
        self.expected = expected
        self.progress = progress
        self.donors = donors
        self._open: dict[str, list[Document]] = {}
        self._rank = 0
        self._beat = 0.0

    def __enter__(self) -> "UnitWriter":
        self._open = {}
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None and self._open:
            name, documents = next(iter(self._open.items()))
            raise CountError(
                f"{self.folder.name}/{name}: {len(documents)} of {self.expected[name]} rows arrived; a row was lost"
            )
        self._beat_now(0)

    def write(self, document: Document, rank: int = 0, **_: Any) -> None:
        """Take one document; write its unit if it was the last."""
        name = document.metadata["unit"]
        documents = self._open.setdefault(name, [])
        documents.append(document)
        if len(documents) == self.expected[name]:
            self._write(name, documents)
            del self._open[name]
        elif len(documents) > self.expected[name]:
            raise CountError(f"{self.folder.name}/{name}: more rows than the {self.expected[name]} that it has")
        self._rank = rank
        now = time.monotonic()
        # Twice a second is what a watcher can see; a share is not written to for every row.
        if now - self._beat > 0.5:
            self._beat = now
            self._beat_now(sum(map(len, self._open.values())))

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterable[Document]:
        self._rank = rank
        with self:
            for document in data:
                with self.track_time():
                    self.write(document, rank)
        return ()

    def _write(self, name: str, documents: list[Document]) -> None:
        kept, dropped, extra, failed = self._collect(name, documents)
        donors = self._donors(documents)
        self._write_files(name, len(documents), kept, dropped, extra, failed, donors=donors)

    def _donors(self, documents: list[Document]) -> list[dict[str, Any]]:
        """What is kept of a unit's dropped documents."""
        if self.donors is None:
            return []
        rows = (self.donors.row(document) for document in documents if DROPPED in document.metadata)
        return [row for row in rows if row is not None]

    def _collect(
        self, name: str, documents: list[Document]
    ) -> tuple[list[dict[str, Any]], list[Dropped], Counter[str], Counter[str]]:
        """A unit's documents in order: rows to keep, rows dropped, all their counters, those of the dropped ones."""
        documents.sort(key=lambda document: document.id)
        twice = [a.id for a, b in pairwise(documents) if a.id == b.id]
        if twice:
            raise CountError(f"{self.folder.name}/{name}: row {twice[0]} came out twice")
        dropped, kept, extra, failed = [], [], Counter[str](), Counter[str]()
        for document in documents:
            counters = document.metadata.get("counters", {})
            extra.update(counters)
            if mark := document.metadata.get(DROPPED):
                dropped.append(Dropped(document.id, *mark))
                failed.update(counters)
            else:
                kept.append(self.rows(document))
        return kept, dropped, extra, failed

    def _write_files(
        self,
        name: str,
        read: int,
        kept: list[dict[str, Any]],
        dropped: list[Dropped],
        extra: Counter[str],
        failed: Counter[str],
        retries: int = 0,
        donors: Sequence[dict[str, Any]] = (),
    ) -> None:
        files = UnitFiles(self.folder, name)
        table = to_table(list(donors), self.donors.schema(), files) if self.donors and donors else None
        write_unit(
            files, self.schema(), read, kept, dropped, dict(extra), failed=dict(failed), retries=retries, donors=table
        )
        self.stat_update("kept", value=len(kept))
        self.stat_update("dropped", value=len(dropped))

    def _beat_now(self, rows: int) -> None:
        beat(self.progress, self._rank, rows)


def beat(progress: Path, rank: int, rows: int) -> None:
    """Say for the progress bar how many rows of unfinished units a task is done with."""
    write_hint(progress / f"{rank:05d}.json", {"rows": rows})


def expected_rows(units: Iterable[Unit]) -> dict[str, int]:
    """How many documents each unit has."""
    return {unit.name: unit.rows for unit in units}
