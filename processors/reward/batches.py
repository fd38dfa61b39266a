"""Batches by length, and a candidate's reward from those of its windows.

Batches are made of one unit's windows, so they are the same whatever the number of tasks and workers: a matrix product
may differ in its last bits with the shape of the batch.
"""

import math
from collections.abc import Sequence

from processors.errors import SmolKalamError

# A float32 reward has about seven digits, of which padding and the order of a sum may change the last two.
DECIMALS = 4


def make_batches(lengths: Sequence[int], batch_tokens: int) -> list[list[int]]:
    """Indices of `lengths` in batches of similar length, the longest first.

    A batch of n sequences, padded to its longest, has at most `batch_tokens` tokens; a sequence that is longer by
    itself is a batch of its own.

    >>> make_batches([3, 9, 4, 3], 9)
    [[1], [2, 0], [3]]
    """
    batches: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if not batches or (len(batches[-1]) + 1) * lengths[batches[-1][0]] > batch_tokens:
            batches.append([])
        batches[-1].append(index)
    return batches


def padding_share(lengths: Sequence[int], batches: Sequence[Sequence[int]]) -> float:
    """The share of a run's tokens that are padding."""
    padded = sum(len(batch) * max(lengths[i] for i in batch) for batch in batches)
    return 1 - sum(lengths) / padded if padded else 0.0


def combine(rewards: Sequence[float], tokens: Sequence[int]) -> float:
    """A candidate's reward: the mean of its windows', weighted by their tokens (source and target), rounded.

    By both sides, because a window whose target is missing, or whose target answers to nothing, must count.

    Raises SmolKalamError if a reward is not a finite number.

    >>> combine([1.0, -2.0], [300, 100])
    0.25
    """
    if not all(map(math.isfinite, rewards)):
        raise SmolKalamError(f"the reward model gives {next(r for r in rewards if not math.isfinite(r))} as a reward")
    mean = math.fsum(r * n for r, n in zip(rewards, tokens, strict=True)) / sum(tokens)
    # No negative zero, which would be other bytes than zero.
    return round(mean, DECIMALS) + 0.0
