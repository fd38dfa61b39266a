"""Writes one split as Parquet shards whose row groups the Hub's viewer can read."""

import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from processors.atomic_files import check_guard

if TYPE_CHECKING:
    import pyarrow as pa


# Rows a group at most: the viewer reads whole groups, and short rows would make them slow to page through.
GROUP_ROWS = 5000


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

        self.write_batch(pa.RecordBatch.from_pylist(rows, schema=self.schema), map(_bytes, rows))

    def write_batch(self, batch: "pa.RecordBatch", sizes: Iterable[int]) -> None:
        """Add rows as Arrow has them, with the bytes of each."""
        start = 0
        for index, size in enumerate(sizes):
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
