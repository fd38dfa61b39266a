"""Judges: models that say which of two translations is better, in both orders, and how far they agree.

To add a way of asking: its prompt and its answer are `rubric.py`, who asks is `client.py`. `exchange.py` is the one
wording by which reward models are trained and asked. Outside, only the names below are used.
"""

from typing import TYPE_CHECKING

from processors.judging.exchange import Messages, conversation_text, translation_answer, translation_prompt
from processors.later import handed_on

if TYPE_CHECKING:
    from processors.judging.client import Judge, JudgeClient
    from processors.judging.krippendorff import krippendorff_alpha
    from processors.judging.panel import (
        CandidatePair,
        JudgedPair,
        Share,
        agreements,
        audit,
        combine,
        judge_reports,
        majorities,
        to_plain,
    )

__all__ = [
    "CandidatePair",
    "Judge",
    "JudgeClient",
    "JudgedPair",
    "Messages",
    "Share",
    "agreements",
    "audit",
    "combine",
    "conversation_text",
    "judge_reports",
    "krippendorff_alpha",
    "majorities",
    "to_plain",
    "translation_answer",
    "translation_prompt",
]

# Imported when asked for: a recipe is read without a client of a server.
__getattr__ = handed_on(
    __name__,
    {
        "client": ["Judge", "JudgeClient"],
        "krippendorff": ["krippendorff_alpha"],
        "panel": [
            "JudgedPair",
            "CandidatePair",
            "Share",
            "agreements",
            "audit",
            "combine",
            "judge_reports",
            "majorities",
            "to_plain",
        ],
    },
)
