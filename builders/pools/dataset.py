"""The dataset that is made of a pool's answers: a folder that is the Hub repository, a config at a time."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from builders.dataset.shard_writer import SplitWriter
from builders.pools.prompts import Prompts
from builders.pools.recipe import DatasetOutputs, PoolRecipe
from builders.pools.stages import DATASET, Record
from processors.atomic_files import new_folder

if TYPE_CHECKING:
    import pyarrow as pa

PoolKind = TypeVar("PoolKind", bound=PoolRecipe)

# Rows that are held until they are written.
_BATCH = 256


@dataclass(slots=True)
class WrittenConfig:
    """A config of a dataset: its columns, and each split's rows and bytes; `size` is of its files."""

    name: str
    schema: "pa.Schema"
    rows: dict[str, int] = field(default_factory=dict)
    bytes: dict[str, int] = field(default_factory=dict)
    size: int = 0


def write_config(
    folder: Path, name: str, schema: "pa.Schema", rows: Iterable[tuple[str, dict[str, Any]]], outputs: DatasetOutputs
) -> WrittenConfig:
    """Write rows, each with its split, as the Parquet files of a config."""
    written, place = WrittenConfig(name, schema), folder / name
    place.mkdir(parents=True)
    writers: dict[str, SplitWriter] = {}
    waiting: dict[str, list[dict[str, Any]]] = {}
    limits = {"group_bytes": outputs.row_group_bytes, "shard_bytes": outputs.shard_bytes}
    for split, row in rows:
        if split not in writers:
            writers[split] = SplitWriter(place, split, schema, **limits)
            waiting[split] = []
        waiting[split].append(row)
        if len(waiting[split]) == _BATCH:
            writers[split].write(waiting[split])
            waiting[split] = []
    for split, writer in writers.items():
        if waiting[split]:
            writer.write(waiting[split])
        files = writer.close()
        written.rows[split], written.bytes[split] = writer.rows, writer.bytes
        written.size += sum(file["bytes"] for file in files)
    if not writers:
        place.rmdir()
    return written


@dataclass(frozen=True)
class AnsweredDataset(Generic[PoolKind]):
    """What a command made of a pool's answers, for its card: `told` is what its report holds."""

    recipe: PoolKind
    prompts: Prompts
    configs: list[WrittenConfig]
    told: Record


@contextmanager
def new_dataset(work: Path) -> Iterator[Path]:
    """A folder to write the dataset of `work` into, which takes the place of the one before."""
    before, new = work / DATASET, work / f"{DATASET}.new"
    # Left by a kill while the one before was deleted: it is made anew.
    shutil.rmtree(new, ignore_errors=True)
    with new_folder(new) as folder:
        yield folder
    shutil.rmtree(before, ignore_errors=True)
    new.replace(before)
