"""A build: what it would cost, the build itself, its workers, what it has done, and many of them compared."""

from pathlib import Path
from typing import Annotated, Any

import typer

from smolkalam.options import Format, Input, RecipeName, Settings, Workers, Yes, cores


def build(
    recipe: RecipeName,
    input: Input = None,
    output: Annotated[Path | None, typer.Option(help="Run folder [default: run/<recipe's name>].")] = None,
    set: Settings = None,
    workers: Workers = None,
    tasks: Annotated[int | None, typer.Option(min=1, help="Parts that each stage is divided into.")] = None,
    stop_after: Annotated[
        str | None, typer.Option(metavar="STAGE", help="select, translate, score, rank or build: go no further.")
    ] = None,
    executor: Annotated[
        str | None, typer.Option(help="local, queue (with smolkalam worker), slurm or ray; replaces the recipe's.")
    ] = None,
    retry_failed: Annotated[
        bool,
        typer.Option(
            "--retry-failed",
            help="Try again the rows that a model failed (translate/*/dropped), and no others: good answers of theirs "
            "are taken from the store, bad ones are asked for anew with other temperatures and seeds. Each call is "
            "one more chance; rows that come out join the dataset, and what was there stays as it is.",
        ),
    ] = False,
    yes: Yes = False,
) -> None:
    """Build a dataset: select, translate, rank, build. Run the same command again to go on where it stopped."""
    import processors.own_process  # noqa: F401
    from builders.build import run_build
    from hub.card.write import write_card

    run_build(
        recipe,
        source_path=input,
        output=output,
        settings=set or [],
        workers=workers or cores(),
        as_needed=workers is None,
        tasks=tasks,
        stop_after=stop_after,
        executor=executor,
        retry_failed=retry_failed,
        yes=yes,
        finish=write_card,
    )


def worker(
    run: Annotated[Path, typer.Argument(help="The run folder, shared with the other machines.")],
    workers: Workers = None,
    stage: Annotated[
        str | None, typer.Option(help="Work on this stage only, such as translate/SeedX, then stop.")
    ] = None,
) -> None:
    """Take part in a build begun with --executor queue, on this machine, until nothing is left."""
    import processors.own_process  # noqa: F401
    from builders.build import work_on
    from hub.card.write import write_card

    work_on(run, workers=workers or cores(), only=stage, finish=write_card)


def plan(
    recipe: RecipeName,
    input: Input = None,
    output: Annotated[
        Path | None, typer.Option(help="Run folder to look into for finished work [default: run/<recipe's name>].")
    ] = None,
    set: Settings = None,
    sample: Annotated[int, typer.Option(min=1, help="Rows to read; more make the intervals narrower.")] = 2000,
    scan: Annotated[
        bool | None,
        typer.Option(
            "--scan/--no-scan",
            help="Count repeated messages in the whole source [default: in a local folder of at most 2 GB].",
        ),
    ] = None,
    format: Annotated[Format, typer.Option(help="text or json.")] = "text",
) -> None:
    """Say what a build would ask of each translator and cost, without building: from a sample of its rows."""
    from builders.estimates.command import run_plan

    run_plan(
        recipe,
        source_path=input,
        output=output,
        settings=set or [],
        sample=sample,
        scan=scan,
        as_json=format == "json",
    )


def try_one(
    recipe: RecipeName,
    text: Annotated[str | None, typer.Option(help="A text to translate, as a user's message.")] = None,
    row: Annotated[str | None, typer.Option(help="Or a row: train/12, or the id its source gives it.")] = None,
    translator: Annotated[str | None, typer.Option(help="Only this one of the recipe's translators.")] = None,
    input: Input = None,
    output: Annotated[
        Path | None, typer.Option(help="Run folder whose stored answers are used and added to [default: run/NAME].")
    ] = None,
    set: Settings = None,
    format: Annotated[Format, typer.Option(help="text or json.")] = "text",
    yes: Yes = False,
) -> None:
    """Show one text's or row's whole way: chunks, protected spans, requests, answers, retries, checks, scores."""
    from builders.trying.command import run_try

    asked = {"text": text, "row": row, "translator": translator, "source_path": input, "output": output}
    if not run_try(recipe, settings=set or [], as_json=format == "json", yes=yes, **asked):  # type: ignore[arg-type]
        raise typer.Exit(1)


def status(
    run: Annotated[Path, typer.Argument(help="Run folder; it is only read.")],
    format: Annotated[
        Format, typer.Option(help="text, or json: an object a snapshot, on a line of its own.")
    ] = "text",
    follow: Annotated[
        bool | None,
        typer.Option("--follow/--once", help="Until the build is finished, or once [default: follow on a terminal]."),
    ] = None,
) -> None:
    """Show what a build has done and is doing, over all machines that share its run folder."""
    from builders.reports.status import run_status

    run_status(run, as_json=format == "json", follow=follow)


def ablate(
    recipe: RecipeName,
    over: Annotated[
        list[str] | None, typer.Option(help="KEY=V1,V2,...: what to vary, such as chunking.lines=25,50,100,500.")
    ] = None,
    input: Input = None,
    output: Annotated[Path | None, typer.Option(help="Run folder [default: run/<recipe's name>-ablation].")] = None,
    set: Annotated[list[str] | None, typer.Option(help="As of build: selection.max_rows_per_split=50.")] = None,
    workers: Workers = None,
    executor: Annotated[str | None, typer.Option(help="As of build.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write the expanded recipe and stop.")] = False,
    train: Annotated[
        Path | None, typer.Option(help="YAML of `train sft`: a model for each variant and seed is trained.")
    ] = None,
    evaluate: Annotated[
        list[str] | None, typer.Option(help="With --train: suites or benchmarks that rank the variants.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="As of evaluate.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Models of each variant, with --train.")] = 3,
    yes: Yes = False,
) -> None:
    """Compare settings of the translators on the same rows: LR, SCR, quality, mean rank, with intervals and a plot."""
    from builders.ablations.command import run_ablation
    from hub.card.write import write_card
    from processors.errors import InputError

    shared: dict[str, Any] = {
        "source_path": input, "output": output, "settings": set, "workers": workers or cores(), "executor": executor,
        "dry_run": dry_run, "yes": yes, "finish": write_card,
    }  # fmt: skip
    if train is None:
        if evaluate or data:
            raise InputError("--evaluate and --data go with --train: nothing else is trained and evaluated")
        run_ablation(recipe, over or [], **shared)
        return
    if not evaluate:
        raise InputError("--train needs --evaluate: the suite or benchmarks that rank the variants")
    from model_recipes.choosing.command import run_choice

    run_choice(recipe, over or [], train=train, suites=evaluate, seeds=seeds, data=data, **shared)


def recipes() -> None:
    """List the recipes that ship with the project."""
    from builders.reports.recipe_list import print_recipes

    print_recipes()
