"""Krippendorff's alpha: how far several judges agree beyond chance, whatever they left unjudged.

alpha = 1 - D_observed / D_expected over the coincidences of values within units (Krippendorff, "Computing
Krippendorff's Alpha-Reliability", 2011). 1 is agreement, 0 what chance would give, below 0 systematic disagreement.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Level = Literal["nominal", "ordinal", "interval"]


def krippendorff_alpha(units: Sequence[Sequence[float | None]], level: Level) -> float | None:
    """Alpha of the values that judges gave to units: one sequence a unit, None where a judge gave none.

    Values are numbers at every level: for `nominal` they are names, for `ordinal` their order counts, for `interval`
    their differences. A unit with fewer than two values says nothing and is left out. None where no unit is left or
    only one value occurs, for then nothing could disagree.

    >>> krippendorff_alpha([[1, 1], [2, 2], [1, 2]], "nominal")
    0.4444444444444444
    """
    given = [[float(value) for value in unit if value is not None] for unit in units]
    given = [unit for unit in given if len(unit) > 1]
    values = sorted({value for unit in given for value in unit})
    if len(values) < 2:
        return None
    place = {value: index for index, value in enumerate(values)}
    coincidences = np.zeros((len(values), len(values)))
    for unit in given:
        counts = np.bincount([place[value] for value in unit], minlength=len(values)).astype(float)
        # Pairs of values of different judges, each unit weighing as much as it has values.
        coincidences += (np.outer(counts, counts) - np.diag(counts)) / (len(unit) - 1)
    totals = coincidences.sum(axis=1)
    distance = _squared_distance(np.array(values), totals, level)
    observed = float((coincidences * distance).sum())
    expected = float((np.outer(totals, totals) * distance).sum()) / (float(totals.sum()) - 1)
    return 1 - observed / expected


def _squared_distance(values: NDArray[np.float64], totals: NDArray[np.float64], level: Level) -> NDArray[np.float64]:
    if level == "nominal":
        return 1 - np.eye(len(values))
    if level == "ordinal":
        # The values between two, half of the two themselves: ranks as this data has them.
        middle = np.cumsum(totals) - totals / 2
        return (middle[:, None] - middle) ** 2
    return (values[:, None] - values) ** 2
