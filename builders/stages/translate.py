"""The stage `translate`: every translator translates every selected row, each in a folder of its own."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from builders.engines import engine_of
from builders.engines.common.make import candidate_row, load_memory
from builders.recipes.translators import Translator
from builders.run_folder import schemas
from builders.run_folder.folder import RETRIED, SELECT, TRANSLATE
from builders.run_folder.unit_reader import UnitReader
from builders.run_folder.unit_writer import UnitWriter
from builders.stages.context import Build
from builders.stages.retry_failed import end_retry, plan_retry, retry_work
from builders.stages.run_units import UnitPipeline, add_up, observe, run_units
from processors.answers import Limits
from processors.servers.process import stop_server

NAME = TRANSLATE


@dataclass(frozen=True, slots=True)
class Translating:
    """One translator's share of the stage."""

    spec: Translator

    @property
    def NAME(self) -> str:
        return f"{TRANSLATE}/{self.spec.name}"

    def inputs(self, build: Build) -> dict[str, Any]:
        # Only where the stage is planned: a machine that ranks may have neither the model nor the memory.
        memory = load_memory(self.spec, build.recipe.language)
        return {
            SELECT: build.marks[SELECT],
            "translator": engine_of(self.spec).shapes_answers(),
            "language": build.recipe.language.model_dump(mode="json"),
            "memory": memory.digest() if memory else None,
        }


def inputs(build: Build) -> dict[str, Any]:
    """What each translator's candidates depend on."""
    return {spec.name: Translating(spec).inputs(build) for spec in build.recipe.translators}


def run(build: Build) -> None:
    """Let every translator translate every selected row.

    A server that this process has started serves the translators that follow with the same one, as the variants of
    an ablation do. Any other would only hold its GPUs.
    """
    kept = None
    try:
        for spec in build.recipe.translators:
            if not build.executor.wants(Translating(spec).NAME):
                continue
            own = engine_of(spec).server_key()
            if own is None or own != kept:
                stop_server()
            kept = own
            _translate(build, spec)
    finally:
        stop_server()


def _translate(build: Build, spec: Translator) -> None:
    part = Translating(spec)
    build.enter(part)
    engine, language = engine_of(spec), build.recipe.language
    last = None
    if engine.asks_a_model:
        last = partial(engine.last_step, language, build.run.answers(spec), limits=_limits(build, spec))
    processes = engine.processes(build.run.logs(part.NAME), build.observer.say)
    if build.retry_failed and last is None:
        build.observer.say(f"{part.NAME}: not tried again; a memory says the same until it grows")
    reader = UnitReader(build.run.stage(SELECT), build.selected)
    steps = engine.steps(language)
    run_units(build, UnitPipeline(part.NAME, reader, steps, candidate_row, schemas.candidate, last, processes))
    if build.retry_failed and last is not None:
        _retry(build, part.NAME, last, processes)


def _limits(build: Build, spec: Translator) -> Limits | None:
    """What the translator may cost, and the run; None where the recipe does not say."""
    own, in_all = getattr(spec, "max_usd", None), build.recipe.max_usd
    if own is None and in_all is None:
        return None
    return Limits(build.run.spending, spec.name, engine_of(spec).cost.bill, own, in_all)


def _retry(build: Build, name: str, last: Callable[[UnitWriter], Any], processes: Callable[[], int] | None) -> None:
    """Try the stage's failed rows again (see `builders.stages.retry_failed`)."""
    folder = build.run.stage(name)
    chances = build.executor.planned(f"{name}/retry", lambda: plan_retry(folder, build.selected))
    work, rows = retry_work(name, build.run, build.selected, chances, last)
    if work.items:
        build.observer.say(f"{name}: {sum(rows.values()):,} failed rows are tried again")
    observe(build, replace(work, processes=processes), rows, build.run.progress(name))

    def end() -> dict[str, Any]:
        end_retry(folder)
        return {}

    build.executor.planned(f"{name}/{RETRIED}", end)
    add_up(build, name, build.selected)
    build.executor.leave(name)
