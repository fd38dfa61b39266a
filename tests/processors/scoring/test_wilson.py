"""Wilson's interval against its definition, and against what an interval of 95% promises."""

import numpy as np
import pytest

from processors.scoring.wilson import wilson_interval


@pytest.mark.parametrize(("hits", "of"), [(0, 5), (5, 5), (50, 100), (999, 1000)])
def test_the_limits_solve_the_definition(hits: int, of: int) -> None:
    # Agresti and Coull 1998: solves |p - share| = z sqrt(p (1 - p) / n).
    for p in wilson_interval(hits, of):
        assert abs(p - hits / of) == pytest.approx(1.959964 * np.sqrt(p * (1 - p) / of), abs=1e-6)


def test_it_covers_the_truth_about_95_times_in_100() -> None:
    draw = np.random.default_rng(1)
    covered = [low <= 0.8 <= high for low, high in (wilson_interval(int(n), 60) for n in draw.binomial(60, 0.8, 4000))]
    assert 0.93 <= np.mean(covered) <= 0.97


def test_nothing_seen_may_be_anything() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)
