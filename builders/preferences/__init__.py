"""`smolkalam preferences`: pairs of a better and a worse translation, made of a finished build for training.

To add a source of preferences, write a class with `PreferenceSource`'s methods and let `command.py` choose it by
`--by`. Outside, the names below are the ones to use.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from builders.preferences.command import run_preferences
    from builders.preferences.pairs import PairPlan, make_pairs
    from builders.preferences.sources import PreferenceSource

__all__ = ["PairPlan", "PreferenceSource", "make_pairs", "run_preferences"]

__getattr__ = handed_on(
    __name__,
    {
        "command": ["run_preferences"],
        "pairs": ["PairPlan", "make_pairs"],
        "sources": ["PreferenceSource"],
    },
)
