"""`smolkalam judge`: a panel of models judges pairs of a finished build's candidates.

To add what the report says, go to `report.py`; a judge's prompt and its answers are `processors.judging`'s.
Outside, the names below are the ones to use.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from builders.judging.command import run_judge
    from builders.judging.sample import draw_pairs

__all__ = ["draw_pairs", "run_judge"]

__getattr__ = handed_on(
    __name__,
    {
        "command": ["run_judge"],
        "sample": ["draw_pairs"],
    },
)
