"""The arguments and options that several commands have, each with its help once."""

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

Format = Literal["text", "json"]
RecipeName = Annotated[str, typer.Argument(help="A recipe's YAML file, or one that ships: demo, pseudo, smolkalam.")]
Input = Annotated[str | None, typer.Option(help="Folder, file or hf:// path of the rows; replaces source.path.")]
Settings = Annotated[list[str] | None, typer.Option(help="Change the recipe: a.b=c, such as seed=7.")]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Processes [default: the machine's cores; of a small build, one].")
]
Keep = Annotated[list[str] | None, typer.Option(help="A column of the file to keep beside `id`; may be repeated.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before paying more than about $10.")]
Output = Annotated[Path, typer.Option("--output", "-o", help="File to write.")]
Languages = Annotated[str, typer.Option(help="Source and target language, such as en:ar.")]
PageLanguage = Annotated[
    Literal["en", "ar"] | None,
    typer.Option(help="Of the page's own words [default: as the browser wants]; it can be changed in the page."),
]


def cores() -> int:
    """The cores that this process may use: what `--workers` is where it is not given."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
