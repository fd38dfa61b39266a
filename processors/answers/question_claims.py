"""One of several processes asks: claims on questions in a folder that any number of machines share.

A claim is a file named after the question (see `processors.leases`). It names its holder, which changes a file of its
own now and then while it holds any. Who finds a claim waits until it is gone, or until its holder is dead: gone from
this machine, or without a sign of life for a lease. Two that see the same holder die may in the worst case both ask,
a fraction of a second apart.
"""

import asyncio
import contextlib
import os
import secrets
import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from pathlib import Path
from typing import TypeVar

from processors import leases

# Whether the text that is being translated is likely to stand in other rows too. Claims cost two file operations a
# question, so only such texts are claimed; between the conversation and the request nobody else needs to know.
SHARED: ContextVar[bool] = ContextVar("shared", default=False)
# So are texts of at most so many characters: headings, greetings, what is left beside a protected span.
SHORT = 64

Found = TypeVar("Found")

# A holder that gave no sign for seven beats is taken for dead: one file operation every two seconds a process, and a
# server that is about to answer is not asked again for a pause of garbage collection or of the share.
BEAT_S, LEASE_S = 2.0, 15.0
# Who waits looks again after 20 ms, then ever later: a short answer is not waited for long, a share not flooded.
FIRST_POLL_S, LONGEST_POLL_S = 0.02, 0.5


class QuestionClaims:
    """Claims in `folder` by the process that holds the lock `<lock_folder>/<name>.lock`.

    `name` begins with this machine's own letters and a hyphen (see `processors.leases.take_name`).
    """

    def __init__(self, folder: Path, lock_folder: Path, name: str) -> None:
        self.folder = folder
        self.lock_folder = lock_folder
        self.name = name
        self._token = secrets.token_hex(8)
        self._held: set[Path] = set()
        self._closed = False
        self._beats = 0
        self._beat_at = 0.0
        self._signs = leases.SignsOfLife(LEASE_S)

    async def take(self, key: bytes) -> bool:
        """Claim `key`; False if another had it, once that claim is gone: look for the answer, then try again."""
        path = self.folder / key.hex()
        # In threads: on a share each of these takes as long as an answer does here.
        if await self._created(path):
            return True
        poll_s = FIRST_POLL_S
        while (owner := await asyncio.to_thread(_read, path)) is not None:
            if await asyncio.to_thread(self._dead, path, owner) and _read(path) == owner:
                try:
                    path.unlink(missing_ok=True)
                except OSError:
                    # Nobody can have this claim any more. To ask without one costs a second answer at worst.
                    return True
                break
            await asyncio.sleep(poll_s)
            poll_s = min(LONGEST_POLL_S, 1.5 * poll_s)
        self._signs.forget(path.name)
        return False

    def let_go(self, key: bytes) -> None:
        path = self.folder / key.hex()
        if path in self._held:
            self._held.remove(path)
            try:
                asyncio.get_running_loop().run_in_executor(None, _unlink, path)
            except RuntimeError:
                _unlink(path)

    def beat(self) -> None:
        """Give a sign of life while anything is held; to be called at least every BEAT_S seconds."""
        now = time.monotonic()
        if self._held and now - self._beat_at >= BEAT_S:
            self._beat_at = now
            self._beats += 1
            # A share that is away for a moment is no reason to stop.
            with contextlib.suppress(OSError):
                self._write_beat()

    def close(self) -> None:
        self._closed = True
        for path in list(self._held):
            path.unlink(missing_ok=True)
        self._held = set()

    async def _created(self, path: Path) -> bool:
        """`_create` in a thread. Who is cancelled meanwhile has no claim: it would be waited for, and never let go."""
        creating = asyncio.ensure_future(asyncio.to_thread(self._create, path))
        try:
            return await asyncio.shield(creating)
        except asyncio.CancelledError:
            creating.add_done_callback(lambda done: self.let_go(bytes.fromhex(path.name)))
            raise

    def _create(self, path: Path) -> bool:
        self.folder.mkdir(exist_ok=True)
        if not self._beats:
            self._beats = 1
            self._write_beat()
        if (fd := leases.create(path)) is None:
            return False
        self._held.add(path)
        try:
            os.write(fd, f"{self.name} {self._token}".encode())
        finally:
            os.close(fd)
        if self._closed:
            path.unlink(missing_ok=True)
        return True

    def _write_beat(self) -> None:
        (self.folder / f"{self.name}.alive").write_text(f"{self._token} {self._beats:012d}")

    def _dead(self, path: Path, owner: bytes) -> bool:
        """Whether the holder of the claim `path` with this content does not live any more."""
        name, _, token = owner.decode("ascii", "replace").partition(" ")
        if not token:
            # Created, and not written yet (killed right there, or a moment ago); or it cannot be read.
            return self._signs.silent(path.name, b"")
        self._signs.forget(path.name)
        alive = _read(self.folder / f"{name}.alive") or b""
        if alive and not alive.startswith(token.encode()):
            # Another process has its name now: the one before it has ended.
            return True
        if leases.ended_here(self.lock_folder, name, self.name):
            return True
        return self._signs.silent(f"{name} {token}", alive)


async def ask_once(claims: QuestionClaims, key: bytes, stored: Callable[[], Awaitable[Found | None]]) -> Found | None:
    """What another process was answered to `key` meanwhile, or None: then ask, store the answer and `let_go`."""
    while True:
        taken = await claims.take(key)
        try:
            found = await stored()
        except BaseException:
            claims.let_go(key)
            raise
        if found is not None:
            claims.let_go(key)
            return found
        if taken:
            return None


def _unlink(path: Path) -> None:
    # One that stays is its holder's, whom the others see die with this process.
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def _read(path: Path) -> bytes | None:
    """None if it is gone; empty if it is there and cannot be read, as on a share that is away for a moment."""
    try:
        return leases.read(path)
    except OSError:
        return b""
