"""Instructions that a program can check: IFEval's 25 kinds for any language, and two for Arabic.

`follows` looks at an answer, `share_followed` makes a reward of it. To add a kind: see `kind.py`; a language: a
`Facts` in `facts.py`.
"""

from processors.instructions.check import Followed, follows, look_at_given, loose_readings, share_followed
from processors.instructions.facts import AT_LEAST, LESS_THAN, counted, facts_of
from processors.instructions.kind import Kind
from processors.instructions.kinds import KINDS, clash, kind_of
from processors.instructions.letters import marked_shares

__all__ = [
    "AT_LEAST",
    "KINDS",
    "LESS_THAN",
    "Followed",
    "Kind",
    "clash",
    "counted",
    "facts_of",
    "follows",
    "kind_of",
    "look_at_given",
    "loose_readings",
    "marked_shares",
    "share_followed",
]
