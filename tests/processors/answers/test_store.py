"""The store: what was answered is found again, by everybody, after anything that happens to a process or a file."""

import asyncio
import inspect
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loguru import logger

from processors.answers.log import Log
from processors.answers.reader import AnswerReader
from processors.answers.store import AnswerStore
from processors.clients.answer import Answer, request_key
from processors.errors import InputError, SmolKalamError
from tests.standins.processes import ROOT


def key(number: int) -> bytes:
    return request_key("model", None, {"prompt": str(number)})


def answer(number: int) -> Answer:
    return Answer(f"الجواب رقم {number}", "stop", number, 2 * number)


def fill(folder: Path, numbers: range) -> None:
    async def put() -> None:
        with AnswerStore(folder) as store:
            await asyncio.gather(*(store.put(key(n), answer(n)) for n in numbers))

    asyncio.run(put())


@pytest.fixture
def said(request: pytest.FixtureRequest) -> list[str]:
    lines: list[str] = []
    sink = logger.add(lambda message: lines.append(str(message)), level="WARNING", format="{message}")
    request.addfinalizer(lambda: logger.remove(sink))
    return lines


def test_comes_back_whole_and_marked_as_cached(tmp_path: Path) -> None:
    fill(tmp_path, range(3))
    with AnswerStore(tmp_path) as store:
        assert store.get(key(2)) == Answer("الجواب رقم 2", "stop", 2, 4, cached=True)
        assert store.get(key(3)) is None


@given(st.text(), st.sampled_from(["stop", "length", "content_filter"]))
def test_any_text_survives(tmp_path_factory: pytest.TempPathFactory, text: str, reason: str) -> None:
    folder = tmp_path_factory.mktemp("answers")

    async def there_and_back() -> None:
        with AnswerStore(folder, linger_s=0) as store:
            await store.put(key(1), Answer(text, reason, 1, 2))
            assert store.get(key(1)) == Answer(text, reason, 1, 2, cached=True)

    asyncio.run(there_and_back())


def test_is_on_disk_when_put_returns(tmp_path: Path) -> None:
    """Read by somebody else while the store is still open, and by one commit for all that wait at once."""

    async def put_many() -> None:
        with AnswerStore(tmp_path) as store:
            for first in (0, 300):
                await asyncio.gather(*(store.put(key(n), answer(n)) for n in range(first, first + 300)))
                with AnswerReader(tmp_path) as other:
                    assert other.totals()[0] == first + 300

    asyncio.run(put_many())


def test_two_at_a_time_have_a_log_each_and_find_each_others_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("processors.answers.reader.LOOK_S", 0.0)

    async def both() -> None:
        with AnswerStore(tmp_path) as one, AnswerStore(tmp_path) as two:
            await asyncio.gather(one.put(key(1), answer(1)), two.put(key(2), answer(2)))
            for store in (one, two):
                assert [found.text for n in (1, 2) if (found := store.get(key(n)))] == [answer(1).text, answer(2).text]

    asyncio.run(both())
    assert len(list(tmp_path.glob("*.log"))) == 2
    # One after the other they share a log: many tasks do not make many files.
    for _ in range(5):
        fill(tmp_path, range(2))
    assert len(list(tmp_path.glob("*.log"))) == 2


