"""What is shown of a build: its bars, the report at its end, `smolkalam status`, the list of recipes.

To add a line to the end's report, see `end_report.py`; to `status`, its figure goes into `status.py` and its words
into `status_text.py`. Outside, the names below are the ones to use.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from builders.reports.bars import Monitor, table_console
    from builders.reports.end_report import print_report
    from builders.reports.recipe_list import print_recipes
    from builders.reports.status import run_status

__all__ = ["Monitor", "print_recipes", "print_report", "run_status", "table_console"]

__getattr__ = handed_on(
    __name__,
    {
        "bars": ["Monitor", "table_console"],
        "end_report": ["print_report"],
        "recipe_list": ["print_recipes"],
        "status": ["run_status"],
    },
)
