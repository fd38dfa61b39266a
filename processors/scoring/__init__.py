"""Scores of a candidate that need no model: length ratio and script purity; in `agreement` chrF of each two of a row.

To add one: a function here, and what the dataset calls it where its columns are listed.
As a datatrove step: `processors.scoring.step.ConversationScorer`.
"""

from processors.scoring.length_and_script import (
    ConversationScores,
    Scores,
    length_ratio,
    score_conversation,
    score_pairs,
    script_purity,
)
from processors.scoring.wilson import wilson_interval

__all__ = [
    "ConversationScores",
    "Scores",
    "length_ratio",
    "score_conversation",
    "score_pairs",
    "script_purity",
    "wilson_interval",
]
