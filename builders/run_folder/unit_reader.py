"""Reads the units that a stage has written, for the stage after it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from builders.run_folder.units import Unit, UnitFiles, read_unit, share


class UnitReader(PipelineStep):
    """Reads a stage's units back as Documents, for the next stage; `units` are those still to do."""

    name = "Units"
    type = "READER"

    def __init__(self, folder: Path, units: list[Unit]) -> None:
        super().__init__()
        self.folder = folder
        self.units = units

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        for unit in share(self.units, rank, world_size):
            for batch in read_unit(UnitFiles(self.folder, unit.name)).to_batches(max_chunksize=256):
                for row in batch.to_pylist():
                    metadata = {"unit": unit.name, "split": unit.split, "into": unit.into}
                    yield Document(text="", id=row.pop("id"), metadata=metadata | row)
