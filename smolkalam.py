"""SmolKalam's command line: one function a command, no logic.

smolkalam build demo --output demo
"""

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

# Before any of the libraries is imported: tokenizers forks badly with its threads on, and each task has one core.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import typer

_HELP = """Turn an English post-training dataset into a ranked, filtered, documented translation of it.

Try it: smolkalam build demo --output demo
"""
app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    # Plain help: the frames of typer's rich help import Markdown and pygments, 0.41 s of CPU against 0.14 without.
    rich_markup_mode=None,
    context_settings={"max_content_width": 119},
    help=_HELP,
)
Format = Literal["text", "json"]
RecipeName = Annotated[str, typer.Argument(help="A recipe's YAML file, or one that ships: demo, pseudo, smolkalam.")]
Input = Annotated[
    str | None, typer.Option(help="Folder (or hf:// path) laid out as the Hub repository; replaces source.path.")
]
Settings = Annotated[list[str] | None, typer.Option(help="Change the recipe: a.b=c, such as seed=7.")]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Processes [default: the machine's cores; of a small build, one].")
]
Keep = Annotated[list[str] | None, typer.Option(help="A column of the file to keep beside `id`; may be repeated.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before paying more than about $10.")]
memory_app = typer.Typer(no_args_is_help=True, help="Translation memories (TMX 1.4): import, export, merge.")
app.add_typer(memory_app, name="memory")


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"smolkalam {version('smolkalam')}")
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Turn a dataset into a translation of it; here are only the options that need no command."""


@app.command("import")
def import_files(
    files: Annotated[
        list[str], typer.Argument(help="JSON lines, JSON, CSV, TSV or Parquet files (.gz too), or ids on the Hub.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write, for a recipe's source.path.")],
    keep: Keep = None,
    split: Annotated[
        str | None,
        typer.Option(help="Of files: the split that they become [default: train]; of the Hub: the only one read."),
    ] = None,
    config: Annotated[str | None, typer.Option(help="Of a dataset on the Hub with several configs: which.")] = None,
) -> None:
    """Make a folder to build from of chats as they are: OpenAI, ShareGPT, Alpaca, prompts and completions."""
    from builders.imports.command import run_import

    run_import(files, output, keep=keep or [], split=split, config=config)
    print(output)


@app.command()
def init(
    recipe: Annotated[Path, typer.Argument(help="The recipe to write, such as mine.yaml.")],
    source: Annotated[str | None, typer.Option(help="A file, a folder of shards, or an id on the Hub.")] = None,
    language: Annotated[str | None, typer.Option(help="ar, ur, ..., or code:Name:Script [default: ar].")] = None,
    engine: Annotated[str | None, typer.Option(help="An address, openrouter, openai, ..., or a GGUF file.")] = None,
    model: Annotated[str | None, typer.Option(help="Its name there [default: the only one there].")] = None,
    max_usd: Annotated[float | None, typer.Option(min=0.01, help="Budget, at which the run stops.")] = None,
    price: Annotated[str | None, typer.Option(help="INPUT:OUTPUT, dollars for a million tokens.")] = None,
    title: Annotated[str | None, typer.Option(help="Of the card [default: of source and language].")] = None,
    license: Annotated[str | None, typer.Option(help="Of the card, by the Hub's names [default: other].")] = None,
    keep: Keep = None,
) -> None:
    """Write a first recipe that runs: asks for what is not given (at most five things), and says how to go on."""
    from builders.starting.command import Given, run_init

    run_init(recipe, Given(source, language, engine, model, max_usd, price, title, license, keep or []))


@app.command()
def build(
    recipe: RecipeName,
    input: Input = None,
    output: Annotated[Path | None, typer.Option(help="Run folder [default: run/<recipe's name>].")] = None,
    set: Settings = None,
    workers: Workers = None,
    tasks: Annotated[int | None, typer.Option(min=1, help="Parts that each stage is divided into.")] = None,
    stop_after: Annotated[
        str | None, typer.Option(metavar="STAGE", help="select, translate, reward, rank or build: go no further.")
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
        workers=workers or _cores(),
        as_needed=workers is None,
        tasks=tasks,
        stop_after=stop_after,
        executor=executor,
        retry_failed=retry_failed,
        yes=yes,
        finish=write_card,
    )


@app.command()
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

    work_on(run, workers=workers or _cores(), only=stage, finish=write_card)


@app.command()
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


@app.command()
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


@app.command()
def check(run: Annotated[Path, typer.Argument(help="Run folder, or a dataset's folder.")]) -> None:
    """Check a built dataset by the rules of the Hub, its viewer and `datasets`."""
    from hub.commands import run_check

    run_check(run)


@app.command()
def publish(
    run: Annotated[Path, typer.Argument(help="Run folder of a finished build.")],
    repo: Annotated[str, typer.Option(help="user/name; created where it does not exist.")],
    private: Annotated[bool, typer.Option("--private", help="Create the repository private.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and compare; send nothing.")] = False,
    tag: Annotated[str | None, typer.Option(help="Name for the published commit, such as v1.")] = None,
    direct: Annotated[
        bool,
        typer.Option(
            "--direct",
            help="One commit to main instead of a pull request: still atomic, but loaded only after readers have it.",
        ),
    ] = False,
) -> None:
    """Publish a built dataset: readers of main see the old one or the new one, never a mixture."""
    from hub.commands import run_publish

    run_publish(run, repo, private=private, dry_run=dry_run, tag=tag, direct=direct)


@app.command()
def preferences(
    run: Annotated[Path, typer.Argument(help="Run folder of a finished build.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the dataset to write.")],
    by: Annotated[str, typer.Option(help="What says which is better: benchmark, reference, judges or verdicts.")],
    task: Annotated[
        str, typer.Option(help="ranker: pairs of translations. assistant: pairs of translated answers, for DPO.")
    ] = "ranker",
    scores: Annotated[Path | None, typer.Option(help="benchmark: YAML with a score for each translator.")] = None,
    reference: Annotated[str | None, typer.Option(help="reference: a memory's file, or a translator's name.")] = None,
    verdicts: Annotated[
        Path | None, typer.Option(help="judges: what `smolkalam judge` wrote. verdicts: JSONL or CSV of people's.")
    ] = None,
    tie: Annotated[float | None, typer.Option(min=0, help="Differences up to this are ties, left out.")] = None,
    scale: Annotated[float | None, typer.Option(min=1e-9, help="The difference that makes a margin of 1.")] = None,
    largest: Annotated[
        bool, typer.Option("--largest", help="Only the row's pair with the largest difference.")
    ] = False,
    test_share: Annotated[float, typer.Option(min=0, max=1, help="Share of the rows that go to `test`.")] = 0.05,
    seed: Annotated[int, typer.Option(min=0, help="Divides train from test.")] = 42,
    workers: Workers = None,
) -> None:
    """Make preference pairs of a build's candidates, for TRL's reward and DPO trainers."""
    from builders.preferences.command import run_preferences

    run_preferences(
        run,
        output,
        by=by,
        task=task,
        scores=scores,
        reference=reference,
        verdicts=verdicts,
        tie=tie,
        scale=scale,
        largest=largest,
        test_share=test_share,
        seed=seed,
        workers=workers or _cores(),
    )


@app.command()
def judge(
    run: Annotated[Path, typer.Argument(help="Run folder of a finished build.")],
    panel: Annotated[Path, typer.Option(help="YAML of the judges: their servers, models and prices.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of verdicts, and of answers to go on from.")],
    sample: Annotated[int, typer.Option(min=1, help="How many pairs of candidates to judge.")] = 100,
    near_ties: Annotated[
        float | None, typer.Option(min=0, max=1, help="Only pairs whose quality differs by at most this.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Draws the sample.")] = 42,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before paying.")] = False,
) -> None:
    """Ask a panel of LLM judges which candidates are better; says the cost first, and how far they agree."""
    from builders.judging.command import run_judge

    run_judge(run, panel, output, sample=sample, near=near_ties, seed=seed, yes=yes)


@app.command()
def recipes() -> None:
    """List the recipes that ship with the project."""
    from builders.reports.recipe_list import print_recipes

    print_recipes()


@app.command()
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
    yes: Yes = False,
) -> None:
    """Compare settings of the translators on the same rows: LR, SCR, quality, mean rank, with intervals and a plot."""
    from builders.ablations.command import run_ablation
    from hub.card.write import write_card

    run_ablation(
        recipe,
        over or [],
        source_path=input,
        output=output,
        settings=set,
        workers=workers or _cores(),
        executor=executor,
        dry_run=dry_run,
        yes=yes,
        finish=write_card,
    )


Output = Annotated[Path, typer.Option("--output", "-o", help="File to write.")]
Languages = Annotated[str, typer.Option(help="Source and target language, such as en:ar.")]


@memory_app.command("merge")
def memory_merge(files: list[Path], output: Output, languages: Languages = "en:ar") -> None:
    """Merge memories into one; a later file's pair replaces an earlier one's, an approved one is kept."""
    from builders.memories import merge

    merge(files, output, languages)


@memory_app.command("convert")
def memory_convert(file: Path, output: Output, languages: Languages = "en:ar") -> None:
    """Import or export: read .tmx, .tsv, .csv or .jsonl and write another of them."""
    from builders.memories import merge

    merge([file], output, languages)


@memory_app.command("from-build")
def memory_from_build(
    run: Path,
    config: Annotated[str, typer.Option(help="The config whose chosen translations are taken.")],
    output: Output,
    min_score: Annotated[float, typer.Option(min=0, max=1, help="Take rows with at least this rank_score.")] = 0.0,
) -> None:
    """Turn a finished build into a memory."""
    from builders.memories import from_build

    from_build(run, config, output, min_score)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def main() -> None:
    """Entry point: errors meant for the user are one line on stderr and exit code 2 (1 where it is not theirs)."""
    from processors.errors import SmolKalamError

    try:
        app()
    except SmolKalamError as error:
        for line in str(error).splitlines():
            print(f"smolkalam: {line}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except (KeyboardInterrupt, SystemExit) as stop:
        # typer ends an interrupted command with exit code 130 and without a word.
        if isinstance(stop, SystemExit) and stop.code != 130:
            raise
        print("smolkalam: stopped; run the same command again to go on", file=sys.stderr)
        raise SystemExit(130) from None
    except BrokenPipeError:
        # The reader of our output has gone (head, less): end quietly, without Python's complaint at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(141) from None


if __name__ == "__main__":
    main()
