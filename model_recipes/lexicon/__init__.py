"""Learns which words of two languages are to be expected of each other, from parallel text and from what people add.

`python -m model_recipes.lexicon.train` writes a lexicon of `processors.alignment`. A new language is a file of rules
beside `en-ar.yaml`.
"""

__all__ = ["train"]
