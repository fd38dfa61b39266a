"""Checks of what a text states: numbers in digits and in words, units, dates and times, signs; letters and names.

Each asks what the target's language knows of it, and says nothing where it knows nothing. `digits.check_numbers` is
the check of all that is counted and measured; to add a part, write a function of a `Pair` and of what is known, and
name it in its `_PROBLEMS`.
"""

from processors.checks.quantities.digits import check_numbers
from processors.checks.quantities.letters import check_letters
from processors.checks.quantities.names import check_names

__all__ = ["check_letters", "check_names", "check_numbers"]
