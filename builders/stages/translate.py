"""The stage `translate`: every translator translates every selected row, each in a folder of its own."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from builders.engines.make import TranslateStep, candidate_row, load_memory
from builders.recipes.translators import LlamaCppTranslator, ServedTranslator, Translator
from builders.run_folder import schemas
from builders.run_folder.folder import RETRIED, SELECT, TRANSLATE
from builders.run_folder.unit_reader import UnitReader
from builders.run_folder.unit_writer import UnitSink
from builders.stages.context import Build
from builders.stages.retry_failed import end_retry, plan_retry, retry_work
from builders.stages.run_units import UnitPipeline, add_up, observe, run_units
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
            "translator": _answers_depend_on(self.spec),
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
    part = Translating(spec)
    build.enter(part)
    reader = UnitReader(build.run.stage(SELECT), build.selected)
    if isinstance(spec, ServedTranslator):
        from builders.engines.served import endpoint_step, processes_here

        last = partial(endpoint_step, spec, build.recipe.language, build.run.answers(spec))
        processes = processes_here(spec, build.run.logs(part.NAME), build.observer.say)
        work = UnitPipeline(part.NAME, reader, [], candidate_row, schemas.candidate, last, processes)
        run_units(build, work)
        if build.retry_failed:
            _retry(build, part.NAME, last, processes)
        return
    if build.retry_failed:
        build.observer.say(f"{part.NAME}: not tried again; a memory says the same until it grows")
    steps = [TranslateStep(spec, build.recipe.language)]
    run_units(build, UnitPipeline(part.NAME, reader, steps, candidate_row, schemas.candidate))


def _retry(build: Build, name: str, last: Callable[[UnitSink], Any], processes: Callable[[], int] | None) -> None:
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
