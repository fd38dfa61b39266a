"""English that a translation may keep although it is no protected span: what is quoted, worked on, said by machines.

To add what speaks of words: a line of `processors.protected.kept.of_words`; where English stands apart: a pattern of
`processors.protected.kept.apart`.
"""

from processors.protected.kept.apart import without_what_stands_apart
from processors.protected.kept.english import without_kept_english
from processors.protected.kept.of_words import SPEAKS, is_of_words, is_worked_on

__all__ = ["SPEAKS", "is_of_words", "is_worked_on", "without_kept_english", "without_what_stands_apart"]
