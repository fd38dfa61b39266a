"""Work that is killed for lack of memory goes on by itself, up to a number of times."""

import os
import signal
from functools import partial
from pathlib import Path

import pytest

from builders.executors.begun_again import LIVES, begun_again
from builders.executors.this_machine import WorkerKilled
from processors.errors import SmolKalamError


def work(folder: Path, deaths: int, how: str, cores: int) -> None:
    """Die so often, then leave the number of cores."""
    life = len(list(folder.glob("life-*")))
    (folder / f"life-{life}").write_text(str(cores))
    if life < deaths and how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if life < deaths and how == "worker":
        raise WorkerKilled("a worker was killed")
    if how == "error":
        raise SmolKalamError("the disk is full")


@pytest.mark.parametrize("how", ["killed", "worker"])
def test_what_is_killed_begins_again_with_half_the_processes(tmp_path: Path, how: str) -> None:
    begun_again(partial(work, tmp_path, 2, how), 4, signal.SIGUSR1)
    assert [(tmp_path / f"life-{n}").read_text() for n in range(3)] == ["4", "2", "1"]


def test_what_is_killed_each_time_says_so(tmp_path: Path) -> None:
    with pytest.raises(SmolKalamError, match="killed 3 times, most likely for lack of memory"):
        begun_again(partial(work, tmp_path, LIVES, "killed"), 1, signal.SIGUSR1)
    assert len(list(tmp_path.glob("life-*"))) == LIVES


def test_an_error_is_not_tried_again(tmp_path: Path) -> None:
    with pytest.raises(SmolKalamError, match="ended with exit code 1"):
        begun_again(partial(work, tmp_path, 0, "error"), 1, signal.SIGUSR1)
    assert len(list(tmp_path.glob("life-*"))) == 1
