"""What is scored of a unit that is not done: a kill or a crash in the middle of it loses no more than a batch."""

import json
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

from builders.run_folder.files import write_error
from builders.scorers.base import AskedPassage


class PartialScores:
    """The scores of one unit's passages by their places, a JSON line a batch; `digest` names what was scored, and by
    what. A line that was cut off by a kill is scored again.
    """

    def __init__(self, path: Path, digest: str) -> None:
        self.path = path
        self.digest = digest
        self._stream: Any = None

    @classmethod
    def of(cls, path: Path, mark: Any, passages: Sequence[AskedPassage]) -> "PartialScores":
        """Those of these passages, by what is named by `mark`."""
        asked = json.dumps([mark, [passage.asked for passage in passages]])
        return cls(path, blake2b(asked.encode(), digest_size=16).hexdigest())

    def __enter__(self) -> "PartialScores":
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self.path.open("a", encoding="utf-8")
        except OSError as error:
            raise write_error(error, self.path.parent) from None
        return self

    def __exit__(self, *error: object) -> None:
        self._stream.close()

    def read(self) -> dict[int, float]:
        """The scores by place."""
        found: dict[int, float] = {}
        for line in self.path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                digest, places, scores = json.loads(line)
            except ValueError:
                continue
            if digest == self.digest:
                found.update(zip(places, scores, strict=True))
        return found

    def add(self, places: Sequence[int], scores: Sequence[float | str]) -> None:
        """Write a batch down. Not synced to the disk: what a machine's crash loses is scored again.

        Where a passage has none, its batch is scored again too: what failed once may not fail twice.
        """
        if not places or any(isinstance(score, str) for score in scores):
            return
        try:
            # A line end first: a kill may have left a line without one.
            self._stream.write("\n" + json.dumps([self.digest, list(places), list(scores)]))
            self._stream.flush()
        except OSError as error:
            raise write_error(error, self.path.parent) from None
