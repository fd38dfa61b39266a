"""Trains a chat model on conversations with TRL's SFTTrainer, every row accounted for before it starts.

`smolkalam train sft` and `python -m model_recipes.sft.train` (under `accelerate launch`) run it.
"""

__all__ = ["train"]
