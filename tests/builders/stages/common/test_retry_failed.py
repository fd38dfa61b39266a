"""`--retry-failed`: what failed is tried again, and nothing else; killed in the middle, it goes on."""

import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from builders.build import run_build, work_on
from builders.executors.shared_folder import start
from builders.reports.status import Watch
from builders.run_folder.folder import Run
from builders.run_folder.units import UnitFiles, read_counts, read_dropped
from processors.conversations.chunking import Chunk
from processors.languages.language import Language
from processors.translation.coroutines import run_now
from processors.translation.retry_ladder import Reply, Translator
from tests.conftest import tree
from tests.standins.processes import kill_when, start_command
from tests.standins.standin_llm import Running, running

RECIPE = """
name: retried
source: {{path: {source}, keep: [plain, other]}}
translators:
  - {{name: Chat, backend: endpoint, model: stand-in, base_url: "{url}", concurrency: 16}}
"""
WORDS = "the|river|runs|under|an|old|stone|bridge|near|our|quiet|village|where|people|sell|bread|and|fruit"


def sentences(number: int) -> str:
    """A text that is different for each number and belongs to no other row."""
    words = WORDS.split("|")
    return " ".join(words[(number * 7 + i * (number % 5 + 1)) % len(words)] for i in range(9)) + f" and day {number}."


@pytest.fixture
def source(row: Callable[..., Any], write_split: Callable[..., Path]) -> Path:
    for split, first in (("plain", 0), ("other", 1000)):
        rows = [row(("user", sentences(n)), ("assistant", sentences(n + 500))) for n in range(first, first + 120)]
        folder = write_split(split, rows)
    return folder


