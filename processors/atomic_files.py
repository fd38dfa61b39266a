"""Write a file wholly or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from processors.errors import InputError


@contextlib.contextmanager
def replacing(
    path: str | os.PathLike[str], *, unencodable: str = "take it out of what is written there"
) -> Iterator[TextIO]:
    """Opens a UTF-8 text stream (no newline translation) that becomes `path` only when the block ends without error.

    A reader sees the old file or the new one, never a part; after an error or a kill the old file stands.
    Raises InputError where the place cannot be written or the text holds a lone surrogate; `unencodable` says what to
    do about that.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8", newline="") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except UnicodeEncodeError as error:
        broken = error.object[error.start : error.end]
        raise InputError(f"{path}: the text holds {broken!a}, which UTF-8 cannot hold; {unencodable}") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error}); choose another place") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
