"""`smolkalam plan`: what a build will ask, take and cost, estimated from a sample of its rows before it begins.

To add a figure, give it in `figures.py` as a function of the totals, and say it in `text.py`.
Outside, the names below are the ones to use.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from builders.estimates.command import run_plan
    from builders.estimates.count_requests import RequestCounter
    from builders.estimates.intervals import Interval

__all__ = ["Interval", "RequestCounter", "run_plan"]

__getattr__ = handed_on(
    __name__,
    {
        "command": ["run_plan"],
        "count_requests": ["RequestCounter"],
        "intervals": ["Interval"],
    },
)
