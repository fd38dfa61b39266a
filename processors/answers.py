"""The answers of a translator, on disk: nothing is paid for twice.

A folder holds one SQLite file for each process that writes at the same time. An answer is filed under what was asked
(model, revision, the request), so a changed recipe asks again only for what changed, and every process finds what
the others were told. Commits are grouped: those who wait for their answer to be on disk share one `fsync`.
"""

import asyncio
import json
import queue
import sqlite3
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from itertools import count
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from loguru import logger

from processors.errors import InputError, SmolKalamError

# How long a commit waits for company, in seconds: an answer took a model longer than that, and a crash costs at most
# this and the commit itself. One commit for each answer is what holds datatrove's cache at 50 requests a second.
LINGER_S = 0.05
# At most this many answers a commit, so that none waits long behind others.
BATCH = 512
# How often a miss looks for files that other processes have begun since.
RESCAN_S = 5.0
# Fields of a request that do not change the answer.
VOLATILE = frozenset({"stream", "stream_options", "user", "metadata", "request_id", "priority"})

SCHEMA = """CREATE TABLE IF NOT EXISTS answers (
    key BLOB PRIMARY KEY, text BLOB NOT NULL, finish_reason TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL)"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a translator said. Only a `finish_reason` of `stop` is a whole answer; `cached` ones cost nothing now."""

    text: str
    finish_reason: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached: bool = False


def request_key(model: str, revision: str | None, payload: Mapping[str, Any]) -> bytes:
    """20 bytes that name a request: BLAKE2b over model, revision and what in `payload` shapes the answer."""
    asked = {name: value for name, value in payload.items() if name not in VOLATILE and name != "model"}
    canonical = json.dumps([model, revision or "", asked], sort_keys=True, separators=(",", ":"))
    return blake2b(canonical.encode("ascii"), digest_size=20).digest()


