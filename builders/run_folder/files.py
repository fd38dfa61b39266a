"""What to say of a file of a run folder that could not be written."""

import errno
from pathlib import Path

from processors.errors import InputError, SmolKalamError


def is_full(error: OSError) -> bool:
    """Whether a write failed for lack of space."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error)


def write_error(error: OSError, folder: Path) -> SmolKalamError:
    """The one line for a write that failed, for whatever reason the system gives."""
    if is_full(error):
        return SmolKalamError(f"{folder}: the disk is full; free some space and run the same command again to go on")
    if error.errno == errno.EISDIR:
        return InputError(f"{error.filename or folder}: is a folder; take it away, or choose another --output")
    unwritable = (
        *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ENOENT),
        *(errno.ENAMETOOLONG, errno.ELOOP),
    )
    if error.errno in unwritable:
        return InputError(f"{folder}: cannot be written ({error.strerror}); choose another --output")
    return SmolKalamError(f"{folder}: writing failed: {error}")
