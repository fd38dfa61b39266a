"""A user's glossary: which of its terms stand in a text, and whether their translations stand in its translation.

What tells that a word of the target is a form of another is the lexicon's (`processors.alignment`).
"""

from processors.terms.glossary import Glossary, Term, read_glossary
from processors.terms.used import TERMS, check_terms, missing_terms

__all__ = ["TERMS", "Glossary", "Term", "check_terms", "missing_terms", "read_glossary"]
