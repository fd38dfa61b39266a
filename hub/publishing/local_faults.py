"""What went wrong on this machine and not at the Hub: it is neither the Hub's fault nor gone in half a minute."""

import errno
import os
import re

# A disk that is full or cannot be written or read, a folder that is none, no file handles left.
_LOCAL = frozenset(
    getattr(errno, name)
    for name in (
        "EACCES", "EDQUOT", "EFBIG", "EIO", "EISDIR", "ELOOP", "EMFILE", "ENAMETOOLONG", "ENFILE", "ENOENT", "ENOSPC",
        "ENOTDIR", "EPERM", "EROFS", "EEXIST",
    )
    if hasattr(errno, name)
)  # fmt: skip
# Xet's client (1.8) gives the number in its text alone.
_NUMBER = re.compile(r"\(os error (\d+)\)")


def local_fault(problem: BaseException) -> str | None:
    """What this machine refused, with the path where it is known; None where the fault is not its own."""
    cause: BaseException | None = problem
    while cause is not None:
        number = cause.errno if isinstance(cause, OSError) else None
        if number is None and (match := _NUMBER.search(str(cause))):
            number = int(match[1])
        if number is not None and number in _LOCAL:
            path = getattr(cause, "filename", None)
            return os.strerror(number) + (f" ({path})" if path else "")
        # Not the context: what a library handles on its way, such as a file that is not in the cache, is no reason.
        cause = cause.__cause__
    return None


def local_address(problem: BaseException) -> str | None:
    """Why the Hub's address, which HF_ENDPOINT gives, is none; None where that is not the fault."""
    import httpx2

    if isinstance(problem, httpx2.UnsupportedProtocol | httpx2.InvalidURL):
        from huggingface_hub.constants import ENDPOINT

        return f"HF_ENDPOINT is '{ENDPOINT}', which is no address; write it as https://huggingface.co, or unset it"
    return None
