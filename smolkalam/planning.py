"""Plans of several trainings: rounds on a model's own answers, and whole recipes."""

from pathlib import Path
from typing import Annotated

import typer

from smolkalam.options import Settings, Yes

PlanOutput = Annotated[
    Path | None, typer.Option("--output", "-o", help="Folder of the plan's steps [default: run/NAME].")
]
PlanDryRun = Annotated[
    bool, typer.Option("--dry-run", help="Only say what is done, what is to do, and hours and price.")
]


def iterate(
    plan: Annotated[Path, typer.Argument(help="YAML of the rounds: model, prompts, reward, guards.")],
    output: PlanOutput = None,
    set: Settings = None,
    dry_run: PlanDryRun = False,
    yes: Yes = False,
) -> None:
    """Train a model on its own answers, round by round: sample, judge, pair, DPO; guards end it in time."""
    from model_recipes.on_policy.command import run_iterations

    run_iterations(plan, set or [], output=output, dry_run=dry_run, yes=yes)


def pipeline(
    plan: Annotated[Path, typer.Argument(help="YAML of the steps: data, trainings, merges, rounds, evaluations.")],
    output: PlanOutput = None,
    set: Settings = None,
    dry_run: PlanDryRun = False,
    yes: Yes = False,
) -> None:
    """Do a whole recipe: steps that use each other's results, with one journal and one model card."""
    from model_recipes.pipeline import run_pipeline

    run_pipeline(plan, set or [], output=output, dry_run=dry_run, yes=yes)
