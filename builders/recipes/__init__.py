"""Recipes: the YAML that describes a build, as strict models, read with every mistake told in one line.

To add a setting: a field, with its description, in the model of its block. To add a block: a model here and a field
of `Recipe`. To add a kind of translator: a class in `translators.py`, named in the union at its end.
"""

from builders.recipes.load import dump_recipe, load_recipe
from builders.recipes.recipe import Recipe, shipped_recipes

__all__ = ["Recipe", "dump_recipe", "load_recipe", "shipped_recipes"]
