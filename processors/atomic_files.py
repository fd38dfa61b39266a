"""Write a file wholly or not at all, and only while the work that it belongs to is still this process's."""

import contextlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TextIO

from processors.errors import InputError

_guard: ContextVar[Callable[[], None] | None] = ContextVar("guard", default=None)


@contextlib.contextmanager
def guarded(check: Callable[[], None]) -> Iterator[None]:
    """Within it `check` is called before each file is put in its place; it raises where another does that work now.

    An error becomes what `check` raises: a successor cleans up, and what went wrong matters no more.
    """
    reset = _guard.set(check)
    try:
        yield
    except Exception:
        check()
        raise
    finally:
        _guard.reset(reset)


def check_guard() -> None:
    """Raise what the guard of this work raises, if it has been lost. Call right before publishing a file."""
    if check := _guard.get():
        check()


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file to write to, which becomes `path` once its bytes are on disk; on an error it is removed.

    A reader sees the old file or the new one, never a part; after an error or a kill the old file stands. Raises
    OSError where the place cannot be written, and what the guard raises (see `guarded`).
    """
    # A name of its own keeps apart a process and one that took its work over, on this machine or another.
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        check_guard()
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def replacing_text(
    path: str | os.PathLike[str], *, unencodable: str = "take it out of what is written there"
) -> Iterator[TextIO]:
    """Opens a UTF-8 text stream (no newline translation) that becomes `path` when the block ends without error.

    Raises InputError where the place cannot be written or the text holds a lone surrogate; `unencodable` says what to
    do about that.
    """
    try:
        with replacing(Path(path)) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
            yield stream
    except UnicodeEncodeError as error:
        broken = error.object[error.start : error.end]
        raise InputError(f"{path}: the text holds {broken!a}, which UTF-8 cannot hold; {unencodable}") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error}); choose another place") from error


def look_for_room(folder: Path) -> None:
    """Raises InputError where a new folder cannot take the place of `folder`: before anything is read for it."""
    # It is made beside its place and takes it: nobody stands in it meanwhile.
    if not folder.name or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        raise InputError(f"{folder}: is there already; give another --output, or delete it")


@contextlib.contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder beside `folder` to write into, which becomes it when the block ends without error; else it is removed.

    `folder` is not there or empty (`look_for_room`). Raises InputError where the place cannot be written.
    """
    temporary = folder.with_name(f".{folder.name}.{secrets.token_hex(6)}.tmp")
    try:
        temporary.mkdir(parents=True)
        yield temporary
        if folder.exists():
            folder.rmdir()
        temporary.replace(folder)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror or error}") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_text(path: Path, text: str, errors: str = "strict") -> None:
    """Write a file in one step, as `replacing` does. `errors`: what becomes of a lone surrogate."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors=errors)


def write_unsynced(path: Path, value: Mapping[str, Any]) -> None:
    """Write JSON in one step that survives the process and not the machine: no fsync. Raises OSError."""
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(json.dumps(value), encoding="utf-8")
    temporary.replace(path)


def write_hint(path: Path, value: Mapping[str, Any]) -> None:
    """`write_unsynced` for who watches, and nothing else: a lost one (a full disk) is no reason to stop."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_unsynced(path, value)
