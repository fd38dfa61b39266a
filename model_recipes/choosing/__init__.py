"""Choosing by training: a model for each variant of a dataset and each seed, evaluated, and ranked with intervals.

The paper chose its translators so (arXiv 2511.18411, tables 3 to 6). `smolkalam ablate --train` is the command.
"""

from model_recipes.choosing.models import Items, Plan, model_step, read_items, train_and_evaluate
from model_recipes.choosing.ranks import TrainedChoice, TrainedVariant, aligned, as_table, compare_trained

__all__ = [
    "Items",
    "Plan",
    "TrainedChoice",
    "TrainedVariant",
    "aligned",
    "as_table",
    "compare_trained",
    "model_step",
    "read_items",
    "train_and_evaluate",
]
