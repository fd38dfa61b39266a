"""`smolkalam mix`: rows of several datasets, weighed, cut to budgets and shares, as one dataset to train on.

`recipe.py` is what is asked for, `decide.py` which rows that is, exactly; `read.py` and `look.py` what there is,
`write.py` what comes of it. To add a threshold: a field of `Where` in `recipe.py`, and its reason in `look.py`.
Outside, the names below are the ones to use.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from builders.mixtures.command import run_mix
    from builders.mixtures.manifest import Mixed
    from builders.mixtures.recipe import Mixture, load_mixture

__all__ = ["Mixed", "Mixture", "load_mixture", "run_mix"]

__getattr__ = handed_on(
    __name__, {"command": ["run_mix"], "manifest": ["Mixed"], "recipe": ["Mixture", "load_mixture"]}
)
