"""Finds stored answers again, whoever stored them: in the logs of a folder (see `processors.answers.log`)."""

import sqlite3
import time
from pathlib import Path

from loguru import logger

from processors.answers.log import Log, Record
from processors.clients.answer import Answer

# How often a miss looks for what other processes have stored since: less than a second, so that what they were
# answered is not asked again; but where looking is slow (hundreds of logs, each opened anew on a share), so rarely
# that it takes a twentieth of the time. A network file system may hide a new file's name for longer: as long as it
# caches folders (`acdirmax`, 60 s by default, on NFS).
LOOK_S, LOOK_SHARE = 0.5, 1 / 20


class AnswerReader:
    """Reads the answers in `folder`, whoever stored them. For one thread; close it, or use it as a context manager."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._logs: dict[str, Log] = {}
        self._old: dict[Path, sqlite3.Connection] = {}
        self._look_at_s = 0.0
        self.look()

    def __enter__(self) -> "AnswerReader":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def get(self, key: bytes) -> Answer | None:
        """The answer filed under `key`, with `cached` set, or None."""
        found = self._find(key)
        if found is None and time.monotonic() >= self._look_at_s and self.look():
            found = self._find(key)
        return found

    def look(self) -> bool:
        """See what others have stored since the last look; whether there was anything."""
        new, began = False, time.monotonic()
        try:
            names = sorted(path.name for path in self.folder.iterdir())
        except FileNotFoundError:
            names = []
        for name in names:
            if name.endswith(".log") and not self._own(name):
                log = self._logs.setdefault(name, Log(self.folder / name))
                new |= self._look_at(log)
            elif name.startswith("answers-") and name.endswith(".sqlite") and self.folder / name not in self._old:
                self._old[self.folder / name] = _open_old(self.folder / name)
                new = True
        now = time.monotonic()
        self._look_at_s = now + max(LOOK_S, (now - began) / LOOK_SHARE)
        return new

    def totals(self) -> tuple[int, int, int]:
        """Different requests that were answered, with the tokens of their prompts and of their answers."""
        answers = asked = answered = 0
        logs = list(self._logs.values())
        for number, log in enumerate(logs):
            for offset, record in log.records():
                # The same request may have been answered twice, before any of the two knew of the other.
                if log.first(record.key) == offset and not any(earlier.get(record.key) for earlier in logs[:number]):
                    answers += 1
                    asked += record.prompt_tokens
                    answered += record.completion_tokens
        for path, connection in list(self._old.items()):
            try:
                for key, prompt, completion in connection.execute(
                    "SELECT key, prompt_tokens, completion_tokens FROM answers"
                ):
                    if not any(log.get(key) for log in logs):
                        answers, asked, answered = answers + 1, asked + prompt, answered + completion
            except sqlite3.DatabaseError as error:
                self._drop_old(path, error)
        return answers, asked, answered

    def close(self) -> None:
        for log in self._logs.values():
            log.close()
        for connection in self._old.values():
            connection.close()
        self._logs, self._old = {}, {}

    def _own(self, name: str) -> bool:
        return False

    def _look_at(self, log: Log) -> bool:
        try:
            return log.look()
        except OSError as error:
            # Set aside by its writer, or the share is away for a moment: the next look tries again.
            logger.debug(f"{log.path}: {error}")
            return False

    def _find(self, key: bytes) -> Answer | None:
        for name, log in list(self._logs.items()):
            try:
                record = log.get(key)
            except OSError as error:
                logger.warning(f"{log.path}: answers cannot be read ({error.strerror}); asked again if needed")
                log.close()
                self._logs.pop(name, None)
                continue
            if record:
                return _answer(record)
        return self._find_old(key) if self._old else None

    def _find_old(self, key: bytes) -> Answer | None:
        for path, connection in list(self._old.items()):
            try:
                rows = connection.execute(
                    "SELECT text, finish_reason, prompt_tokens, completion_tokens FROM answers WHERE key = ?", (key,)
                ).fetchall()
                if rows:
                    text, reason, prompt, completion = rows[0]
                    return Answer(text.decode("utf-8"), reason, prompt, completion, cached=True)
            except (sqlite3.DatabaseError, UnicodeDecodeError, AttributeError) as error:
                self._drop_old(path, error)
        return None

    def _drop_old(self, path: Path, error: Exception) -> None:
        self._old.pop(path).close()
        if "no such table" not in str(error):
            logger.warning(f"{path}: stored answers cannot be read ({error}); what it held is asked again if needed")


def _answer(record: Record) -> Answer:
    return Answer(
        record.text.decode("utf-8"),
        record.finish_reason.decode("utf-8", "replace"),
        record.prompt_tokens,
        record.completion_tokens,
        cached=True,
    )


def _open_old(path: Path) -> sqlite3.Connection:
    """A file of answers as they were stored before there were logs."""
    # Without a journal beside it nothing is missing in the file, and no lock or shared memory is needed to read it.
    mode = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "mode=ro&immutable=1"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, timeout=10, isolation_level=None)
