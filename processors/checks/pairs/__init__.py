"""What every check is given and what it says: a source with its translation, each read once, and a verdict.

What a check wants to know of a text is a view of it (`processors.texts`), beside the check; nothing is added here.
"""

from processors.checks.pairs.pair import NO_LANGUAGE, Pair
from processors.checks.pairs.verdict import Verdict, excerpt

__all__ = ["NO_LANGUAGE", "Pair", "Verdict", "excerpt"]
