"""What a model wrote of its own accord: whether it is an answer at all, in the language that was asked for.

Here nothing is a translation of anything: a text is looked at by itself. To add a fault: a function of a `Completion`
in `faults.py`, and a line in `FAULTS` there.
"""

from processors.completions.faults import FAULTS, Completion, fault_of, letter_share

__all__ = ["FAULTS", "Completion", "fault_of", "letter_share"]
