"""The dataset's files: from ranked rows to one Parquet split a config, and its statistics."""

import json
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from builders.dataset.statistics import COLUMNS, SplitStatistics
from builders.run_folder import schemas
from builders.run_folder.claims import check_guard
from builders.run_folder.folder import Run
from builders.run_folder.units import UnitFiles, read_unit, write_error, write_text

if TYPE_CHECKING:
    import pyarrow as pa

PARALLEL = "parallel"
SCORES = ("LR", "SCR", "rank_score", "quality", "reward")
# Rows a group at most: the viewer reads whole groups, and short rows would make them slow to page through.
GROUP_ROWS = 5000


def ranked_row(row: dict[str, Any], config: str) -> dict[str, Any] | None:
    """A ranked unit's row as a row of `config`; None where the config leaves it out."""
    choice = next(choice for choice in row["choices"] if choice["config"] == config)
    if choice["translator"] is None:
        return None
    candidates = [
        {
            **{key: c[key] for key in ("translator", *SCORES, "checks")},
            "chosen": c["translator"] == choice["translator"],
            "decision": decision,
        }
        for c, decision in zip(row["candidates"], choice["decisions"], strict=True)
    ]
    chosen = next(c for c in row["candidates"] if c["translator"] == choice["translator"])
    return {
        "id": row["id"],
        "messages": chosen["messages"],
        "chat_template_kwargs": _kwargs(row["chat_template_kwargs"], chosen["custom_instructions"]),
        "source": row["source"],
        **{score: chosen[score] for score in SCORES},
        "translator": chosen["translator"],
        "candidates": candidates,
        "tokens": chosen["tokens"],
        "turns": len(chosen["messages"]),
    }


def parallel_row(row: dict[str, Any]) -> dict[str, Any]:
    """A ranked unit's row as a row of `parallel`: the English beside every candidate that there is."""
    keys = ("translator", *SCORES, "checks", "messages", "custom_instructions")
    candidates = [{key: c[key] for key in keys} for c in row["candidates"] if c["messages"] is not None]
    return {key: row[key] for key in ("id", "messages", "chat_template_kwargs", "source")} | {"candidates": candidates}


def _kwargs(kwargs: dict[str, Any] | None, custom_instructions: str) -> dict[str, Any] | None:
    if kwargs is None or not custom_instructions:
        return kwargs
    return kwargs | {"custom_instructions": custom_instructions}


def statistics_by_config(splits: Iterable[dict[str, Any]]) -> dict[str, dict[str, SplitStatistics]]:
    """Statistics of each ranked config's splits that have rows."""
    tables: dict[str, dict[str, SplitStatistics]] = {}
    for split in splits:
        if split["statistics"] and split["rows"]:
            tables.setdefault(split["config"], {})[split["split"]] = SplitStatistics(**split["statistics"])
    return tables


def _bytes(value: Any) -> int:
    """About the bytes of a value in Arrow. Arrow's own count of a row depends on its neighbours' nulls."""
    if isinstance(value, str):
        return len(value.encode()) + 4
    if isinstance(value, dict):
        return sum(map(_bytes, value.values()))
    return 4 + sum(map(_bytes, value)) if isinstance(value, list) else 8


