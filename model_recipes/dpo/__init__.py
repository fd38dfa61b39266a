"""Trains a chat model on preference pairs with TRL's DPOTrainer, every pair accounted for before it starts.

`smolkalam train dpo` and `python -m model_recipes.dpo.train` (under `accelerate launch`) run it.
"""

__all__ = ["train"]
