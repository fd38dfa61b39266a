"""The pairs of a run's units, each unit's in files of its own, so that tasks make them beside each other."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from builders.executors.this_machine import TASKS_A_WORKER, run_stage
from builders.preferences.pairs import LeftOut, PairPlan, is_test, make_pairs, schema
from builders.reports.bars import Monitor
from builders.run_folder.ranked_rows import ranked_rows
from builders.run_folder.units import UnitFiles, read_counts
from processors.atomic_files import write_text
from processors.judging.votes import Votes

SPLITS = ("train", "test")
# What a unit's counts count, in its own order: kinds of rows and pairs, reasons, and who was better than whom.
KINDS = ("totals", "reasons", "pairings")


def pair_units(units: list[UnitFiles], folder: Path, make_plan: Callable[[], PairPlan], workers: int) -> None:
    """Make the pairs of all units in `folder`, by processes. `make_plan` can be pickled; each process calls it."""
    rows = {unit.name: read_counts(unit)["kept"] for unit in units}
    tasks = 1 if workers == 1 else min(len(units), workers * TASKS_A_WORKER)
    with Monitor([]) as monitor:
        monitor.stage("pairs", sum(rows.values()), 0, lambda: sum(rows[path.stem] for path in folder.glob("*.json")))
        run_stage([PairUnits(units, folder, make_plan)], tasks=tasks, workers=workers, logging_dir=folder / "logs")
        monitor.finished("pairs")


class PairUnits(PipelineStep):
    """Writes the pairs of this task's units: `<unit>.<split>.parquet`, `<unit>.jsonl` with those left out, and last
    `<unit>.json` with its counts."""

    name = "Preference pairs"
    type = "WRITER"

    def __init__(self, units: list[UnitFiles], folder: Path, make_plan: Callable[[], PairPlan]) -> None:
        super().__init__()
        self.units = units
        self.folder = folder
        self.make_plan = make_plan

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> Iterable[Document]:
        plan = self.make_plan()
        for unit in self.units[rank::world_size]:
            with self.track_time():
                self._pair(unit, plan)
        return ()

    def _pair(self, unit: UnitFiles, plan: PairPlan) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        columns = schema(plan.task, plan.recipe.ranking.reward is not None)
        counts: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
        if isinstance(plan.source, Votes):
            plan.source.asked.clear()
        writers: dict[str, pq.ParquetWriter] = {}
        with left_out_file(self.folder, unit).open("w", encoding="utf-8") as log:
            for batch in ranked_rows(unit):
                made: dict[str, list[dict[str, Any]]] = {split: [] for split in SPLITS}
                for row in batch:
                    pairs, left_out = make_pairs(row, plan)
                    made["test" if is_test(row["messages"], plan.test_share, plan.seed) else "train"] += pairs
                    _count(counts, row, pairs, left_out, plan)
                    for one in left_out:
                        record = {"id": one.id, "pair": one.translators, "reason": one.reason, "detail": one.detail}
                        log.write(json.dumps(record, ensure_ascii=True) + "\n")
                for split, pairs in made.items():
                    if pairs:
                        if split not in writers:
                            writers[split] = pq.ParquetWriter(_pairs_file(self.folder, unit, split), columns)
                        writers[split].write_table(pa.Table.from_pylist(pairs, columns))
        for writer in writers.values():
            writer.close()
        asked = sorted(plan.source.asked) if isinstance(plan.source, Votes) else []
        # In one step, for whoever counts what is done looks at this.
        write_text(self.folder / f"{unit.name}.json", json.dumps(counts | {"asked": asked}))


def _count(
    counts: dict[str, Counter[str]],
    row: dict[str, Any],
    pairs: list[dict[str, Any]],
    left_out: list[LeftOut],
    plan: PairPlan,
) -> None:
    width = sum(candidate["translator"] in plan.source.translators for candidate in row["candidates"])
    counts["totals"].update(rows=1, possible=width * (width - 1) // 2, pairs=len(pairs))
    counts["reasons"].update(pair.reason for pair in left_out)
    counts["pairings"].update(f"{pair['chosen_translator']} over {pair['rejected_translator']}" for pair in pairs)


def unit_counts(folder: Path, unit: UnitFiles) -> tuple[dict[str, Counter[str]], set[tuple[str, str, str]]]:
    """A unit's counts by kind, and the verdicts that it asked for."""
    found = json.loads((folder / f"{unit.name}.json").read_text(encoding="utf-8"))
    return {kind: Counter(found[kind]) for kind in KINDS}, {(row, a, b) for row, a, b in found["asked"]}


def unit_pairs(folder: Path, unit: UnitFiles, split: str) -> Iterator[list[dict[str, Any]]]:
    """A unit's pairs of a split, some hundred at a time."""
    import pyarrow.parquet as pq

    path = _pairs_file(folder, unit, split)
    if path.exists():
        for batch in pq.ParquetFile(path).iter_batches(batch_size=256):
            yield batch.to_pylist()


def left_out_file(folder: Path, unit: UnitFiles) -> Path:
    """What of a unit was left out and why, a JSON object a line."""
    return folder / f"{unit.name}.jsonl"


def _pairs_file(folder: Path, unit: UnitFiles, split: str) -> Path:
    return folder / f"{unit.name}.{split}.parquet"
