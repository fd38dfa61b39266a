"""Text files that people write: read whole, with what is wrong with them in one line."""

from pathlib import Path

from processors.errors import InputError


def read_utf8(path: str | Path, what: str) -> str:
    """A file's text, without a byte order mark. Raises InputError, which calls it `what` and its path."""
    try:
        return Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{what} {path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{what} {path}: is no UTF-8 text (byte {error.start})") from None
