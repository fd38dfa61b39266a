"""Which of a row's candidates is taken: the policy decides by scores, the ranker's model gives one of them (quality).

To add a feature of the ranker: measure it in `features.py`, train with `python -m model_recipes.ranker.train`, and
put the weights it writes in place of `ranker.json`. Outside, only the names below are used.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on
from processors.ranking.policy import OUTCOMES, Policy, Scored, choose, effects, vetoing
from processors.ranking.votes_decide import settle

if TYPE_CHECKING:
    from processors.ranking.model import SHIPPED, FittedRanker, Ranker

__all__ = [
    "OUTCOMES",
    "SHIPPED",
    "FittedRanker",
    "Policy",
    "Ranker",
    "Scored",
    "choose",
    "effects",
    "settle",
    "vetoing",
]

# Imported when asked for: a recipe is read and described without numpy.
__getattr__ = handed_on(__name__, {"model": ["SHIPPED", "FittedRanker", "Ranker"]})
