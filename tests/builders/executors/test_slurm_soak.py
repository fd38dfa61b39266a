"""A soak on a real Slurm: batches with every fault, tasks killed with -9, one killed by Slurm for its memory.

`pytest -m slurm`, as root. At the size of the claim, for which it takes a quarter of an hour:

    SOAK_QUESTIONS=17000 SOAK_KILLS=10 python -m pytest -s -n 0 -m slurm tests/builders/executors/test_slurm_soak.py
"""

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks import soak
from tests.builders.executors.test_slurm import at_rest, cluster_of, jobs, working
from tests.standins.processes import ROOT, environment, wait_for
from tests.standins.standin_batch import SHARES, running_batches
from tests.standins.standin_llm import Running

Run = Callable[..., "subprocess.CompletedProcess[str]"]

pytestmark = [pytest.mark.slurm, pytest.mark.skipif(not shutil.which("sbatch"), reason="needs slurm-wlm and munge")]

QUESTIONS, KILLS = int(os.environ.get("SOAK_QUESTIONS", 800)), int(os.environ.get("SOAK_KILLS", 2))
PATIENCE_S = 400.0 + QUESTIONS / 10
# In each Python of a job: whoever is told takes more memory than its job may, as a leak does.
HUNGRY = """
import os, threading, time
def eat():
    held = []
    while not os.path.exists(f"{TOLD}-{os.getpid()}"):
        time.sleep(0.1)
    while True:
        if len(held) < 60:
            held.append(bytearray(b"x" * 2**26))
        time.sleep(0.02)
def begin():
    threading.Thread(target=eat, daemon=True).start()
if "SLURM_JOB_ID" in os.environ:
    begin()
    os.register_at_fork(after_in_child=begin)
"""
# Four at a time, for the node has as many cores. Who is killed for the third time ends, and one of the other array
# takes its place.
BATCHED = """
name: small
source: {path: unused}
translators:
  - {name: one, backend: batch, api: openai, model: stand-in, base_url: "URL/v1", timeout_s: 6,
     decoding: {max_tokens: 2000}, gather_s: 0.5, poll_s: 0.2, requests_per_batch: 100}
executor: {kind: slurm, partition: cpu, tasks: 8, at_once: 4, max_array_size: 4, mem_per_cpu_gb: 2, lease_s: 4}
"""


@pytest.fixture
def watched_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Where a job over its memory is killed."""
    with cluster_of(tmp_path_factory.mktemp("watched"), "memory"):
        yield


def held_up(server: Running, run: Path) -> list[tuple[str, int]]:
    """Wait until a batch is under way and its results are waited for, which do not come."""
    before = server.stats()["held"].get("poll", 0)
    server.control(hold="poll")
    wait_for(lambda: server.stats()["held"].get("poll", 0) > before and working(run), "a batch", seconds=PATIENCE_S)
    return working(run)


def kill_some(server: Running, run: Path, log: Path, answers: int, told: str) -> tuple[str, list[float]]:
    """Kill tasks at random moments, every second one while its batch is under way, the first of all by its memory.

    The job of that one, and when each died.
    """
    draw, killed, for_memory = random.Random(4), [], ""
    for number, moment in enumerate([0.0, *sorted(draw.uniform(0.02, 0.7) for _ in range(KILLS))]):
        wait_for(lambda at=moment: log.read_bytes().count(b"\n") >= at * answers, "answers", seconds=PATIENCE_S)  # type: ignore[misc]
        found = held_up(server, run) if number % 2 == 0 else []
        if not found:
            time.sleep(draw.uniform(0, 1))
            found = wait_for(lambda: working(run), "a task", seconds=PATIENCE_S)
        job, process = draw.choice(found)
        if number:
            os.kill(process, signal.SIGKILL)
        else:
            for_memory = job
            Path(f"{told}-{process}").touch()
        wait_for(lambda gone=process: not Path(f"/proc/{gone}").exists(), "its end", seconds=PATIENCE_S)  # type: ignore[misc]
        killed.append(time.time())
        server.control(hold="")
    return for_memory, killed


@pytest.mark.timeout(7200)
def test_tasks_that_are_killed_for_their_memory_or_with_9_cost_no_row_of_a_soak(
    watched_cluster: None, smolkalam: Run, tmp_path: Path
) -> None:
    """Batches with every fault at 5 %: each row once, nothing paid twice, the bytes of a build without faults."""
    began = time.monotonic()
    splits, recipe = soak.write_source(tmp_path / "source", QUESTIONS), tmp_path / "batched.yaml"
    rows = ("--input", tmp_path / "source", "--set", f"source.keep=[{', '.join(splits)}]", "--yes")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(HUNGRY.replace("{TOLD}", str(tmp_path / "eat")))
    hungry = environment(PYTHONPATH=f"{tmp_path / 'site'}{os.pathsep}{ROOT}")
    with running_batches() as server:
        server.control(pseudo=True)
        recipe.write_text(BATCHED.replace("URL", server.url))
        done = smolkalam(
            "build", recipe, *rows, "--output", tmp_path / "whole", "--executor", "local", timeout=PATIENCE_S
        )
        assert done.returncode == 0, done.stderr
        questions = len(server.stats()["paid"])
    log, run, report = tmp_path / "answers.log", tmp_path / "run", soak.Report()
    log.touch()
    with running_batches("--fault", "0.05", "--seed", "4", "--log", str(log)) as server:
        server.control(pseudo=True, **dict.fromkeys(SHARES, 0.05))
        recipe.write_text(BATCHED.replace("URL", server.url))
        before = set(jobs())
        assert smolkalam("build", recipe, *rows, "--output", run, env=hungry).returncode == 0
        job, killed = kill_some(server, run, log, questions, str(tmp_path / "eat"))
        wait_for(at_rest, "the end of all jobs", seconds=PATIENCE_S, every_s=1)
        report.failed.append(soak._check_rows(run, report, "one"))
        while report.failed[-1] and len(report.failed) <= soak.MOST_RETRIES:
            assert smolkalam("build", recipe, *rows, "--output", run, "--retry-failed").returncode == 0
            wait_for(at_rest, "the end of all jobs", seconds=PATIENCE_S, every_s=1)
            report.failed.append(soak._check_rows(run, report, "one"))
        stats = server.stats()
    ended = {one: line for one, line in jobs("translate").items() if one not in before}
    assert "JobState=COMPLETED" not in ended[job], ended[job]
    soak._check_answers(log, killed, report)
    requests = stats["alone"] + sum(len(batch["ids"]) for batch in stats["batches"])
    bad = sum("JobState=COMPLETED" not in line for line in ended.values())
    print(
        f"{questions:,} questions, {requests:,} requests in {len(stats['batches'])} batches and one by one, "
        f"{report.answers:,} answers, {len(killed) - 1} kills and 1 for memory, of {len(ended)} tasks {bad} ended by "
        f"that; answers lost to a kill within a second of them {report.lost_answers}, failed rows {report.failed}; "
        f"{time.monotonic() - began:.0f} s; wrong: {report.wrong[:5]}"
    )
    assert report.wrong == [] and report.failed[-1] == 0 and report.answers >= questions
    assert soak._parquet(run) == soak._parquet(tmp_path / "whole")
