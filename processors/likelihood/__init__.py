"""Likelihood: log P(translation | source) by forced decoding, of a model served elsewhere or run here.

How source and translation become token ids is `text.py`, the same for both; `served.py` asks a server that returns the
log-probabilities of a prompt, `local.py` runs the model. Outside, only the names below are used.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from processors.likelihood.local import LocalLikelihood
    from processors.likelihood.served import LikelihoodClient, read_likelihood
    from processors.likelihood.text import Forced, Forcing

__all__ = ["Forced", "Forcing", "LikelihoodClient", "LocalLikelihood", "read_likelihood"]

# Imported when asked for: a recipe is read without torch and without a client.
__getattr__ = handed_on(
    __name__,
    {
        "local": ["LocalLikelihood"],
        "served": ["LikelihoodClient", "read_likelihood"],
        "text": ["Forced", "Forcing"],
    },
)
