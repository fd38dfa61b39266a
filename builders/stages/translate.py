"""The stage `translate`: every translator translates every selected row, each in a folder of its own."""

import socket
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from builders.engines import engine_of
from builders.engines.common.make import KeepDonors, candidate_row, donor_row, load_glossary, load_memory
from builders.recipes.api_keys import check_key
from builders.recipes.recipe import Recipe
from builders.recipes.translators import Translator, others_of
from builders.run_folder import schemas
from builders.run_folder.folder import RETRIED, SELECT, TRANSLATE, Run
from builders.run_folder.forecast import Forecast
from builders.run_folder.stage_parts import StagePart
from builders.run_folder.unit_reader import UnitReader
from builders.run_folder.unit_writer import Donors, UnitWriter
from builders.run_folder.units import UnitFiles, read_unit
from builders.stages.common.context import Build
from builders.stages.common.retry_failed import end_retry, plan_retry, retry_work
from builders.stages.common.run_units import UnitPipeline, add_up, observe, run_units
from builders.stages.fusion import fusion_inputs, offering
from processors.answers import Limits
from processors.conversations.field_texts import is_asked
from processors.servers.process import stop_server

NAME = TRANSLATE


def parts(recipe: Recipe) -> list[StagePart]:
    """One part a translator, which is ready where the keys of the addresses that it asks are there. The servers of
    those whose turn comes later are looked for before the first begins."""
    specs = recipe.in_order()
    return [
        StagePart(
            _name(spec),
            after=(SELECT, *(f"{TRANSLATE}/{other}" for other in others_of(spec))),
            cost=7.0,  # of the pseudo backend, by CPU time (benchmarks/build.py); a model dwarfs all other parts
            jobs=lambda where, name=spec.name: where.translators.get(name),  # type: ignore[misc]
            ready=partial(_check_keys, spec),
            greet=partial(_look_for, spec) if spec is not specs[0] else None,
        )
        for spec in specs
    ]


def _name(spec: Translator) -> str:
    return f"{TRANSLATE}/{spec.name}"


def _check_keys(spec: Translator, warn: Callable[[str], None]) -> None:
    for address in engine_of(spec).addresses():
        for variable in (address.api_key_env, *address.headers_env.values()):
            check_key(f"translator '{spec.name}'", address.base_url, variable, warn=warn)


# Whoever listens takes a connection in milliseconds.
_CONNECT_S = 3.0


def _look_for(spec: Translator, build: Build) -> None:
    """Say so where nobody listens at a translator's addresses. It may be started by the time that its turn comes."""
    urls = [address.base_url for address in engine_of(spec).addresses()]
    if not urls:
        return
    # Here, for a build that asks no server imports no client.
    from processors.clients.connection import through_proxy

    if any(map(through_proxy, urls)):
        return
    places = list(map(urlsplit, urls))
    whys = []
    for place in places:
        port = place.port or {"https": 443}.get(place.scheme, 80)
        try:
            socket.create_connection((place.hostname, port), timeout=_CONNECT_S).close()
            return
        except OSError as error:
            whys.append(f"{place.netloc} ({error.strerror or error})")
    build.observer.warn(
        f"{_name(spec)}: nobody listens at {', '.join(whys)} now; it is asked when the translators before it are done"
    )


def inputs(spec: Translator, build: Build) -> dict[str, Any]:
    """What a translator's candidates depend on.

    Asked only where the part is planned: a machine that ranks may have neither the model nor the files.
    """
    memory = load_memory(spec, build.recipe.language)
    found = {
        SELECT: build.marks[SELECT],
        "translator": engine_of(spec).shapes_answers(),
        "language": build.recipe.language.model_dump(mode="json"),
        "memory": memory.digest() if memory else None,
    }
    if glossary := load_glossary(spec):
        found["glossary"] = glossary.digest()
    return found | ({"donors": True} if build.recipe.keeps_donors else {}) | fusion_inputs(spec, build)


def run(build: Build) -> None:
    """Let every translator translate every selected row.

    A server that this process has started serves the translators that follow with the same one, as the variants of
    an ablation do. Any other would only hold its GPUs.
    """
    kept = None
    try:
        for spec in build.recipe.in_order():
            if not build.executor.wants(_name(spec)):
                continue
            own = engine_of(spec).server_key()
            if own is None or own != kept:
                stop_server()
            kept = own
            _translate(build, spec)
    finally:
        stop_server()


def _translate(build: Build, spec: Translator) -> None:
    name = _name(spec)
    build.enter(name, partial(inputs, spec))
    engine, language = engine_of(spec), build.recipe.language
    last = None
    if engine.asks_a_model:
        last = partial(
            engine.last_step, language, build.run.answers(spec), limits=limits_of(build.recipe, build.run, spec)
        )
    processes = engine.processes(build.run.logs(name), build.observer.say)
    if build.retry_failed and last is None:
        build.observer.say(f"{name}: not tried again; a memory says the same until it grows")
    reader = UnitReader(build.run.stage(SELECT), build.selected)
    donors = Donors(schemas.donor, donor_row) if build.recipe.keeps_donors else None
    offers = offering(spec, build)
    steps = [*([KeepDonors()] if donors else []), *offers, *engine.steps(language)]
    forecast = partial(_forecast, build, name) if engine.asks_a_model else None
    pipeline = UnitPipeline(
        name, reader, steps, candidate_row, schemas.candidate, last, processes, engine.together, forecast, donors
    )
    run_units(build, pipeline)
    if build.retry_failed and last is not None:
        _retry(build, name, last, pipeline, offers)


def _forecast(build: Build, name: str, rows: int) -> Forecast:
    """How long so many rows will take, by the length of the first unit's."""
    characters = 0.0
    for unit in build.selected[:1]:
        messages = read_unit(UnitFiles(build.run.stage(SELECT), unit.name)).column("messages").to_pylist()
        said = [
            len(one["content"] or "") for row in messages for one in row if is_asked(one["role"], one["content"] or "")
        ]
        characters = sum(said) / max(len(messages), 1)
    return Forecast(name, rows * characters, build.observer.warn)


def limits_of(recipe: Recipe, run: Run, spec: Translator) -> Limits | None:
    """What the translator may cost, and the run; None where the recipe does not say."""
    own, in_all = getattr(spec, "max_usd", None), recipe.max_usd
    if own is None and in_all is None:
        return None
    engine = engine_of(spec)
    characters = engine.counts == "characters"
    return Limits(run.spending, spec.name, engine.cost.bill, own, in_all, engine.price_share, characters)


def _retry(build: Build, name: str, last: Callable[[UnitWriter], Any], first: UnitPipeline, offers: list[Any]) -> None:
    """Try the stage's failed rows again (see `builders.stages.common.retry_failed`)."""
    folder = build.run.stage(name)
    chances = build.executor.planned(f"{name}/retry", lambda: plan_retry(folder, build.selected))
    work, rows = retry_work(name, build, chances, last, first.donors, offers)
    if work.items:
        build.observer.say(f"{name}: {sum(rows.values()):,} failed rows are tried again")
    observe(build, replace(work, processes=first.processes, together=first.together), rows, build.run.progress(name))

    def end() -> dict[str, Any]:
        end_retry(folder)
        return {}

    build.executor.planned(f"{name}/{RETRIED}", end)
    add_up(build, name, build.selected)
    build.executor.leave(name)
