"""`smolkalam distil`: chains of reasoning in Arabic from a teacher, verified in four phases.

The phases are `problems.py`, `traces.py`, `language.py` and `norms.py`, each a stage of `command.py`. Norms are data,
in `rubrics`. To add a kind of problem: `processors.verification`. Outside, the names below are the ones to use.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from builders.distillation.command import Distilled, run_distillation
    from builders.distillation.recipe import DistillationRecipe, load_distillation

__all__ = ["DistillationRecipe", "Distilled", "load_distillation", "run_distillation"]

__getattr__ = handed_on(
    __name__,
    {
        "command": ["Distilled", "run_distillation"],
        "recipe": ["DistillationRecipe", "load_distillation"],
    },
)
