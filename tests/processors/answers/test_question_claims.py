"""The same question at the same moment, by several processes: one asks, the others wait for its answer."""

import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from processors import leases
from processors.answers import question_claims
from processors.answers.question_claims import QuestionClaims
from processors.answers.store import AnswerStore
from processors.clients.answer import Answer
from tests.standins.processes import ROOT
from tests.standins.standin_llm import running

KEY = b"the same question's!"
ANSWER = Answer("الجواب", "stop", 3, 4)


def test_one_asks_and_the_other_gets_its_answer(tmp_path: Path) -> None:
    async def both() -> tuple[Answer | None, Answer | None]:
        with AnswerStore(tmp_path) as one, AnswerStore(tmp_path) as two:
            assert await one.claim(KEY) is None
            waiting = asyncio.ensure_future(two.claim(KEY))
            await asyncio.sleep(0)
            assert not waiting.done()
            await one.put(KEY, ANSWER)
            one.let_go(KEY)
            # Whoever comes after finds it too, though its last look was before.
            return await waiting, await two.claim(KEY)

    found, later = asyncio.run(both())
    assert found == later == Answer(ANSWER.text, "stop", 3, 4, cached=True)
    assert [path for path in (tmp_path / "asking").iterdir() if path.suffix != ".alive"] == []


def test_who_gives_up_lets_the_next_one_ask(tmp_path: Path) -> None:
    async def both() -> None:
        with AnswerStore(tmp_path) as one, AnswerStore(tmp_path) as two:
            assert await one.claim(KEY) is None
            waiting = asyncio.ensure_future(two.claim(KEY))
            await asyncio.sleep(0)
            one.let_go(KEY)
            assert await waiting is None

    asyncio.run(both())


def test_who_is_cancelled_while_it_claims_leaves_no_claim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The claim's file is made in a thread, which goes on when its coroutine does not."""
    create, going = QuestionClaims._create, threading.Event()

    def slowly(claims: QuestionClaims, path: Path) -> bool:
        assert going.wait(60)
        return create(claims, path)

    async def both() -> None:
        with AnswerStore(tmp_path) as one, AnswerStore(tmp_path) as two:
            monkeypatch.setattr(QuestionClaims, "_create", slowly)
            claiming = asyncio.ensure_future(one.claim(KEY))
            await asyncio.sleep(0)
            claiming.cancel()
            await asyncio.gather(claiming, return_exceptions=True)
            going.set()
            assert await asyncio.wait_for(two.claim(KEY), 60) is None

    asyncio.run(both())


CLAIM = """
import asyncio, sys, time
from processors.answers.store import AnswerStore
store = AnswerStore(sys.argv[1])
asyncio.run(store.claim(bytes.fromhex(sys.argv[2])))
print("claimed", flush=True)
time.sleep(600)
"""


def claimed_elsewhere(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", CLAIM, str(folder), KEY.hex()], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout and process.stdout.readline() == "claimed\n"
    return process


class Clock:
    """The time as claims see it: no lease ends before a test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(question_claims, "time", self)
        monkeypatch.setattr(leases, "time", self)

    def monotonic(self) -> float:
        return self.now


@pytest.mark.parametrize("restarted", [False, True])
def test_a_killed_holder_of_this_machine_holds_nobody_up(
    tmp_path: Path, restarted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where its successor has taken its name, as a build does that is run again."""
    Clock(monkeypatch)

    async def claim() -> Answer | None:
        if restarted:
            process.kill()
            process.wait()
        with AnswerStore(tmp_path) as store:
            process.send_signal(signal.SIGKILL)
            process.wait()
            return await store.claim(KEY)

    with claimed_elsewhere(tmp_path) as process:
        assert asyncio.run(claim()) is None


def test_a_silent_holder_of_another_machine_is_waited_for_until_its_lease_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)

    async def watch() -> None:
        with AnswerStore(tmp_path) as here:
            monkeypatch.setattr("processors.leases.machine", lambda: "0000beef")
            there = AnswerStore(tmp_path)
            assert await there.claim(KEY) is None
            waiting = asyncio.ensure_future(here.claim(KEY))
            for _ in range(4):
                # It beats, however long it takes.
                there._claims.beat()
                clock.now += 0.9 * question_claims.LEASE_S
                looked = here._claims._signs._seen
                while not any(at == clock.now and not unchanged_s for _, unchanged_s, at in looked.values()):
                    assert not waiting.done()
                    await asyncio.sleep(0.01)
            monkeypatch.setattr(there._claims, "beat", lambda: None)
            while not waiting.done():
                clock.now += question_claims.LEASE_S + 1
                await asyncio.sleep(0.01)
            assert waiting.result() is None
            there._claims._held.clear()
            there.close()

    asyncio.run(watch())


def unreadable(path: Path) -> None:
    # Not by its mode, which root may pass over: a link to itself.
    path.symlink_to(path)


def unremovable(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("spoil", [unreadable, unremovable])
def test_a_claim_that_cannot_be_read_is_waited_for_at_leisure_and_no_longer_than_a_lease(
    spoil: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(question_claims, "LEASE_S", 0.5)
    looks: list[Path] = []
    plain = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: (looks.append(path), plain(path))[1])

    async def claim() -> Answer | None:
        with AnswerStore(tmp_path) as store:
            (tmp_path / "asking").mkdir()
            spoil(tmp_path / "asking" / KEY.hex())
            async with asyncio.timeout(30):
                return await store.claim(KEY)

    assert asyncio.run(claim()) is None
    claimed = [path for path in looks if path.name == KEY.hex()]
    # Polled 0.02 s apart at first and more slowly then.
    assert 2 <= len(claimed) <= 20


def test_a_holder_whose_sign_of_life_cannot_be_read_is_waited_for_no_longer_than_a_lease(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(question_claims, "LEASE_S", 0.5)

    async def claim() -> Answer | None:
        with AnswerStore(tmp_path) as store:
            (tmp_path / "asking").mkdir()
            (tmp_path / "asking" / KEY.hex()).write_text("0000beef-00 0123456789abcdef")
            unreadable(tmp_path / "asking" / "0000beef-00.alive")
            async with asyncio.timeout(30):
                return await store.claim(KEY)

    assert asyncio.run(claim()) is None


def test_system_prompts_are_asked_once_by_all_processes_of_a_build(
    smolkalam: Callable[..., Any], row: Callable[..., Any], write_split: Callable[..., Path], tmp_path: Path
) -> None:
    """Every split is a unit of its own, so that four processes meet the same prompts at the same time."""
    for split in ("a", "b", "c", "d"):
        rows = [
            row(
                ("system", f"You are helper number {n % 5} for people."),
                ("user", f"Row {n} of {split}, please."),
                ("assistant", f"Answer {n} of {split}."),
            )
            for n in range(40)
        ]
        source = write_split(split, rows)
    recipe = tmp_path / "recipe.yaml"
    with running("--latency", "0.3") as server:
        recipe.write_text(
            f"name: shared\nsource: {{path: {source}, keep: [a, b, c, d]}}\ntranslators:\n"
            f'  - {{name: Chat, backend: endpoint, model: stand-in, base_url: "{server.url}"}}\n'
        )
        arguments = ("--output", tmp_path / "run", "--workers", 4, "--stop-after", "translate")
        done = smolkalam("build", recipe, *arguments)
        assert done.returncode == 0, done.stderr
        asked = server.stats()["asked"]
    assert len(asked) == 5 + 320 and set(asked.values()) == {1}
