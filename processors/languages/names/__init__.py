"""Names of countries, languages and currencies in English and a target language: `names_of`.

To add a language: `python -m model_recipes.names.write CODE` and `model_recipes.names.cities`, and what CLDR and
GeoNames lack in `others.json`. The cities are GeoNames' (CC BY 4.0).
"""

from processors.languages.names.names import Name, Names, names_of

__all__ = ["Name", "Names", "names_of"]
