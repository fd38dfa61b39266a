"""Who works on what, among processes on any machines that share a folder: no server, no synchronised clocks.

What claims are made of. A claim is a file created with O_EXCL, which a network file system too grants to one of many.
Its holder gives signs of life: it changes the content of a file now and then. Whoever wants what another holds
watches that content, and takes the holder for dead when it has not changed for a whole lease by the watcher's own
monotonic clock. `builders.run_folder.claims` has claims on work, each with signs of its own;
`processors.answers.question_claims` has claims on questions, of which a process holds many and gives one sign for all.

filelock's SoftFileLease waits for ever on NFS and SMB: docs/decisions/002-claims-not-softfilelease.md.
"""

import errno
import os
import secrets
import socket
import time
from collections.abc import Hashable
from functools import cache
from hashlib import blake2b
from itertools import count
from pathlib import Path

from filelock import FileLock, Timeout

# New names of this process.
_names: set[str] = set()
# What file systems without locks answer.
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP})


def create(path: Path) -> int | None:
    """Create a claim's file; the descriptor to write to it, or None if it is there: somebody else has the claim."""
    try:
        return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
    except FileExistsError:
        return None


def read(path: Path) -> bytes | None:
    """A claim's or a sign's content, opened anew, which makes NFS ask its server; None if it is gone."""
    try:
        return path.read_bytes()
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ESTALE):
            return None
        raise


class SignsOfLife:
    """What this process has seen of others' signs of life."""

    def __init__(self, lease_s: float) -> None:
        self.lease_s = lease_s
        # The last sign, seconds of watching it unchanged, and when it was last looked at.
        self._seen: dict[Hashable, tuple[bytes, float, float]] = {}
        # Those whose sign has changed since we first saw it.
        self.beating: set[Hashable] = set()

    def silent(self, holder: Hashable, sign: bytes) -> bool:
        """Whether a holder has been watched for a lease without a change of its sign, which is now this."""
        now = time.monotonic()
        before, watched, last = self._seen.get(holder, (None, 0.0, now))
        if sign != before:
            watched = 0.0
            if before is not None:
                self.beating.add(holder)
        else:
            # Not the whole time since the last look: this process, or the share, may have stood still meanwhile.
            watched += min(now - last, self.lease_s / 4)
        self._seen[holder] = (sign, watched, now)
        return watched >= self.lease_s

    def forget(self, holder: Hashable) -> None:
        """The holder's claim is gone: one of the same name would be another's."""
        self._seen.pop(holder, None)


def take_name(folder: Path) -> tuple[FileLock | None, str]:
    """A free name for this process, which no other living one has on whatever machine, and the lock that keeps it.

    No lock where the file system has none. Names are taken again: there are as many as processes at the same time.
    They begin with the machine's letters and a hyphen, so that a lock needs to hold among its processes only, which
    NFS's do with any mount.
    """
    for number in count():
        name = f"{machine()}-{number:04}"
        try:
            lock = _lock(FileLock(folder / f"{name}.lock"))
        except Timeout:
            continue
        return lock, name if lock is not None else f"{machine()}-{secrets.token_hex(6)}"
    raise AssertionError("unreachable")


def take_new_name(folder: Path) -> tuple[FileLock | None, str]:
    """A name for this process that none had before it or will have, and the lock that keeps it; as `take_name`.

    Whose name is found anywhere is known by it for good. The lock's file is the caller's to remove.
    """
    folder.mkdir(parents=True, exist_ok=True)
    while True:
        name = f"{machine()}-{secrets.token_hex(12)}"
        try:
            # Whoever collects it as garbage may be another thread.
            lock = _lock(FileLock(folder / f"{name}.lock", thread_local=False))
        except Timeout:
            # Somebody looks whether we have ended, just before we begin.
            continue
        if lock is not None:
            _names.add(name)
        return lock, name


def _lock(lock: FileLock) -> FileLock | None:
    """The lock, held; None where the file system has none. Raises Timeout where another holds it."""
    try:
        lock.acquire(timeout=0)
    except (NotImplementedError, OSError) as error:
        # Timeout among them: an OSError without a number.
        if isinstance(error, OSError) and error.errno not in _NO_LOCKS:
            raise
        return None
    return lock


def ended_here(folder: Path, name: str, own: str) -> bool:
    """Whether `name` is of this machine, as `own` is, and no process holds its lock any more.

    Quicker than to watch its owner for a lease. False for `own` itself, and for other machines' names.
    """
    # NFS would grant this process a lock that it has, and take it away when the second is let go.
    if name == own or name in _names or name.partition("-")[0] != own.partition("-")[0]:
        return False
    path = folder / f"{name}.lock"
    if not path.exists():
        return False
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError, NotImplementedError):
        return False
    lock.release()
    return True


@cache
def machine() -> str:
    """8 letters for this machine since it started, and for this container on it."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
    except OSError:
        from uuid import getnode

        boot = str(getnode())
    return blake2b(f"{boot}{socket.gethostname()}".encode(), digest_size=4).hexdigest()
