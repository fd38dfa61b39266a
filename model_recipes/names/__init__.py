"""Names of countries, languages and currencies in two languages, from CLDR, for the check of names."""

from model_recipes.names.write import names

__all__ = ["names"]
