"""`smolkalam build`: load the recipe, run the stages, say what came out."""

import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from builders.engines import engine_of
from builders.executors.shared_folder import Reached, SharedFolder, goes_on, joined, refuse_workers, retries, start
from builders.executors.this_machine import Executor, ThisMachine
from builders.recipes.executors import LocalRun, RayRun, Shared, SlurmRun
from builders.recipes.load import dump_recipe, load_recipe
from builders.recipes.recipe import Recipe
from builders.recipes.yaml_file import load_checked
from builders.reports.bars import Monitor
from builders.reports.end_report import print_report
from builders.run_folder.files import is_full, write_error
from builders.run_folder.folder import BUILD, CARD, RECIPE, STAGE, TRANSLATE, TRIAL, Run, library_versions
from builders.run_folder.stage_parts import StagePart, needed_for
from builders.stages import STAGES, parts_of
from builders.stages.common.context import Build
from processors.atomic_files import write_text
from processors.conversations.tokenizers import load_tokenizer
from processors.errors import InputError, RecipeError

# The dataset's card, which `finish` writes when all else is done; on a cluster a part of its own.
CARD_PART = StagePart(CARD, after=(BUILD,), file="dataset/README.md")


def run_build(
    name: str,
    *,
    source_path: str | None = None,
    output: Path | None = None,
    settings: list[str] | None = None,
    workers: int = 1,
    as_needed: bool = False,
    tasks: int | None = None,
    stop_after: str | None = None,
    executor: str | None = None,
    retry_failed: bool = False,
    yes: bool = False,
    finish: Callable[[Build], None],
) -> Path:
    """Build `name`'s dataset, `finish` it with its card; returns the run folder. Raises `processors.errors`.

    `as_needed`: of the `workers` no more than the rows are worth (see `ThisMachine`).
    `executor` (local, queue, slurm, ray) replaces the recipe's. On a cluster the build has only begun on return.
    `retry_failed` tries again what translators behind a server failed (`builders.stages.common.retry_failed`). Without
    `yes`, what costs much is asked about first (see `builders.estimates.spending`).
    """
    wanted = [stage.NAME for stage in STAGES]
    if stop_after is not None:
        if stop_after not in wanted:
            raise InputError(f"--stop-after {stop_after}: no such stage; expected one of {', '.join(wanted)}")
        wanted = wanted[: wanted.index(stop_after) + 1]
    recipe = load_recipe(name, settings or [], source_path=source_path)
    if executor is not None and executor != recipe.executor.kind:
        recipe = load_recipe(name, [*(settings or []), f"executor={{kind: {executor}}}"], source_path=source_path)
    run = Run((output or Path("run") / recipe.name).absolute())
    recipe = _find_models(recipe, run)
    if TRANSLATE in wanted and not retry_failed:
        from builders.estimates.spending import confirm_spending

        confirm_spending(recipe, run, yes=yes)
    if not isinstance(recipe.executor, LocalRun):
        return _begin_shared(recipe, run, workers, wanted, finish, retry_failed)
    began = time.monotonic()
    lock = run.lock()
    try:
        refuse_workers(run, _lease_before(run))
        run.write(RECIPE, _resolved(recipe))
        _forget_trials(recipe, run)
        build = _run_stages(recipe, run, ThisMachine(tasks, workers, as_needed), wanted, finish, retry_failed)
    finally:
        lock.release()
    print_report(build, wanted[-1], time.monotonic() - began)
    return run.folder


