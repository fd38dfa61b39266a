"""Rows of a source that is read by its fields, as they are, for who puts translated texts into them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from datatrove.io import get_datafolder

from builders.recipes.recipe import Source
from builders.run_folder.units import Unit
from builders.sources.find import reaching
from builders.sources.read import damaged, row_groups
from processors.errors import InputError
from processors.fields.messages import RowTexts, row_texts
from processors.fields.paths import Leaf, leaves
from processors.fields.tables import texts_of, with_texts

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class FieldTables:
    """The source's rows as they are, for who puts translated texts into them; `units` by their names."""

    source: Source
    units: Mapping[str, Unit]

    def schema(self) -> "pa.Schema":
        """The source's columns, with what `datasets` knows of them (names of classes, and the like)."""
        import pyarrow.parquet as pq

        unit = next(iter(self.units.values()))
        with self._open(unit.file) as handle:
            schema = pq.ParquetFile(handle).schema_arrow
        known = {key: value for key, value in (schema.metadata or {}).items() if key == b"huggingface"}
        return schema.with_metadata(known or None)

    def described(self, schema: "pa.Schema") -> "pa.Schema":
        """The schema with what `datasets` writes into its files: the features of all columns."""
        from datasets import Features

        plain, described = schema.remove_metadata(), schema.metadata or {}
        known = json.loads(described[b"huggingface"])["info"]["features"] if b"huggingface" in described else {}
        features = Features.from_arrow_schema(plain).to_dict() | known
        info = {"info": {"features": {name: features[name] for name in plain.names}}}
        return plain.with_metadata({"huggingface": json.dumps(info)})

    def unit_rows(self, name: str) -> "UnitRows":
        """The rows of a unit, to be taken from its beginning on."""
        unit = self.units[name]
        return UnitRows(self, unit)

    def _open(self, file: str) -> Any:
        with reaching(self.source.path):
            return get_datafolder(self.source.path).open(file, "rb")

    def batches(self, unit: Unit) -> "Iterator[pa.RecordBatch]":
        """Batches from the unit's first row on. Raises InputError for a file that cannot be read any more."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            with reaching(self.source.path), self._open(unit.file) as handle:
                parquet = pq.ParquetFile(handle)
                groups, begin = row_groups(parquet.metadata, unit.offset, parquet.metadata.num_rows)
                for batch in parquet.iter_batches(batch_size=256, row_groups=groups):
                    skip = max(0, min(batch.num_rows, unit.offset - begin))
                    begin += batch.num_rows
                    if skip < batch.num_rows:
                        yield batch.slice(skip)
        except (pa.ArrowInvalid, pa.ArrowException, OSError) as error:
            raise damaged(self.source, unit.file, error) from None


class UnitRows:
    """Rows of one unit, taken in their order."""

    def __init__(self, tables: FieldTables, unit: Unit) -> None:
        self._source = tables.source
        self._file = unit.file
        self._next = unit.first
        self._batches = tables.batches(unit)
        self._batch: Any = None

    def take(self, numbers: Sequence[int]) -> "pa.Table":
        """The rows with these numbers in their split, ascending and behind those that were taken before."""
        import pyarrow as pa

        taken, wanted = [], list(numbers)
        while wanted:
            if self._batch is None:
                self._batch = next(self._batches, None)
                if self._batch is None:
                    raise self._changed()
            end = self._next + self._batch.num_rows
            here = [number - self._next for number in wanted if number < end]
            if here:
                taken.append(self._batch.take(pa.array(here)))
                wanted = wanted[len(here) :]
            if wanted:
                self._next, self._batch = end, None
        return pa.Table.from_batches(taken)

    def texts(self, table: "pa.Table", messages: Sequence[Sequence[Mapping[str, str]]]) -> list[RowTexts]:
        """The texts of each row of what was taken. Raises InputError where `messages` were made of others."""
        found = [row_texts(texts) for texts in texts_of(table, self._leaves(table))]
        if any(one.messages != list(before) for one, before in zip(found, messages, strict=True)):
            raise self._changed()
        return found

    def translated(self, table: "pa.Table", rows: Sequence[Sequence[str]]) -> "pa.Table":
        """The table with these texts, as many of each row as it has."""
        return with_texts(table, self._leaves(table), rows)

    def _changed(self) -> InputError:
        file = f"{self._source.path.rstrip('/')}/{self._file}"
        return InputError(f"{file}: it has changed since its rows were selected; run the build again")

    def _leaves(self, table: "pa.Table") -> list[Leaf]:
        return leaves(table.schema, self._source.fields, self._source.verbatim)
