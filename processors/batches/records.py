"""What is known of a batch on disk, so that it is paid for once, whenever its process is killed.

A record is written before anything is submitted, with the keys of what is asked and the API's newest batch as of then;
again when the API has said the batch's id; and it is removed when all answers are in the store. Found without an id it
may have been submitted or not: then the API's batches that are newer are looked through.
"""

import contextlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from processors.atomic_files import write_text


@dataclass(slots=True)
class BatchRecord:
    """One batch. `nonce` names it before it has an `id`; `newest` is the API's newest batch before it."""

    nonce: str
    url: str
    keys: list[str]
    newest: str | None = None
    id: str | None = None
    # What was uploaded for it, at an API that takes files.
    file: str | None = None
    # Whether the API itself said the id, and it was not only found.
    sure: bool = False
    # Batches that turned out to be another's.
    others: list[str] = field(default_factory=list)

    @property
    def claim(self) -> bytes:
        """Under this name a process holds it, as it holds questions."""
        return bytes.fromhex(self.nonce)


class BatchRecords:
    """The records of open batches in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def new(self, url: str, keys: list[str], newest: str | None) -> BatchRecord:
        record = BatchRecord(secrets.token_hex(20), url, keys, newest)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.write(record)
        return record

    def write(self, record: BatchRecord) -> None:
        """On disk when it returns. Raises OSError where it cannot be."""
        write_text(self._path(record), json.dumps(asdict(record)))

    def remove(self, record: BatchRecord) -> None:
        self._path(record).unlink(missing_ok=True)

    def read(self, nonce: str) -> BatchRecord | None:
        """A record as it is now; None where it is gone."""
        with contextlib.suppress(OSError, ValueError, TypeError):
            return BatchRecord(**json.loads((self.folder / f"{nonce}.json").read_text()))
        return None

    def open(self) -> Iterator[BatchRecord]:
        """Those of all processes, the dead and the living, in order of name."""
        for path in sorted(self.folder.glob("*.json")):
            if record := self.read(path.stem):
                yield record

    def _path(self, record: BatchRecord) -> Path:
        return self.folder / f"{record.nonce}.json"
