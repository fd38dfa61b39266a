"""A name for a process that writes to a shared folder, which no other living process has, on whatever machine."""

import errno
import secrets
import socket
from functools import cache
from hashlib import blake2b
from itertools import count
from pathlib import Path

from filelock import FileLock, Timeout

# What file systems without locks answer.
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP})


def take_name(folder: Path) -> tuple[FileLock | None, str]:
    """A free name, and the lock that keeps it this process's; None where the file system has no locks.

    Names are taken again: there are as many as processes at the same time. They begin with the machine's letters and
    a hyphen, so that a lock needs to hold among its processes only, which NFS's do with any mount.
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
