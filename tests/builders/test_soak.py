"""A build with every fault, killed with -9 (see `benchmarks/soak.py` for what is asserted)."""

from pathlib import Path

import pytest

from benchmarks.soak import soak


def test_a_small_one(tmp_path: Path) -> None:
    report = soak(tmp_path, questions=300, kills=3, workers=2, rate=0.02, seed=2)
    assert report.wrong == []
    # Whether a row fails at first is the draw's: the ladder mends most bad answers (of 3 kinds at 2 %, often all).
    assert report.requests > 330 and report.kills >= 2 and report.failed[-1] == 0
    assert sum(report.served.get(kind, 0) for kind in ("empty", "filter", "length")) > 5


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_20_000_requests_and_ten_kills(tmp_path: Path) -> None:
    report = soak(tmp_path, questions=12500, kills=10, workers=4, rate=0.05, seed=1)
    assert report.wrong == []
    assert report.requests >= 20_000 and report.kills == 10 and report.failed[-1] == 0