class SplitWriter:
    """Writes one split's shards: `<split>-00000-of-000NN.parquet`, row groups and shards bounded by bytes.

    Row groups are bounded by the bytes of their rows, not by a mean: long rows cluster, and the viewer gives up on a
    group of more than 300 MB. They end where the rows say, however these are divided into batches. A split without
    rows writes no file, for one breaks loading.
    """

    def __init__(self, folder: Path, split: str, schema: "pa.Schema", *, group_bytes: int, shard_bytes: int) -> None:
        self.folder = folder
        self.split = split
        self.schema = schema
        self.group_bytes = group_bytes
        self.shard_bytes = shard_bytes
        self.rows = 0
        self.bytes = 0
        self._group: list[pa.RecordBatch] = []
        self._group_size = self._group_rows = self._shard_size = 0
        self._shards: list[Path] = []
        self._writer: Any = None

    def write(self, rows: list[dict[str, Any]]) -> None:
        """Add rows. A group ends before the row that would make it too large; one larger row is a group of its own."""
        import pyarrow as pa

        batch, start = pa.RecordBatch.from_pylist(rows, schema=self.schema), 0
        for index, row in enumerate(rows):
            size = _bytes(row)
            if self._group_rows and (self._group_size + size > self.group_bytes or self._group_rows == GROUP_ROWS):
                self._group.append(batch.slice(start, index - start))
                self._flush()
                start = index
            self._group_size += size
            self._group_rows += 1
        self._group.append(batch.slice(start))

    def _flush(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        if not self._group_rows:
            return
        table = pa.Table.from_batches(self._group, self.schema).combine_chunks()
        if self._writer is not None and self._shard_size + self._group_size > self.shard_bytes:
            self._writer.close()
            self._writer = None
        if self._writer is None:
            # A name of its own: a worker that lost its claim must not find its successor's file under it.
            path = self.folder / f".{self.split}-{len(self._shards):05d}.{secrets.token_hex(6)}.tmp"
            self._shards.append(path)
            self._shard_size = 0
            self._writer = pq.ParquetWriter(
                path,
                self.schema,
                compression="zstd",
                write_page_index=True,
                # Equal rows give equal pages wherever they lie, so that a changed row uploads little with Xet.
                use_content_defined_chunking=True,
            )
        self._writer.write_table(table, row_group_size=table.num_rows)
        self.rows += self._group_rows
        self.bytes += table.nbytes
        self._shard_size += self._group_size
        self._group, self._group_size, self._group_rows = [], 0, 0

    def close(self) -> list[dict[str, Any]]:
        """Finish; returns `[{"file", "bytes"}]`. Shards get their final names only now that their number is known."""
        self._flush()
        if self._writer is not None:
            self._writer.close()
        files = []
        for index, path in enumerate(self._shards):
            final = self.folder / f"{self.split}-{index:05d}-of-{len(self._shards):05d}.parquet"
            check_guard()
            path.replace(final)
            files.append({"file": f"{self.folder.name}/{final.name}", "bytes": final.stat().st_size})
        return files


class BuildSplits(PipelineStep):
    """Writes the (config, split) pairs of this task, each with `<build>/<config>/<split>.json` beside the dataset."""

    name = "Build"
    type = "WRITER"

    def __init__(
        self, run: Run, pairs: list[tuple[str, str]], units: dict[str, list[str]], group_bytes: int, shard_bytes: int
    ) -> None:
        super().__init__()
        self.run_folder = run
        self.pairs = pairs
        self.units = units
        self.group_bytes = group_bytes
        self.shard_bytes = shard_bytes

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> Iterable[Document]:
        for config, split in self.pairs[rank::world_size]:
            with self.track_time():
                self._build(config, split, rank)
        return ()

    def _build(self, config: str, split: str, rank: int) -> None:
        folder, done = self.run_folder.dataset / config, self.run_folder.stage("build", config, f"{split}.json")
        schema = schemas.parallel() if config == PARALLEL else schemas.ranked()
        try:
            for path in (folder, done.parent):
                path.mkdir(parents=True, exist_ok=True)
            for stale in [*folder.glob(f"{split}-?????-of-?????.parquet"), *folder.glob(f".{split}-?????*.tmp")]:
                check_guard()
                stale.unlink(missing_ok=True)
            writer = SplitWriter(folder, split, schema, group_bytes=self.group_bytes, shard_bytes=self.shard_bytes)
            statistics = self._write_rows(writer, config, split)
            files = writer.close()
            result = {
                "config": config, "split": split, "rows": writer.rows, "bytes": writer.bytes,
                "files": files, "statistics": statistics,
            }  # fmt: skip
            write_text(done, json.dumps(result))
        except OSError as error:
            raise write_error(error, folder) from error

    def _write_rows(self, writer: SplitWriter, config: str, split: str) -> dict[str, Any] | None:
        statistics = SplitStatistics()
        for rows in self._rows(split):
            if config == PARALLEL:
                built = [parallel_row(row) for row in rows]
            else:
                built = [made for row in rows if (made := ranked_row(row, config))]
                for row in built:
                    statistics.add(**{column: row[column] for column in COLUMNS})
            writer.write(built)
        return None if config == PARALLEL else asdict(statistics)

    def _rows(self, split: str) -> Iterator[list[dict[str, Any]]]:
        folder = self.run_folder.stage("rank")
        for name in self.units[split]:
            for batch in read_unit(UnitFiles(folder, name)).to_batches(max_chunksize=256):
                yield batch.to_pylist()
