"""Names of countries, languages and currencies in English and a target language: `names_of`.

To add a language: `python -m model_recipes.names.write CODE`, and what CLDR lacks in `others.json`.
"""

from processors.languages.names.names import Name, Names, names_of

__all__ = ["Name", "Names", "names_of"]