def test_machines_that_share_the_folder_never_write_to_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As seen from two machines, whose locks do not exclude each other."""
    fill(tmp_path, range(10))
    monkeypatch.setattr("processors.leases.machine", lambda: "0000beef")
    fill(tmp_path, range(10, 20))
    names = [path.name for path in tmp_path.glob("*.log")]
    assert len(names) == 2 and sum(name.startswith("0000beef-") for name in names) == 1
    with AnswerStore(tmp_path) as store:
        assert all(store.get(key(n)) == Answer(*_fields(n), cached=True) for n in range(20))
        assert store.totals()[0] == 20


def test_a_file_system_without_locks_gets_a_log_for_each_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise NotImplementedError("FileSystem does not appear to support flock")

    monkeypatch.setattr("filelock.FileLock.acquire", refuse)
    for first in (0, 10):
        fill(tmp_path, range(first, first + 10))
    assert len(list(tmp_path.glob("*.log"))) == 2
    with AnswerReader(tmp_path) as reader:
        assert all(reader.get(key(n)) for n in range(20))


@given(st.data())
def test_a_reader_sees_whole_answers_or_none_whatever_of_a_write_has_arrived(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Bytes of a network file system come late, and pages out of order: what is missing reads as zeros."""
    folder = tmp_path_factory.mktemp("answers")
    fill(folder, range(20))
    (path,) = folder.glob("*.log")
    whole = path.read_bytes()
    seen = Log(folder / "seen.log")
    for _ in range(data.draw(st.integers(1, 4))):
        shown = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
        if shown:
            hole = data.draw(st.integers(0, len(shown) - 1))
            shown[hole : hole + 64] = bytes(len(shown[hole : hole + 64]))
        seen.path.write_bytes(shown)
        seen.look()
        for n in range(20):
            record = seen.get(key(n))
            assert record is None or record.text.decode() == answer(n).text
    seen.path.write_bytes(whole)
    seen.look()
    assert [n for n in range(20) if not seen.get(key(n))] == []
    seen.close()


def test_an_index_saves_reading_the_log_again_and_is_not_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("processors.answers.store.INDEX_EVERY", 100)
    monkeypatch.setattr("processors.answers.store.LOG_ANSWERS", 1000)
    monkeypatch.setattr("processors.answers.store.WORTH_AN_INDEX", 1)
    for first in range(0, 3000, 500):
        fill(tmp_path, range(first, first + 500))
    logs = sorted(tmp_path.glob("*.log"))
    assert len(logs) >= 2 and all(path.with_suffix(".idx").exists() for path in logs)
    for path in logs:
        log = Log(path)
        assert not log.look() and log.unindexed == 0 < log.count
        log.close()
    with AnswerStore(tmp_path) as store:
        assert all(store.get(key(n)) for n in range(3000)) and store.get(key(3000)) is None
    for index in tmp_path.glob("*.idx"):
        index.write_bytes(index.read_bytes()[:-16])
    next(tmp_path.glob("*.idx")).unlink()
    with AnswerStore(tmp_path) as store:
        assert all(store.get(key(n)) for n in range(3000)) and store.totals()[0] == 3000


WRITE_UNTIL_KILLED = """
import asyncio, sys
from tests_of_answers import answer, key
from processors.answers.store import AnswerStore

async def put():
    store = AnswerStore(sys.argv[1])
    for number in range(10**9):
        await store.put(key(number), answer(number))
        print(number, flush=True)

asyncio.run(put())
"""


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    script = WRITE_UNTIL_KILLED.replace("from tests_of_answers import answer, key", _source(answer, key))
    for _ in range(2):
        with subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
        ) as process:
            assert process.stdout
            lines = [process.stdout.readline() for _ in range(10)]
            process.send_signal(signal.SIGKILL)
            lines += process.stdout.readlines()
        last = int(lines[-1])
        assert last >= 9
        with AnswerStore(tmp_path) as store:
            assert [store.get(key(n)) is not None for n in range(last + 1)] == [True] * (last + 1)
    assert len(list(tmp_path.glob("*.log"))) == 1


def _source(*functions: Callable[..., Any]) -> str:
    """The same functions for the other process: a test file cannot be imported there."""
    imports = "from processors.clients.answer import Answer, request_key\n"
    return imports + "\n".join(inspect.getsource(function) for function in functions)


