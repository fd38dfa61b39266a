"""The stages of a build, in order: select, translate (once a translator), rank, build.

Each looks at what its folder holds, runs the pipeline over the units that are missing, and asserts at the end that
every row that was read was kept or dropped with a reason.
"""

import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from datatrove.data import Document

from builders.dataset.write_splits import PARALLEL, BuildSplits
from builders.engines.make import TranslateStep, candidate_row, load_memory
from builders.executors.this_machine import Executor, Work
from builders.preferences.sources import read_votes
from builders.recipes.recipe import Recipe, Source
from builders.recipes.translators import LlamaCppTranslator, ServedTranslator, Translator
from builders.run_folder import schemas
from builders.run_folder.activity import ENGINES, RequestsSince
from builders.run_folder.folder import Run, enter_stage
from builders.run_folder.unit_writer import UnitSink, expected_rows
from builders.run_folder.units import Totals, Unit, UnitFiles, read_counts, total_counts
from builders.sources.read import ShardReader
from builders.stages.fit_ranker import plan_ranker
from builders.stages.plan_units import plan_source
from builders.stages.rank import ROWS_WITH_VERDICTS, JoinCandidates, RankCandidates, UnitReader
from builders.stages.retry_failed import ENDED, end_retry, plan_retry, retry_work
from builders.stages.reward import JoinRewards, ScoreRewards, reward_row
from builders.stages.select import ApplyFilters, plan_cuts
from processors.errors import CountError, InputError
from processors.ranking.policy import OUTCOMES
from processors.servers.process import stop_server


class Observer(Protocol):
    """What the command line shows of a build."""

    def stage(
        self, name: str, rows: int, done: int, watch: Callable[[], int], detail: Callable[[], str] = str
    ) -> None: ...
    def warn(self, message: str) -> None: ...
    def say(self, message: str) -> None: ...
    def finished(self, name: str) -> None: ...


@dataclass(slots=True)
class Build:
    """A build in progress: what was planned, what each stage counted."""

    recipe: Recipe
    run: Run
    observer: Observer
    executor: Executor
    retry_failed: bool = False
    source: Source | None = None
    units: list[Unit] = field(default_factory=list)
    selected: list[Unit] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    totals: dict[str, Totals] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    splits: list[dict[str, Any]] = field(default_factory=list)


def select(build: Build) -> None:
    """Choose the rows that are translated: splits, validity, Han characters, cuts."""
    recipe, run = build.recipe, build.run
    plan = build.executor.planned("source", partial(plan_source, build))
    build.source = Source(**plan["source"])
    build.units = [Unit(**unit) for unit in plan["units"]]
    build.notes += plan["notes"]
    inputs = plan["inputs"]
    cuts = plan_cuts(build, _run, {cut.split: cut for cut in recipe.selection.cuts}, inputs)
    folder = run.stage("select")
    build.marks["select"] = _enter(build, "select", lambda: inputs)
    filters = ApplyFilters(recipe.selection.drop_han, cuts, run.stage("scan"))
    _run(
        build, "select", folder, build.units, ShardReader(build.source, []), [filters], _selected_row, schemas.selected
    )
    counts = ((unit, read_counts(UnitFiles(folder, unit.name))["kept"]) for unit in build.units)
    build.selected = [replace(unit, rows=kept) for unit, kept in counts if kept]
    if not build.selected:
        dropped = ", ".join(f"{reason} {n}" for reason, n in build.totals["select"].dropped.most_common())
        raise InputError(f"{build.source.path}: no row is left to translate ({dropped}); look into {folder}/dropped")


def _enter(build: Build, name: str, inputs: Callable[[], dict[str, Any]]) -> str:
    """Prepare the stage's folder for its inputs, once for all machines; returns the fingerprint."""
    folder = build.run.stage(*name.split("/"))
    made = build.executor.planned(name, lambda: {"mark": enter_stage(folder, inputs(), say=build.observer.say)})
    return made["mark"]


