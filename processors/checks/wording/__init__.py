"""What the words of two texts tell: pieces that stayed English, words that changed places, names and keys made up.

Functions of two texts and a language that say what they found and how sure they are; the checks of the room above make
verdicts of it. Which words are English is asked of the lexicon (`processors.alignment`).
"""

from processors.checks.wording.exchanged import exchanged
from processors.checks.wording.names import changed_name
from processors.checks.wording.negation import negation
from processors.checks.wording.private import made_up
from processors.checks.wording.stayed import Stayed, stayed

__all__ = ["Stayed", "changed_name", "exchanged", "made_up", "negation", "stayed"]
