"""`smolkalam mix`: rows of several datasets, weighed, cut to budgets and shares, as one dataset to train on.

`recipe.py` is what is asked for, `decide.py` which rows that is, exactly. To add a threshold: a field of `Where` in
`recipe.py`, and its reason in `look.py`. Outside, the names below are the ones to use.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from builders.mixtures.recipe import Mixture, load_mixture

__all__ = ["Mixture", "load_mixture"]

__getattr__ = handed_on(__name__, {"recipe": ["Mixture", "load_mixture"]})
