"""`smolkalam recipes`: what ships with the project."""

from rich.table import Table

from builders.recipes.recipe import summaries
from builders.reports.bars import table_console


def print_recipes() -> None:
    """The shipped recipes, a line each, on stdout."""
    table = Table(box=None, show_header=False)
    for name, summary in summaries().items():
        table.add_row(name, summary)
    table_console().print(table)
