"""Which rows of a run a panel judges: of all splits and lengths, those most that would tell most.

What a verdict tells of who is better at large is the more, the less sure its row is by itself and the wider the
interval of the two translators' difference still is (the information of a Bradley-Terry model); of two of which it is
settled who is better it tells nothing that is needed.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from math import log
from typing import NamedTuple

import numpy as np

from processors.ranking.calibration import Calibration, Compared
from processors.ranking.features import Floats
from processors.ranking.model import FittedRanker
from processors.selection.choose_rows import sample_key

# A difference is settled where it is known within half a chrF point, or is so many standard deviations from 0 that
# it is of the other sign once in 160 times.
_EXACT, _SURE = 0.5, 2.5


class Choosable(NamedTuple):
    """Two candidates of a row that may be judged, by translators' places; its split and the third of its length."""

    id: str
    a: int
    b: int
    stratum: tuple[str, int]


def settled(known: Calibration) -> np.ndarray:
    """Of which two translators no more verdicts are needed, shape (S, S)."""
    apart = np.abs(known.strengths[:, None] - known.strengths[None, :])
    return (known.errors <= _EXACT) | (apart >= _SURE * known.errors)


def gains(fitted: FittedRanker, known: Calibration, compared: Compared, pairs: Sequence[Choosable]) -> Floats:
    """What a verdict on each pair is expected to tell; 0 where it is settled who is better at large."""
    chances = compared.chances(fitted, known.strengths)
    due = np.abs(compared.inputs).max(axis=1, initial=0.0)
    a, b = np.array([pair.a for pair in pairs], dtype=int), np.array([pair.b for pair in pairs], dtype=int)
    told: Floats = chances * (1 - chances) * due**2 * known.errors[a, b] ** 2
    return np.where(settled(known)[a, b], 0.0, told)


def choose_pairs(
    pairs: Sequence[Choosable], told: Floats, judged: Collection[str], count: int, seed: int
) -> list[int]:
    """Places of at most `count` pairs, one a row that was not judged: each stratum its share, by weighted chance.

    The chance is a hash of seed and pair (Efraimidis and Spirakis, 2006): the same ones in whatever order they come.
    """
    best: dict[str, tuple[float, int]] = {}
    for place, (pair, gain) in enumerate(zip(pairs, told.tolist(), strict=True)):
        if gain > 0 and pair.id not in judged:
            drawn = (sample_key(f"{pair.id}\0{pair.a}\0{pair.b}", seed) + 0.5) / 2**64
            best[pair.id] = min(best.get(pair.id, (float("inf"), 0)), (-log(drawn) / gain, place))
    strata: dict[tuple[str, int], list[tuple[float, int]]] = defaultdict(list)
    for found in best.values():
        strata[pairs[found[1]].stratum].append(found)
    # Each row's place within its stratum, as a share of it: by these the strata take turns.
    turns = [
        ((turn + 0.5) / len(members), key, place)
        for members in strata.values()
        for turn, (key, place) in enumerate(sorted(members))
    ]
    return [place for _, _, place in sorted(turns)[:count]]
