import doctest
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from builders.run_folder import state as run_state
from builders.run_folder.claims import WorkClaims
from builders.run_folder.folder import Run
from builders.run_folder.state import Pulse, locked, recent_rate

LEASE_S = 1.0


def beat(path: Path, text: str, at: float | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    if at is not None:
        os.utime(path, (at, at))


def test_the_examples_in_the_docstrings() -> None:
    assert doctest.testmod(run_state).failed == 0


def test_rows_a_second_of_a_run_that_was_interrupted() -> None:
    night = [(1000.0 + i, 10) for i in range(5)]
    morning = [(50_000.0 + 2 * i, 10) for i in range(6)]
    assert recent_rate(night + morning) == pytest.approx(5.0)
    assert recent_rate([]) is None and recent_rate([(5.0, 10)]) is None and recent_rate([(5.0, 1), (5.0, 2)]) is None


def test_a_worker_is_alive_by_what_it_does_and_not_by_our_clock(tmp_path: Path) -> None:
    run = Run(tmp_path)
    claims = run.stage("claims", "workers")
    # The file system's clock is a day behind ours.
    then = time.time() - 86_400
    beat(claims / "one.1", "t 0", then)
    beat(claims / "two.1", "t 0", then - 0.5 * LEASE_S)
    beat(claims / "dead.1", "t 0", then - 2 * LEASE_S)
    pulse = Pulse(run, [], LEASE_S)
    assert pulse.workers() == {"alive": [], "quiet": [], "silent": []}
    pulse.look()
    assert pulse.workers() == {"alive": [], "quiet": ["one", "two"], "silent": ["dead"]}
    assert not pulse.any()
    beat(claims / "one.1", "t 1", then + 0.1)
    pulse.look()
    assert pulse.workers() == {"alive": ["one"], "quiet": ["two"], "silent": ["dead"]} and pulse.any()


def test_all_alone_a_dead_worker_falls_silent_when_it_was_watched_for_a_lease(tmp_path: Path) -> None:
    run = Run(tmp_path)
    beat(run.stage("claims", "workers") / "one.1", "t 0")
    pulse, until = Pulse(run, [], 0.2), time.monotonic() + 30
    pulse.look()
    assert pulse.workers()["quiet"] == ["one"]
    while not pulse.workers()["silent"]:
        assert time.monotonic() < until
        pulse.look()
    assert not pulse.any()


def test_a_real_claim_gives_signs_of_life_and_goes(tmp_path: Path) -> None:
    run = Run(tmp_path)
    pulse, until = Pulse(run, [], 0.6), time.monotonic() + 30
    with WorkClaims(run.stage("claims", "workers"), 0.6).wait("host-1"):
        while pulse.workers()["alive"] != ["host-1"]:
            assert time.monotonic() < until
            pulse.look()
    pulse.look()
    assert pulse.workers() == {"alive": [], "quiet": [], "silent": []}


def test_a_file_of_progress_that_is_new_or_changes_is_a_sign_of_life(tmp_path: Path) -> None:
    run = Run(tmp_path)
    stale, fresh = (run.progress("translate", "one") / name for name in ("00000.json", "00001.json"))
    beat(stale, json.dumps({"rows": 3}))
    pulse = Pulse(run, ["translate/one"], LEASE_S)
    pulse.look()
    beat(fresh, json.dumps({"rows": 1}))
    pulse.look()
    assert pulse.changed(fresh) and not pulse.changed(stale) and pulse.any()


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="Linux tells of locks")
def test_a_local_build_is_known_by_its_lock(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    assert not locked(path)
    code = "import filelock, sys\nwith filelock.FileLock(sys.argv[1]):\n print('held', flush=True)\n sys.stdin.read()"
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline() == "held\n"
        assert locked(path)
        process.communicate()
    assert not locked(path)