def translate(build: Build) -> None:
    """Let every translator translate every selected row.

    A server that this process has started serves the translators that follow with the same one, as the variants of
    an ablation do. Any other would only hold its GPUs.
    """
    kept = None
    try:
        for spec in build.recipe.translators:
            if not build.executor.wants(f"translate/{spec.name}"):
                continue
            own = _own_server(spec)
            if own is None or own != kept:
                stop_server()
            kept = own
            _translate(build, spec)
    finally:
        stop_server()


def _own_server(spec: Translator) -> Any:
    if not isinstance(spec, ServedTranslator):
        return None
    from builders.engines.served import own_server

    return own_server(spec)


def _translate(build: Build, spec: Translator) -> None:
    name = f"translate/{spec.name}"
    folder = build.run.stage("translate", spec.name)
    build.marks[name] = _enter(build, name, partial(_translate_inputs, build, spec))
    reader = UnitReader(build.run.stage("select"), [])
    if isinstance(spec, ServedTranslator):
        from builders.engines.served import endpoint_step, processes_here

        last = partial(endpoint_step, spec, build.recipe.language, build.run.answers(spec))
        processes = processes_here(spec, build.run.logs("translate", spec.name), build.observer.say)
        _run(build, name, folder, build.selected, reader, [], candidate_row, schemas.candidate, last, processes)
        if build.retry_failed:
            _retry(build, name, folder, last, processes)
        return
    if build.retry_failed:
        build.observer.say(f"{name}: not tried again; a memory says the same until it grows")
    steps = [TranslateStep(spec, build.recipe.language)]
    _run(build, name, folder, build.selected, reader, steps, candidate_row, schemas.candidate)


def _translate_inputs(build: Build, spec: Translator) -> dict[str, Any]:
    # Only where the stage is planned: a machine that ranks may have neither the model nor the memory.
    memory = load_memory(spec, build.recipe.language)
    return {
        "select": build.marks["select"],
        "translator": _answers_depend_on(spec),
        "language": build.recipe.language.model_dump(mode="json"),
        "memory": memory.digest() if memory else None,
    }


def _retry(
    build: Build,
    name: str,
    folder: Path,
    last: Callable[[UnitSink], Any],
    processes: Callable[[], int] | None,
) -> None:
    """Try the stage's failed rows again (see `builders.stages.retry_failed`)."""
    chances = build.executor.planned(f"{name}/retry", lambda: plan_retry(folder, build.selected))
    work, rows = retry_work(name, build.run, build.selected, chances, last)
    if work.items:
        build.observer.say(f"{name}: {sum(rows.values()):,} failed rows are tried again")
    _observe(build, replace(work, processes=processes), rows, build.run.progress(*name.split("/")))

    def end() -> dict[str, Any]:
        end_retry(folder)
        return {}

    build.executor.planned(f"{name}/{ENDED}", end)
    _add_up(build, name, folder, build.selected)
    build.executor.leave(name)


def reward(build: Build) -> None:
    """Score every candidate with the recipe's reward model, where it has one."""
    recipe, folder = build.recipe, build.run.stage("reward")
    spec = recipe.ranking.reward
    if spec is None:
        return
    from processors.reward.local_model import resolve_model

    # Which commit a branch of the Hub means is decided once, for all machines.
    model = partial(resolve_model, spec.model, spec.revision)
    found = build.executor.planned("reward-model", lambda: asdict(model()))
    names = [translator.name for translator in recipe.translators]
    inputs = {
        "translate": {name: build.marks[f"translate/{name}"] for name in names},
        "model": found["digest"],
        "reward": spec.model_dump(mode="json", include={"max_length", "batch_tokens", "dtype", "cpu_threads"}),
        "served": spec.base_url is not None,
        "language": recipe.language.name,
    }
    mark = build.marks["reward"] = _enter(build, "reward", lambda: inputs)
    spec = spec.model_copy(update={"revision": found["revision"]})
    steps = [
        JoinCandidates({name: build.run.stage("translate", name) for name in names}),
        ScoreRewards(spec, recipe.language, mark, folder / "partial", build.run.progress("reward")),
    ]
    reader = UnitReader(build.run.stage("select"), [])
    _run(build, "reward", folder, build.selected, reader, steps, reward_row, schemas.rewards)


