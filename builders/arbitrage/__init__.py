"""`smolkalam arbitrate`: a pool answers each prompt; the best answer and the pair that differs most become data.

To add what says which answer is better: a stage beside `marks.py`, and its score in `choose.py`. Rubrics are data, in
`builders/pools/rubrics`. Outside, the names below are the ones to use.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from builders.arbitrage.command import Arbitrated, run_arbitrage
    from builders.arbitrage.recipe import ArbitrageRecipe, load_arbitrage

__all__ = ["ArbitrageRecipe", "Arbitrated", "load_arbitrage", "run_arbitrage"]

__getattr__ = handed_on(
    __name__,
    {
        "command": ["Arbitrated", "run_arbitrage"],
        "recipe": ["ArbitrageRecipe", "load_arbitrage"],
    },
)
