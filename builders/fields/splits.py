"""The dataset's files of a source that is read by its fields: its own columns with translated texts, then ours."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from builders.dataset.categories import Categories
from builders.dataset.duplicates import left_out
from builders.dataset.notes import notes
from builders.dataset.rows import with_decisions
from builders.dataset.shard_writer import SplitWriter
from builders.dataset.side_statistics import SideStatistics
from builders.dataset.statistics import SplitStatistics
from builders.dataset.write_splits import BuildSplits
from builders.fields.tables import FieldTables, UnitRows
from builders.run_folder import schemas
from builders.run_folder.folder import RANK
from builders.run_folder.ranked_rows import taken_by
from builders.run_folder.schemas import OWN, PARALLEL
from builders.run_folder.units import UnitFiles, read_unit
from processors.scoring.columns import NAMES

if TYPE_CHECKING:
    import pyarrow as pa


class BuildFieldSplits(BuildSplits):
    """As BuildSplits; `tables` has the source's rows."""

    tables: FieldTables

    def _schema(self, config: str) -> Any:
        import pyarrow as pa

        source = self.tables.schema()
        return self.tables.described(pa.schema([*source, *self._own(config)], source.metadata))

    def _own(self, config: str) -> "pa.Schema":
        of = schemas.field_parallel if config == PARALLEL else schemas.field_columns
        return of(self.combined, self.scored)

    def _write_rows(
        self, writer: SplitWriter, config: str, split: str, system: Counter[str], categories: Categories
    ) -> tuple[dict[str, Any] | None, SideStatistics]:
        import pyarrow as pa

        statistics, own = SplitStatistics(), self._own(config)
        for rows, source in self._ranked(split, config):
            table = source.take([int(row["id"].rpartition("/")[2]) for row in rows])
            texts = source.texts(table, [row["messages"] for row in rows])
            if config == PARALLEL:
                built = [_parallel_row(row, self.combined) for row in rows]
            else:
                built = [_ranked_row(row, config, self.combined) for row in rows]
                for row in built:
                    statistics.add(row | {"turns": row["texts"]})
                taken = [taken_by(row, config) for row in rows]
                contents = [[message["content"] for message in one["messages"]] for one in taken if one]
                made = [text.put_back(of) for text, of in zip(texts, contents, strict=True)]
                table = source.translated(table, made)
            added = pa.Table.from_pylist([{f"{OWN}{key}": of[key] for key in of} for of in built], schema=own)
            for batch in _batches([*table.columns, *added.columns], writer.schema):
                writer.write_batch(batch, (batch.slice(number, 1).nbytes for number in range(batch.num_rows)))
        return None if config == PARALLEL else statistics.to_plain(), SideStatistics()

    def _ranked(self, split: str, config: str) -> Iterator[tuple[list[dict[str, Any]], UnitRows]]:
        """Ranked rows that the config has, some hundred at a time, and where their source's rows come from."""
        folder, without = self.run_folder.stage(RANK), left_out(self.run_folder, config, self.duplicates)
        for name in self.units[split]:
            source = self.tables.unit_rows(name)
            for batch in read_unit(UnitFiles(folder, name)).to_batches(max_chunksize=256):
                rows = batch.to_pylist()
                if config != PARALLEL:
                    rows = [row for row in rows if row["id"] not in without and taken_by(row, config)]
                if rows:
                    yield rows, source


def _batches(columns: Sequence[Any], schema: "pa.Schema") -> "Iterator[pa.RecordBatch]":
    import pyarrow as pa

    table = pa.Table.from_arrays(list(columns), schema=schema).combine_chunks()
    yield from table.to_batches()


def _ranked_row(row: dict[str, Any], config: str, combined: bool) -> dict[str, Any]:
    """What is added to a row that `config` has (`schemas.field_columns`), without what the names begin with."""
    choice, chosen = next(one for one in row["choices"] if one["config"] == config), taken_by(row, config)
    assert chosen is not None
    candidates = with_decisions(row, choice, partial(_scored, row))
    return {
        "id": row["id"],
        **{name: chosen[name] for name in NAMES if name in chosen},
        "translator": chosen["translator"],
        "noted": notes(row["messages"], chosen["checks"]),
        "candidates": candidates,
        "tokens": chosen["tokens"],
        "texts": len(chosen["messages"]),
        **({"segments": _segments(row, chosen)} if combined else {}),
    }


def _parallel_row(row: dict[str, Any], combined: bool) -> dict[str, Any]:
    """What is added to a row of `parallel` (`schemas.field_parallel`)."""
    candidates = [
        {
            **_scored(row, c),
            "translation": c["messages"]
            and [{"field": message["role"], "text": message["content"]} for message in c["messages"]],
            **({"segments": _segments(row, c)} if combined else {}),
        }
        for c in row["candidates"]
    ]
    return {"id": row["id"], "candidates": candidates}


def _scored(row: Mapping[str, Any], candidate: Mapping[str, Any]) -> dict[str, Any]:
    """A candidate's scores, and its verdicts by the places of texts."""
    checks = [
        {
            "check": check["check"],
            "hard": check["hard"],
            "field": _place(row, check["message"]),
            "detail": check["detail"],
        }
        for check in candidate["checks"]
    ]
    scores = {name: candidate[name] for name in NAMES if name in candidate}
    return {"translator": candidate["translator"], **scores, "checks": checks}


def _segments(row: Mapping[str, Any], candidate: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    if candidate["segments"] is None:
        return None
    names = ("start", "end", "translator")
    return [{"field": _place(row, one["message"])} | {n: one[n] for n in names} for one in candidate["segments"]]


def _place(row: Mapping[str, Any], message: int | None) -> str | None:
    return None if message is None else row["messages"][message]["role"]
