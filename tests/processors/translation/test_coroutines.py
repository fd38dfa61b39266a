"""Coroutines side by side, or one alone in the task of who waits for it."""

import asyncio
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from datatrove.data import Document

from processors.translation.coroutines import ASIDE_FROM, aside, gather, often_switching, run_now
from processors.translation.runner import READ_AT_ONCE, Ask, TranslationRunner
from tests.processors.translation.test_runner import Collect, documents, endpoint
from tests.standins.standin_llm import running


async def who(value: int) -> "tuple[int, asyncio.Task[Any] | None]":
    await asyncio.sleep(0)
    return value, asyncio.current_task()


async def fails() -> None:
    await asyncio.sleep(0)
    raise ValueError("one alone")


def test_one_alone_needs_no_task_of_its_own_and_several_have_theirs() -> None:
    async def run() -> None:
        assert await gather([who(1)], True) == [(1, asyncio.current_task())]
        several = await gather([who(1), who(2)], True)
        assert [value for value, _ in several] == [1, 2] and len({task for _, task in several}) == 2
        assert await gather([], True) == []
        with pytest.raises(ValueError, match="one alone"):
            await gather([fails()], True)

    asyncio.run(run())


def test_what_takes_long_holds_up_nobody_on_the_event_loop() -> None:
    def where(*given: str) -> tuple[str, ...]:
        return (threading.current_thread().name, *given)

    async def of(characters: int) -> Any:
        return await aside(where, "a", characters=characters)

    here = threading.current_thread().name
    assert asyncio.run(of(ASIDE_FROM - 1)) == (here, "a")
    assert asyncio.run(of(ASIDE_FROM)) == ("checks_0", "a")
    # A memory translates without an event loop.
    assert run_now(of(ASIDE_FROM)) == (here, "a")

    async def fails() -> Any:
        return await aside(int, "no number", characters=ASIDE_FROM)

    with pytest.raises(ValueError, match="no number"):
        asyncio.run(fails())


def test_the_loop_has_its_turn_often_while_it_runs() -> None:
    before = sys.getswitchinterval()
    with often_switching():
        assert sys.getswitchinterval() < 0.001
    assert sys.getswitchinterval() == before


def test_documents_begin_in_turns_of_the_loop_of_their_own(tmp_path: Path) -> None:
    """Each begins with a few milliseconds of work: as many as are read at once would hold the loop together."""
    begun: list[int] = []
    turn = 0

    async def translate(document: Document, ask: Ask) -> dict[str, Any]:
        begun.append(turn)
        await asyncio.sleep(0)
        return {}

    def count() -> None:
        nonlocal turn
        turn += 1
        asyncio.get_running_loop().call_soon(count)

    async def run() -> None:
        asyncio.get_running_loop().call_soon(count)
        with running() as server:
            config = endpoint(server.url, concurrency=100)
            await TranslationRunner(translate, config, Collect(), tmp_path).run_async(documents(READ_AT_ONCE))

    asyncio.run(run())
    assert len(begun) == READ_AT_ONCE and max(Counter(begun).values()) <= 2
