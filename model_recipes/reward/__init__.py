"""Trains a reward model for translations with TRL, evaluates it and writes its card.

`python -m model_recipes.reward.train` is the recipe and `evaluate` runs by itself too; a recipe of a build names the
folder in `ranking.reward`. All else is private to this room.
"""

__all__ = ["evaluate", "train"]
