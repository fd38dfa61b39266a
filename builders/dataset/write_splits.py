"""The dataset's files: from ranked rows to one Parquet split a config, and its statistics."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from builders.dataset.categories import DOMAIN, Categories
from builders.dataset.duplicates import KEEP, left_out
from builders.dataset.rows import parallel_row, ranked_row
from builders.dataset.shard_writer import SplitWriter
from builders.dataset.side_statistics import SideStatistics
from builders.dataset.statistics import SplitStatistics
from builders.dataset.templates import with_system_message
from builders.run_folder import schemas
from builders.run_folder.files import write_error
from builders.run_folder.folder import RANK, SCAN, SELECT, Run
from builders.run_folder.ranked_rows import taken_by
from builders.run_folder.schemas import PARALLEL, USUAL
from builders.run_folder.units import UnitFiles, read_unit
from processors.atomic_files import check_guard, write_text

if TYPE_CHECKING:
    pass


class BuildSplits(PipelineStep):
    """Writes the (config, split) pairs of this task, each with `<build>/<config>/<split>.json` beside the dataset.

    `combined`: rows have the column `segments`. `duplicates`: which the recipe keeps (`builders.dataset.duplicates`).
    `stratified` are the splits whose rows have a domain by which they were cut.
    `system_tokenizer`: custom instructions become a system message too, whose tokens it counts; None: they do not.
    `sides`: rows are preference pairs.
    """

    name = "Build"
    type = "WRITER"

    def __init__(
        self,
        run: Run,
        pairs: list[tuple[str, str]],
        units: dict[str, list[str]],
        group_bytes: int,
        shard_bytes: int,
        combined: bool = False,
        carry: tuple[str, ...] = (),
        scored: tuple[str, ...] = USUAL,
        duplicates: str = KEEP,
        system_tokenizer: str | None = None,
        sides: bool = False,
        stratified: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__()
        self.run_folder = run
        self.pairs = pairs
        self.units = units
        self.group_bytes = group_bytes
        self.shard_bytes = shard_bytes
        self.combined = combined
        self.carry = carry
        self.scored = scored
        self.duplicates = duplicates
        self.system_tokenizer = system_tokenizer
        self.sides = sides
        self.stratified = stratified

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> Iterable[Document]:
        for config, split in self.pairs[rank::world_size]:
            with self.track_time():
                self._build(config, split, rank)
        return ()

    def _build(self, config: str, split: str, rank: int) -> None:
        folder, done = self.run_folder.dataset / config, self.run_folder.built_split(config, split)
        try:
            for path in (folder, done.parent):
                path.mkdir(parents=True, exist_ok=True)
            for stale in [*folder.glob(f"{split}-?????-of-?????.parquet"), *folder.glob(f".{split}-?????*.tmp")]:
                check_guard()
                stale.unlink(missing_ok=True)
            writer = SplitWriter(
                folder, split, self._schema(config), group_bytes=self.group_bytes, shard_bytes=self.shard_bytes
            )
            system, categories = Counter[str](), Categories()
            statistics, by_side = self._write_rows(writer, config, split, system, categories)
            files = writer.close()
            result = {
                "config": config, "split": split, "rows": writer.rows, "bytes": writer.bytes,
                "files": files, "statistics": statistics, "categories": categories.to_plain(),
            }  # fmt: skip
            result |= {"system_messages": dict(sorted(system.items()))} if self.system_tokenizer else {}
            result |= {"sides": by_side.to_plain()} if by_side.rows else {}
            write_text(done, json.dumps(result))
        except OSError as error:
            raise write_error(error, folder) from error

    def _schema(self, config: str) -> Any:
        of = schemas.parallel if config == PARALLEL else schemas.ranked
        return of(self.combined, self.carry, self.scored, self.sides)

    def _write_rows(
        self, writer: SplitWriter, config: str, split: str, system: Counter[str], categories: Categories
    ) -> tuple[dict[str, Any] | None, SideStatistics]:
        """Writes the rows; their statistics, none of `parallel`, and of pairs those of their sides. `system` counts
        custom instructions by what was done.

        `parallel` has them where the source has them, and is in no `categories`.
        """
        statistics, by_side = SplitStatistics(), SideStatistics()
        tokens = self._tokens()
        without = left_out(self.run_folder, config, self.duplicates)
        for rows, carried, domains in self._rows(split):
            if config == PARALLEL:
                built = [parallel_row(row, self.combined) for row in rows]
            else:
                rows = [row for row in rows if row["id"] not in without]
                built = [made for row in rows if (made := ranked_row(row, config, self.combined))]
                if tokens is not None:
                    told = [with_system_message(row, tokens) for row in built]
                    built = [row for row, _ in told]
                    system.update(done for _, done in told if done)
                for row in built:
                    statistics.add(row)
                    of = {DOMAIN: domains.get(row["id"])} if domains else {}
                    categories.add(row, {"source": row["source"], **carried.get(row["id"], {}), **of})
                for row in rows if self.sides else ():
                    if taken := taken_by(row, config):
                        by_side.add(row, taken)
            writer.write(self._with_carried(built, carried))
        return None if config == PARALLEL else statistics.to_plain(), by_side

    def _tokens(self) -> Callable[[str], int] | None:
        if self.system_tokenizer is None:
            return None
        from processors.conversations.token_counts import count_tokens
        from processors.conversations.tokenizers import load_tokenizer

        tokenizer = load_tokenizer(self.system_tokenizer)
        return lambda text: count_tokens(tokenizer, [text])[0]

    def _rows(self, split: str) -> Iterator[tuple[list[dict[str, Any]], dict[str, dict[str, Any]], dict[str, str]]]:
        """Ranked rows, some hundred at a time, and of their unit's rows, by id, what is carried and the domain."""
        folder = self.run_folder.stage(RANK)
        columns = [name for name in schemas.ranked_unit(self.sides).names if name != "sketches"]
        for name in self.units[split]:
            carried, domains = self._carried(name), self._domains(name) if split in self.stratified else {}
            for batch in read_unit(UnitFiles(folder, name), columns).to_batches(max_chunksize=256):
                yield batch.to_pylist(), carried, domains

    def _carried(self, unit: str) -> dict[str, dict[str, Any]]:
        # They take no part in what is translated and ranked, so they lie in the selection only.
        if not self.carry:
            return {}
        table = read_unit(UnitFiles(self.run_folder.stage(SELECT), unit)).select(["id", *self.carry])
        return {row.pop("id"): row for row in table.to_pylist()}

    def _domains(self, unit: str) -> dict[str, str]:
        table = read_unit(UnitFiles(self.run_folder.stage(SCAN), unit), ["id", "stratum"])
        return dict(zip(table["id"].to_pylist(), table["stratum"].to_pylist(), strict=True))

    @staticmethod
    def _with_carried(built: list[dict[str, Any]], carried: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
        return [row | carried[row["id"]] for row in built] if carried else built
