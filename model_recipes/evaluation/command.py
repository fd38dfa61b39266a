"""`smolkalam evaluate`: a model on a suite, with intervals, a baseline and the papers' columns beside it."""

import contextlib
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from builders.recipes.api_keys import check_key
from builders.recipes.scorers import Panel, load_panel
from builders.run_folder.folder import lock_folder
from model_recipes.evaluation.arena import compare, read_prompts
from model_recipes.evaluation.asked.models import Model, look_for_libraries
from model_recipes.evaluation.benchmarks.suites import SuiteBenchmark, chosen
from model_recipes.evaluation.in_training import items_in_training
from model_recipes.evaluation.report.model_card import write_section
from model_recipes.evaluation.report.plot import PLOT, write_plot
from model_recipes.evaluation.report.table import ScoreTable, made, plain, text
from model_recipes.evaluation.run import Runner
from model_recipes.evaluation.scoring.evaluation import Evaluation
from processors.atomic_files import write_text
from processors.errors import InputError

TABLE, MARKDOWN, ARENA = "evaluation.json", "evaluation.md", "arena.json"


def run_evaluate(
    model: Model,
    wanted: Sequence[str],
    *,
    output: Path | None,
    data: Path | None = None,
    baseline: str | None = None,
    limit: int | None = None,
    checkpoints: bool = False,
    judges: Path | None = None,
    arena: Path | None = None,
    training_data: Path | None = None,
    yes: bool = False,
) -> list[ScoreTable]:
    """Evaluate a model (with `checkpoints` each of its folder's), print the table and write it to the output folder.

    Killed, the same command goes on. Raises InputError for what the user can mend, EngineError for a useless server.
    """
    if not wanted and not arena:
        raise InputError("nothing to ask: name a suite by --suite, or prompts by --arena")
    if arena and not (judges and baseline):
        raise InputError("--arena compares two models by judges: give --baseline and --judges too")
    benchmarks = chosen(wanted)
    prompts = read_prompts(arena) if arena else []
    look_for_libraries(model.engine)
    if data and not data.is_dir():
        raise InputError(f"--data {data}: no such folder")
    asking = Questioning(data, limit, _panel(judges), training_data, yes)
    models = _checkpoints(model) if checkpoints else [model]
    for one in [*models, *([replace(model, name=baseline, revision=None)] if baseline else [])]:
        # One that is not there is told before hours are spent on the others.
        one.identity()
    folder = output or _beside(model)
    other = _baseline(baseline, model, benchmarks, asking) if benchmarks else None
    tables = []
    for one in models if benchmarks else []:
        place = folder / Path(one.name).name if checkpoints else folder
        tables.append(_one(one, benchmarks, place, asking, other))
    if prompts and baseline:
        _arena(model, replace(model, name=baseline, revision=None), prompts, folder, asking)
    if checkpoints and tables:
        from model_recipes.evaluation.report.curves import write_curves

        write_curves(folder, tables)
    return tables


@dataclass(frozen=True, slots=True)
class Questioning:
    """How models are asked, the baseline too."""

    data: Path | None
    limit: int | None
    judges: Panel | None
    training_data: Path | None
    yes: bool

    @contextlib.contextmanager
    def runner(self, model: Model, folder: Path) -> Iterator[Runner]:
        with contextlib.closing(
            Runner(model, folder, self.data, self.limit, judges=self.judges, yes=self.yes)
        ) as runner:
            yield runner


def _panel(path: Path | None) -> Panel | None:
    if path is None:
        return None
    panel = load_panel(path)
    for one in panel.judges:
        check_key(f"judge '{one.name}'", one.base_url, one.api_key_env, warn=lambda line: print(line, file=sys.stderr))
    return panel


def _one(
    model: Model,
    benchmarks: list[SuiteBenchmark],
    folder: Path,
    asking: Questioning,
    baseline: tuple[str, Evaluation] | None,
) -> ScoreTable:
    lock = lock_folder(folder, busy="is being evaluated into already; wait for that or choose another --output")
    try:
        with asking.runner(model, folder) as runner:
            found = runner.run(benchmarks)
        trained = items_in_training(asking.training_data, found.rows) if asking.training_data else None
        table = made(model.title, benchmarks, found, baseline, trained)
        words = text(table)
        about = {**plain(table), "limit": asking.limit, "engine": model.engine, "chat": model.chat}
        write_text(folder / TABLE, json.dumps(about, indent=1, ensure_ascii=False) + "\n")
        write_text(folder / MARKDOWN, words + "\n")
        drawn = write_plot(folder / PLOT, table)
        if (own := Path(model.name)).is_dir():
            if drawn and folder.resolve() != own.resolve():
                # Beside the card, which is published with what stands there.
                write_plot(own / PLOT, table)
            write_section(own, words, asking.limit, PLOT if drawn else None)
    finally:
        lock.release()
    print(words)
    print(f"{found.asked:,} items asked now; answers, table and data's revisions: {folder}", file=sys.stderr)
    if limit := asking.limit:
        print(f"only the first {limit:,} items of each part (--limit): not the benchmark's score", file=sys.stderr)
    return table


def _arena(model: Model, other: Model, prompts: list[str], folder: Path, asking: Questioning) -> None:
    assert asking.judges is not None
    lock = lock_folder(folder, busy="is being evaluated into already; wait for that or choose another --output")
    try:
        with asking.runner(model, folder) as one, asking.runner(other, _beside(other)) as two:
            found = compare(one, two, prompts[: asking.limit], asking.judges, yes=asking.yes)
        about = {**asdict(found), "model": model.title, "baseline": other.title, "prompts": len(prompts)}
        write_text(folder / ARENA, json.dumps(about, indent=1, ensure_ascii=False) + "\n")
    finally:
        lock.release()
    print(found.words(model.title, other.title))


def _beside(model: Model) -> Path:
    if Path(model.name).is_dir():
        return Path(model.name) / "evaluation"
    return Path("evaluation") / model.name.replace("/", "_")


def _checkpoints(model: Model) -> list[Model]:
    """The checkpoints of a training's folder, by step. Raises InputError where there are none."""
    # A folder of a user's own, such as checkpoint-best, has no step.
    steps = [path for path in Path(model.name).glob("checkpoint-*") if path.name.rpartition("-")[2].isdecimal()]
    found = sorted(steps, key=lambda path: int(path.name.rpartition("-")[2]))
    if not found:
        raise InputError(f"{model.name}: has no checkpoint-* folders; set save_strategy: steps in its training")
    return [replace(model, name=str(path)) for path in found]


def _baseline(
    baseline: str | None, model: Model, benchmarks: list[SuiteBenchmark], asking: Questioning
) -> tuple[str, Evaluation] | None:
    if baseline is None:
        return None
    other = replace(model, name=baseline, revision=None)
    print(f"baseline {other.title}", file=sys.stderr)
    folder = _beside(other)
    lock = lock_folder(folder, busy="is being evaluated into already; wait for that")
    try:
        with asking.runner(other, folder) as runner:
            return other.title, runner.run(benchmarks)
    finally:
        lock.release()