class AnswerStore:
    """Answers in `folder`: reads every file there, writes to one that no other living process holds.

    Use as a context manager or call `close`. `get` is for one thread (the event loop's); `put` is for its coroutines.
    Raises InputError if the folder cannot be written.
    """

    def __init__(self, folder: str | Path, linger_s: float = LINGER_S) -> None:
        self.folder = Path(folder)
        self._linger_s = linger_s
        self._readers: dict[Path, sqlite3.Connection] = {}
        self._scanned = -RESCAN_S
        # Set by the writing thread when it had to begin a new file: the reader still has the old one open.
        self._replaced = False
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock, self._path = _claim(self.folder)
        except OSError as error:
            raise InputError(f"{self.folder}: answers cannot be stored there ({error.strerror})") from None
        try:
            self._writer = self._open_writer()
        except BaseException:
            self._lock.release()
            raise
        self._scan()
        self._thread = threading.Thread(target=self._write_loop, name="answers", daemon=True)
        self._thread.start()

    def __enter__(self) -> "AnswerStore":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def get(self, key: bytes) -> Answer | None:
        """The answer filed under `key` by any process, with `cached` set, or None."""
        found = self._find(key)
        if found is None and time.monotonic() - self._scanned >= RESCAN_S and self._scan():
            found = self._find(key)
        return found

    async def put(self, key: bytes, answer: Answer) -> None:
        """File `answer`; returns when it is on disk. Raises SmolKalamError if it cannot be written."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        row = (
            key,
            answer.text.encode("utf-8"),
            answer.finish_reason,
            answer.prompt_tokens,
            answer.completion_tokens,
        )
        self._queue.put(_Waiting(row, done, loop))
        await done

    def close(self) -> None:
        """Write what waits and let go of the files."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()
        self._writer.close()
        self._lock.release()

    def _find(self, key: bytes) -> Answer | None:
        if self._replaced:
            self._replaced = False
            if reader := self._readers.pop(self._path, None):
                reader.close()
            self._scan()
        for path, reader in list(self._readers.items()):
            try:
                # fetchall, so that the read ends here: an open one would keep the log from being folded in.
                rows = reader.execute(
                    "SELECT text, finish_reason, prompt_tokens, completion_tokens FROM answers WHERE key = ?", (key,)
                ).fetchall()
                if rows:
                    text, finish_reason, prompt_tokens, completion_tokens = rows[0]
                    return Answer(text.decode("utf-8"), finish_reason, prompt_tokens, completion_tokens, cached=True)
            except (sqlite3.DatabaseError, UnicodeDecodeError, AttributeError) as error:
                self._drop_reader(path, reader, error)
        return None

    def _drop_reader(self, path: Path, reader: sqlite3.Connection, error: Exception) -> None:
        """Go on without a file that cannot be read; the next scan opens what may have taken its place."""
        reader.close()
        del self._readers[path]
        if "no such table" not in str(error):
            logger.warning(f"{path}: stored answers cannot be read ({error}); what it held is asked again if needed")

    def _scan(self) -> bool:
        """Open the files that are not open yet; whether there were any."""
        self._scanned = time.monotonic()
        new = sorted(set(self.folder.glob("answers-*.sqlite")) - self._readers.keys())
        for path in new:
            uri = f"{path.absolute().as_uri()}?mode=ro"
            self._readers[path] = sqlite3.connect(uri, uri=True, timeout=10, isolation_level=None)
        return bool(new)

    def _open_writer(self) -> sqlite3.Connection:
        try:
            return _connect(self._path)
        except sqlite3.DatabaseError as error:
            if not _is_damaged(error):
                raise self._cannot_write(error) from None
            _set_aside(self._path, error)
            return _connect(self._path)

    def _write_loop(self) -> None:
        closing = False
        while not closing:
            first = self._queue.get()
            if first is None:
                return
            batch = [first]
            time.sleep(self._linger_s)
            while len(batch) < BATCH:
                try:
                    waiting = self._queue.get_nowait()
                except queue.Empty:
                    break
                if waiting is None:
                    closing = True
                    break
                batch.append(waiting)
            _resolve(batch, self._commit([waiting.row for waiting in batch]))

    def _commit(self, rows: list[tuple[Any, ...]], again: bool = True) -> SmolKalamError | None:
        """Write rows as one transaction; the error that those who wait for them get, if any."""
        try:
            with self._writer:
                self._writer.executemany("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?)", rows)
        except sqlite3.DatabaseError as error:
            if not (again and _is_damaged(error)):
                return self._cannot_write(error)
            self._writer.close()
            try:
                _set_aside(self._path, error)
                self._writer = _connect(self._path)
                self._replaced = True
            except (sqlite3.DatabaseError, OSError) as second:
                return self._cannot_write(second)
            return self._commit(rows, again=False)
        return None

    def _cannot_write(self, error: Exception) -> SmolKalamError:
        return SmolKalamError(
            f"{self._path}: answers cannot be stored ({error}); "
            "free some space or mend the folder, and run the same command again to go on"
        )


@dataclass(slots=True)
class _Waiting:
    row: tuple[Any, ...]
    done: "asyncio.Future[None]"
    loop: asyncio.AbstractEventLoop


def _resolve(batch: list[_Waiting], error: SmolKalamError | None) -> None:
    """Tell those who wait, in their own thread."""

    def tell() -> None:
        for waiting in batch:
            if waiting.done.done():
                continue
            if error is None:
                waiting.done.set_result(None)
            else:
                waiting.done.set_exception(error)

    loop = batch[0].loop
    if not loop.is_closed():
        loop.call_soon_threadsafe(tell)


def _claim(folder: Path) -> tuple[FileLock, Path]:
    """The first file that no living process writes: their number is that of the processes, not of the tasks."""
    for number in count():
        lock = FileLock(folder / f"answers-{number:04}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        return lock, folder / f"answers-{number:04}.sqlite"
    raise AssertionError("unreachable")


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=30, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        # FULL: an answer survives a power cut too, not only the death of this process.
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(SCHEMA)
        connection.commit()
    except BaseException:
        connection.close()
        raise
    return connection


def _is_damaged(error: sqlite3.DatabaseError) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _set_aside(path: Path, error: Exception) -> None:
    """Rename a damaged file and what belongs to it, so that nothing is deleted and the run goes on."""
    for number in count(1):
        target = path.with_name(f"{path.name}.damaged-{number}")
        if not target.exists():
            break
    logger.warning(f"{path}: damaged ({error}); set aside as {target.name}, what it held is asked again if needed")
    path.rename(target)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
