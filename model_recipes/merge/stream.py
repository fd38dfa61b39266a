"""The merge itself: tensor by tensor, some rows at a time, into shards that are written once.

Sums are of float64 and divide once at their end, so that the mean of equal models is the model, bit for bit, and a
mean is rounded once. Experts are summed in the order of their names: the order in which they are given changes no bit,
nor does it matter in how many files a model lies. A finished shard is kept with what was summed on the way; the same
command after a kill writes the others, of the same bytes.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from model_recipes.merge.checkpoint import Checkpoint, read_json
from model_recipes.merge.distances import Sums
from model_recipes.merge.inputs import Inputs
from model_recipes.merge.tensors import FLOATS, ITEM_BYTES, Floats, StoredTensor, to_bytes, to_floats, write_header
from processors.atomic_files import replacing, replacing_text
from processors.errors import InputError

INDEX = "model.safetensors.index.json"
Hash = Any


@dataclass(frozen=True)
class WeightFile:
    """A file of the result: its tensors in the order in which they lie in it."""

    file: str
    tensors: dict[str, StoredTensor]


def natural(name: str) -> list[Any]:
    """A key to sort by in which layer 10 comes after layer 9."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]


def plan_shards(tensors: Mapping[str, StoredTensor], most_bytes: int) -> list[WeightFile]:
    """Which tensor goes into which file: a function of names, types and shapes alone."""
    groups: list[list[str]] = [[]]
    size = 0
    for name in sorted(tensors, key=natural):
        if groups[-1] and size + tensors[name].size > most_bytes:
            groups.append([])
            size = 0
        groups[-1].append(name)
        size += tensors[name].size
    # Wide numbers first, as the safetensors library does: each then begins at a multiple of its own width.
    laid = [sorted(group, key=lambda name: -ITEM_BYTES[tensors[name].dtype]) for group in groups]
    if len(laid) == 1:
        return [WeightFile("model.safetensors", {name: tensors[name] for name in laid[0]})]
    return [
        WeightFile(f"model-{i:05d}-of-{len(laid):05d}.safetensors", {name: tensors[name] for name in group})
        for i, group in enumerate(laid, start=1)
    ]


def merge_shard(folder: Path, kept: Path, shard: WeightFile, inputs: Inputs, advance: Callable[[int], None]) -> None:
    """Write a shard into `folder`, then what was summed for it into `kept`. Raises InputError."""
    notes: dict[str, Any] = {}
    with replacing(folder / shard.file) as temporary, temporary.open("wb") as stream:
        write_header(stream, shard.tensors)
        for name in shard.tensors:
            sums = Sums()
            hashes = [hashlib.sha256() for _ in _read_of(inputs)]
            for part in _merged(name, inputs, sums, hashes):
                stream.write(part)
                advance(len(part))
            _look_finite(name, sums, inputs)
            notes[name] = {"sums": asdict(sums), "sha256": [one.hexdigest() for one in hashes]}
    with replacing_text(_note(kept, shard)) as text:
        json.dump(notes, text)


def is_merged(folder: Path, kept: Path, shard: WeightFile) -> bool:
    return (folder / shard.file).is_file() and _note(kept, shard).is_file()


def _note(kept: Path, shard: WeightFile) -> Path:
    return kept / f"{shard.file}.json"


def notes_of(kept: Path, shards: list[WeightFile]) -> Iterator[tuple[str, Sums, list[str]]]:
    """Of each tensor, in order: its name, its sums, and the digests of what was read for it."""
    for shard in shards:
        for name, note in read_json(_note(kept, shard)).items():
            yield name, Sums(**note["sums"]), note["sha256"]


def _read_of(inputs: Inputs) -> list[Checkpoint]:
    """The models whose tensors are read at the length of the result: experts, then the base if there is one."""
    experts = [] if inputs.updates else inputs.experts
    return [*experts, *([inputs.base] if inputs.base is not None else [])]


