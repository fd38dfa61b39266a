"""Scores of a reward model: one number a candidate, from a model that runs here or behind a server.

To add a way to run one: a `Scorer` (token ids in, rewards out) beside `local_model.py` and `served_model.py`. How text
becomes windows and batches is the same for all. Outside, only the names below are used.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from processors.reward.batches import combine, make_batches, padding_share
    from processors.reward.exchanges import ExchangeEncoder
    from processors.reward.local_model import ModelScorer, check_model, load_reward_tokenizer, resolve_model
    from processors.reward.score import Encoder, Scorer, SourceAndCandidate, TokenIds, judged, score_candidates
    from processors.reward.served_model import EndpointScorer
    from processors.reward.windows import aligned_windows

__all__ = [
    "Encoder",
    "EndpointScorer",
    "ExchangeEncoder",
    "ModelScorer",
    "Scorer",
    "SourceAndCandidate",
    "TokenIds",
    "aligned_windows",
    "check_model",
    "combine",
    "judged",
    "load_reward_tokenizer",
    "make_batches",
    "padding_share",
    "resolve_model",
    "score_candidates",
]

# Imported when asked for: a build without a reward model needs none of it.
__getattr__ = handed_on(
    __name__,
    {
        "batches": ["combine", "make_batches", "padding_share"],
        "exchanges": ["ExchangeEncoder"],
        "local_model": ["ModelScorer", "check_model", "load_reward_tokenizer", "resolve_model"],
        "score": ["Encoder", "SourceAndCandidate", "Scorer", "TokenIds", "judged", "score_candidates"],
        "served_model": ["EndpointScorer"],
        "windows": ["aligned_windows"],
    },
)
