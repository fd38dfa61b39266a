"""What a GGUF file says of itself: its metadata, and a digest that tells two models apart.

The `gguf` package reads every token of the vocabulary into an object of its own: 10 s for the 262,144 of Gemma 3,
where this takes a tenth of a second.
"""

import hashlib
import mmap
import re
import struct
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from processors.errors import InputError

MAGIC = b"GGUF"
# Format of each type of a value (ggml's gguf.h), but for strings and arrays.
SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
# And those of these two, whose length stands before them.
STRING, ARRAY = 8, 9
# Of a file's weights 4 MiB are hashed, at places spread over it: two models of one size differ nearly everywhere, and
# a file of 40 GB need not be read.
SAMPLES, SAMPLE_BYTES = 64, 65_536

_PART = re.compile(r"(.*)-00001-of-(\d{5})\.gguf$")


class Version(NamedTuple):
    """A file as it is now."""

    path: Path
    size: int
    changed_ns: int


def read_metadata(path: Path) -> dict[str, Any]:
    """The file's metadata, without arrays (the vocabulary). Raises InputError where it is no readable GGUF file.

    Read once a process, as is the digest, while neither the file's size nor its time of change is another: a build
    asks for both at several places, and a large vocabulary takes a tenth of a second.
    """
    return _read_metadata(_version(path))


@cache
def _read_metadata(version: Version) -> dict[str, Any]:
    path = version.path
    try:
        with path.open("rb") as file:
            if file.read(4) != MAGIC:
                raise InputError(f"{path}: is no GGUF file (it does not begin with 'GGUF'); give a model as .gguf")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _read_pairs(data)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    except (struct.error, UnicodeDecodeError, KeyError):
        raise InputError(f"{path}: is damaged or was not downloaded wholly; fetch it again") from None


def _version(path: Path) -> Version:
    try:
        found = path.stat()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    return Version(path, found.st_size, found.st_mtime_ns)


def part_names(name: str) -> list[str]:
    """The names of all parts of a model, of which `name` is the first: `m-00001-of-00003.gguf` has two more."""
    if found := _PART.fullmatch(name):
        return [f"{found[1]}-{number:05d}-of-{found[2]}.gguf" for number in range(1, int(found[2]) + 1)]
    return [name]


def digest(paths: list[Path]) -> str:
    """Tells one model from another: of each file its size, its first bytes and samples of the rest.

    Reading all of a large model would take longer than loading it, and two models differ in every tensor.
    """
    return _digest(tuple(map(_version, paths)))


@cache
def _digest(versions: tuple[Version, ...]) -> str:
    hashed = hashlib.blake2b(digest_size=16)
    for path, size, _ in versions:
        try:
            hashed.update(str(size).encode())
            with path.open("rb") as file:
                for sample in range(SAMPLES):
                    file.seek(max(0, size - SAMPLE_BYTES) * sample // (SAMPLES - 1))
                    hashed.update(file.read(SAMPLE_BYTES))
        except OSError as error:
            raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    return hashed.hexdigest()


def _read_pairs(data: mmap.mmap) -> dict[str, Any]:
    _, _, count = struct.unpack_from("<IQQ", data, 4)
    at, found = 24, dict[str, Any]()
    for _ in range(count):
        key, at = _read_value(data, at, STRING)
        (kind,) = struct.unpack_from("<I", data, at)
        found[key], at = _read_value(data, at + 4, kind)
    return {key: value for key, value in found.items() if value is not None}


def _read_value(data: mmap.mmap, at: int, kind: int) -> tuple[Any, int]:
    """The value at `at` and where the next begins; None for an array."""
    if kind == STRING:
        (length,) = struct.unpack_from("<Q", data, at)
        end = at + 8 + length
        if end > len(data):
            raise struct.error
        return data[at + 8 : end].decode("utf-8"), end
    if kind == ARRAY:
        inner, length = struct.unpack_from("<IQ", data, at)
        return None, _skip_items(data, at + 12, inner, length)
    layout = SCALARS[kind]
    return struct.unpack_from(layout, data, at)[0], at + struct.calcsize(layout)


def _skip_items(data: mmap.mmap, at: int, kind: int, count: int) -> int:
    if kind == STRING:
        read = struct.Struct("<Q").unpack_from
        for _ in range(count):
            at += 8 + read(data, at)[0]
        return at
    if kind == ARRAY:
        for _ in range(count):
            _, at = _read_value(data, at, ARRAY)
        return at
    return at + count * struct.calcsize(SCALARS[kind])