def rank(build: Build) -> None:
    """Check, score and choose."""
    recipe, folder = build.recipe, build.run.stage("rank")
    configs = {recipe.config_name(spec.name): spec.name for spec in recipe.translators}
    verdicts = recipe.ranking.verdicts
    votes = read_votes(Path(verdicts), list(configs.values())) if verdicts is not None else None
    inputs = {
        "translate": {name: build.marks[f"translate/{name}"] for name in configs.values()},
        "ranking": recipe.ranking.model_dump(mode="json", exclude={"reward", "verdicts"}),
        "verdicts": votes.digest() if votes else None,
        "reward": build.marks.get("reward"),
        "tokenizer": recipe.outputs.tokenizer,
        "configs": configs,
        "columns": str(schemas.ranked_unit()),
    }
    fitted = build.run.stage("ranker") if len(configs) > 1 else None
    if fitted:
        inputs["ranker"] = build.executor.planned("ranker", partial(plan_ranker, build))["mark"]
    build.marks["rank"] = _enter(build, "rank", lambda: inputs)
    steps = [
        JoinCandidates({name: build.run.stage("translate", name) for name in configs.values()}),
        JoinRewards(build.run.stage("reward") if recipe.ranking.reward else None),
        RankCandidates(recipe.ranking, configs, recipe.language, recipe.outputs.tokenizer, fitted),
    ]
    reader = UnitReader(build.run.stage("select"), [])
    _run(build, "rank", folder, build.selected, reader, steps, _ranked_row, schemas.ranked_unit)
    if votes:
        judged, here = len(votes.rows()), build.totals["rank"].extra[ROWS_WITH_VERDICTS]
        if here < judged:
            build.observer.warn(f"ranking.verdicts: {here:,} of the {judged:,} rows that it judges are in this run")


def assemble(build: Build) -> None:
    """Write the dataset's Parquet files, one config a translator and `parallel`."""
    recipe, run = build.recipe, build.run
    folder = run.stage("build")
    inputs = {
        "rank": build.marks["rank"],
        "outputs": recipe.outputs.model_dump(mode="json", include={"parallel", "row_group_bytes", "shard_bytes"}),
    }
    configs = [recipe.config_name(spec.name) for spec in recipe.translators]
    if recipe.outputs.parallel:
        configs.append(PARALLEL)
    units: dict[str, list[str]] = {}
    rows: Counter[str] = Counter()
    for unit in build.selected:
        units.setdefault(unit.into, []).append(unit.name)
        rows[unit.into] += unit.rows
    pairs = [(config, split) for config in configs for split in units]
    build.marks["build"] = build.executor.planned("build", partial(_plan_build, build, inputs, pairs))["mark"]

    def pipeline(names: list[str]) -> list[Any]:
        todo = [(config, split) for config, split in pairs if f"{config}/{split}" in set(names)]
        return [BuildSplits(run, todo, units, recipe.outputs.row_group_bytes, recipe.outputs.shard_bytes)]

    items = {f"{config}/{split}": folder / config / f"{split}.json" for config, split in pairs}
    sizes = {f"{config}/{split}": rows[split] for config, split in pairs}
    _observe(build, Work("build", items, pipeline, run.logs("build")), sizes)
    build.splits = [json.loads(path.read_text()) for path in items.values()]
    _check_built(build, configs)


def _plan_build(build: Build, inputs: dict[str, Any], pairs: list[tuple[str, str]]) -> dict[str, Any]:
    folder = build.run.stage("build")
    mark = enter_stage(folder, inputs, say=build.observer.say)
    for config, split in pairs:
        done = folder / config / f"{split}.json"
        if done.exists() and not _whole(build.run, folder, config, split):
            done.unlink()
    if not all((folder / config / f"{split}.json").exists() for config, split in pairs):
        build.run.finished.unlink(missing_ok=True)
    return {"mark": mark}


def _whole(run: Run, folder: Path, config: str, split: str) -> bool:
    try:
        result = json.loads((folder / config / f"{split}.json").read_text())
    except ValueError:
        return False
    return all(
        (run.dataset / item["file"]).is_file() and (run.dataset / item["file"]).stat().st_size == item["bytes"]
        for item in result["files"]
    )


