"""How the retry ladder's coroutines are run: at once, one after the other, or without an event loop."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")

# Characters of a source from which on its checks leave the event loop: of Arabic they take 3 ms for 400, 9 for 2,000
# and 30 for 8,000 (benchmarks/event_loop.py). To change threads costs about 0.1.
ASIDE_FROM = 500
# How long a thread that computes keeps the others waiting; Python's own 5 ms are the most that the loop may be held.
SWITCH_S = 0.0005


async def aside(work: Callable[..., T], *given: Any, characters: int) -> T:
    """What `work` returns, which takes long for so many characters: then in another thread, where a loop runs."""
    if characters < ASIDE_FROM:
        return work(*given)
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return work(*given)
    return await loop.run_in_executor(_thread(), work, *given)


@cache
def _thread() -> ThreadPoolExecutor:
    """One, for it is Python that computes there: several would only take turns."""
    return ThreadPoolExecutor(1, "checks")


@contextmanager
def often_switching() -> Iterator[None]:
    """Let the thread of the event loop have its turn within less than a millisecond."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


async def gather(jobs: Sequence[Coroutine[Any, Any, Any]], concurrent: bool) -> list[Any]:
    """What the jobs return, in order. The first error is raised when all have ended, or the rest is not begun.

    One alone runs in the caller's task: most messages are one part and one chunk, and a task of its own for each of
    them cost a twentieth of a request's processor time.
    """
    if concurrent and len(jobs) > 1:
        results = await asyncio.gather(*jobs, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return list(results)
    done = []
    for position, job in enumerate(jobs):
        try:
            done.append(await job)
        except BaseException:
            for rest in jobs[position + 1 :]:
                rest.close()
            raise
    return done


def run_now(awaitable: Awaitable[Any]) -> Any:
    """Run a coroutine that never waits for anything, without an event loop (the memory and pseudo backends)."""
    try:
        awaitable.__await__().__next__()
    except StopIteration as stop:
        return stop.value
    raise RuntimeError("the coroutine waits for something; it needs an event loop")
