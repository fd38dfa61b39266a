"""What the words of two texts tell of each other: pieces that stayed English, sentences of a third language.

Functions of two texts and a language that say what they found and how sure they are; the checks of the room above make
verdicts of it. Which words are English is asked of the lexicon (`processors.alignment`).
"""

from processors.checks.wording.stayed import Stayed, stayed

__all__ = ["Stayed", "stayed"]
