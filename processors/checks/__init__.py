"""What is wrong with a translation: verdicts without a model or a reference, hard ones veto a candidate.

To add a check: a function of a `Pair` in a file of this room, and a line in `processors.checks.run.CHECKS`.
As a datatrove step: `processors.checks.step.ConversationChecker`.
"""

from processors.checks.pairs.pair import Pair
from processors.checks.pairs.verdict import Verdict, excerpt
from processors.checks.run import CHECKS, VERDICTS, Check, check_chunk, check_conversation, check_pair, has_hard

__all__ = [
    "CHECKS",
    "VERDICTS",
    "Check",
    "Pair",
    "Verdict",
    "check_chunk",
    "check_conversation",
    "check_pair",
    "excerpt",
    "has_hard",
]
