"""Wilson's score interval of a share (Wilson, 1927), which holds for few observations and for extreme shares too."""

from math import sqrt

# Two-sided 95%.
_Z = 1.959963984540054


def wilson_interval(hits: float, of: int) -> tuple[float, float]:
    """The limits of the 95% interval of the share `hits / of`; 0 and 1 where `of` is 0.

    >>> tuple(round(limit, 3) for limit in wilson_interval(95, 100))
    (0.888, 0.978)
    """
    if not of:
        return 0.0, 1.0
    p, z2 = hits / of, _Z**2 / of
    middle, half = p + z2 / 2, _Z * sqrt(p * (1 - p) / of + z2 / (4 * of))
    return max(0.0, (middle - half) / (1 + z2)), min(1.0, (middle + half) / (1 + z2))
