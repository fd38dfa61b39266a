"""Files of answers that only ever grow, and that any number of machines may read while one process writes.

A log is records one after the other, each with its length and a checksum: what a reader does not see whole (a torn
write, a page that a network file system has not shown yet) is not there yet, and what is damaged is passed over. An
index beside the log says where the answers of its first so many bytes lie; it is written whole, renamed into place,
never changed, and may be deleted. So nothing here needs locks between machines or shared memory, as SQLite and LMDB
do: docs/decisions/001-answers-in-logs-not-sqlite.md.
"""

import mmap
import os
import secrets
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from loguru import logger

LOG_MAGIC = b"answers1"
# Checksum of all that follows, bytes of the key, of the finish reason and of the text, tokens asked and answered.
_RECORD = struct.Struct("<IBBIII")
# Begins each record: where one is damaged, reading goes on at the next.
_MARK = b"\xa5\x5a"
_HEAD = len(_MARK) + _RECORD.size
# The longest text that a record's field of 32 bits can tell; and how much is read at once.
_MOST = 2**32 - 1
_BLOCK = 2**20
INDEX_MAGIC = b"ansindx1"
# Bytes of the log that it covers, answers, places.
_INDEX_HEAD = struct.Struct("<8sQQQ")
# The first 8 bytes of a key, and where its record lies; the offset is never 0, for the log begins with its magic.
_PLACE = struct.Struct("<QQ")
# Bytes that do not become a record for so long are damaged, not on their way.
PATIENCE_S = 30.0


# Between the finish reason and what is told of few answers: cached tokens, reasoning tokens, whether in a batch.
_MORE = b"\x1f"


@dataclass(frozen=True, slots=True)
class Record:
    """One answer as it is stored. `key` is at most 255 bytes; `finish_reason` as `ending_of` makes it."""

    key: bytes
    text: bytes
    finish_reason: bytes
    prompt_tokens: int
    completion_tokens: int

    def ending(self) -> tuple[bytes, int, int, bool]:
        """The finish reason itself, tokens that were cached, tokens of reasoning, whether it was asked in a batch."""
        reason, more, rest = self.finish_reason.partition(_MORE)
        if not more:
            return reason, 0, 0, False
        cached, reasoning, batched = (int(number) for number in rest.split(b","))
        return reason, cached, reasoning, bool(batched)

    def pack(self) -> bytes:
        reason = self.finish_reason[:255]
        head = _RECORD.pack(
            0,
            len(self.key),
            len(reason),
            len(self.text),
            min(self.prompt_tokens, _MOST),
            min(self.completion_tokens, _MOST),
        )
        body = head[4:] + self.key + reason + self.text
        return _MARK + crc32(body).to_bytes(4, "little") + body


def ending_of(reason: str, cached: int, reasoning: int, batched: bool) -> bytes:
    """A finish reason with what belongs to it, as a record keeps it."""
    plain = reason.encode("utf-8", "replace").replace(_MORE, b" ")[:200]
    return plain + _MORE + b"%d,%d,%d" % (cached, reasoning, batched) if cached or reasoning or batched else plain


def unpack(data: bytes, at: int) -> tuple[Record, int] | None:
    """The record at `at` and where it ends; None if no whole, undamaged one is there."""
    start = at + _HEAD
    if len(data) < start or not data.startswith(_MARK, at):
        return None
    checksum, key, reason, text, prompt, completion = _RECORD.unpack_from(data, at + len(_MARK))
    end = start + key + reason + text
    if len(data) < end or crc32(data[at + len(_MARK) + 4 : end]) != checksum:
        return None
    middle = start + key + reason
    return Record(data[start : start + key], data[middle:end], data[start + key : middle], prompt, completion), end


def _length(data: bytes) -> int:
    """Bytes of the record that begins `data`, as far as its head says; 0 where there is no head."""
    if len(data) < _HEAD or not data.startswith(_MARK):
        return 0
    _, key, reason, text, _, _ = _RECORD.unpack_from(data, len(_MARK))
    return _HEAD + key + reason + text


