"""Tasks that fail, are killed or lose their parent. The steps live here: workers import them by name."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from datatrove.pipeline.base import PipelineStep

from builders.executors import this_machine
from builders.executors.this_machine import FEW_ROWS, ThisMachine, Work, in_processes, run_stage
from processors.errors import InputError, SmolKalamError
from tests.standins.processes import alive, environment, wait_for

PREPARES = """
from builders.executors import this_machine as executors
if __name__ == "__main__":
    executors.PRELOAD = ["struck"]
    process = executors.worker_context().Process(target=print, args=("worked",))
    process.start()
    process.join()
"""


def test_ctrl_c_while_workers_are_prepared_strikes_nobody(tmp_path: Path) -> None:
    """It reaches every process of the terminal, also the one that imports what workers need."""
    (tmp_path / "struck.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    (tmp_path / "prepares.py").write_text(PREPARES)
    command = [sys.executable, tmp_path / "prepares.py"]
    done = subprocess.run(command, env=environment(), cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("worked\n", "")


STARTS = """
import threading
from pathlib import Path
from builders.executors import this_machine as executors
from tests.builders.executors.test_this_machine import run
if __name__ == "__main__":
    executors.PRELOAD = ["strikes", *executors.PRELOAD]
    # Any thread may be sent the signal: the main one is not the only one that has to be asked to wait.
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    try:
        run(Path.cwd(), {0: "hang", 1: "hang"}, workers=2)
    except KeyboardInterrupt:
        print("stopped")
"""


def test_ctrl_c_while_workers_start_leaves_none_of_them_behind(tmp_path: Path) -> None:
    (tmp_path / "strikes.py").write_text("import os, signal\nos.kill(os.getppid(), signal.SIGINT)\n")
    (tmp_path / "starts.py").write_text(STARTS)
    (tmp_path / "ran").mkdir()
    command = [sys.executable, tmp_path / "starts.py"]
    done = subprocess.run(command, env=environment(), cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("stopped\n", "")


class CannotTravel(Exception):
    """An error like httpx's: it pickles, and does not come back."""

    def __init__(self, message: str, *, request: str) -> None:
        super().__init__(message)


class Step(PipelineStep):
    """Writes `<folder>/<rank>.<process id>`, then does what `deeds` says for its rank."""

    type = "TEST"
    name = "Step"

    def __init__(self, folder: Path, deeds: dict[int, str]) -> None:
        super().__init__()
        self.folder = folder
        self.deeds = deeds

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> Iterator[Any]:
        print("chatter for the terminal", file=sys.stderr)
        (self.folder / f"{rank}.{os.getpid()}").write_text("")
        match self.deeds.get(rank):
            case "input":
                raise InputError("shard.parquet: damaged; download it again")
            case "travel":
                raise CannotTravel("no connection", request="GET /")
            case "die":
                os.kill(os.getpid(), signal.SIGKILL)
            case "hang":
                signal.pause()
        self.stat_update("ran")
        return iter(())


def run(folder: Path, deeds: dict[int, str], *, workers: int, tasks: int = 4) -> Any:
    (folder / "ran").mkdir(exist_ok=True)
    return run_stage([Step(folder / "ran", deeds)], tasks=tasks, workers=workers, logging_dir=folder / "logs")


def ranks(folder: Path) -> set[int]:
    return {int(path.name.split(".")[0]) for path in (folder / "ran").iterdir()}


