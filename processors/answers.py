"""The answers of a translator, on disk: nothing is paid for twice.

A folder holds a log (see `processors.answer_files`) for each process that writes at the same time, on any number of
machines that share the folder. An answer is filed under what was asked (model, revision, the request), so a changed
recipe asks again only for what changed, and every process finds what the others were told. Commits are grouped: those
who wait for their answer to be on disk share one `fsync`.
"""

import asyncio
import errno
import json
import os
import queue
import secrets
import socket
import sqlite3
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from itertools import count
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from loguru import logger

from processors.answer_files import LOG_MAGIC, Log, Record
from processors.errors import InputError, SmolKalamError
from processors.single_flight import BEAT_S, Claims, ask_once

# How long a commit waits for company, in seconds: an answer took a model longer than that, and a crash costs at most
# this and the commit itself. One commit for each answer is what holds datatrove's cache at 50 requests a second.
LINGER_S = 0.05
# At most this many answers a commit, so that none waits long behind others.
BATCH = 512
# How often a miss looks for what other processes have stored since: less than a second, so that what they were
# answered is not asked again; but where looking is slow (hundreds of logs, each opened anew on a share), so rarely
# that it takes a twentieth of the time. A network file system may hide a new file's name for longer: as long as it
# caches folders (`acdirmax`, 60 s by default, on NFS).
LOOK_S, LOOK_SHARE = 0.5, 1 / 20
# Answers between two indexes of a log, which bounds what is read again at the next start; and in one log.
INDEX_EVERY, LOG_ANSWERS = 2**16, 2**20
# Fewer are read again as fast as an index of them is.
WORTH_AN_INDEX = 4096
# Fields of a request that do not change the answer.
VOLATILE = frozenset({"stream", "stream_options", "user", "metadata", "request_id", "priority"})
# What file systems without locks answer.
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP})


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