class Table:
    """Places of records by the first 8 bytes of their keys: open addressing over a buffer, half full at most.

    32 bytes an answer in memory, and none where the buffer is a mapped index: a dict of keys takes six times that.
    """

    def __init__(self, buffer: "bytearray | mmap.mmap | None" = None, start: int = 0, places: int = 1024) -> None:
        self.count = 0
        # One attribute, so that a reader in another thread sees the old buffer or the new one.
        self._slots = (buffer if buffer is not None else bytearray(places * _PLACE.size), start, places - 1)

    def find(self, key: bytes) -> Iterator[int]:
        buffer, start, mask = self._slots
        prefix = prefix_of(key)
        slot = prefix & mask
        while True:
            found, offset = _PLACE.unpack_from(buffer, start + slot * _PLACE.size)
            if not offset:
                return
            if found == prefix:
                yield offset
            slot = (slot + 1) & mask

    def lacks(self, prefix: int) -> bool:
        """Whether one look shows that no key begins so; what `find` costs is most of a search through many logs."""
        buffer, start, mask = self._slots
        return not _PLACE.unpack_from(buffer, start + (prefix & mask) * _PLACE.size)[1]

    def add(self, key: bytes, offset: int) -> None:
        buffer, _, mask = self._slots
        if 2 * self.count > mask:
            larger = bytearray(2 * (mask + 1) * _PLACE.size)
            for prefix, place in self.items():
                _put(larger, 2 * mask + 1, prefix, place)
            buffer, mask = larger, 2 * mask + 1
            self._slots = (buffer, 0, mask)
        assert isinstance(buffer, bytearray)
        _put(buffer, mask, prefix_of(key), offset)
        self.count += 1

    def items(self) -> Iterator[tuple[int, int]]:
        buffer, start, mask = self._slots
        for slot in range(mask + 1):
            prefix, offset = _PLACE.unpack_from(buffer, start + slot * _PLACE.size)
            if offset:
                yield prefix, offset


def prefix_of(key: bytes) -> int:
    """The first 8 bytes of a key as a number."""
    return int.from_bytes(key[:8], "little")


def _put(buffer: bytearray, mask: int, prefix: int, offset: int) -> None:
    slot = prefix & mask
    while _PLACE.unpack_from(buffer, slot * _PLACE.size)[1]:
        slot = (slot + 1) & mask
    _PLACE.pack_into(buffer, slot * _PLACE.size, prefix, offset)


