"""Ctrl-C while answers are on their way: what is said, and what comes home."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from builders.run_folder.activity import read_engines, total_counters
from tests.processors.translation.test_trial import RECIPE, write_rows
from tests.standins.processes import ROOT, environment, start_command, wait_for
from tests.standins.standin_llm import Running, running

# As the command line does it, with all the time that a busy machine may need for a test.
PATIENT = """
import sys
from processors.answers import ask_once
import smolkalam
ask_once.DRAIN_S = 150.0
sys.argv = ["smolkalam", *sys.argv[1:]]
smolkalam.main()
"""


def write_recipe(folder: Path, server: Running, rows: int, shards: int = 1) -> Path:
    write_rows(folder / "source", rows, shards)
    recipe = folder / "recipe.yaml"
    recipe.write_text(RECIPE.format(source=folder / "source", url=server.url))
    return recipe


def answers(server: Running) -> int:
    return sum(server.stats()["answered"].values())


def test_ctrl_c_says_what_it_waits_for_and_no_figure_falls(tmp_path: Path) -> None:
    run, said = tmp_path / "run", tmp_path / "said"
    with running("--translation", "fast") as server, said.open("w") as errors:
        recipe = write_recipe(tmp_path, server, 60)
        server.control(answers=40)
        command = [sys.executable, "-c", PATIENT, "build", recipe, "--output", run, "--workers", "1"]
        process = subprocess.Popen(list(map(str, command)), stderr=errors, env=environment(), cwd=ROOT)
        wait_for(lambda: answers(server) >= 40 and server.stats()["in_flight"], "an answer on its way")
        process.send_signal(signal.SIGINT)
        wait_for(lambda: "under way; Ctrl-C again to leave" in said.read_text(), "what it waits for")
        server.control(hold=False)
        assert process.wait(150) == 130
        # What was on its way has come home.
        counters = total_counters(read_engines(run / "logs/translate/Chat/engines"))
        assert counters["answers"] == answers(server) > 40
    lines = said.read_text().splitlines()
    rows = [int(line.split("/Chat: ")[1].split("/")[0]) for line in lines if "/Chat: " in line]
    assert rows == sorted(rows) and "Traceback" not in said.read_text()
    assert "run the same command again to go on" in lines[-1]


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_again_leaves_them(tmp_path: Path, workers: int) -> None:
    said = tmp_path / "said"
    with running("--translation", "fast") as server, said.open("w") as errors:
        recipe = write_recipe(tmp_path, server, 30, shards=2)
        server.control(hold=True)
        process = start_command(
            "build", recipe, "--output", tmp_path / "run", "--workers", workers, stderr=errors, cwd=ROOT
        )
        wait_for(lambda: server.stats()["in_flight"], "a request")
        process.send_signal(signal.SIGINT)
        # Both in time, or the answers have been left before: what matters is that it ends, and how.
        wait_for(lambda: "under way" in said.read_text() or process.poll() is not None, "what it waits for")
        process.send_signal(signal.SIGINT)
        assert process.wait(150) == 130
    assert "Traceback" not in said.read_text()
