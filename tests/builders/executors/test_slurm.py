"""Builds on a real Slurm of one node: arrays, dependencies, tasks requeued and killed. `pytest -m slurm`, as root."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from builders.run_folder.units import all_counts
from tests.conftest import tree
from tests.standins.processes import ROOT
from tests.standins.standin_llm import running

Run = Callable[..., subprocess.CompletedProcess[str]]
Write = Callable[..., Path]
Row = Callable[..., dict[str, Any]]

pytestmark = [pytest.mark.slurm, pytest.mark.skipif(not shutil.which("sbatch"), reason="needs slurm-wlm and munge")]

PATIENCE_S = 400.0
SENTENCE = "Water boils at 100 degrees at sea level, see https://example.org/a. In the mountains `x` boils sooner. "
# The node's MaxArraySize is 4.
EXECUTOR = """
executor:
  {kind: slurm, partition: cpu, tasks: 6, at_once: 3, max_array_size: 4, mem_per_cpu_gb: 1, lease_s: 2,
   translators: {two: {partition: gpu, tasks: 2}}}
"""
RECIPE = f"""
name: small
source: {{path: unused}}
translators:
  - {{name: one, backend: pseudo}}
  - {{name: two, backend: pseudo, chunking: {{strategy: lines, lines: 2}}}}
{EXECUTOR}
"""


@contextmanager
def cluster_of(folder: Path, *options: str) -> Iterator[None]:
    script = ROOT / "tests" / "standins" / "slurm_one_node.sh"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLURM_CONF", str(folder / "slurm.conf"))
        try:
            subprocess.run(["bash", script, "start", folder, *options], check=True, timeout=60)
            yield
        finally:
            subprocess.run(["bash", script, "stop", folder], check=True, timeout=60)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with cluster_of(tmp_path_factory.mktemp("slurm")):
        yield


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(RECIPE)
    return path


@pytest.fixture
def source(write_split: Write, row: Row) -> Path:
    rows = [row(("user", f"Question {i}. {SENTENCE}"), ("assistant", SENTENCE * 100)) for i in range(240)]
    return write_split("alpha", rows, shards=8)


def jobs(pattern: str = "") -> dict[str, str]:
    """What Slurm knows of each job whose name matches: its id to its description."""
    shown = subprocess.run(
        ["scontrol", "show", "job", "--oneliner"], capture_output=True, text=True, check=True
    ).stdout
    lines = (line for line in shown.splitlines() if re.search(f"JobName=smolkalam-{pattern}", line))
    return {line.split()[0].removeprefix("JobId="): line for line in lines}


def states(pattern: str = "") -> list[str]:
    return [re.findall("JobState=([A-Z_]+)", line)[0] for line in jobs(pattern).values()]


def wait_for(found: Callable[[], Any], what: str) -> Any:
    until = time.monotonic() + PATIENCE_S
    while not (result := found()):
        assert time.monotonic() < until, f"never came: {what}\n" + "\n".join(jobs().values())
        time.sleep(0.05)
    return result


def signalled(signal: str, job: str) -> bool:
    """Slurm refuses to signal a job in a moment when it changes it, and may say so of a signal that arrived: scancel
    then tries for minutes, until the job is gone."""
    try:
        taken = subprocess.run(["scancel", f"--signal={signal}", job], timeout=5).returncode == 0
    except subprocess.TimeoutExpired:
        taken = False
    return taken or "Restarts=1" in jobs()[job]


def at_rest() -> bool:
    return not {"PENDING", "RUNNING", "COMPLETING", "CONFIGURING"} & set(states())


def working(run: Path) -> list[tuple[str, int]]:
    """Jobs of the first translator that hold a unit, with their process."""
    found = []
    for claim in (run / "claims" / "translate--one").glob("*"):
        try:
            process = int(claim.read_text().split()[-1])
            environment = Path(f"/proc/{process}/environ").read_bytes().decode()
        except (OSError, IndexError, ValueError):
            continue
        if job := re.search(r"SLURM_JOB_ID=(\d+)", environment):
            found.append((job[1], process))
    return found


def test_the_demo_by_arrays_that_depend_on_each_other(cluster: None, smolkalam: Run, tmp_path: Path) -> None:
    local, run = tmp_path / "local", tmp_path / "run"
    assert smolkalam("build", "demo", "--output", local, "--workers", 1).returncode == 0
    options = EXECUTOR.strip().removeprefix("executor:").replace("two:", "draft:").replace("\n", " ").strip()
    done = smolkalam("build", "demo", "--output", run, "--set", f"executor={options}")
    assert done.returncode == 0 and done.stdout == f"{run}\n", done.stderr
    ids = dict(line.split(": job ") for line in done.stderr.splitlines())
    assert list(ids) == ["scan", "select", "translate/reference", "translate/draft", "rank", "build", "card"]
    # Six tasks are two arrays where an array has four; each waits for all of those before it.
    assert [len(job.split(", ")) for job in ids.values()] == [2, 2, 2, 1, 2, 2, 1]
    of_rank = next(line for line in jobs("rank").values())
    for job in f"{ids['translate/reference']}, {ids['translate/draft']}".split(", "):
        assert re.search(rf"Dependency=\S*afterany:{job}\D", of_rank), of_rank
    assert all("Partition=gpu" in line for line in jobs("translate-draft").values())
    wait_for(at_rest, "the end of all jobs")
    assert set(states()) == {"COMPLETED"}, jobs()
    assert tree(run / "dataset") == tree(local / "dataset")


def test_tasks_that_are_requeued_and_killed(
    cluster: None, smolkalam: Run, source: Path, recipe: Path, tmp_path: Path
) -> None:
    local, run = tmp_path / "local", tmp_path / "run"
    build = ("build", recipe, "--input", source)
    assert smolkalam(*build, "--output", local, "--workers", 1, "--executor", "local").returncode == 0

    before = set(jobs())
    assert smolkalam(*build, "--output", run).returncode == 0
    (preempted, _), (late, _) = wait_for(lambda: found if len(found := working(run)) > 1 else None, "two tasks")[:2]
    subprocess.run(["scontrol", "requeue", preempted], check=True)
    # What Slurm sends before a task's time is up; datatrove's executor then requeues it.
    wait_for(lambda: signalled("USR1", late), "a signal that is taken")
    wait_for(at_rest, "the end of all jobs")
    mine = {job: line for job, line in jobs().items() if job not in before}
    assert all("JobState=COMPLETED" in line for line in mine.values()), mine
    assert all("Restarts=1" in mine[job] for job in (preempted, late))
    assert tree(run / "dataset") == tree(local / "dataset")

    again = tmp_path / "again"
    assert smolkalam(*build, "--output", again).returncode == 0
    _, process = wait_for(lambda: working(again), "a task")[0]
    # As the system does for lack of memory: the task begins again.
    os.kill(process, 9)
    wait_for(at_rest, "the end of all jobs")
    assert set(states()) == {"COMPLETED"}, jobs()
    assert tree(again / "dataset") == tree(local / "dataset")


def test_one_task_that_is_killed_keeps_nothing_from_running(
    cluster: None, smolkalam: Run, source: Path, recipe: Path, tmp_path: Path
) -> None:
    """All of it: its sibling takes over what it held, and what comes after looks at what is there."""
    run, before = tmp_path / "run", set(jobs())
    one = RECIPE.replace("tasks: 6", "tasks: 2").replace("{two: {partition: gpu, tasks: 2}}", "{}")
    recipe.write_text("".join(line for line in one.splitlines(keepends=True) if "name: two" not in line))
    assert smolkalam("build", recipe, "--input", source, "--output", run).returncode == 0
    job, _ = wait_for(lambda: working(run), "a task")[0]
    # The last task of an array has the array's own id, which stands for all of it.
    task = "_".join(re.findall(r"Array(?:JobId|TaskId)=(\d+)", jobs()[job]))
    wait_for(lambda: subprocess.run(["scancel", "--signal=KILL", task]).returncode == 0, "a signal that is taken")
    wait_for(at_rest, "the end of all jobs")
    mine = {job: line for job, line in jobs().items() if job not in before}
    assert sum("JobState=COMPLETED" not in line for line in mine.values()) == 1, mine
    assert (run / "plan" / "card.json").exists()
    assert sum(one["kept"] for one in all_counts(run / "translate" / "one").values()) == 240


def test_failed_rows_are_tried_again(cluster: None, smolkalam: Run, source: Path, tmp_path: Path) -> None:
    """Only the translator with failed rows is submitted, killed in the middle and again; then nothing is."""
    recipe, run, local = tmp_path / "retried.yaml", tmp_path / "run", tmp_path / "local"
    with running("--fault", "empty=0.75", "--seed", "5") as server:
        endpoint = f'{{name: one, backend: endpoint, model: stand-in, base_url: "{server.url}", concurrency: 8}}'
        recipe.write_text(RECIPE.replace("{name: one, backend: pseudo}", endpoint))
        rows = ("--input", source, "--set", "selection.max_rows_per_split=60")

        def submitted(*options: str) -> list[str]:
            done = smolkalam("build", recipe, *rows, "--output", run, *options)
            assert done.returncode == 0 and done.stdout == f"{run}\n", done.stderr
            return [line.split(": job ")[0] for line in done.stderr.splitlines() if ": job " in line]

        def failed() -> int:
            return sum(sum(one["dropped"].values()) for one in all_counts(run / "translate" / "one").values())

        stages = submitted()
        assert stages == ["scan", "select", "translate/one", "translate/two", "rank", "build", "card"]
        wait_for(at_rest, "the end of all jobs")
        first = failed()
        assert first > 10
        shutil.copytree(run, local)

        server.control(faults={}, hold=True)
        again = ["translate/one", "rank", "build", "card"]
        before = set(jobs())
        assert submitted("--retry-failed") == again
        wait_for(lambda: server.stats()["in_flight"], "a question")
        subprocess.run(["scancel", *sorted(set(jobs("translate-one")) - before)], check=True)
        wait_for(at_rest, "the end of all jobs")
        assert failed() == first and (run / "translate" / "one" / "retry.json").exists()
        server.control(hold=False)
        assert submitted("--retry-failed") == again
        wait_for(at_rest, "the end of all jobs")
        assert failed() == 0
        last = {re.findall("JobName=smolkalam-(\\S+)", line)[0] for job, line in jobs().items() if job not in before}
        assert last == {stage.replace("/", "-") for stage in again}
        assert submitted("--retry-failed") == []

        options = ("--output", local, "--executor", "local", "--retry-failed")
        done = smolkalam("build", recipe, *rows, *options)
        assert done.returncode == 0, done.stderr
        assert tree(run / "dataset") == tree(local / "dataset")


def test_what_is_wrong_is_one_line(cluster: None, smolkalam: Run, source: Path, recipe: Path, tmp_path: Path) -> None:
    build = ("build", recipe, "--input", source, "--output", tmp_path / "run")
    done = smolkalam(*build, "--set", "executor.translators={three: {tasks: 1}}")
    assert done.returncode == 2 and "the recipe has no translator 'three'" in done.stderr, done.stderr
    done = smolkalam(*build, "--set", "executor.partition=tpu")
    assert done.returncode == 1 and "smolkalam: select: sbatch refused" in done.stderr, done.stderr
    assert "Traceback" not in done.stderr and "invalid partition" in done.stderr
