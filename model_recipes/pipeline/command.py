"""`smolkalam pipeline`: a plan of steps that use each other's results, with one journal and one model's card."""

import difflib
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import Field

from model_recipes.evaluation.asked.models import Model
from model_recipes.pipeline.base import PipelineStep
from model_recipes.pipeline.card import RESULT, STORY, write_card
from model_recipes.pipeline.steps import AnyStep
from model_recipes.plans import PlanFile, PlanRun, PlanStep, StepNeeds, load_plan
from model_recipes.plans.journal import JOURNAL
from model_recipes.plans.run import EARLIER
from processors.errors import InputError

# What the plan itself writes into its folder.
_TAKEN = (RESULT, EARLIER, JOURNAL, STORY)


class PipelinePlan(PlanFile):
    """The keys of a pipeline's plan."""

    steps: list[AnyStep] = Field(min_length=1, description="in their order; each may use those before it")
    result: str | None = Field(
        None, description="the step whose model is the result [default: the last that makes one]"
    )


def run_pipeline(
    path: Path, settings: Sequence[str], *, output: Path | None = None, dry_run: bool = False, yes: bool = False
) -> Path | None:
    """Do a plan's steps; the result's folder, None for `dry_run` or where no step makes a model. Raises InputError."""
    plan = load_plan(path, PipelinePlan, settings)
    uses = {step.name: used_by(plan.steps[:number], step, path) for number, step in enumerate(plan.steps)}
    result = _result(plan, path)
    for step in plan.steps:
        step.look({key: name for key, name in step.uses().items() if name not in uses[step.name]})
    folder = (output or Path("run") / plan.name).absolute()
    with PlanRun(folder, plan) as run:
        # Of a model of the Hub it is asked there, and several steps begin with the same.
        identity = cache(lambda name: Model(name).identity())
        steps: dict[str, PlanStep] = {}
        for step in plan.steps:
            steps[step.name] = _plan_step(run, step, uses[step.name], steps, identity, yes)
        if not run.begin(list(steps.values()), dry_run=dry_run, yes=yes):
            return None
        found = {name: run.do(step) for name, step in steps.items()}
        if result is None:
            return None
        made = write_card(folder, plan.name, plan.steps, found, result)
    print(f"the result is {result}: {made}", file=sys.stderr)
    return made


def used_by(before: Sequence[PipelineStep], step: PipelineStep, path: Path) -> dict[str, PipelineStep]:
    """The earlier steps that this one uses, by name. Raises InputError for what is no step, no file and no id."""
    known = {one.name: one for one in before}
    # Some disks take names that differ only in case for one.
    own = f"{step.name}/".casefold()
    folders = {name: f"{name}/".casefold() for name in known}
    for name, folder in folders.items():
        if folder == own:
            alike = "" if name == step.name else f", as {name}; give names that differ in more than case"
            raise InputError(f"{path}: steps: {step.name}: is there twice{alike}")
        if folder.startswith(own) or own.startswith(folder):
            raise InputError(f"{path}: steps: {step.name}: one folder would lie in the other's, that of {name}")
    if step.name.split("/")[0].casefold() in _TAKEN:
        raise InputError(f"{path}: steps: {step.name}: the plan's own {step.name.split('/')[0]} has this name")
    found = {}
    for key, name in step.uses().items():
        if name in known:
            made = known[name].makes
            if made == "table":
                raise InputError(f"{path}: steps: {step.name}: {key}: {name} makes a table, which no step uses")
            found[name] = known[name]
        elif not Path(name).exists() and name.count("/") != 1:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]}?" if near else f"; steps before it: {', '.join(known) or 'none'}"
            raise InputError(
                f"{path}: steps: {step.name}: {key}: no step '{name}' before it, no folder and no id{hint}"
            )
    return found


def _result(plan: PipelinePlan, path: Path) -> str | None:
    models = [step.name for step in plan.steps if step.makes == "model"]
    if plan.result is not None and plan.result not in models:
        raise InputError(
            f"{path}: result: {plan.result}: is no step that makes a model; those are {', '.join(models)}"
        )
    return plan.result or (models[-1] if models else None)


def _plan_step(
    run: PlanRun,
    step: PipelineStep,
    uses: dict[str, PipelineStep],
    steps: dict[str, PlanStep],
    identity: Callable[[str], str],
    yes: bool,
) -> PlanStep:
    def resolve(name: str) -> str:
        if name not in uses:
            return name
        results = run.results(steps[name])
        assert results is not None
        return str(run.folder / results["output"])

    def do(place: Path) -> dict[str, Any]:
        step.clear(place)
        # What asks models says its price itself, and refuses a high one that nobody has said yes to.
        words = step.words(resolve, place) + ["--yes"] * (step.pays and yes)
        run.command(words, f"{step.name}: failed")
        try:
            found = step.outcome(place)
        except FileNotFoundError as error:
            raise InputError(f"{step.name}: ended, and left no {error.filename}; see what it said above") from None
        output = found.output.absolute()
        # In the plan's folder, which may be moved; or elsewhere, as the start that no round was better than.
        kept = output.relative_to(run.folder) if output.is_relative_to(run.folder) else output
        return {"output": str(kept), "figures": dict(found.figures), "told": found.told}

    own = {name for name in step.uses().values() if name not in uses}
    models = {name for key, name in step.uses().items() if name in own and key.split()[0] in _MODELS}
    return PlanStep(
        step.name,
        do,
        settings={
            **step.model_dump(mode="json"),
            # Of a model what it is, and not all of its folder: an evaluation writes into that.
            "models": {name: identity(name) for name in sorted(models)},
        },
        files={**step.files(), **{name: name for name in sorted(own - models)}},
        after=tuple(steps[name] for name in uses),
        needs=StepNeeds(None, None) if step.makes == "model" or step.pays else StepNeeds(),
    )


_MODELS = ("model", "experts", "base", "baseline")
