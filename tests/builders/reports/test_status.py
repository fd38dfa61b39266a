"""`smolkalam status` on run folders in every state, and beside real builds through a stand-in server."""

import json
import os
import pty
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from builders.recipes.load import load_recipe
from builders.recipes.translator_base import ServedTranslator
from builders.reports import status, status_text
from builders.reports.status import Watch, run_status
from builders.run_folder.activity import RequestsSince
from builders.run_folder.folder import ENGINES
from tests.builders.executors.test_shared_folder import LEASE_S, workers
from tests.conftest import Demo
from tests.standins.processes import environment, start_command, wait_for
from tests.standins.standin_llm import running

Run = Callable[..., subprocess.CompletedProcess[str]]
Row = Callable[..., dict[str, Any]]
Write = Callable[..., Path]

RECIPE = """
name: small
source: {{path: unused}}
executor: {{kind: queue, lease_s: {lease_s}}}
outputs: {{parallel: false}}
translators:
  - name: one
    backend: endpoint
    model: stand-in
    base_url: {url}
    concurrency: 4
    cost: {{usd_per_million_input: 10.0, usd_per_million_output: 20.0, output_tokens_per_gpu_second: 100.0}}
"""


def everything(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Every file and folder with its inode, size and time of change."""
    found = {}
    for path in sorted(folder.rglob("*")):
        at = path.lstat()
        found[str(path)] = at.st_ino, at.st_size, at.st_mtime_ns
    return found


@pytest.fixture
def source(row: Row, write_split: Write) -> Path:
    def conversation(index: int) -> dict[str, Any]:
        return row(("user", f"Question {index} about water."), ("assistant", f"Answer {index}: it boils."))

    return write_split("alpha", [conversation(i) for i in range(120)], shards=4)


def test_the_examples_in_the_docstrings() -> None:
    import doctest

    assert doctest.testmod(status_text).failed == 0


def test_a_finished_run_is_told_from_its_counts_and_left_as_it_is(demo: Demo, capsys: Any) -> None:
    before = everything(demo.run)
    run_status(demo.run, as_json=True, follow=True)
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert found["state"] == "finished" and found["executor"] == "local" and found["usd"] is None
    rows = {stage["stage"]: (stage["rows_done"], stage["rows"]) for stage in found["stages"]}
    assert list(rows) == ["scan", "select", "translate/reference", "translate/draft", "rank", "build"]
    assert all(done == total for done, total in rows.values()) and rows["rank"][0] == rows["translate/draft"][0] > 0
    assert all(not stage["rows_in_progress"] and stage["seconds_left"] is None for stage in found["stages"])
    select = found["stages"][1]
    assert sum(select["failed_rows"].values()) == rows["select"][0] - rows["rank"][0] > 0
    run_status(demo.run, as_json=False, follow=False)
    text = capsys.readouterr().out
    assert re.search(rf"^rank +{rows['rank'][0]} +{rows['rank'][0]} *$", text, re.MULTILINE)
    assert everything(demo.run) == before


def test_tokens_of_all_beams_are_said_to_be_that() -> None:
    spent = {"name": "SeedX", "tokens": {"input": 1000, "output": 4000}, "usd": None, "gpu_hours": None}
    none: dict[str, Any] = {"troubles": [], "retries": {}, "asked_again": {}, "rejected": {}}
    specs = load_recipe("smolkalam").translators
    beams, plain = (spec.decoding.choices for spec in specs if isinstance(spec, ServedTranslator))
    said = status_text._notes(spent | none | {"choices_per_request": beams})
    assert said == ["SeedX: 1,000 tokens in, 4,000 out (all 4 answers of each request)"]
    assert status_text._notes(spent | none | {"choices_per_request": plain}) == ["SeedX: 1,000 tokens in, 4,000 out"]


def test_requests_that_timed_out_are_said_to_be_billed_perhaps() -> None:
    one: dict[str, Any] = {"name": "Chat", "tokens": {"input": 1000, "output": 4000}, "usd": 10.0, "gpu_hours": None}
    one |= {"troubles": [], "retries": {}, "asked_again": {}, "rejected": {}, "choices_per_request": 1}
    said = status_text._notes(one | {"timed_out": 3, "requests": {"answered": 100}})
    assert said[-1] == (
        "Chat: 3 requests timed out; the server may bill them all the same, about $0.30 beside the sum above"
    )


def test_a_build_that_has_not_written_its_card_is_not_finished(demo: Demo, tmp_path: Path) -> None:
    """The dataset's card may be an older build's."""
    run = tmp_path / "run"
    shutil.copytree(demo.run, run)
    assert Watch(run).look()["state"] == "finished"
    (run / "build" / "finished.json").unlink()
    assert Watch(run).look()["state"] == "stopped"


def test_a_changed_recipe_makes_what_lies_there_count_no_more(demo: Demo, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(demo.run, run)
    path = run / "select" / "stage.json"
    stage = json.loads(path.read_text())
    path.write_text(json.dumps(stage | {"fingerprint": "another"}))
    found = {stage["stage"]: stage["rows_done"] for stage in Watch(run).look()["stages"]}
    assert found["select"] > 0
    assert not any(found[name] for name in ("translate/reference", "translate/draft", "rank", "build"))


def test_a_run_not_begun_a_stopped_one_and_mistakes(
    demo: Demo, smolkalam: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "OBSERVE_S", 0.05)
    run = tmp_path / "run"
    run.mkdir()
    shutil.copy(demo.run / "recipe.yaml", run)
    assert Watch(run).first()["state"] == "not begun"
    shutil.copytree(demo.run / "select", run / "select")
    found = Watch(run).first()
    assert found["state"] == "stopped" and found["stages"][0]["rows_done"] == found["stages"][0]["rows"] > 0
    # What a killed process left of its progress is not in progress, and not done.
    left = run / "logs" / "translate" / "draft" / "progress" / "00000.json"
    left.parent.mkdir(parents=True)
    left.write_text('{"rows": 7}')
    found = Watch(run).first()
    assert found["state"] == "stopped" and all(not stage["rows_in_progress"] for stage in found["stages"])

    counts = next((run / "select" / "counts").iterdir())
    counts.write_text('{"read": 1, ')
    done = smolkalam("status", run)
    assert done.returncode == 2 and not done.stdout and len(done.stderr.splitlines()) == 1
    assert f"{counts}: damaged" in done.stderr
    (run / "recipe.yaml").write_text("name: [")
    for folder, expected in ((run, "not valid YAML"), (tmp_path, "no run folder (no recipe.yaml in it)")):
        done = smolkalam("status", folder, "--format", "json")
        assert done.returncode == 2 and not done.stdout and len(done.stderr.splitlines()) == 1
        assert expected in done.stderr


def test_two_workers_of_which_one_is_killed(smolkalam: Run, source: Path, tmp_path: Path) -> None:
    run, recipe = tmp_path / "run", tmp_path / "small.yaml"
    arguments = ("--latency", "0.05", "--fault", "429=0.1", "--fault", "500=0.05", "--fault", "length=0.02")
    with running(*arguments) as server:
        recipe.write_text(RECIPE.format(url=server.url, lease_s=LEASE_S))
        begin = ("build", recipe, "--input", source, "--output", run, "--workers", 1)
        assert smolkalam(*begin, "--stop-after", "select").returncode == 0
        watch = Watch(run)
        assert watch.look()["state"] == "stopped"
        # Both stay at work until they have been seen there, however fast the machine.
        server.control(hold=True)
        with workers(run, 2) as (killed, other):
            seen = wait_for(lambda: (s := watch.look())["workers"]["alive"] == 2 and s, "two signs of life")
            assert seen["state"] == "running" and seen["workers"] == {"alive": 2, "quiet": 0, "silent": 0}
            one = wait_for(
                lambda: (s := watch.look())["translators"][0]["requests"]["in_flight"] and s["translators"][0],
                "a request on its way",
            )
            assert one["processes"] and 0 < one["requests"]["in_flight"] <= 8 and one["requests"]["limit"] <= 8
            killed.send_signal(signal.SIGKILL)
            killed.wait()
            gone = wait_for(lambda: (s := watch.look())["workers"]["silent"] and s, "silence")
            assert str(killed.pid) in gone["worker_names"]["silent"][0]
            server.control(hold=False)
            _, errors = other.communicate(timeout=180)
            assert other.returncode == 0, errors
        answered = sum(server.stats()["answered"].values())
        served = server.stats()["served"]
    found = watch.look()
    (one,) = found["translators"]
    assert found["state"] == "finished" and one["requests"]["in_flight"] == 0 and one["processes"] == 0
    for stage in found["stages"]:
        assert stage["rows_done"] == stage["rows"] == 120 and not stage["rows_in_progress"]
    # What the killed one did not tell any more is at most what it did since it last told.
    assert 0.7 * answered <= one["requests"]["answered"] <= answered
    assert 0 < one["retries"]["429"] <= served["429"] and 0 < one["retries"]["500"] <= served["500"]
    tokens = one["tokens"]
    assert one["usd"] == pytest.approx((tokens["input"] * 10 + tokens["output"] * 20) / 1e6, abs=1e-5) == found["usd"]
    assert one["gpu_hours"] == pytest.approx(tokens["output"] / 100 / 3600, abs=1e-3)
    failed = found["stages"][1]["failed_rows"]
    dropped = [line for path in (run / "translate/one/dropped").glob("*") for line in path.read_text().splitlines()]
    assert sum(failed.values()) == len(dropped)


def test_a_worker_is_waited_for_until_its_next_sign_of_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Just after another was killed, only the claim of the one that lives may change, six times a lease."""
    (tmp_path / "recipe.yaml").write_text(RECIPE.format(lease_s=600, url="http://127.0.0.1:9/v1"))
    claim = tmp_path / "claims" / "workers" / "machine-1.1"
    claim.parent.mkdir(parents=True)
    claim.write_text("token 000000000000")
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 5:
            claim.write_text("token 000000000001")

    monkeypatch.setattr(status.time, "sleep", sleep)
    found = Watch(tmp_path).first()
    assert found["workers"] == {"alive": 1, "quiet": 0, "silent": 0} and len(slept) == 5


def test_an_outage_is_explained_while_it_lasts(source: Path, tmp_path: Path) -> None:
    run, recipe = tmp_path / "run", tmp_path / "small.yaml"
    with running() as server:
        text = RECIPE.format(url=server.url, lease_s=LEASE_S)
        recipe.write_text(re.sub("executor: .*", "executor: {kind: local}", text))
        server.control(faults={"503": 1.0})
        command = ("build", recipe, "--input", source, "--workers", 1, "--output", run, "--stop-after", "translate")
        since = RequestsSince(run / "logs" / "translate" / "one" / ENGINES)
        with start_command(*command, stderr=subprocess.PIPE) as build:
            try:
                wait_for((run / "recipe.yaml").is_file, "a run folder")
                watch = Watch(run)
                seen = wait_for(lambda: (s := watch.look())["translators"][0]["troubles"] and s, "a reason")
                (trouble,) = seen["translators"][0]["troubles"]
                where = server.url.removeprefix("http://")
                assert trouble["where"] == where and not trouble["left_aside"] and trouble["seconds"] >= 5
                assert trouble["reason"] == "503: injected 503"
                assert f"; paused: {where}: 503: injected 503 (for " in since()
                (line,) = [line for line in status_text._notes(seen["translators"][0]) if "paused" in line]
                assert line.startswith(f"one: paused: {where}: 503: injected 503 (for ")
                server.control(faults={}, latency=0.3)
                wait_for(lambda: not watch.look()["translators"][0]["troubles"], "work")
                assert "paused" not in since()
                _, errors = build.communicate(timeout=120)
                assert build.returncode == 0, errors
            finally:
                build.kill()


def read_terminal(terminal: int) -> bytes:
    with suppress(OSError):  # as Linux says that nobody writes to it any more
        return os.read(terminal, 65536)
    return b""


def test_followed_in_a_pipe_and_on_a_terminal(smolkalam: Run, source: Path, tmp_path: Path) -> None:
    run, recipe = tmp_path / "run", tmp_path / "small.yaml"
    states: list[dict[str, Any]] = []
    text = b""

    def told() -> dict[str, Any]:
        """The next line of the pipe."""
        assert lines.stdout
        states.append(json.loads(lines.stdout.readline()))
        return states[-1]

    def rows_done(state: dict[str, Any]) -> int:
        return state["stages"][1]["rows_done"] + state["stages"][1]["rows_in_progress"]

    with running("--latency", "0.3") as server:
        recipe.write_text(RECIPE.format(url=server.url, lease_s=LEASE_S))
        begin = ("build", recipe, "--input", source, "--output", run, "--workers", 1)
        assert smolkalam(*begin, "--stop-after", "select").returncode == 0
        shown, terminal = pty.openpty()
        # The build goes on when the views have seen where it stands: nothing yet, some rows, all of them.
        server.control(hold=True)
        with workers(run, 1) as (worker,):
            wait_for(lambda: server.stats()["asked"], "a request")
            with (
                start_command("status", run, "--follow", "--format", "json", stdout=subprocess.PIPE) as lines,
                start_command(
                    "status", run, env=environment(TERM="xterm"), stdout=terminal, stderr=terminal
                ) as screen,
            ):
                os.close(terminal)
                try:
                    assert told()["state"] == "running" and not rows_done(states[-1])
                    while b"running" not in text:
                        text += os.read(shown, 65536)
                    server.control(hold=False)
                    wait_for(lambda: sum(server.stats()["answered"].values()) > 12, "some rows")
                    server.control(hold=True)
                    while not rows_done(told()):
                        pass
                    assert rows_done(states[-1]) < 120
                    server.control(hold=False, latency=0)
                    while told()["state"] != "finished":
                        pass
                    assert lines.wait() == 0 and not lines.stdout.read() and worker.wait() == 0
                    while piece := read_terminal(shown):
                        text += piece
                    assert screen.wait() == 0
                finally:
                    lines.kill()
                    screen.kill()
    done = [rows_done(state) for state in states]
    assert done == sorted(done) and done[-1] == 120
    assert not states[0]["stages"][1]["rows_per_second"]
    under_way = [state["stages"][1] for state in states if state["stages"][1]["seconds_left"]]
    assert under_way and all(stage["rows_per_second"] > 0 for stage in under_way)
    assert b"small (queue): running" in text and b"small (queue): finished" in text


def test_ctrl_c_leaves_the_view_in_peace(demo: Demo, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    shutil.copy(demo.run / "recipe.yaml", run)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with start_command("status", run, "--follow", "--format", "json", **pipes) as process:
        assert process.stdout and json.loads(process.stdout.readline())["state"] == "not begun"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0 and not errors


def test_counts_are_read_once(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch(demo.run)
    first = watch.look()
    read: list[Path] = []
    plain = Path.read_text
    monkeypatch.setattr(Path, "read_text", lambda path, *a, **k: (read.append(path), plain(path, *a, **k))[1])
    assert watch.look() == first
    assert not [path for path in read if path.parent.name == "counts"]
