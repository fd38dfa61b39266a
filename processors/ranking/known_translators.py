"""What the ranker's training data showed of a translator at large: its standing, for runs that the same one is in.

Without a label a run shows rather dimly which of two translators is better: on FLORES dev the difference that the
ranker expects of two good systems is off by 2 to 2.5 chrF points, and with other 1,000 sentences by 1.4 more (wrong
numbers, the best evidence, are rare). Labelled rows of the same translators tell it within half a point.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# In chrF points, on FLORES dev: by how much the run's own estimate of a difference is off; by how much the difference
# changes from one third of the text to another; and the standard deviation of the difference over sentences.
_RUN_ERROR, _OTHER_TEXT, _ROW_SPREAD = 2.5, 1.0, 13.0
# A standing this far from what the run shows counts half: the name may be another translator's.
_DOUBTFUL = 8.0


class Standing(NamedTuple):
    """`strength` in chrF points, comparable with that of the others in the same table; `rows` it was learnt from."""

    strength: float
    rows: int


def learn_standings(names: Sequence[str], differences: Floats) -> dict[str, Standing]:
    """From points by which a is better than b, shape (rows, S, S) at [row, a, b], NaN where it is not known.

    Least squares over all that were compared, directly or through others; the largest group of such, if there are
    several. The mean strength is 0.
    """
    known = ~np.isnan(differences)
    known &= ~np.eye(len(names), dtype=bool)
    counts = known.sum(axis=0)
    wins = np.where(known, differences, 0.0).sum(axis=(0, 2))
    group = _largest_group(counts > 0)
    if len(group) < 2:
        return {}
    among = counts[np.ix_(group, group)]
    # Singular along the common level of all: the least-norm solution has the mean 0.
    strengths = np.linalg.lstsq(np.diag(among.sum(axis=1)) - among, wins[group], rcond=None)[0]
    rows = known.any(axis=2).sum(axis=0)
    return {
        names[column]: Standing(float(strength), int(rows[column]))
        for column, strength in zip(group, strengths, strict=True)
    }


def _largest_group(linked: NDArray[np.bool_]) -> list[int]:
    groups: list[list[int]] = []
    left = set(range(len(linked)))
    while left:
        group, new = set[int](), {min(left)}
        while new:
            group |= new
            new = {int(other) for column in new for other in np.flatnonzero(linked[column])} - group
        groups.append(sorted(group))
        left -= group
    return max(groups, key=len, default=[])


def doubts(standings: Sequence[Standing | None]) -> Floats:
    """Standard deviation of what is taken to be each translator's worth at large, in chrF points, shape (S,)."""
    known = sum(standing is not None for standing in standings) > 1
    shares = [1 - _certainty(s.rows) if known and s is not None else 1.0 for s in standings]
    # Of a difference of two the run's error is known.
    return _RUN_ERROR * np.sqrt(np.array(shares) / 2)


def _certainty(rows: int) -> float:
    return float(_RUN_ERROR**2 / (_RUN_ERROR**2 + _OTHER_TEXT**2 + _ROW_SPREAD**2 / max(rows, 1)))


def with_standings(prior: Floats, standings: Sequence[Standing | None]) -> Floats:
    """The run's own `prior` (S, S at [a, b]: points a is better), corrected by the standings of those that have one.

    A correction is the share of a difference that the standing is more certain of, so few labelled rows change little;
    at least two translators must have one, and the others are moved by as much as these are on the whole.
    """
    columns = [column for column, standing in enumerate(standings) if standing is not None]
    if len(columns) < 2:
        return prior
    learnt = [standings[column] for column in columns]
    shown = prior.mean(axis=1)[columns]
    off = np.array([standing.strength for standing in learnt if standing is not None]) - shown
    off -= np.median(off)
    certainty = np.array([_certainty(standing.rows) for standing in learnt if standing is not None])
    correction = np.zeros(len(prior))
    correction[columns] = off * certainty / (1 + (off / _DOUBTFUL) ** 2)
    corrected: Floats = prior + correction[:, None] - correction[None, :]
    return corrected
