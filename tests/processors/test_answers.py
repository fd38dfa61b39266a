"""The store: what was answered is found again, by everybody, after anything that happens to a process or a file."""

import asyncio
import inspect
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loguru import logger

from processors.answers import Answer, AnswerStore, request_key
from processors.errors import InputError, SmolKalamError

ROOT = Path(__file__).resolve().parents[2]


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


def test_key_is_model_revision_and_request_and_nothing_volatile() -> None:
    payload = {"model": "m", "prompt": "مرحبا \ud800", "temperature": 0.7, "extra": {"a": 1, "b": 2}}
    same = {"extra": {"b": 2, "a": 1}, "temperature": 0.7, "prompt": "مرحبا \ud800", "user": "me", "stream": False}
    assert request_key("m", None, payload) == request_key("m", "", same)
    different = [
        request_key("m", None, payload),
        request_key("other", None, payload),
        request_key("m", "main", payload),
        request_key("m", None, {**payload, "temperature": 0.2}),
        request_key("m", None, {**payload, "prompt": "مرحبا"}),
        request_key("m", None, {**payload, "extra": {"a": 1}}),
    ]
    assert len(set(different)) == len(different)


def test_is_on_disk_when_put_returns(tmp_path: Path) -> None:
    """Read by another connection while the store is still open, and by one commit for all that wait at once."""

    async def put_many() -> None:
        with AnswerStore(tmp_path) as store:
            for first in (0, 300):
                await asyncio.gather(*(store.put(key(n), answer(n)) for n in range(first, first + 300)))
                (path,) = tmp_path.glob("*.sqlite")
                other = sqlite3.connect(path)
                assert other.execute("SELECT count(*) FROM answers").fetchone() == (first + 300,)
                other.close()

    asyncio.run(put_many())


def test_two_at_a_time_have_a_file_each_and_find_each_others_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("processors.answers.RESCAN_S", 0.0)

    async def both() -> None:
        with AnswerStore(tmp_path) as one, AnswerStore(tmp_path) as two:
            await asyncio.gather(one.put(key(1), answer(1)), two.put(key(2), answer(2)))
            for store in (one, two):
                assert [found.text for n in (1, 2) if (found := store.get(key(n)))] == [answer(1).text, answer(2).text]

    asyncio.run(both())
    assert len(list(tmp_path.glob("*.sqlite"))) == 2
    # One after the other they share a file: many tasks do not make many files.
    for _ in range(5):
        fill(tmp_path, range(2))
    assert len(list(tmp_path.glob("*.sqlite"))) == 2


WRITE_UNTIL_KILLED = """
import asyncio, sys
from tests_of_answers import answer, key
from processors.answers import AnswerStore

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
    assert len(list(tmp_path.glob("*.sqlite"))) == 1


def _source(*functions: Callable[..., Any]) -> str:
    """The same functions for the other process: a test file cannot be imported there."""
    imports = "from processors.answers import Answer, request_key\n"
    return imports + "\n".join(inspect.getsource(function) for function in functions)


@pytest.mark.parametrize("damage", ["empty", "garbage", "header", "middle", "truncated"])
def test_a_damaged_file_is_set_aside_or_used_and_never_a_traceback(
    tmp_path: Path, damage: str, said: list[str]
) -> None:
    fill(tmp_path, range(500))
    (path,) = tmp_path.glob("*.sqlite")
    content = path.read_bytes()
    middle = len(content) // 2
    path.write_bytes(
        {
            "empty": b"",
            "garbage": os.urandom(5000),
            "header": b"\0" * 100 + content[100:],
            "middle": content[:4096] + os.urandom(len(content) - 4096),
            "truncated": content[:middle],
        }[damage]
    )

    async def use() -> None:
        with AnswerStore(tmp_path) as store:
            found = [n for n in range(500) if store.get(key(n))]
            assert all(store.get(key(n)) in (None, Answer(*_fields(n), cached=True)) for n in found)
            await asyncio.gather(*(store.put(key(n), answer(n)) for n in range(1000)))

    asyncio.run(use())
    with AnswerStore(tmp_path) as store:
        assert all(store.get(key(n)) for n in range(1000))
    if damage != "empty":
        assert any(path.name in line and ("set aside" in line or "cannot be read" in line) for line in said)
    for aside in tmp_path.glob("*.damaged-*"):
        assert "set aside" in " ".join(said) and aside.stat().st_size > 0


def _fields(number: int) -> tuple[str, str, int, int]:
    return answer(number).text, "stop", number, 2 * number


def test_a_file_without_its_table_is_no_reason_to_complain(tmp_path: Path, said: list[str]) -> None:
    (tmp_path / "answers-0007.sqlite").write_bytes(b"")
    with AnswerStore(tmp_path) as store:
        assert store.get(key(1)) is None
    assert said == []


def test_a_full_disk_is_one_line_for_all_who_wait(tmp_path: Path) -> None:
    async def put() -> None:
        with AnswerStore(tmp_path) as store:
            # The same error that a full disk gives, without filling one.
            store._writer.execute("PRAGMA max_page_count = 8")
            done = await asyncio.gather(
                *(store.put(key(n), Answer("ط" * 5000, "stop")) for n in range(100)), return_exceptions=True
            )
        assert all(isinstance(error, SmolKalamError) and "full" in str(error) for error in done)
        assert all("\n" not in str(error) and str(tmp_path) in str(error) for error in done)

    asyncio.run(put())


@pytest.mark.skipif(sys.platform != "linux", reason="/proc refuses folders to everybody")
def test_a_folder_that_cannot_be_written_is_an_input_error() -> None:
    with pytest.raises(InputError, match="answers cannot be stored"):
        AnswerStore("/proc/answers")


def test_those_who_wait_share_a_commit(tmp_path: Path) -> None:
    """1,000 answers at once must not be 1,000 commits: the log would grow by a page and a frame for each."""

    async def put() -> int:
        commits = 0
        with AnswerStore(tmp_path) as store:

            def counted(statement: str) -> None:
                nonlocal commits
                commits += statement == "COMMIT"

            store._writer.set_trace_callback(counted)
            await asyncio.gather(*(store.put(key(n), answer(n)) for n in range(1000)))
            return commits

    assert asyncio.run(put()) <= 10


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