@pytest.fixture
def build(source: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Build in this process, which has the libraries already; returns what was said."""

    def run(server: Running, output: str, stop_after: str | None = None, *, retry_failed: bool = False) -> str:
        recipe = tmp_path / "recipe.yaml"
        recipe.write_text(RECIPE.format(source=source, url=server.url))
        capfd.readouterr()
        run_build(
            str(recipe),
            output=tmp_path / output,
            stop_after=stop_after,
            retry_failed=retry_failed,
            finish=lambda _: None,
        )
        return capfd.readouterr().err

    return run


def parquet(run: Path) -> dict[str, bytes]:
    return {name: data for name, data in tree(run / "dataset").items() if name.endswith(".parquet")}


def failed(run: Path) -> Counter[str]:
    folder = run / "translate" / "Chat"
    return Counter(
        row.reason for path in (folder / "dropped").glob("*") for row in read_dropped(UnitFiles(folder, path.stem))
    )


FAULTS = ("--fault", "length=0.27", "--fault", "empty=0.27", "--fault", "filter=0.27", "--seed", "3")


def test_failed_rows_come_out_at_another_chance_and_the_rest_is_not_touched(
    build: Callable[..., Any], tmp_path: Path
) -> None:
    with running() as server:
        build(server, "whole")
    with running(*FAULTS) as server:
        said = build(server, "run")
        before = failed(tmp_path / "run")
        assert set(before) >= {"finish_reason", "empty"} and before.total() > 20
        assert f"Chat failed {before.total()} of 240 rows" in said and "--retry-failed" in said
        ids = {row["id"] for path in (tmp_path / "run/translate/Chat").glob("*.parquet") for row in _rows(path)}
        asked = server.stats()["asked"]
        # The server is well now.
        server.control(faults={})
        build(server, "run", retry_failed=True)
        again = Counter(server.stats()["asked"]) - Counter(asked)
        texts = {
            text
            for split in ("plain", "other")
            for row in _rows(*(tmp_path / "run" / "select").glob(f"{split}*.parquet"))
            if row["id"] in ids
            for text in (message["content"] for message in row["messages"])
        }
        assert again and not texts & set(again)
        assert not failed(tmp_path / "run") and not list((tmp_path / "run/translate/Chat/dropped").glob("*"))
        assert parquet(tmp_path / "run") == parquet(tmp_path / "whole")
    assert not (tmp_path / "run/translate/Chat/retry.json").exists()


def _rows(*paths: Path) -> list[dict[str, Any]]:
    return [row for path in paths for row in pq.read_table(path, partitioning=None).to_pylist()]


def test_each_call_is_another_chance(build: Callable[..., Any], tmp_path: Path) -> None:
    """Rows that fail again stay failed with their reasons; each call asks what no call before has asked."""
    stop = "translate"
    with running("--fault", "empty=0.75", "--seed", "5") as server:
        build(server, "run", stop)
        left = [failed(tmp_path / "run").total()]
        for _ in range(2):
            asked = sum(server.stats()["asked"].values())
            build(server, "run", stop, retry_failed=True)
            left.append(failed(tmp_path / "run").total())
            assert left[-1] == 0 or sum(server.stats()["asked"].values()) > asked
        assert left[0] > left[-1] and left == sorted(left, reverse=True)
    totals = Counter[str]()
    counts = list((tmp_path / "run/translate/Chat/counts").glob("*.json"))
    for path in counts:
        unit = read_counts(UnitFiles(tmp_path / "run/translate/Chat", path.stem))
        assert unit["read"] == unit["kept"] + sum(unit["dropped"].values()) and unit["retries"] == 2
        totals.update(unit["extra"])
    # Each row's own chunks, counted once however often it was tried.
    assert totals["chunks"] == 480


def test_only_units_and_splits_with_changes_are_done_again(build: Callable[..., Any], tmp_path: Path) -> None:
    with running() as server:
        build(server, "run")
        run = tmp_path / "run"
        before = {path: path.stat().st_mtime_ns for path in run.rglob("*.parquet") if "source" not in path.parts}
        # A row of one split failed, as it would have with a server that answered badly.
        files = UnitFiles(run / "translate/Chat", next((run / "translate/Chat").glob("other*.parquet")).stem)
        rows = _rows(files.kept)
        _fail(files, rows[7]["id"])
        build(server, "run", retry_failed=True)
        changed = {
            str(path.relative_to(run)) for path, modified in before.items() if path.stat().st_mtime_ns != modified
        }
        assert _rows(files.kept) == rows
    assert changed == {
        f"translate/Chat/{files.name}.parquet",
        f"rank/{files.name}.parquet",
        "dataset/SFT_Chat_ranked/other-00000-of-00001.parquet",
        "dataset/parallel/other-00000-of-00001.parquet",
    }


def _fail(files: UnitFiles, row: str) -> None:
    table = pq.read_table(files.kept, partitioning=None)
    pq.write_table(table.filter([i != row for i in table["id"].to_pylist()]), files.kept, compression="zstd")
    files.dropped.parent.mkdir(exist_ok=True)
    files.dropped.write_text(json.dumps({"id": row, "reason": "request_failed", "detail": ""}) + "\n")
    counts = read_counts(files)
    counts |= {"kept": counts["kept"] - 1, "dropped": {"request_failed": 1}}
    files.counts.write_text(json.dumps(counts))


def test_killed_in_the_middle_it_goes_on_and_asks_nothing_twice(
    build: Callable[..., Any], source: Path, tmp_path: Path
) -> None:
    stop = "translate"
    log = tmp_path / "answers.log"
    with running(*FAULTS, "--log", str(log)) as server:
        build(server, "run", stop)
        server.control(faults={}, latency=0.05)
        before = Counter(server.stats()["answered"])
        process = start_command("build", tmp_path / "recipe.yaml", "--output", tmp_path / "run", "--retry-failed")
        kill_when(process, lambda: sum(server.stats()["answered"].values()) >= before.total() + 5)
        killed = time.time()
        build(server, "run", stop, retry_failed=True)
        assert not failed(tmp_path / "run")
        answered = Counter(server.stats()["answered"]) - before
        # Again only what was on its way, or not on disk yet, when it was killed.
        assert answered.total() - len(answered) < len(answered) / 2
        lines = [json.loads(line) for line in log.read_text().splitlines()][before.total() :]
        first = {line["question"]: line["answered"] for line in reversed(lines)}
        again = Counter(line["question"] for line in lines)
        assert [text for text, times in again.items() if times > 1 and first[text] < killed - 1.0] == []
        server.control(latency=0)
        build(server, "whole", stop)
        made = ("run", "whole")
        resumed, whole = (_rows(*sorted((tmp_path / run / "translate/Chat").glob("*.parquet"))) for run in made)
        assert resumed == whole
        counts = [
            read_counts(UnitFiles(tmp_path / "run/translate/Chat", path.stem))
            for path in (tmp_path / "run/translate/Chat/counts").glob("*.json")
        ]
    assert {unit.get("retries", 0) for unit in counts} <= {0, 1}


def test_a_worker_for_one_stage_tries_its_failed_rows_again(source: Path, tmp_path: Path) -> None:
    run, recipe = tmp_path / "run", tmp_path / "recipe.yaml"
    with running(*FAULTS) as server:
        recipe.write_text(RECIPE.format(source=source, url=server.url))
        run_build(str(recipe), output=run, executor="queue", stop_after="translate", finish=lambda _: None)
        assert failed(run)
        server.control(faults={})
        for _ in range(2):
            start(Run(run), (run / "recipe.yaml").read_text(), 120.0, retry_failed=True)
            # The second time there is nothing to try again: it does not wait for stages that are not its own.
            work_on(run, only="translate/Chat", finish=lambda _: None)
            assert not failed(run)


def test_status_sees_that_failed_rows_are_tried_again(build: Callable[..., Any], tmp_path: Path) -> None:
    run = tmp_path / "run"
    with running(*FAULTS) as server:
        build(server, "run")
        watch = Watch(run)

        def seen() -> tuple[str, int]:
            snapshot = watch.look()
            stage = next(s for s in snapshot["stages"] if s["stage"] == "translate/Chat")
            return snapshot["state"], sum(stage["failed_rows"].values())

        count = failed(run).total()
        assert count and seen() == ("finished", count)
        units = [path.stem for path in (run / "translate/Chat/counts").glob("*.json")]
        # As a retry that was stopped leaves it.
        (run / "translate/Chat/retry.json").write_text(json.dumps(dict.fromkeys(units, 1)))
        assert seen() == ("stopped", count)
        server.control(faults={})
        build(server, "run", retry_failed=True)
        assert seen() == ("finished", 0)


@pytest.mark.parametrize("gone", ["counts", "marker"])
def test_a_unit_whose_replacement_was_cut_short_is_made_whole(
    build: Callable[..., Any], tmp_path: Path, gone: str
) -> None:
    """Killed between the removal of its counts and their return, or before it was said to be done."""
    with running(*FAULTS) as server:
        build(server, "run", "translate")
        folder = tmp_path / "run/translate/Chat"
        first = next((folder / "counts").glob("*.json")).stem
        (folder / "retry.json").write_text(json.dumps({path.stem: 1 for path in (folder / "counts").glob("*.json")}))
        if gone == "counts":
            UnitFiles(folder, first).counts.unlink()
        else:
            counts = read_counts(UnitFiles(folder, first))
            UnitFiles(folder, first).counts.write_text(json.dumps(counts | {"retries": 1}))
        asked = sum(server.stats()["asked"].values())
        server.control(faults={})
        build(server, "run", retry_failed=True)
        assert sum(server.stats()["asked"].values()) > asked
    left = {row.id for path in (folder / "dropped").glob("*") for row in read_dropped(UnitFiles(folder, path.stem))}
    assert {path.stem for path in (folder / "dropped").glob("*")} == ({first} if gone == "marker" else set())
    assert bool(left) == (gone == "marker")


def test_attempts_of_a_retry_are_new_ones_after_those_before() -> None:
    asked: list[int] = []

    class Bad:
        concurrent = False

        async def ask(self, text: str, spans: Any, attempt: int) -> Reply:
            asked.append(attempt)
            return Reply("ترجمة" if attempt == 12 else "", "stop")

    def whole(text: str) -> list[Chunk]:
        return [Chunk(text, 0, len(text), 4, ())]

    arabic = Language(code="ar", name="Arabic", script="Arab")
    for retries in range(3):
        translator = Translator(Bad(), whole, lambda chunk: [chunk], language=arabic)
        translator.retries = retries
        asked.clear()
        candidate = run_now(translator.translate([{"role": "user", "content": "Hello there"}]))
        # Every earlier one comes first, from the store; 0 to 4 are the first ladder's.
        assert list(dict.fromkeys(asked)) == list(range(5 * retries + 5 - 2 * (retries == 2)))
        assert (candidate.messages is None) == (retries < 2)
