"""Brings all translators' candidates of a row together."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from builders.run_folder.units import UnitFiles, read_dropped, read_unit


class JoinCandidates(PipelineStep):
    """Adds each document's candidates, by id: `candidates`, and `failures` for translators that have none.

    The documents come unit by unit, in order; a unit's candidates are read when its first document comes.
    """

    name = "Candidates"
    type = "JOIN"

    def __init__(self, folders: dict[str, Path]) -> None:
        super().__init__()
        self.folders = folders

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        unit, rows, failed = None, {}, {}
        for document in data:
            if document.metadata["unit"] != unit:
                unit = document.metadata["unit"]
                rows = {name: _by_id(UnitFiles(folder, unit)) for name, folder in self.folders.items()}
                failed = {
                    name: {row.id: (row.reason, row.detail) for row in read_dropped(UnitFiles(folder, unit))}
                    for name, folder in self.folders.items()
                }
            document.metadata["candidates"] = {
                name: found for name, by_id in rows.items() if (found := by_id.get(document.id))
            }
            document.metadata["failures"] = {
                name: why for name, by_id in failed.items() if (why := by_id.get(document.id))
            }
            yield document


def _by_id(files: UnitFiles) -> dict[str, dict[str, Any]]:
    table = read_unit(files, ["id", "messages", "custom_instructions"])
    return {row["id"]: row for row in table.to_pylist()}