class AnswerStore(AnswerReader):
    """Reads the answers in `folder`, and appends to a log there that no other living process holds.

    Use as a context manager or call `close`. `get` is for one thread (the event loop's); `put` is for its coroutines.
    What other processes put is found soon after (see LOOK_S); what this one puts, at once. Raises InputError if the
    folder cannot be written.
    """

    def __init__(self, folder: str | Path, linger_s: float = LINGER_S) -> None:
        self._linger_s = linger_s
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._fd = -1
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self._lock, self.name = _claim(Path(folder))
        except OSError as error:
            raise InputError(f"{folder}: answers cannot be stored there ({error.strerror})") from None
        self._claims = Claims(Path(folder) / "asking", Path(folder), self.name)
        try:
            super().__init__(folder)
            self._begin()
        except OSError as error:
            self._release()
            raise InputError(f"{folder}: answers cannot be stored there ({error.strerror})") from None
        except BaseException:
            self._release()
            raise
        self._thread = threading.Thread(target=self._write_loop, name="answers", daemon=True)
        self._thread.start()

    def __enter__(self) -> "AnswerStore":
        return self

    async def put(self, key: bytes, answer: Answer) -> None:
        """File `answer`; returns when it is on disk. Raises SmolKalamError if it cannot be written."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        record = Record(
            key,
            answer.text.encode("utf-8"),
            answer.finish_reason.encode("utf-8", "replace"),
            answer.prompt_tokens,
            answer.completion_tokens,
        )
        self._queue.put(_Waiting(record, done, loop))
        await done

    async def claim(self, key: bytes) -> Answer | None:
        """What another process is being asked right now, once it is answered; or None: ask, `put`, then `let_go`.

        For requests that several processes are likely to make at the same moment.
        """

        def stored() -> Answer | None:
            self.look()
            return self._find(key)

        try:
            return await ask_once(self._claims, key, stored)
        except OSError as error:
            raise self._cannot_write(error) from None

    def let_go(self, key: bytes) -> None:
        """The claim on `key` is answered, or nobody is going to be; without one, nothing."""
        self._claims.let_go(key)

    def close(self) -> None:
        """Write what waits and let go of the files."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()
        if self._log.unindexed >= WORTH_AN_INDEX:
            self._log.write_index()
        self._claims.close()
        self._release()
        super().close()

    def _own(self, name: str) -> bool:
        # Nobody else writes to those that this process fills or has filled; the first look reads them.
        return self._fd >= 0 and name.startswith(f"{self.name}-")

    def _release(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        if self._lock:
            self._lock.release()

    def _begin(self) -> None:
        """Go on with the last log under this process's name, or begin one."""
        names = sorted(name for name in self._logs if name.startswith(f"{self.name}-"))
        for name in names:
            self._logs[name].look(mend=True)
        if names and self._logs[names[-1]].foreign:
            _set_aside(self._logs.pop(names.pop()))
        if not names or self._logs[names[-1]].count >= LOG_ANSWERS:
            self._begin_log()
            return
        self._log = self._logs[names[-1]]
        self._fd = os.open(self._log.path, os.O_WRONLY)
        if not self._log.count:
            os.pwrite(self._fd, LOG_MAGIC, 0)
        # What a killed process left unfinished was promised to nobody.
        os.ftruncate(self._fd, self._log.end)

    def _begin_log(self) -> None:
        for number in count():
            path = self.folder / f"{self.name}-{number:04}.log"
            try:
                fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
            except FileExistsError:
                continue
            break
        before, self._fd = self._fd, fd
        if before >= 0:
            os.close(before)
        os.write(fd, LOG_MAGIC)
        os.fsync(fd)
        _sync_folder(self.folder)
        log = Log(path)
        log.look()
        self._logs[path.name] = self._log = log

    def _write_loop(self) -> None:
        closing = False
        while not closing:
            self._claims.beat()
            try:
                first = self._queue.get(timeout=BEAT_S)
            except queue.Empty:
                continue
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
            _resolve(batch, self._commit([waiting.record for waiting in batch]))

    def _commit(self, records: list[Record]) -> SmolKalamError | None:
        """Append records and see them on disk; the error that those who wait for them get, if any."""
        start = self._log.end
        try:
            if self._log.count >= LOG_ANSWERS:
                self._log.write_index()
                self._begin_log()
                start = self._log.end
            packed = [record.pack() for record in records]
            _write_all(self._fd, b"".join(packed), start)
            os.fsync(self._fd)
        except OSError as error:
            try:
                os.ftruncate(self._fd, start)
            except OSError as second:
                logger.debug(f"{self._log.path}: what was half written stays there, unread ({second})")
            return self._cannot_write(error)
        for record, data in zip(records, packed, strict=True):
            self._log.add(record.key, start, start + len(data))
            start += len(data)
        if self._log.unindexed >= INDEX_EVERY:
            self._log.write_index()
        return None

    def _cannot_write(self, error: OSError) -> SmolKalamError:
        return SmolKalamError(
            f"{self._log.path}: answers cannot be stored ({error.strerror}); "
            "free some space or mend the folder, and run the same command again to go on"
        )


@dataclass(slots=True)
class _Waiting:
    record: Record
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


def _answer(record: Record) -> Answer:
    return Answer(
        record.text.decode("utf-8"),
        record.finish_reason.decode("utf-8", "replace"),
        record.prompt_tokens,
        record.completion_tokens,
        cached=True,
    )


def _claim(folder: Path) -> tuple[FileLock | None, str]:
    """A name for this process's logs that no living one has; their number is that of the processes, not of the tasks.

    Names begin with the machine, so that a lock needs to hold among its processes only, which NFS's do with any mount.
    """
    for number in count():
        name = f"{machine()}-{number:04}"
        lock = FileLock(folder / f"{name}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        except (NotImplementedError, OSError) as error:
            if isinstance(error, OSError) and error.errno not in _NO_LOCKS:
                raise
            return None, f"{machine()}-{secrets.token_hex(6)}"
        return lock, name
    raise AssertionError("unreachable")


@cache
def machine() -> str:
    """8 letters for this machine since it started, and for this container on it."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
    except OSError:
        from uuid import getnode

        boot = str(getnode())
    return blake2b(f"{boot}{socket.gethostname()}".encode(), digest_size=4).hexdigest()


def _write_all(fd: int, data: bytes, at: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(fd, view, at)
        view, at = view[written:], at + written


def _sync_folder(folder: Path) -> None:
    """So that a new file's name survives a power cut too."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _set_aside(log: Log) -> None:
    """Rename a file that is no log, so that nothing is deleted and the run goes on."""
    for number in count(1):
        target = log.path.with_name(f"{log.path.name}.damaged-{number}")
        if not target.exists():
            break
    log.close()
    logger.warning(f"{log.path}: damaged; set aside as {target.name}, what it held is asked again if needed")
    log.path.rename(target)
    log.index_path.unlink(missing_ok=True)


def _open_old(path: Path) -> sqlite3.Connection:
    """A file of answers as they were stored before there were logs."""
    # Without a journal beside it nothing is missing in the file, and no lock or shared memory is needed to read it.
    mode = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "mode=ro&immutable=1"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, timeout=10, isolation_level=None)