class Log:
    """One log, for reading; `look` sees what has been added. Raises OSError where the file is gone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # Where the next record will begin, as far as this reader has seen.
        self.end = len(LOG_MAGIC)
        # Whether the file does not even begin as a log does, and nothing in it can be read.
        self.foreign = False
        self._fd = -1
        # One thread may look while another reads: the descriptor is not closed under it.
        self._reading = threading.Lock()
        self._index: tuple[Table, int] | None = None
        self._tail = Table()
        self._stuck: tuple[int, float] | None = None
        self._warned = False

    @property
    def index_path(self) -> Path:
        return self.path.with_suffix(".idx")

    @property
    def unindexed(self) -> int:
        """Answers whose places are held in memory."""
        return self._tail.count

    @property
    def count(self) -> int:
        return self._tail.count + (self._index[1] if self._index else 0)

    def get(self, key: bytes) -> Record | None:
        """The record filed under `key`, or None."""
        return next((record for offset in self._places(key) if (record := self._at(offset, key))), None)

    def lacks(self, prefix: int) -> bool:
        """Whether it surely holds no key whose first 8 bytes are this number (see `prefix_of`)."""
        # In the order of `_places`.
        return self._tail.lacks(prefix) and ((index := self._index) is None or index[0].lacks(prefix))

    def first(self, key: bytes) -> int | None:
        """Where the first record filed under `key` lies, or None."""
        return min((offset for offset in self._places(key) if self._at(offset, key)), default=None)

    def add(self, key: bytes, offset: int, end: int) -> None:
        """Know of a record that this process has put there."""
        self._tail.add(key, offset)
        self.end = end

    def look(self, mend: bool = False) -> bool:
        """Read what is new; whether there was anything.

        Opens the file anew, which makes NFS ask its server. What cannot be read is waited for; with `mend`, or after
        PATIENCE_S, it is damaged: looked past for records behind it, with a warning if there are any.
        """
        fd = os.open(self.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        with self._reading:
            before, self._fd = self._fd, fd
        if before >= 0:
            os.close(before)
        size = os.fstat(fd).st_size
        if self._index is None or self._tail.count >= 2**16:
            self._load_index(size)
        if size <= self.end:
            return False
        if self._stuck and time.monotonic() - self._stuck[1] > PATIENCE_S:
            mend = True
        found = False
        for record, offset, end in self._scan(self.end, size, mend):
            self.add(record.key, offset, end)
            found = True
        self.foreign = not self.count and os.pread(fd, len(LOG_MAGIC), 0) != LOG_MAGIC
        if self.end >= size:
            self._stuck = None
        elif self._stuck is None or self._stuck[0] != self.end:
            self._stuck = (self.end, time.monotonic())
        return found

    def records(self) -> Iterator[tuple[int, Record]]:
        """Every record with its place, in order; only a block of them is held at a time."""
        for record, offset, _ in self._scan(len(LOG_MAGIC), self.end, mend=True):
            yield offset, record

    def write_index(self) -> None:
        """Publish where the answers lie that are in the log by now; the places in memory are let go."""
        places = 1024
        while places < 2 * self.count + 2:
            places *= 2
        buffer = bytearray(places * _PLACE.size)
        for table in (self._index[0], self._tail) if self._index else (self._tail,):
            for prefix, offset in table.items():
                _put(buffer, places - 1, prefix, offset)
        temporary = self.path.with_name(f".{self.path.stem}.{secrets.token_hex(6)}.tmp")
        try:
            with temporary.open("wb") as file:
                file.write(_INDEX_HEAD.pack(INDEX_MAGIC, self.end, self.count, places))
                file.write(buffer)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.index_path)
        except OSError as error:
            # Only a shortcut: without it the log is read from where the last index ends.
            temporary.unlink(missing_ok=True)
            logger.debug(f"{self.index_path}: not written ({error})")
            return
        self._load_index(self.end)

    def close(self) -> None:
        with self._reading:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1
        self._index = None

    def _places(self, key: bytes) -> Iterator[int]:
        # The tail first: what moves from it into the index meanwhile is found there.
        yield from self._tail.find(key)
        if index := self._index:
            yield from index[0].find(key)

    def _at(self, offset: int, key: bytes) -> Record | None:
        # Enough for most records at once; a second read for the others.
        with self._reading:
            data = os.pread(self._fd, 4096, offset)
            if data.startswith(key, _HEAD) and _length(data) > len(data):
                data = os.pread(self._fd, min(_length(data), self.end), offset)
        if found := unpack(data, 0):
            # Another key may begin with the same 8 bytes.
            return found[0] if found[0].key == key else None
        if not self._warned:
            self._warned = True
            logger.warning(f"{self.path}: some answers cannot be read; what is damaged is asked again if needed")
        return None

    def _load_index(self, size: int) -> None:
        """Take an index that covers more than is known, if there is a whole one."""
        try:
            with self.index_path.open("rb") as file:
                length = os.fstat(file.fileno()).st_size
                head = file.read(_INDEX_HEAD.size)
                if len(head) < _INDEX_HEAD.size:
                    return
                magic, covered, count, places = _INDEX_HEAD.unpack(head)
                if (
                    magic != INDEX_MAGIC
                    or length != _INDEX_HEAD.size + places * _PLACE.size
                    or places & (places - 1)
                    or 2 * count >= places
                    or not self.end <= covered <= size
                ):
                    return
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError):
            return
        # An index before it is unmapped with the last reference to it: another thread may be at it.
        self._index = (Table(mapped, _INDEX_HEAD.size, places), count)
        self._tail = Table()
        self.end = covered

    def _scan(self, at: int, size: int, mend: bool) -> Iterator[tuple[Record, int, int]]:
        """Records from `at` on, with where they begin and end."""
        data, base = b"", at
        while at < size:
            found = unpack(data, at - base)
            if found is None:
                # Perhaps the block only ended in the middle of it.
                data, base = os.pread(self._fd, min(_BLOCK, size - at), at), at
                if len(data) < (length := _length(data)) <= size - at:
                    data = os.pread(self._fd, length, at)
                found = unpack(data, 0)
            if found is None:
                behind = self._next_record(at + 1, size) if mend else None
                if behind is None:
                    return
                logger.warning(
                    f"{self.path}: bytes {at} to {behind} are damaged; the answers in them are asked again if needed"
                )
                at = behind
                continue
            end = base + found[1]
            yield found[0], at, end
            at = end

    def _next_record(self, at: int, size: int) -> int | None:
        """Where the first whole record from `at` on begins."""
        while at < size:
            block = os.pread(self._fd, min(_BLOCK, size - at), at)
            place = block.find(_MARK)
            while place >= 0:
                length = _length(os.pread(self._fd, _HEAD, at + place))
                if at + place + length <= size and unpack(os.pread(self._fd, length, at + place), 0):
                    return at + place
                place = block.find(_MARK, place + 1)
            # The last byte may be the first of a mark.
            at += max(1, len(block) - 1)
        return None
