"""Checks of what is counted and measured: numbers in digits and in words, units, dates and times, signs.

Each asks what the target's language knows of it, and says nothing where it knows nothing. `digits.check_numbers` is
the check; to add a part, write a function of a `Pair` and of what is known, and name it in its `_PROBLEMS`.
"""

from processors.checks.quantities.digits import check_numbers

__all__ = ["check_numbers"]