def work_on(
    folder: Path,
    *,
    workers: int = 1,
    only: str | None = None,
    wait: bool = True,
    wanted: list[str] | None = None,
    finish: Callable[[Build], None],
) -> None:
    """Take part in the build of a run folder until nothing is left, or only in the stage `only`."""
    run, began = Run(folder.absolute()), time.monotonic()
    if not run.recipe.exists():
        raise InputError(f"{folder}: no run folder; begin the build with smolkalam build ... --executor queue")
    recipe = load_recipe(str(run.recipe))
    if isinstance(recipe.executor, LocalRun):
        raise InputError(f"{folder}: a build of one machine; go on with smolkalam build ... --executor queue")
    parts = [*parts_of(recipe), CARD_PART]
    names = {part.name for part in parts}
    if only is not None and only not in names:
        raise InputError(f"--stage {only}: no such stage; expected one of {', '.join(sorted(names))}")
    _check_versions(run)
    lease_s = recipe.executor.lease_s
    with joined(run, lease_s):
        needs = frozenset(needed_for(parts, only)) if only is not None else None
        where = SharedFolder(run, lease_s, workers, only, wait, needs)
        try:
            build = _run_stages(recipe, run, where, wanted or [stage.NAME for stage in STAGES], finish, retries(run))
        except Reached:
            return
    print_report(build, wanted[-1] if wanted else BUILD, time.monotonic() - began)


def _recipe_before(run: Run) -> Recipe | None:
    """The recipe of the folder's last build; None where there is none.

    Raises RecipeError for one that says what no recipe says: whoever wrote a key into it would never know that it was
    thrown away. Files that it names may be gone: this build's recipe names its own.
    """
    if not run.recipe.exists():
        return None
    try:
        return load_checked(run.recipe, Recipe, "a recipe is a mapping")
    except RecipeError as error:
        raise RecipeError(f"{error}; mend it, or remove {run.recipe}: a build writes it anew") from None


def _lease_before(run: Run) -> float:
    """The lease that workers of an earlier build in this folder would have."""
    before = _recipe_before(run)
    executor = before.executor if before else None
    return executor.lease_s if isinstance(executor, Shared) else Shared().lease_s


def _begin_shared(
    recipe: Recipe,
    run: Run,
    workers: int,
    wanted: list[str],
    finish: Callable[[Build], None],
    retry_failed: bool,
) -> Path:
    assert not isinstance(recipe.executor, LocalRun)
    if isinstance(recipe.executor, SlurmRun):
        return _submit(recipe, run, wanted, finish, retry_failed)
    if isinstance(recipe.executor, RayRun) and not find_spec("ray"):
        raise InputError("the executor ray needs the extra of its name: pip install 'smolkalam[ray]'")
    _start(recipe, run, recipe.executor.lease_s, retry_failed)
    if isinstance(recipe.executor, RayRun):
        from builders.executors.ray_workers import RayWorkers

        task = partial(work_on, run.folder, workers=recipe.executor.cpus_per_task, wanted=wanted, finish=finish)
        RayWorkers(task, recipe.executor, run.logs("ray")).run()
        # Nothing is left but to say what came out; what the tasks left undone is done here.
    work_on(run.folder, workers=workers, wanted=wanted, finish=finish)
    return run.folder


def _start(recipe: Recipe, run: Run, lease_s: float, retry_failed: bool) -> None:
    try:
        start(run, _resolved(recipe), lease_s, retry_failed=retry_failed)
        _forget_trials(recipe, run)
    except OSError as error:
        raise write_error(error, run.folder) from None


def _forget_trials(recipe: Recipe, run: Run) -> None:
    """A translator that was given up may have been mended: each build tries it anew, by stored answers for nothing."""
    for spec in recipe.translators:
        run.logs(TRANSLATE, spec.name, TRIAL).unlink(missing_ok=True)


