"""The answers of a translator, on disk: nothing is paid for twice.

A folder holds a log (see `processors.answers.log`) for each process that writes at the same time, on any number of
machines that share the folder. An answer is filed under what was asked (model, revision, the request), so a changed
recipe asks again only for what changed, and every process finds what the others were told. Commits are grouped: those
who wait for their answer to be on disk share one `fsync`.
"""

import asyncio
import os
import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from loguru import logger

from processors.answers.log import LOG_MAGIC, Log, Record, ending_of
from processors.answers.question_claims import BEAT_S, QuestionClaims, ask_once
from processors.answers.reader import LOOK_S, AnswerReader
from processors.clients.answer import Answer
from processors.errors import InputError, SmolKalamError
from processors.leases import take_name

# How long a commit waits for company, in seconds: an answer took a model longer than that, and a crash costs at most
# this and the commit itself. One commit for each answer is what holds datatrove's cache at 50 requests a second.
LINGER_S = 0.05
# At most this many answers a commit, so that none waits long behind others.
BATCH = 512
# Answers between two indexes of a log, which bounds what is read again at the next start; and in one log.
INDEX_EVERY, LOG_ANSWERS = 2**16, 2**20
# Between two looks for others' answers passes so many times what the last one took: those who ask meanwhile share the
# next, and the thread that looks holds up the event loop's for its share of the time.
LOOK_REST = 3.0
# Fewer are read again as fast as an index of them is.
WORTH_AN_INDEX = 4096


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
        self._looker = ThreadPoolExecutor(1, "answers-look")
        self._looking = asyncio.Lock()
        self._next_look: asyncio.Task[None] | None = None
        self._rest_s = 0.0
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self._lock, self.name = take_name(Path(folder))
        except OSError as error:
            raise InputError(f"{folder}: answers cannot be stored there ({error.strerror})") from None
        self._claims = QuestionClaims(Path(folder) / "asking", Path(folder), self.name)
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
            ending_of(answer.finish_reason, answer.cached_tokens, answer.reasoning_tokens, answer.batched),
            answer.prompt_tokens,
            answer.completion_tokens,
        )
        self._queue.put(_Waiting(record, done, loop))
        await done

    async def claim(self, key: bytes) -> Answer | None:
        """What another process is being asked right now, once it is answered; or None: ask, `put`, then `let_go`.

        For requests that several processes are likely to make at the same moment.
        """

        async def stored() -> Answer | None:
            await self.look_on()
            return self._find(key)

        try:
            return await ask_once(self._claims, key, stored)
        except OSError as error:
            raise self._cannot_write(error) from None

    async def look_on(self) -> None:
        """See what others have stored by now, in a thread: each log is opened anew, which on a share takes its time.

        Those who ask while a look goes on share the next one, for it may have passed their log already.
        """
        if self._next_look is None:
            self._next_look = asyncio.create_task(self._look_next())
        await asyncio.shield(self._next_look)

    async def _look_next(self) -> None:
        async with self._looking:
            await asyncio.sleep(self._rest_s)
            self._next_look = None
            began = time.monotonic()
            await asyncio.get_running_loop().run_in_executor(self._looker, self.look)
            self._rest_s = min(LOOK_S, LOOK_REST * (time.monotonic() - began))

    async def take(self, key: bytes) -> bool:
        """Claim `key` for what is no question; False once another has let go of it: see what it left, try again."""
        try:
            return await self._claims.take(key)
        except OSError as error:
            raise self._cannot_write(error) from None

    def let_go(self, key: bytes) -> None:
        """The claim on `key` is answered, or nobody is going to be; without one, nothing."""
        self._claims.let_go(key)

    def close(self) -> None:
        """Write what waits and let go of the files."""
        self._looker.shutdown()
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