def _merged(name: str, inputs: Inputs, sums: Sums, hashes: list[Hash]) -> Iterator[bytes]:
    """A tensor's bytes in parts, with what they are for the sums and the digests of the inputs."""
    stored = [model.tensors[name] for model in _read_of(inputs)]
    source = inputs.source.tensors[name]
    merge = _adapted if inputs.updates else _mean
    for first, last in source.chunks():
        raw = [tensor.read(first, last) for tensor in stored]
        for one, part in zip(hashes, raw, strict=True):
            one.update(part)
        if source.dtype not in FLOATS:
            experts = raw if inputs.updates else raw[: len(inputs.experts)]
            if any(part != raw[0] for part in experts):
                raise InputError(f"{name}: numbers of type {source.dtype} differ, of which there is no mean")
            yield raw[0]
            continue
        values = [to_floats(part, tensor.dtype) for part, tensor in zip(raw, stored, strict=True)]
        if (result := merge(name, inputs, values, sums, (first, last))) is None:
            yield raw[0]
        else:
            yield to_bytes(result, source.dtype)


def _mean(name: str, inputs: Inputs, values: list[Floats], sums: Sums, _: tuple[int, int]) -> Floats:
    count = len(inputs.experts)
    total = inputs.weights[0] * values[0]
    for weight, value in zip(inputs.weights[1:], values[1:count], strict=True):
        total += weight * value
    total /= sum(inputs.weights)
    reference = values[count] if inputs.base is not None else total
    moved = [value - reference for value in values[:count]]
    sums.add(reference, moved, moved if inputs.base is not None else values[:count])
    return total


def _adapted(name: str, inputs: Inputs, values: list[Floats], sums: Sums, rows: tuple[int, int]) -> Floats | None:
    """The base with what the adapters add; None where none of them adds anything."""
    [base] = values
    updates = [found.get(name) for found in inputs.updates]
    moved = [None if update is None else update.rows(*rows).reshape(-1) for update in updates]
    sums.add(base, moved, moved)
    total: Floats | None = None
    for weight, one in zip(inputs.weights, moved, strict=True):
        if one is not None:
            total = weight * one if total is None else total + weight * one
    return None if total is None else base + total / sum(inputs.weights)


def _look_finite(name: str, sums: Sums, inputs: Inputs) -> None:
    if not np.isfinite([sums.reference, *sums.moved, *sums.norms]).all():
        bad = [expert.name for expert, norm in zip(inputs.experts, sums.norms, strict=True) if not np.isfinite(norm)]
        who = inputs.base.name if inputs.base is not None and len(bad) == len(inputs.experts) else ", ".join(bad)
        raise InputError(f"{who}: {name}: not finite (NaN or infinity); such a model is broken")


def write_index(folder: Path, shards: list[WeightFile]) -> None:
    """What transformers finds the tensors of several files by."""
    if len(shards) == 1:
        return
    places = {name: shard.file for shard in shards for name in shard.tensors}
    total = sum(tensor.size for shard in shards for tensor in shard.tensors.values())
    with replacing_text(folder / INDEX) as stream:
        order = sorted(places, key=natural)
        json.dump(
            {"metadata": {"total_size": total}, "weight_map": {name: places[name] for name in order}}, stream, indent=2
        )


def look_for_space(folder: Path, shards: list[WeightFile]) -> None:
    """Raises InputError where the result has no room, before hours of work."""
    needed = sum(tensor.size for shard in shards for tensor in shard.tensors.values())
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise InputError(f"output_dir: {folder}: {needed / 1e9:.1f} GB are needed and {free / 1e9:.1f} GB are free")


def digests(inputs: Inputs, notes: Mapping[str, list[str]]) -> dict[str, str]:
    """SHA-256 by model: of its tensors' names, types, shapes and bytes, whatever files they lie in."""
    found = {}
    for i, model in enumerate(_read_of(inputs)):
        lines = [_line(name, model.tensors[name], notes[name][i]) for name in sorted(notes)]
        found[model.name] = hashlib.sha256("".join(lines).encode()).hexdigest()
    for adapter in inputs.experts if inputs.updates else []:
        lines = []
        for name, tensor in sorted(adapter.tensors.items()):
            whole = hashlib.sha256()
            for rows in tensor.chunks():
                whole.update(tensor.read(*rows))
            lines.append(_line(name, tensor, whole.hexdigest()))
        found[adapter.name] = hashlib.sha256("".join(lines).encode()).hexdigest()
    return found


def _line(name: str, tensor: StoredTensor, digest: str) -> str:
    return f"{name} {tensor.dtype} {list(tensor.shape)} {digest}\n"
