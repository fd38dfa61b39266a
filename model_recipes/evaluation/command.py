"""`smolkalam evaluate`: a model on a suite, with intervals, a baseline and the papers' columns beside it."""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from builders.run_folder.folder import lock_folder
from model_recipes.evaluation.model_card import write_section
from model_recipes.evaluation.models import Model, look_for_libraries
from model_recipes.evaluation.run import Evaluation, Runner
from model_recipes.evaluation.suites import SuiteBenchmark, chosen
from model_recipes.evaluation.table import ScoreTable, made, plain, text
from processors.atomic_files import write_text
from processors.errors import InputError

TABLE, MARKDOWN = "evaluation.json", "evaluation.md"


def run_evaluate(
    model: Model,
    wanted: Sequence[str],
    *,
    output: Path | None,
    data: Path | None = None,
    baseline: str | None = None,
    limit: int | None = None,
    checkpoints: bool = False,
    yes: bool = False,
) -> list[ScoreTable]:
    """Evaluate a model (with `checkpoints` each of its folder's), print the table and write it to the output folder.

    Killed, the same command goes on. Raises InputError for what the user can mend, EngineError for a useless server.
    """
    benchmarks = chosen(wanted)
    look_for_libraries(model.engine)
    if data and not data.is_dir():
        raise InputError(f"--data {data}: no such folder")
    models = _checkpoints(model) if checkpoints else [model]
    folder = output or _beside(model)
    other = _baseline(baseline, model, benchmarks, data, limit, yes)
    tables = []
    for one in models:
        place = folder / Path(one.name).name if checkpoints else folder
        tables.append(_one(one, benchmarks, place, data, limit, other, yes))
    if checkpoints:
        from model_recipes.evaluation.curves import write_curves

        write_curves(folder, tables)
    return tables


def _one(
    model: Model, benchmarks: list[SuiteBenchmark], folder: Path, data: Path | None, limit: int | None,
    baseline: tuple[str, Evaluation] | None, yes: bool,
) -> ScoreTable:  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    lock = lock_folder(folder, busy="is being evaluated into already; wait for that or choose another --output")
    try:
        found = Runner(model, folder, data, limit, yes=yes).run(benchmarks)
        table = made(model.title, benchmarks, found, baseline)
        words = text(table)
        about = {**plain(table), "limit": limit, "engine": model.engine, "chat": model.chat}
        write_text(folder / TABLE, json.dumps(about, indent=1, ensure_ascii=False) + "\n")
        write_text(folder / MARKDOWN, words + "\n")
        if Path(model.name).is_dir():
            write_section(Path(model.name), words, limit)
    finally:
        lock.release()
    print(words)
    print(f"{found.asked:,} items asked now; answers, table and data's revisions: {folder}", file=sys.stderr)
    if limit:
        print(f"only the first {limit:,} items of each part (--limit): not the benchmark's score", file=sys.stderr)
    return table


def _beside(model: Model) -> Path:
    if Path(model.name).is_dir():
        return Path(model.name) / "evaluation"
    return Path("evaluation") / model.name.replace("/", "_")


def _checkpoints(model: Model) -> list[Model]:
    """The checkpoints of a training's folder, by step. Raises InputError where there are none."""
    found = sorted(Path(model.name).glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))
    if not found:
        raise InputError(f"{model.name}: has no checkpoint-* folders; set save_strategy: steps in its training")
    return [replace(model, name=str(path)) for path in found]


def _baseline(
    baseline: str | None,
    model: Model,
    benchmarks: list[SuiteBenchmark],
    data: Path | None,
    limit: int | None,
    yes: bool,
) -> tuple[str, Evaluation] | None:
    if baseline is None:
        return None
    other = replace(model, name=baseline, revision=None)
    print(f"baseline {other.title}", file=sys.stderr)
    folder = _beside(other)
    folder.mkdir(parents=True, exist_ok=True)
    lock = lock_folder(folder, busy="is being evaluated into already; wait for that")
    try:
        return other.title, Runner(other, folder, data, limit, yes=yes).run(benchmarks)
    finally:
        lock.release()
