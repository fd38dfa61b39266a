"""Builds on a shared folder by several workers, each in a process of its own, killed and stopped as machines are."""

import errno
import json
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from builders.executors.same_code import code_digest
from builders.executors.shared_folder import joined
from builders.run_folder import folder
from builders.run_folder.claims import WorkClaims
from processors import leases
from processors.errors import InputError
from tests.conftest import tree
from tests.standins.processes import PATIENCE_S, start_command, wait_for
from tests.standins.standin_llm import running

Run = Callable[..., subprocess.CompletedProcess[str]]
Write = Callable[..., Path]
Row = Callable[..., dict[str, Any]]

LEASE_S = 2.0
SENTENCE = "Water boils at 100 degrees at sea level, see https://example.org/a. In the mountains `x` boils sooner. "
RECIPE = f"""
name: small
source: {{path: unused}}
executor: {{kind: queue, lease_s: {LEASE_S}}}
translators:
  - {{name: one, backend: pseudo}}
  - {{name: two, backend: pseudo, chunking: {{strategy: lines, lines: 2}}}}
selection: {{cuts: [{{split: beta, into: beta_40, rows: 40}}]}}
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(RECIPE)
    return path


def write_source(write_split: Write, row: Row, *, rows: int, sentences: int) -> Path:
    def conversation(index: int, length: int) -> dict[str, Any]:
        return row(("user", f"Question {index}. {SENTENCE}"), ("assistant", SENTENCE * length))

    write_split("alpha", [conversation(i, sentences) for i in range(rows)], shards=8)
    return write_split("beta", [conversation(i, 3) for i in range(60)], shards=2)


@pytest.fixture
def source(write_split: Write, row: Row) -> Path:
    return write_source(write_split, row, rows=40, sentences=3)


@pytest.fixture
def long_source(write_split: Write, row: Row) -> Path:
    """Units that take a second, so that a worker can be stopped within one."""
    return write_source(write_split, row, rows=240, sentences=100)


@contextmanager
def workers(run: Path, count: int) -> Iterator[list[subprocess.Popen[str]]]:
    """Workers on a run folder; whatever is left of them at the end is killed."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    started = [start_command("worker", run, "--workers", 1, **pipes) for _ in range(count)]
    try:
        yield started
    finally:
        for process in started:
            if process.poll() is None:
                process.kill()
            process.communicate()


def held_by(run: Path, pid: int) -> Path | None:
    """The process's claim on a unit of the stage `translate/one`, once some of the unit's rows are done."""
    units = [unit["name"] for unit in json.loads((run / "plan" / "source.json").read_text())["units"]]
    for path in (run / "claims" / "translate--one").glob("*"):
        progress = run / "logs" / "translate" / "one" / "progress" / f"{units.index(path.stem):05d}.json"
        with suppress(FileNotFoundError):
            if re.search(rf" {pid}\n", path.read_text()) and progress.exists():
                return path
    return None


def stop_in_a_unit(run: Path, process: subprocess.Popen[str], number: signal.Signals) -> Path:
    """Signal a process while it holds a unit of the stage `translate/one`; returns its claim."""
    process.send_signal(signal.SIGSTOP)
    while True:
        claim = held_by(run, process.pid)
        if claim and not counts(run, claim).exists():
            process.send_signal(number)
            return claim
        process.send_signal(signal.SIGCONT)
        wait_for(lambda: held_by(run, process.pid), f"a unit of {process.pid}")
        process.send_signal(signal.SIGSTOP)


def counts(run: Path, claim: Path) -> Path:
    return run / "translate" / "one" / "counts" / f"{claim.stem}.json"


