"""Claims on a shared folder: who works on what, without a server and without synchronised clocks.

A claim on `name` is the file `<name>.<n>` (see `processors.leases`), whose content its holder changes now and then.
Where that does not change for a whole lease, the watcher creates `<name>.<n + 1>`, which again only one can, and then
removes the silent file. Nothing is ever renamed over another's file.

Of a process of the watcher's own machine nobody waits for a lease to know that it has ended: a claim names a lock
that its process holds for as long as it lives (`processors.leases.take_new_name`), and which no process holds any
more, is nobody's. Of other machines nothing follows from a lock, and their silence is watched as ever.

A holder that was stopped beyond its lease finds its own file gone: `Claim.check`, called before each rename that
publishes something, raises ClaimLost. What remains is a process that is stopped between this check and the rename
that follows it in the next system call; it would publish a whole file of the same work, once more.
"""

import contextlib
import os
import secrets
import socket
import threading
import time
import weakref
from pathlib import Path

from filelock import FileLock

from processors import leases
from processors.errors import SmolKalamError

# Heartbeats a lease: several may be late or lost before anyone calls the holder silent.
BEATS = 6


class ClaimLost(SmolKalamError):
    """This process was silent for longer than its lease, and another has taken its work over."""


class Claim:
    """A claim that is held. A thread keeps it alive until `release`."""

    def __init__(self, path: Path, descriptor: int, token: str, holder: "WorkClaims") -> None:
        self.path = path
        self._descriptor = descriptor
        self._token = token
        # Whose lock is held for as long as one of its claims is.
        self._holder = holder
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._beat, args=(holder.lease_s / BEATS,), name=f"claim {path.name}", daemon=True
        )
        self._thread.start()

    def __enter__(self) -> "Claim":
        return self

    def __exit__(self, *error: object) -> None:
        self.release()

    def check(self) -> None:
        """Raise ClaimLost if another has taken over."""
        if not self._stands():
            raise ClaimLost(f"{self.path.name}: silent for longer than the lease; another worker has taken it over")

    def release(self) -> None:
        self._stop.set()
        self._thread.join()
        if self._stands():
            self.path.unlink(missing_ok=True)
        os.close(self._descriptor)

    def _stands(self) -> bool:
        return (leases.read(self.path) or b"").startswith(self._token.encode())

    def _beat(self, every_s: float) -> None:
        count = 0
        while not self._stop.wait(every_s):
            count += 1
            # A share that is away for a moment is no reason to stop: whether the claim still stands, `check` says.
            with contextlib.suppress(OSError):
                os.pwrite(self._descriptor, _content(self._token, count, self._holder.name), 0)
                os.fsync(self._descriptor)


class WorkClaims:
    """The claims of one folder, and what this process has seen of those that others hold.

    `locks` is the folder of the locks by which processes of one machine know of each other's end; None for none.
    """

    def __init__(self, folder: Path, lease_s: float, locks: Path | None = None) -> None:
        self.folder = folder
        self.lease_s = lease_s
        self.locks = locks
        # Of this process, once it has a claim.
        self.name = ""
        self._signs = leases.SignsOfLife(lease_s)

    def take(self, name: str) -> Claim | None:
        """Claim `name`; None while another holds it. Call again to watch, at least four times a lease."""
        rivals = self._rivals(name)
        # Every one of them is looked at, so that all are watched from now on.
        if [path for path in rivals.values() if not self._silent(path)]:
            return None
        self.folder.mkdir(parents=True, exist_ok=True)
        self._take_name()
        number, token = max(rivals, default=0) + 1, secrets.token_hex(16)
        path = self.folder / f"{name}.{number}"
        descriptor = leases.create(path)
        if descriptor is None:
            return None
        os.write(descriptor, _content(token, 0, self.name))
        os.fsync(descriptor)
        # Between the look and the creation a silent one may have let go and somebody else have come: give way.
        others = [rival for rival in self._rivals(name).values() if rival != path]
        if not all(self._silent(rival) for rival in others):
            os.close(descriptor)
            path.unlink(missing_ok=True)
            return None
        for rival in others:
            rival.unlink(missing_ok=True)
            self._signs.forget(rival)
        return Claim(path, descriptor, token, self)

    def wait(self, name: str) -> Claim:
        """Claim `name`, however long it takes."""
        while (claim := self.take(name)) is None:
            time.sleep(self.poll_s)
        return claim

    @property
    def poll_s(self) -> float:
        """How often to look at others' claims, in seconds."""
        return min(2.0, self.lease_s / 8)

    def beats(self, name: str) -> bool:
        """Whether a holder of `name` has given a sign of life since we first saw its claim."""
        return any(path in self._signs.beating for path in self._rivals(name).values())

    def alive(self) -> list[str]:
        """Names whose holders gave a sign of life while we watched, for up to a lease. Silent ones are removed."""
        looked: dict[Path, bytes] = {}
        while True:
            paths = list(self.folder.glob("*.*"))
            for path in paths:
                content = leases.read(path)
                if content is not None and looked.setdefault(path, content) != content:
                    return [path.name for path in paths]
            silent = [path for path in paths if self._silent(path)]
            if len(silent) == len(paths):
                for path in silent:
                    path.unlink(missing_ok=True)
                return []
            time.sleep(self.poll_s)

    def _take_name(self) -> None:
        if self.name or self.locks is None:
            return
        lock, self.name = leases.take_new_name(self.locks)
        if lock:
            weakref.finalize(self, _let_go, lock, os.getpid())

    def _rivals(self, name: str) -> dict[int, Path]:
        try:
            files = [path.name for path in self.folder.iterdir()]
        except FileNotFoundError:
            return {}
        found = (file.rpartition(".") for file in files)
        return {int(n): self.folder / f"{name}.{n}" for stem, _, n in found if stem == name and n.isdecimal()}

    def _silent(self, path: Path) -> bool:
        """Whether a claim is gone, its process has ended here, or it was watched for a lease without a change."""
        content = leases.read(path)
        if content is None:
            self._signs.forget(path)
            return True
        return self._ended_here(content) or self._signs.silent(path, content)

    def _ended_here(self, content: bytes) -> bool:
        """Whether a claim with this content is of this machine and its process has ended."""
        if self.locks is None:
            return False
        _, _, name = content.decode("ascii", "replace").partition("\n")[0].rpartition(" ")
        return leases.ended_here(self.locks, name, self.name or leases.machine())


def _content(token: str, count: int, name: str) -> bytes:
    """A sign of life; the second line is for people who wonder whose it is."""
    return f"{token} {count:012d} {name or 'unknown'}\n{socket.gethostname()} {os.getpid()}\n".encode()


def _let_go(lock: FileLock, pid: int) -> None:
    """Remove a lock that no claim has need of any more; not in a process that was forked from its holder's."""
    if os.getpid() == pid:
        with contextlib.suppress(OSError):
            Path(lock.lock_file).unlink(missing_ok=True)
        lock.release(force=True)
