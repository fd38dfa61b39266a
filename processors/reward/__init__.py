"""Scores of a reward model: one number a candidate, from a model that runs here or behind a server.

To add a way to run one: a `Scorer` (token ids in, rewards out) beside `local_model.py` and `served_model.py`. How text
becomes windows and batches is the same for all. Outside, only the names below are used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from processors.reward.batches import combine, make_batches, padding_share
    from processors.reward.local_model import ModelScorer, check_model, load_reward_tokenizer, resolve_model
    from processors.reward.score import Encoder, Scorer, SourceAndCandidate, TokenIds, judged, score_candidates
    from processors.reward.served_model import EndpointScorer
    from processors.reward.windows import aligned_windows

__all__ = [
    "Encoder",
    "EndpointScorer",
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
_LATER = {
    "combine": "batches",
    "make_batches": "batches",
    "padding_share": "batches",
    "ModelScorer": "local_model",
    "check_model": "local_model",
    "load_reward_tokenizer": "local_model",
    "resolve_model": "local_model",
    "Encoder": "score",
    "SourceAndCandidate": "score",
    "Scorer": "score",
    "TokenIds": "score",
    "judged": "score",
    "score_candidates": "score",
    "EndpointScorer": "served_model",
    "aligned_windows": "windows",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
