"""Putting files of a run folder in their place: wholly or not at all, and only by who still holds its work."""

import contextlib
import errno
import json
import os
import secrets
from pathlib import Path
from typing import Any

from builders.run_folder.claims import ClaimLost, check_guard
from processors.errors import InputError, SmolKalamError


def is_full(error: OSError) -> bool:
    """Whether a write failed for lack of space."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error)


def write_error(error: OSError, folder: Path) -> SmolKalamError:
    """The one line for a write that failed, for whatever reason the system gives."""
    if is_full(error):
        return SmolKalamError(f"{folder}: the disk is full; free some space and run the same command again to go on")
    unwritable = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ENOENT)
    if error.errno in unwritable:
        return InputError(f"{folder}: cannot be written ({error.strerror}); choose another --output")
    return SmolKalamError(f"{folder}: writing failed: {error}")


class replacing:
    """Write to a temporary file, then rename it over `path` once its bytes are on disk; on an error, remove it.

    Under a claim on a shared folder (see `builders.run_folder.claims`), ClaimLost if it has been lost by then.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        # A name of its own keeps apart a worker and one that took its work over, on this machine or another.
        self.temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")

    def __enter__(self) -> Path:
        return self.temporary

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is not None:
            self.temporary.unlink(missing_ok=True)
            return
        try:
            with self.temporary.open("rb+") as file:
                os.fsync(file.fileno())
            check_guard()
            self.temporary.replace(self.path)
        except (OSError, ClaimLost):
            self.temporary.unlink(missing_ok=True)
            raise


def write_text(path: Path, text: str, errors: str = "strict") -> None:
    """Write a file in one step, as `replacing` does. `errors`: what becomes of a lone surrogate."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors=errors)


def write_hint(path: Path, value: dict[str, Any]) -> None:
    """Write JSON for who watches, and nothing else: no fsync, and a lost one (a full disk) is no reason to stop."""
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(value), encoding="utf-8")
        temporary.replace(path)
