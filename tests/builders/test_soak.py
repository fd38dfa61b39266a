"""A build with every fault, killed with -9 (see `benchmarks/soak.py` for what is asserted)."""

import json
from pathlib import Path

import pytest

from benchmarks.soak import Report, _check_answers, soak


@pytest.mark.parametrize(
    ("first", "second", "kill", "lost"),
    [
        # Answered one by one, and killed before it was stored: asked again, in a batch or not.
        ((10.0, False), (30.0, True), 10.5, True),
        ((10.0, False), (30.0, False), 10.5, True),
        ((10.0, False), (30.0, True), 12.0, False),
        # What a batch has answered can be had again.
        ((10.0, True), (30.0, False), 10.5, False),
        ((10.0, True), (30.0, True), 10.5, False),
    ],
)
def test_only_what_no_batch_holds_is_lost_to_a_kill(
    tmp_path: Path, first: tuple[float, bool], second: tuple[float, bool], kill: float, lost: bool
) -> None:
    lines = [
        {"question": "q", "came": at - 0.1, "answered": at, "batched": batched} for at, batched in (first, second)
    ]
    (tmp_path / "log").write_text("".join(json.dumps(line) + "\n" for line in lines))
    report = Report()
    _check_answers(tmp_path / "log", [kill], report)
    assert (report.lost_answers, len(report.wrong)) == ((1, 0) if lost else (0, 1))


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
