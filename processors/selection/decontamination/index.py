"""Benchmarks as an index of hashed n-grams: enough to find their items in a text, and not enough to read them.

An item is looked for by up to two of its sides: its question alone, and the question with its options (`SIDES`). A
side is the set of its n-grams; those of the options do not reach from one into the next, so that their order does not
matter. To change what counts as found: `Rules`.

The file is a `.npz` of numpy's: the arrays of `Index` by their names, and `header`, a JSON text in UTF-8 (uint8 array)
with `format`, `spelling` (of the words that were hashed), `rules`, `benchmarks`, `names` and `lengths`. No pickles.
"""

import json
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from processors.atomic_files import replacing
from processors.errors import InputError
from processors.selection.decontamination.words import SPELLING

FORMAT = 1
SIDES = ("question", "question and options")


class Item(NamedTuple):
    """One item of a benchmark: `name` says which (`test/17`), the texts are what is looked for."""

    name: str
    question: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """What counts as found, and which sides are long enough to be looked for.

    `n` words make a gram; `coverage` of a side's distinct grams must stand in a row, and at least `least` of them, or
    all where it has fewer. A side of `short` words or more that has none is one gram of all its words; one of fewer
    words is not looked for. A gram of more than `common` items is a phrase of the benchmark's, and is no evidence.
    """

    n: int = 5
    coverage: float = 0.5
    least: int = 3
    short: int = 4
    common: int = 10


@dataclass(frozen=True, slots=True)
class IndexedBenchmark:
    """A benchmark in the index: `items` read; `same`: that say what one before says.

    `short`, `alike`: not looked for, for they have too few words, or hardly any that not more than `common` have.
    `script`: that most letters of the first items are in (`script_of_most`).
    """

    name: str
    items: int
    same: int
    short: int
    alike: int
    script: str = ""

    @property
    def looked_for(self) -> int:
        """Items that can be found."""
        return self.items - self.same - self.short - self.alike


@dataclass(slots=True)
class Index:
    """Sorted distinct `grams` (uint64); the sides that have gram i are `sides[starts[i] : starts[i + 1]]` (uint32).

    Of each side: `item` (its number in `names`), `kind` (into `SIDES`), `total` of its distinct grams, `needed` of
    them. Of each item: `benchmark` (its number in `benchmarks`).
    """

    rules: Rules
    benchmarks: list[IndexedBenchmark]
    names: list[str]
    benchmark: np.ndarray
    grams: np.ndarray
    starts: np.ndarray
    sides: np.ndarray
    item: np.ndarray
    kind: np.ndarray
    total: np.ndarray
    needed: np.ndarray
    lengths: tuple[int, ...]


_ARRAYS = {
    "benchmark": np.uint32,
    "grams": np.uint64,
    "starts": np.uint64,
    "sides": np.uint32,
    "item": np.uint32,
    "kind": np.uint8,
    "total": np.uint32,
    "needed": np.uint32,
}


def save(index: Index, path: Path) -> None:
    """Write the index's file, in one step; the same index has the same bytes. Raises OSError."""
    told = {"format": FORMAT, "spelling": SPELLING, "rules": asdict(index.rules), "lengths": list(index.lengths)}
    told |= {"benchmarks": [asdict(one) for one in index.benchmarks], "names": index.names}
    header = np.frombuffer(json.dumps(told).encode(), np.uint8)
    arrays: dict[str, Any] = {name: getattr(index, name) for name in _ARRAYS}
    # Handed over open, since numpy would give the temporary file an ending of its own.
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, header=header, **arrays)


def load(path: Path) -> Index:
    """Read an index. Raises InputError, one line, for what is none, is damaged or is of another version."""
    try:
        with np.load(path, allow_pickle=False) as data:
            header = json.loads(data["header"].tobytes())
            arrays = {name: data[name] for name in _ARRAYS}
        version = header["format"], header["spelling"]
        if version != (FORMAT, SPELLING):
            raise InputError(
                f"{path}: an index of version {version[0]}.{version[1]}, expected {FORMAT}.{SPELLING}; build it anew "
                "from its benchmarks"
            )
        index = Index(
            rules=Rules(**header["rules"]),
            benchmarks=[IndexedBenchmark(**one) for one in header["benchmarks"]],
            names=[str(name) for name in header["names"]],
            lengths=tuple(int(length) for length in header["lengths"]),
            **arrays,
        )
        _check(index)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{path}: is no index of benchmarks, or is damaged ({reason}); build it anew") from None
    return index


def _check(index: Index) -> None:
    """Raises ValueError where the arrays do not fit together: a look-up would go wrong in silence."""
    for name, dtype in _ARRAYS.items():
        array = getattr(index, name)
        if array.ndim != 1 or array.dtype != dtype:
            raise ValueError(f"{name} is {array.dtype}, expected {np.dtype(dtype)}")
    sides, items = len(index.item), len(index.names)
    fits = (
        len(index.starts) == len(index.grams) + 1
        and int(index.starts[-1]) == len(index.sides)
        and bool(np.all(np.diff(index.starts.astype(np.int64)) > 0))
        and len(index.kind) == len(index.total) == len(index.needed) == sides
        and len(index.benchmark) == items
        and bool(np.all(index.grams[:-1] < index.grams[1:]))
        and _below(index.sides, sides)
        and _below(index.item, items)
        and _below(index.kind, len(SIDES))
        and _below(index.benchmark, len(index.benchmarks))
        and bool(np.all(index.needed > 0))
    )
    if not fits:
        raise ValueError("its arrays do not fit together")


def _below(array: np.ndarray, limit: int) -> bool:
    return not len(array) or int(array.max()) < limit


def joined(indexes: Sequence[Index]) -> Index:
    """One index of all their benchmarks, in order. Raises InputError where two were built by different rules."""
    first = indexes[0]
    for other in indexes[1:]:
        if other.rules != first.rules:
            raise InputError(
                f"two indexes of different rules: {first.rules} and {other.rules}; build one of them anew"
            )
    if len(indexes) == 1:
        return first
    offsets = dict.fromkeys(("sides", "item", "benchmark"), 0)
    parts: dict[str, list[np.ndarray]] = {name: [] for name in (*_ARRAYS, "every")}
    for index in indexes:
        parts["every"].append(
            np.repeat(index.grams, index.starts[1:].astype(np.int64) - index.starts[:-1].astype(np.int64))
        )
        for name in ("kind", "total", "needed"):
            parts[name].append(getattr(index, name))
        for name, size in (("sides", len(index.item)), ("item", len(index.names)), ("benchmark", None)):
            parts[name].append(getattr(index, name) + np.uint32(offsets[name]))
            offsets[name] += len(index.benchmarks) if size is None else size
    whole = {name: np.concatenate(found) for name, found in parts.items() if found}
    arrays = by_gram(whole.pop("every"), whole.pop("sides")) | whole
    return Index(
        rules=first.rules,
        benchmarks=[one for index in indexes for one in index.benchmarks],
        names=[name for index in indexes for name in index.names],
        lengths=tuple(sorted({length for index in indexes for length in index.lengths})),
        **arrays,
    )


def by_gram(every: np.ndarray, owner: np.ndarray) -> dict[str, np.ndarray]:
    """`grams`, `starts` and `sides` of an index: of the grams of all its sides, and the side of each."""
    order = np.argsort(every, kind="stable")
    distinct, first = np.unique(every[order], return_index=True)
    return {"grams": distinct, "starts": np.append(first, len(every)).astype(np.uint64), "sides": owner[order]}
