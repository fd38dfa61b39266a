"""A file of JSON lines that only grows: what was acknowledged is on the disk, whatever becomes of the server.

A line is written with its line feed in one call and synced before anyone is told that it is saved. So at most the last
line can be torn, and nobody was told of it: it is cut off when the file is next opened.
"""

import contextlib
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from processors.errors import InputError

Line = dict[str, Any]


class Journal:
    """A file of one process (the folder's lock sees to that). `needs`: the keys that every line must have."""

    def __init__(self, path: Path, needs: Sequence[str]) -> None:
        self.path = path
        self.needs = needs

    def open(self) -> list[Line]:
        """All lines, in order; a torn last one is cut off, and one that lacks its line feed only gets it.

        Raises InputError for a line in between that is damaged, and OSError.
        """
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return []
        *whole, rest = data.split(b"\n")
        if rest:
            end = len(data) - len(rest)
            with self.path.open("rb+") as file:
                if self._line(rest) is None:
                    file.truncate(end)
                else:
                    file.seek(0, os.SEEK_END)
                    file.write(b"\n")
                    whole.append(rest)
                file.flush()
                os.fsync(file.fileno())
        lines = []
        for number, text in enumerate(whole, start=1):
            if text.strip():
                if (line := self._line(text)) is None:
                    raise InputError(
                        f"{self.path}, line {number}: expected a JSON object with {', '.join(self.needs)}; repair the "
                        "line or take it out"
                    )
                lines.append(line)
        return lines

    def _line(self, text: bytes) -> Line | None:
        try:
            found = json.loads(text)
        except ValueError:
            return None
        return found if isinstance(found, dict) and all(name in found for name in self.needs) else None

    def append(self, lines: Iterable[Line]) -> None:
        """Add lines and return when they are on the disk. On an OSError (a full disk) the file is as it was before."""
        # ASCII: a lone surrogate of a foreign text can be written, and no line separator is none in JSON.
        data = "".join(json.dumps(line, ensure_ascii=True) + "\n" for line in lines).encode("ascii")
        if not data:
            return
        new = not self.path.exists()
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            before = os.fstat(descriptor).st_size
            try:
                written = 0
                while written < len(data):
                    written += os.write(descriptor, data[written:])
                os.fsync(descriptor)
            except OSError:
                with contextlib.suppress(OSError):
                    os.ftruncate(descriptor, before)
                raise
        finally:
            os.close(descriptor)
        if new:
            _sync_folder(self.path.parent)


def _sync_folder(folder: Path) -> None:
    """A file that was made is lost with the machine unless its folder is synced too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
