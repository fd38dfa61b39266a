"""Cards of datasets that models answered: what `smolkalam arbitrate` and `smolkalam distil` make.

To add a section: a function in the file of its dataset, and a line in its body; what all have is `common.py`.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from hub.card.answered.arbitrage import write_arbitrage_card
    from hub.card.answered.distillation import write_distillation_card

__all__ = ["write_arbitrage_card", "write_distillation_card"]

__getattr__ = handed_on(__name__, {"arbitrage": ["write_arbitrage_card"], "distillation": ["write_distillation_card"]})