@pytest.mark.parametrize("workers", [1, 2])
def test_every_task_runs_once_and_the_terminal_stays_quiet(
    workers: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    stats = run(tmp_path, {}, workers=workers, tasks=5)
    assert ranks(tmp_path) == set(range(5)) and len(list((tmp_path / "ran").iterdir())) == 5
    assert stats.stats[0].stats["ran"].total == 5
    assert (tmp_path / "logs" / "stats.json").exists()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_in_a_task_comes_out_as_itself(
    workers: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InputError) as caught:
        run(tmp_path, {1: "input"}, workers=workers)
    assert str(caught.value) == "shard.parquet: damaged; download it again"
    assert caught.value.exit_code == 2
    assert capfd.readouterr() == ("", "")


def test_an_error_that_cannot_travel_between_processes_is_not_taken_for_a_kill(tmp_path: Path) -> None:
    with pytest.raises(CannotTravel):
        run(tmp_path, {1: "travel"}, workers=1)
    with pytest.raises(SmolKalamError, match="task 1: CannotTravel: no connection"):
        run(tmp_path, {1: "travel"}, workers=2)


def test_a_killed_worker_is_reported_and_not_waited_for(tmp_path: Path) -> None:
    with pytest.raises(SmolKalamError, match=r"a worker was killed.*run the same command again.*--workers"):
        run(tmp_path, {0: "hang", 1: "die"}, workers=2)


def start(folder: Path, deeds: str, **options: Any) -> "subprocess.Popen[str]":
    (folder / "ran").mkdir()
    code = (
        "from pathlib import Path; from tests.builders.executors.test_this_machine import run; "
        f"run(Path({str(folder)!r}), {deeds}, workers=2)"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code], env=environment(), stderr=subprocess.PIPE, text=True, **options
    )


def workers_of(folder: Path) -> set[int]:
    return {int(path.name.split(".")[1]) for path in (folder / "ran").iterdir()}


def test_ctrl_c_at_the_terminal_is_the_parent_s_alone(tmp_path: Path) -> None:
    # One worker is busy, the other waits for a task: both are sent the signal.
    parent = start(tmp_path, '{0: "hang"}', start_new_session=True)
    try:
        wait_for(lambda: ranks(tmp_path) == {0, 1, 2, 3}, "the other tasks to end")
        os.killpg(parent.pid, signal.SIGINT)
        _, stderr = parent.communicate(timeout=60)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(parent.pid, signal.SIGKILL)
    assert stderr.count("Traceback") == 1 and stderr.rstrip().endswith("KeyboardInterrupt")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGINT])
def test_no_worker_outlives_a_parent_that_is_killed_or_interrupted(kill: signal.Signals, tmp_path: Path) -> None:
    parent = start(tmp_path, '{0: "hang", 1: "hang"}')
    try:
        wait_for(lambda: ranks(tmp_path) >= {0, 1}, "the workers to begin")
        workers = workers_of(tmp_path)
        assert len(workers) == 2 and parent.pid not in workers and all(map(alive, workers))
        parent.send_signal(kill)
        parent.communicate(timeout=60)
        wait_for(lambda: not any(map(alive, workers)), "the workers to end")
    finally:
        parent.kill()
        for worker in workers_of(tmp_path):
            if alive(worker):
                os.kill(worker, signal.SIGKILL)


@pytest.mark.parametrize(
    ("machine", "rows", "done_by"),
    [
        (ThisMachine(workers=8, as_needed=True), FEW_ROWS, (1, 1)),
        (ThisMachine(workers=8, as_needed=True), FEW_ROWS + 1, (32, 8)),
        (ThisMachine(workers=8, as_needed=True), None, (32, 8)),
        (ThisMachine(workers=8), FEW_ROWS, (32, 8)),
        (ThisMachine(tasks=5, workers=8, as_needed=True), FEW_ROWS, (5, 1)),
    ],
)
def test_few_rows_are_left_to_one_process_unless_a_number_was_asked_for(
    machine: ThisMachine,
    rows: int | None,
    done_by: tuple[int, int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ran = []
    monkeypatch.setattr(this_machine, "run_stage", lambda _, tasks, workers, logging_dir: ran.append((tasks, workers)))
    items = {str(number): tmp_path / f"{number}.json" for number in range(100)}
    machine.run(Work("any", items, lambda names: names, tmp_path, rows=rows))
    assert ran == [done_by]
    # As many processes as there are servers, however few the rows.
    machine.run(Work("any", items, lambda names: names, tmp_path, processes=lambda: 3, rows=rows))
    assert ran[1][1] == 3


def test_processes_answer_in_order_of_their_numbers() -> None:
    assert in_processes(abs, 5, 2) == [0, 1, 2, 3, 4]
