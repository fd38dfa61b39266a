"""Trains the ranker that orders a row's candidates, on references or on preference pairs.

`python -m model_recipes.ranker.train` is the recipe; a recipe of a build names its file in `ranking.ranker`. A new
kind of training data is a reader in `data.py`.
"""

__all__ = ["data", "train"]
