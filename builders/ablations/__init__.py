"""`smolkalam ablate`: one recipe with several values of its settings, compared row against row.

To add a measure, see `scores.py`; what a setting may be varied over is in `variants.py`.
Outside, the names below are the ones to use.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from builders.ablations.command import run_ablation
    from builders.ablations.scores import Ablation, compare
    from builders.ablations.variants import Variant, expand

__all__ = ["Ablation", "Variant", "compare", "expand", "run_ablation"]

__getattr__ = handed_on(
    __name__,
    {
        "command": ["run_ablation"],
        "scores": ["Ablation", "compare"],
        "variants": ["Variant", "expand"],
    },
)
