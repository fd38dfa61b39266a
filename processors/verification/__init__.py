"""Whether an answer is right, where that can be told without a judge: the last thing it says against a reference.

To add a kind of answer: a file with a function of an answer and its reference, and a line in `VERIFIERS`. Programs are
verified by their tests (`verify.py`), which are run in `sandbox.py` alone, and only where somebody asks for it.
"""

from collections.abc import Callable

from processors.verification.choices import is_label, read_label, same_choice
from processors.verification.final import final_answers, without_thinking
from processors.verification.mathematics import needs_library, same_value
from processors.verification.sandbox import Sandbox, sandbox_missing
from processors.verification.verify import (
    KINDS,
    Solvable,
    SolvableKind,
    Verified,
    split_thought,
    unverifiable,
    verified,
)

# By the name that recipes give them: whether an answer comes to what a reference says.
VERIFIERS: dict[str, Callable[[str, str], bool]] = {"mathematics": same_value, "choice": same_choice}

__all__ = [
    "KINDS",
    "VERIFIERS",
    "Sandbox",
    "Solvable",
    "SolvableKind",
    "Verified",
    "final_answers",
    "is_label",
    "needs_library",
    "read_label",
    "same_choice",
    "same_value",
    "sandbox_missing",
    "split_thought",
    "unverifiable",
    "verified",
    "without_thinking",
]
