"""Data that models write: the best of several answers, and chains of reasoning."""

from pathlib import Path
from typing import Annotated

import typer

from smolkalam.options import Settings, Workers, Yes, cores

_Folder = Annotated[
    Path, typer.Option("--output", "-o", help="Folder of the work, with the dataset; given again, it goes on.")
]


def arbitrate(
    recipe: Annotated[str, typer.Argument(help="An arbitrage's YAML file, or one that ships: arbitrage.")],
    output: _Folder,
    set: Settings = None,
    yes: Yes = False,
) -> None:
    """Let several models answer prompts; the best answers and the pairs that differ most become a dataset."""
    from builders.arbitrage import run_arbitrage
    from hub.card.answered import write_arbitrage_card

    run_arbitrage(recipe, output, set or [], yes=yes, finish=write_arbitrage_card)


def distil(
    recipe: Annotated[str, typer.Argument(help="A distillation's YAML file, or one that ships: distillation.")],
    output: _Folder,
    set: Settings = None,
    yes: Yes = False,
    workers: Workers = None,
) -> None:
    """Let a teacher solve problems in Arabic; right, clean and fitting chains of reasoning become a dataset."""
    from builders.distillation import run_distillation
    from hub.card.answered import write_distillation_card

    run_distillation(recipe, output, set or [], yes=yes, workers=workers or cores(), finish=write_distillation_card)
