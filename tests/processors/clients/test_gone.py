"""A server that somebody else has started ends while a run waits for it."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from processors.clients.pacing import OutOfPatience, Pacer, Trouble
from processors.errors import EngineError
from tests.processors.translation.test_runner import endpoint, run
from tests.standins.processes import ROOT


def test_a_server_that_has_ended_is_told_at_once_and_waited_for_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("processors.clients.pacing.loop_time", lambda: clock[0])
    pacer = Pacer("a", 64, 900.0, 6)
    for _ in range(64):
        pacer.take()
    pacer.succeeded()
    pacer.failed("ReadError: ")
    assert not pacer.open
    for _ in range(2):
        pacer.failed("ConnectError: All connection attempts failed", gone=True)
    clock[0] += 3
    said = "its server has ended; start it again, it is waited for 897 s more"
    assert pacer.open and pacer.trouble() == Trouble("a", said, 3.0, left_aside=False)
    # It is there again, and busy with loading.
    pacer.failed("503: loading")
    assert pacer.trouble() == Trouble("a", "4 failures in a row, last: 503: loading", 3.0, left_aside=False)
    clock[0] += 900
    with pytest.raises(OutOfPatience, match=r"its server has ended: it had .*Start it again and run the same command"):
        pacer.failed("ConnectError: All connection attempts failed", gone=True)


def test_a_server_that_ends_midway_is_told_on_screen_and_its_end_is_the_build_s(tmp_path: Path) -> None:
    told: list[Trouble] = []

    def progress(counters: Mapping[str, float], troubles: Sequence[Trouble]) -> None:
        told.extend(troubles)
        if counters.get("answers", 0) and process.poll() is None:
            process.kill()
            process.wait()

    command = [sys.executable, str(ROOT / "tests" / "standins" / "standin_llm.py"), "--latency", "0.1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        config = endpoint(process.stdout.readline().strip(), patience_s=1.0, concurrency=2)
        with pytest.raises(EngineError, match="its server has ended: it had answered, and has refused connections"):
            run(config, 200, tmp_path, progress=progress, progress_s=0.05)
    assert any(one.reason.startswith("its server has ended; start it again, it is waited for ") for one in told)
