"""A source and its translation laid beside each other: which sentences belong together, by the words of a lexicon.

To add a language: its rules beside `model_recipes/lexicon/en-ar.yaml`, and parallel text;
`model_recipes.lexicon.train` writes `lexicons/<code>.json`. Where there is none, a side is None.
"""

from processors.alignment.align import Bead, align
from processors.alignment.lexicon import Lexicon, lexicon
from processors.alignment.likeness import likeness
from processors.alignment.sides import Side, source_side, target_side
from processors.alignment.tails import tail_told

__all__ = ["Bead", "Lexicon", "Side", "align", "lexicon", "likeness", "source_side", "tail_told", "target_side"]
