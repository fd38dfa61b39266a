"""How the retry ladder's coroutines are run: at once, one after the other, or without an event loop."""

import asyncio
from collections.abc import Awaitable, Coroutine, Sequence
from typing import Any


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
