"""What is known of languages and scripts, as data: words, units, dates, phrases, questions, numbers, letters.

`Language` is a recipe's target, `knowledge` what the checks may know of it; `arabic.py` and the files like it hold it.
Counting letters needs numpy and stands in `scripts`. To add a language: see `processors.languages.language`.
"""

from processors.languages.alphabets import ALPHABETS, Alphabet, Lengths
from processors.languages.knowledge import LanguageKnowledge
from processors.languages.language import DEFAULT, Language, knowledge

__all__ = [
    "ALPHABETS",
    "DEFAULT",
    "Alphabet",
    "Language",
    "LanguageKnowledge",
    "Lengths",
    "knowledge",
]