def _check_built(build: Build, configs: list[str]) -> None:
    """Rows of each config = what rank chose for it; files of no config or split of this build are removed."""
    extra, kept = build.totals["rank"].extra, build.totals["rank"].kept
    for config in configs:
        built = sum(split["rows"] for split in build.splits if split["config"] == config)
        chosen = sum(extra[f"{config}/{outcome}"] for outcome in OUTCOMES if outcome != "dropped")
        wanted = kept if config == PARALLEL else chosen
        if built != wanted:
            raise CountError(f"{config}: {built} rows built, but rank chose {wanted}")
    files = {item["file"] for split in build.splits for item in split["files"]}
    for path in build.run.dataset.glob("*/*.parquet"):
        if str(path.relative_to(build.run.dataset)) not in files:
            path.unlink()


def _run(
    build: Build,
    name: str,
    folder: Path,
    units: list[Unit],
    reader: Any,
    steps: list[Any],
    row: Callable[[Document], dict[str, Any]],
    schema: Callable[[], Any],
    last: Callable[[UnitSink], Any] | None = None,
    processes: Callable[[], int] | None = None,
) -> None:
    """See that a stage's units are all done and add up its counts.

    `last` wraps the sink for a pipeline that ends in datatrove's InferenceRunner, which takes it as its output writer.
    """
    progress = build.run.progress(*name.split("/"))

    def pipeline(names: list[str]) -> list[Any]:
        wanted = set(names)
        reader.units = [unit for unit in units if unit.name in wanted]
        sink = UnitSink(folder, schema, row, expected_rows(reader.units), progress=progress)
        return [reader, *steps, last(sink) if last else sink]

    items = {unit.name: UnitFiles(folder, unit.name).counts for unit in units}
    # What asks a model may have failed rows to try again.
    more = build.retry_failed and last is not None
    work = Work(name, items, pipeline, build.run.logs(*name.split("/")), processes, more)
    _observe(build, work, expected_rows(units), progress)
    _add_up(build, name, folder, units)


def _add_up(build: Build, name: str, folder: Path, units: list[Unit]) -> None:
    totals = total_counts(folder, [unit.name for unit in units])
    if totals.read != sum(unit.rows for unit in units):
        raise CountError(f"{name}: {totals.read} rows read of {sum(unit.rows for unit in units)}")
    build.totals[name] = totals


def _observe(build: Build, work: Work, rows: dict[str, int], progress: Path | None = None) -> None:
    """Run a stage's work, shown by rows: those of its items that are done, and those that tasks hold."""
    done = sum(rows.values()) - sum(rows[name] for name in work.missing())

    def watch() -> int:
        held = 0
        for path in progress.glob("*.json") if progress else ():
            with suppress(OSError, ValueError):
                held += json.loads(path.read_text())["rows"]
        return sum(rows.values()) - sum(rows[name] for name in work.missing()) - done + held

    asked = RequestsSince(build.run.logs(*work.name.split("/"), ENGINES))
    build.observer.stage(work.name, sum(rows.values()), done, watch, asked)
    build.executor.run(work)
    build.observer.finished(work.name)


def _answers_depend_on(spec: Translator) -> dict[str, Any]:
    """A translator's settings without those that change only its speed, or are in the fingerprint by content."""
    without = {
        "memory",
        "concurrency",
        "timeout_s",
        "base_url",
        "api_key_env",
        "endpoints",
        "cost",
        "answers",
        "server",
        "threads",
        "digest",
    }
    settings = {key: value for key, value in spec.model_dump(mode="json").items() if key not in without}
    if isinstance(spec, LlamaCppTranslator):
        from builders.engines.llamacpp import model_digest

        return settings | {"model": model_digest(spec)}
    return settings


def _selected_row(document: Document) -> dict[str, Any]:
    keys = ("messages", "chat_template_kwargs", "source")
    return {"id": document.id, **{key: document.metadata[key] for key in keys}}


def _ranked_row(document: Document) -> dict[str, Any]:
    return document.metadata["ranked"]
