"""Tensors of safetensors files, some rows at a time, as float64 and back: with numpy alone, in little memory.

The format is a header of JSON behind its length, then the tensors' bytes. numpy has no bfloat16, which is the upper
half of a float32; what is read and written here needs no torch, and so neither does a merge.
"""

import json
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from processors.errors import InputError

Floats = NDArray[np.float64]

ITEM_BYTES = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2", "F8_E8M0"), 1),
    **dict.fromkeys(("I16", "U16", "F16", "BF16"), 2),
    **dict.fromkeys(("I32", "U32", "F32"), 4),
    **dict.fromkeys(("I64", "U64", "F64"), 8),
}
# What can be averaged. The eight-bit types are weights without their scales, which stand in other tensors.
FLOATS = ("BF16", "F16", "F32", "F64")
# A chunk is at most so many numbers: as float64 half a megabyte, which with a few others stays in a processor's cache
# (16 ns a number for two models, 28 with 2**18). Fixed, as the order of sums depends on it.
CHUNK = 2**16
_PLAIN: dict[str, Any] = {"F16": np.float16, "F32": np.float32, "F64": np.float64}
_LONGEST_HEADER = 100_000_000


@dataclass(frozen=True)
class StoredTensor:
    """Where a tensor lies. It is read as rows of its last dimension; a vector is one row."""

    file: Path
    dtype: str
    shape: tuple[int, ...]
    start: int

    @property
    def width(self) -> int:
        return self.shape[-1] if self.shape else 1

    @property
    def rows(self) -> int:
        return math.prod(self.shape[:-1])

    @property
    def size(self) -> int:
        """Bytes."""
        return math.prod(self.shape) * ITEM_BYTES[self.dtype]

    def read(self, first: int, last: int) -> bytes:
        """The bytes of the rows from `first` to before `last`. Raises InputError where the file has changed."""
        step = self.width * ITEM_BYTES[self.dtype]
        wanted = (last - first) * step
        parts = []
        # A read gives at most 2 GB, whatever it is asked for.
        while wanted and (part := os.pread(_opened(self.file), wanted, self.start + last * step - wanted)):
            parts.append(part)
            wanted -= len(part)
        if wanted:
            raise InputError(f"{self.file}: became shorter while it was read; start again when it is whole")
        return b"".join(parts)

    def floats(self, first: int = 0, last: int | None = None) -> Floats:
        """Rows as numbers, (rows, width)."""
        last = self.rows if last is None else last
        return to_floats(self.read(first, last), self.dtype).reshape(last - first, self.width)

    def chunks(self) -> Iterator[tuple[int, int]]:
        """(first, last) of the rows that are taken together."""
        step = max(1, CHUNK // max(1, self.width))
        return ((first, min(first + step, self.rows)) for first in range(0, self.rows, step))


@lru_cache(maxsize=256)
def _opened(file: Path) -> int:
    # Read at an offset, not mapped: what a program has mapped counts as its memory.
    return os.open(file, os.O_RDONLY)


def to_floats(raw: bytes, dtype: str) -> Floats:
    """Numbers of one of FLOATS, exactly."""
    if dtype == "BF16":
        return (np.frombuffer(raw, "<u2").astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    return np.frombuffer(raw, np.dtype(_PLAIN[dtype]).newbyteorder("<")).astype(np.float64)


def to_bytes(values: Floats, dtype: str) -> bytes:
    """The nearest numbers of one of FLOATS, ties to even.

    >>> to_floats(to_bytes(np.array([1.0, 1 + 2**-8, 1 + 2**-8 + 2**-40]), "BF16"), "BF16").tolist()
    [1.0, 1.0, 1.0078125]
    """
    if dtype != "BF16":
        with np.errstate(over="ignore"):
            return values.astype(np.dtype(_PLAIN[dtype]).newbyteorder("<")).tobytes()
    with np.errstate(over="ignore"):
        near = values.astype(np.float32)
    bits = near.view(np.uint32)
    # A number that the float32 has put exactly between two of bfloat16 was a little more or less before.
    between = (bits & 0xFFFF) == 0x8000
    if between.any():
        more = np.abs(values).astype(np.float64) - np.abs(near).astype(np.float64)
        bits = np.where(between & (more > 0), bits + np.uint32(1), bits)
        bits = np.where(between & (more < 0), bits - np.uint32(1), bits)
    rounded = (bits + np.uint32(0x7FFF) + ((bits >> 16) & np.uint32(1))) >> 16
    return np.where(np.isnan(near), np.uint32(0x7FC0), rounded).astype("<u2").tobytes()


def read_header(file: Path) -> dict[str, StoredTensor]:
    """A file's tensors by name. Raises InputError where it is none of this format, or not whole."""
    try:
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            head = json.loads(stream.read(length)) if length <= _LONGEST_HEADER else None
        size = file.stat().st_size
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror})") from None
    except ValueError:
        head = None
    if not isinstance(head, dict):
        raise InputError(f"{file}: no safetensors file, or not whole; fetch it again")
    found = {}
    for name, about in head.items():
        if name == "__metadata__":
            continue
        if about["dtype"] not in ITEM_BYTES:
            raise InputError(f"{file}: {name}: numbers of a type that is not read here ({about['dtype']})")
        first, last = about["data_offsets"]
        stored = StoredTensor(file, about["dtype"], tuple(about["shape"]), 8 + length + first)
        if stored.size != last - first or stored.start + stored.size > size:
            raise InputError(f"{file}: {name}: not whole; fetch the file again")
        found[name] = stored
    return found


def write_header(stream: BinaryIO, tensors: Mapping[str, StoredTensor]) -> None:
    """The header of a file that holds tensors of these types and shapes, in this order, right behind it."""
    head: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    start = 0
    for name, tensor in tensors.items():
        end = start + tensor.size
        head[name] = {"dtype": tensor.dtype, "shape": list(tensor.shape), "data_offsets": [start, end]}
        start = end
    raw = json.dumps(head, separators=(",", ":")).encode()
    # As the safetensors library does: what follows begins at a multiple of eight.
    raw += b" " * (-len(raw) % 8)
    stream.write(len(raw).to_bytes(8, "little") + raw)
