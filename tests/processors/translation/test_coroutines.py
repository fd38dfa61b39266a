"""Coroutines side by side, or one alone in the task of who waits for it."""

import asyncio
from typing import Any

import pytest

from processors.translation.coroutines import gather


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