def _submit(recipe: Recipe, run: Run, wanted: list[str], finish: Callable[[Build], None], retry_failed: bool) -> Path:
    from builders.executors.slurm import parts_to_retry, submit

    assert isinstance(recipe.executor, SlurmRun)
    needed = [*parts_of(recipe, wanted), *([CARD_PART] if BUILD in wanted else [])]
    names = [part.name for part in (*parts_of(recipe), CARD_PART)]
    for name in recipe.executor.stages:
        if name not in names:
            raise InputError(f"executor.stages: this build has no stage '{name}'; expected {', '.join(names)}")
    if retry_failed:
        going_on = goes_on(run, _resolved(recipe), retry_failed=True)
        needed = parts_to_retry(recipe, run, needed, going_on=going_on)
    if not needed:
        print(f"{run.folder}: no row failed, and the build is done; nothing is submitted", file=sys.stderr)
    else:
        _start(recipe, run, recipe.executor.lease_s, retry_failed)
        work = partial(_work_on_stage, run.folder, finish)
        for stage, ids in submit(recipe, run, work, needed).items():
            print(f"{stage}: job {', '.join(ids)}", file=sys.stderr)
    print(run.folder)
    return run.folder


def _work_on_stage(folder: Path, finish: Callable[[Build], None], stage: str, cores: int) -> None:
    """What each task of a cluster does."""
    work_on(folder, workers=cores, only=stage, wait=False, finish=finish)


def _run_stages(
    recipe: Recipe,
    run: Run,
    where: Executor,
    wanted: list[str],
    finish: Callable[[Build], None],
    retry_failed: bool,
) -> Build:
    try:
        parts = parts_of(recipe, wanted)
        with Monitor(parts) as monitor:
            for part in parts:
                if part.ready is not None and where.works_on(part.name):
                    part.ready(monitor.warn)
            for name in {recipe.outputs.tokenizer, *(t.chunking.tokenizer for t in recipe.translators)}:
                load_tokenizer(name)
            build = Build(recipe, run, monitor, where, retry_failed, parts)
            for part in parts:
                # Who came to it before has learnt it, and what it is asked about was paid for then.
                if part.greet is not None and where.works_on(part.name) and not run.stage(part.name, STAGE).exists():
                    _greet(part, build)

            def write_card() -> dict[str, Any]:
                finish(build)
                write_text(run.finished, "{}")
                return {"dataset": str(run.dataset)}

            for stage in STAGES:
                if stage.NAME in wanted and any(where.wants(part.name) for part in stage.parts(recipe)):
                    stage.run(build)
            if BUILD in wanted:
                where.planned(CARD, write_card)
            return build
    except OSError as error:
        # Not ours: a log of datatrove's, a temporary file of a library.
        if is_full(error):
            raise write_error(error, run.folder) from None
        raise


def _versions() -> list[str]:
    return [f"#   {library} {version}" for library, version in library_versions().items()]


def _resolved(recipe: Recipe) -> str:
    versions = "\n".join(_versions())
    return f"# The recipe as it was run, every default written out. Built with:\n{versions}\n{dump_recipe(recipe)}"


def _check_versions(run: Run) -> None:
    """Machines with different libraries would write different bytes."""
    theirs = run.recipe.read_text(encoding="utf-8").splitlines()
    if other := [line.strip("# ") for line in _versions() if line not in theirs]:
        raise InputError(
            f"this machine has {', '.join(other)}, and {run.folder} was begun with another version (see the top of "
            "its recipe.yaml); install the same"
        )


def _find_models(recipe: Recipe, run: Run) -> Recipe:
    """Fail before any work where a model's file is missing; the recipe keeps what it is, and its commit on the Hub."""
    last = _recipe_before(run)
    before = {spec.name: spec for spec in last.translators} if last else {}
    translators = [engine_of(spec).pinned(before.get(spec.name), recipe.language) for spec in recipe.translators]
    return recipe.model_copy(update={"translators": translators})


# A first question that is not answered by then is told of: what hangs would be waited for in silence.
_SLOW_S = 20.0


def _greet(part: StagePart, build: Build) -> None:
    assert part.greet is not None
    said = (
        f"{part.name}: a first short text is not answered within {_SLOW_S:.0f} s; it is waited for, and nothing begun"
    )
    slow = threading.Timer(_SLOW_S, build.observer.warn, [said])
    slow.start()
    try:
        part.greet(build)
    finally:
        slow.cancel()