def state(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns


def test_killed_and_stopped_workers_cost_nothing(
    smolkalam: Run, long_source: Path, recipe: Path, tmp_path: Path
) -> None:
    local, run = tmp_path / "local", tmp_path / "run"
    begin = ("build", recipe, "--input", long_source, "--workers", 1)
    assert smolkalam(*begin, "--output", local, "--executor", "local").returncode == 0
    assert smolkalam(*begin, "--output", run, "--stop-after", "select").returncode == 0

    with workers(run, 4) as (first, second, sleeper, survivor):
        for process in (first, second, sleeper, survivor):
            wait_for(lambda pid=process.pid: held_by(run, pid), f"a unit of {process.pid}")
        claim = stop_in_a_unit(run, sleeper, signal.SIGSTOP)
        lost = [stop_in_a_unit(run, process, signal.SIGKILL) for process in (first, second)]
        assert not any(counts(run, one).exists() for one in [claim, *lost])

        _, errors = survivor.communicate(timeout=PATIENCE_S)
        assert survivor.returncode == 0, errors
        assert tree(run / "dataset") == tree(local / "dataset")

        written = {path: state(path) for path in run.rglob("*") if path.suffix in (".json", ".parquet", ".md")}
        log = run / "logs" / "translate" / "one" / "logs"
        assert not any(b"taken it over" in path.read_bytes() for path in log.iterdir())
        sleeper.send_signal(signal.SIGCONT)
        _, errors = sleeper.communicate(timeout=PATIENCE_S)
        assert sleeper.returncode == 0, errors
    # It came to its unit's end, and then wrote nothing of the unit, nor anything else that its successor had written.
    assert any(b"taken it over" in path.read_bytes() for path in log.iterdir())
    progress = run / "logs"
    changed = [path for path, before in written.items() if not path.is_relative_to(progress) and state(path) != before]
    assert changed == []
    assert tree(run / "dataset") == tree(local / "dataset")
    assert not list((run / "claims" / "translate--one").iterdir())


def test_a_build_that_was_killed_goes_on_without_waiting_for_a_lease(
    smolkalam: Run, long_source: Path, recipe: Path, tmp_path: Path
) -> None:
    """Its own claims and those of its processes are nobody's as soon as they are gone from this machine."""
    run = tmp_path / "run"
    hour = ("--set", "executor.lease_s=3600")
    begin = ("build", recipe, "--input", long_source, "--output", run, *hour)
    assert smolkalam(*begin, "--workers", 1, "--stop-after", "select").returncode == 0
    process = start_command(*begin, "--workers", 2, "--stop-after", "translate")
    try:
        wait_for(lambda: len(claimed(run)) > 1, "two units that are claimed")
    finally:
        process.kill()
        process.wait()
    left = claimed(run)
    done = smolkalam(*begin, "--workers", 2, "--stop-after", "translate", timeout=500)
    assert done.returncode == 0, done.stderr
    assert left and not claimed(run)


def claimed(run: Path) -> list[Path]:
    return list((run / "claims" / "translate--one").glob("*"))


def test_several_machines_with_several_processes_and_one_stage_each(
    smolkalam: Run, source: Path, recipe: Path, tmp_path: Path
) -> None:
    local, run = tmp_path / "local", tmp_path / "run"
    begin = ("build", recipe, "--input", source)
    assert smolkalam(*begin, "--output", local, "--workers", 1, "--executor", "local").returncode == 0
    assert smolkalam(*begin, "--output", run, "--workers", 1, "--stop-after", "select").returncode == 0
    done = smolkalam("worker", run, "--workers", 2, "--stage", "translate/two")
    assert done.returncode == 0, done.stderr
    assert len(list((run / "translate" / "two" / "counts").iterdir())) == 10
    assert not (run / "translate" / "one" / "counts").exists()
    done = smolkalam("worker", run, "--workers", 2)
    assert done.returncode == 0 and done.stdout == f"{run / 'dataset'}\n", done.stderr
    assert tree(run / "dataset") == tree(local / "dataset")
    # Nothing is left: a late worker says so and goes.
    before = {path: state(path) for path in run.rglob("*.parquet")}
    assert smolkalam("worker", run).returncode == 0
    assert {path: state(path) for path in run.rglob("*.parquet")} == before
    # A changed recipe repeats what changed, as on one machine.
    done = smolkalam(*begin, "--output", run, "--workers", 1, "--set", "ranking.replace=vetoed")
    assert done.returncode == 0 and "rank: done again, for this changed: ranking.replace" in done.stderr, done.stderr
    assert not {path for path, stamp in before.items() if state(path) != stamp and "translate" in path.parts}


def test_mistakes_are_one_line(smolkalam: Run, source: Path, recipe: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    begin = ("build", recipe, "--input", source, "--output", run, "--workers", 1)

    def line(done: subprocess.CompletedProcess[str]) -> str:
        lines = [line for line in done.stderr.splitlines() if line.startswith("smolkalam: ")]
        assert done.returncode == 2 and len(lines) == 1 and "Traceback" not in done.stderr, done.stderr
        return lines[0]

    assert "no run folder; begin the build with" in line(smolkalam("worker", run))
    assert smolkalam(*begin, "--stop-after", "select").returncode == 0
    assert "no such stage; expected one of" in line(smolkalam("worker", run, "--stage", "translate/three"))
    with WorkClaims(run / "claims" / "workers", LEASE_S).wait("machine-1"):
        assert "workers are at it with another recipe (machine-1.1)" in line(smolkalam(*begin, "--set", "seed=1"))
        assert "workers are at it (machine-1.1)" in line(smolkalam(*begin, "--executor", "local"))
    resolved = run / "recipe.yaml"
    resolved.write_text(re.sub(r"#   pyarrow .*", "#   pyarrow 1.0", resolved.read_text()))
    assert "and it was begun with another version" in line(smolkalam("worker", run)).replace(str(run), "it")
    assert smolkalam(*begin, "--stop-after", "select").returncode == 0
    (run / "plan" / "code.txt").write_text("another commit's\n")
    assert "was begun with other code than this machine's" in line(smolkalam("worker", run))
    # Nobody is at it: who begins it again goes on with code of today.
    assert smolkalam(*begin, "--stop-after", "select").returncode == 0
    assert (run / "plan" / "code.txt").read_text() == f"{code_digest()}\n"
    assert smolkalam(*begin, "--executor", "local", "--stop-after", "select").returncode == 0
    assert not (run / "plan").exists()
    assert "a build of one machine; go on with" in line(smolkalam("worker", run))


def test_a_share_that_a_worker_cannot_write_to_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> int:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr(leases, "create", refuse)
    said = r"a worker writes to the run folder, and cannot \(Read-only file system\)"
    with pytest.raises(InputError, match=said), joined(folder.Run(tmp_path), LEASE_S):
        pass


def test_an_error_in_a_unit_stops_the_worker_and_leaves_no_claim(
    smolkalam: Run, source: Path, recipe: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    begin = ("build", recipe, "--input", source, "--output", run, "--workers", 1)
    assert smolkalam(*begin, "--stop-after", "select").returncode == 0
    unit = sorted((run / "select").glob("*.parquet"))[3]
    whole = unit.read_bytes()
    unit.write_bytes(whole[:-100])
    done = smolkalam("worker", run, "--workers", 1)
    assert done.returncode == 1 and f"{unit}: damaged or missing" in done.stderr, done.stderr
    assert not [path for path in (run / "claims").rglob("*") if path.is_file()]
    unit.write_bytes(whole)
    assert smolkalam("worker", run, "--workers", 1).returncode == 0
    assert json.loads((run / "plan" / "card.json").read_text()) == {"dataset": str(run / "dataset")}


def test_answers_of_an_endpoint_are_not_written_by_one_who_lost_the_claim_and_not_asked_again(
    smolkalam: Run, source: Path, tmp_path: Path
) -> None:
    """The claim is taken away while the answers are on their way: they arrive, the unit is left to its successor."""
    run, recipe = tmp_path / "run", tmp_path / "endpoint.yaml"
    with running("--latency", "1") as server:
        recipe.write_text(
            f"name: small\nsource: {{path: unused, keep: [beta]}}\nexecutor: {{kind: queue, lease_s: {LEASE_S}}}\n"
            f"translators:\n  - {{name: one, backend: endpoint, model: stand-in, base_url: {server.url}}}\n"
        )
        begin = ("build", recipe, "--input", source, "--output", run, "--workers", 1)
        assert smolkalam(*begin, "--stop-after", "select").returncode == 0
        with workers(run, 1) as (worker,):
            claims = run / "claims" / "translate--one"
            wait_for(lambda: server.stats()["asked"], "a request")
            claim = next(claims.iterdir())
            assert not counts(run, claim).exists()
            claim.unlink()
            _, errors = worker.communicate(timeout=PATIENCE_S)
            assert worker.returncode == 0, errors
        assert set(server.stats()["asked"].values()) == {1}
    # The unit was done once more, by answers that were there.
    stats = sorted((run / "logs" / "translate" / "one" / "stats").iterdir())
    names = sorted(path.stem for path in (run / "translate" / "one" / "counts").iterdir())
    fetched = {name: '"answers"' in path.read_text() for name, path in zip(names, stats, strict=True)}
    assert fetched.pop(claim.stem) is False
    assert list(fetched.values()) == [True]
