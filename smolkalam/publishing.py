"""A built dataset on the Hub."""

from pathlib import Path
from typing import Annotated

import typer

from smolkalam.options import PageLanguage


def check(run: Annotated[Path, typer.Argument(help="Run folder, or a dataset's folder.")]) -> None:
    """Check a built dataset by the rules of the Hub, its viewer and `datasets`."""
    from hub.commands import run_check

    run_check(run)


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


def report(
    run: Annotated[Path, typer.Argument(help="Run folder of a finished build; it is only read.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The page to write, such as report.html.")],
    language: PageLanguage = None,
) -> None:
    """Write a build's report as one HTML page: what became of the rows, and what other thresholds would make of it."""
    from hub.report.command import run_report

    run_report(run, output, language=language)
    print(output)