@pytest.mark.parametrize("indexed", [False, True])
@pytest.mark.parametrize("damage", ["empty", "garbage", "header", "middle", "truncated", "end"])
def test_a_damaged_file_is_used_as_far_as_it_goes_or_set_aside(
    tmp_path: Path, damage: str, indexed: bool, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if indexed:
        monkeypatch.setattr("processors.answers.store.WORTH_AN_INDEX", 1)
    fill(tmp_path, range(500))
    (path,) = tmp_path.glob("*.log")
    content = path.read_bytes()
    third = len(content) // 3
    path.write_bytes(
        {
            "empty": b"",
            "garbage": os.urandom(5000),
            "header": b"\0" * 100 + content[100:],
            "middle": content[:third] + os.urandom(third) + content[2 * third :],
            "truncated": content[: len(content) // 2],
            "end": content[:-10] + os.urandom(10),
        }[damage]
    )
    found: list[int] = []

    async def use() -> None:
        with AnswerStore(tmp_path) as store:
            found.extend(n for n in range(500) if store.get(key(n)))
            assert all(store.get(key(n)) == Answer(*_fields(n), cached=True) for n in found)
            await asyncio.gather(*(store.put(key(n), answer(n)) for n in range(1000)))

    asyncio.run(use())
    with AnswerStore(tmp_path) as store:
        assert all(store.get(key(n)) for n in range(1000))
    least = {"empty": 0, "garbage": 0, "header": 490, "middle": 300, "truncated": 240, "end": 499}[damage]
    assert least <= len(found) < 500
    if damage in ("garbage", "header", "middle"):
        assert any(path.name in line and "asked again if needed" in line for line in said)
    assert len(list(tmp_path.glob("*.damaged-1"))) == (damage == "garbage")


def _fields(number: int) -> tuple[str, str, int, int]:
    return answer(number).text, "stop", number, 2 * number


def test_a_full_disk_is_one_line_for_all_who_wait_and_loses_nothing(tmp_path: Path) -> None:
    async def put() -> None:
        with AnswerStore(tmp_path) as store:
            await store.put(key(1), answer(1))
            before = resource.getrlimit(resource.RLIMIT_FSIZE)
            # The system itself refuses to let any file grow further, without a disk to fill.
            resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
            try:
                done = await asyncio.gather(
                    *(store.put(key(n), Answer("ط" * 5000, "stop")) for n in range(2, 100)), return_exceptions=True
                )
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, before)
            assert all(isinstance(error, SmolKalamError) and "cannot be stored" in str(error) for error in done)
            assert all("\n" not in str(error) and str(tmp_path) in str(error) for error in done)
            await store.put(key(2), answer(2))

    asyncio.run(put())
    with AnswerStore(tmp_path) as store:
        assert store.get(key(1)) and store.get(key(2)) and store.totals()[0] == 2


@pytest.mark.skipif(sys.platform != "linux", reason="/proc refuses folders to everybody")
def test_a_folder_that_cannot_be_written_is_an_input_error() -> None:
    with pytest.raises(InputError, match="answers cannot be stored"):
        AnswerStore("/proc/answers")


def test_those_who_wait_share_a_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """1,000 answers at once must not be 1,000 commits."""
    commits = []
    fsync = os.fsync
    monkeypatch.setattr("processors.answers.store.os.fsync", lambda fd: (commits.append(fd), fsync(fd)))

    async def put() -> None:
        with AnswerStore(tmp_path) as store:
            commits.clear()
            await asyncio.gather(*(store.put(key(n), answer(n)) for n in range(1000)))
            assert 0 < len(commits) <= 10

    asyncio.run(put())


def test_closing_writes_what_waits(tmp_path: Path) -> None:
    async def put() -> None:
        store = AnswerStore(tmp_path, linger_s=0.2)
        waiting = [asyncio.ensure_future(store.put(key(n), answer(n))) for n in range(10)]
        await asyncio.sleep(0)
        store.close()
        await asyncio.gather(*waiting)

    asyncio.run(put())
    with AnswerStore(tmp_path) as store:
        assert all(store.get(key(n)) for n in range(10))
