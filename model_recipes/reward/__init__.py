"""Trains a reward model for translations with TRL, evaluates it and writes its card.

`smolkalam train reward` and `python -m model_recipes.reward.train` (under `accelerate launch`) run it, and `evaluate`
by itself too; a recipe of a build names the folder in `ranking.reward`. All else is private to this room.
"""

__all__ = ["evaluate", "train"]
