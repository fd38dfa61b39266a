"""Which candidates are better, and pairs of them to train on."""

from pathlib import Path
from typing import Annotated

import typer

from smolkalam.options import PageLanguage, Workers, cores


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
        workers=workers or cores(),
    )


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


def review(
    run: Annotated[
        Path, typer.Argument(help="Run folder whose rows are ranked, or an arbitrage's with a queue; it is only read.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder of what is said [default: RUN/review].")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="On 127.0.0.1; 0: any that is free.")] = 8765,
    near_ties: Annotated[
        float, typer.Option(min=0, max=1, help="Two whose quality differs by at most this are a near tie.")
    ] = 0.2,
    seed: Annotated[int, typer.Option(min=0, help="Draws the queues, and which translation is shown first.")] = 42,
    language: PageLanguage = None,
) -> None:
    """Serve a page where people judge, edit and approve a run's translations, or answers; the next build uses it."""
    from hub.review.command import run_review

    run_review(run, output, port=port, near=near_ties, seed=seed, language=language)
