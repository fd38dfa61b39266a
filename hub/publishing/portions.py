"""How much of a publish is sent at a time, so that a kill loses little and a healthy publish needs few requests.

What a killed upload had sent is lost up to the last end of an upload (Xet registers what arrived at its end; LFS knows
whole files only) and, if it was not committed, has to be compared again. So both are bounded by shares of the whole.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise

# Of all bytes: what an upload takes at least, and at most once one before it was interrupted.
SMALLEST_SHARE = 128
# Of the bytes that this process has sent: an upload that nobody interrupts has larger and larger portions.
GROWING_SHARE = 16
# Bytes of an upload, whatever its share of the whole: 256 MB that a kill loses are two minutes at 2 MB/s.
SMALLEST, LARGEST = 1_000_000, 256_000_000
# A piece is held in memory; also, Xet's client sends blocks of at most 64 MiB and notes each that arrived.
LARGEST_PIECE = 64_000_000
# Of all bytes: what a commit takes. The Hub allows 128 commits an hour to a repository.
COMMIT_SHARE = 16


def portion(total: int, sent: int, *, resumed: bool) -> int:
    """Bytes of the next upload: what a kill may lose.

    Args:
        total: bytes of the publish, sent or not.
        sent: bytes that this process has sent.
        resumed: a publish before this one was interrupted, so this one may be too.
    """
    growing = 0 if resumed else sent // GROWING_SHARE
    return min(max(SMALLEST, total // SMALLEST_SHARE, growing), LARGEST)


def upload_groups(paths: list[str], sizes: list[int], portion: Callable[[], int]) -> Iterator[list[str]]:
    """Files to upload together, of at most a portion; a larger one by itself. `portion` is asked for each group."""
    group: list[str] = []
    held = 0
    for path, size in zip(paths, sizes, strict=True):
        if group and held + size > portion():
            yield group
            group, held = [], 0
        group.append(path)
        held += size
    if group:
        yield group


def pieces(size: int, portion: int) -> list[tuple[int, int]]:
    """Start and end of the pieces, of about a portion each, that are sent before a file; without the last one."""
    count = -(-size // min(portion, LARGEST_PIECE))
    return list(pairwise(size * number // count for number in range(count))) if count > 1 else []


def commit_groups(paths: list[str], sizes: list[int], total: int, files: int) -> Iterator[list[str]]:
    """Files to commit together: at most `files`, and no more after a share of `total`."""
    enough = max(total // COMMIT_SHARE, SMALLEST * COMMIT_SHARE)
    group: list[str] = []
    held = 0
    for path, size in zip(paths, sizes, strict=True):
        group.append(path)
        held += size
        if len(group) == files or held >= enough:
            yield group
            group, held = [], 0
    if group:
        yield group
