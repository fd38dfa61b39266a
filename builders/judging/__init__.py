"""`smolkalam judge`: a panel of models judges pairs of a finished build's candidates.

To add what the report says, go to `report.py`; a judge's prompt and its answers are `processors.judging`'s.
Outside, the names below are the ones to use.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from builders.judging.command import run_judge
    from builders.judging.panel_file import Panel, PanelJudge, load_panel
    from builders.judging.sample import draw_pairs

__all__ = ["Panel", "PanelJudge", "draw_pairs", "load_panel", "run_judge"]

__getattr__ = handed_on(
    __name__,
    {
        "command": ["run_judge"],
        "panel_file": ["Panel", "PanelJudge", "load_panel"],
        "sample": ["draw_pairs"],
    },
)
