"""A server that gives no answer is told on the terminal: with the first signs of it, and once a minute while it lasts.

Who is asked thousands of questions waits a quarter of an hour for a server that is at fault. Somebody who looks on
learns within seconds which one it is, in its own words.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from builders.pools.stages import say
from builders.run_folder.activity import trouble_text
from processors.clients import Trouble

LOOK_S, AGAIN_S = 1.0, 60.0


@asynccontextmanager
async def troubles_told(name: str, troubles: Callable[[], Sequence[Trouble]]) -> AsyncIterator[None]:
    """Within it, the endpoints of the model `name` that give no answer are told, and when they answer again."""
    watch = asyncio.create_task(_watch(name, troubles))
    try:
        yield
    finally:
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch


async def _watch(name: str, troubles: Callable[[], Sequence[Trouble]]) -> None:
    # By endpoint, when it was told last.
    told: dict[str, float] = {}
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(LOOK_S)
        found = {one.where: one for one in troubles()}
        for where, one in found.items():
            if loop.time() - told.get(where, -AGAIN_S) >= AGAIN_S:
                told[where] = loop.time()
                say(f"{name}: {trouble_text(one)}")
        for where in told.keys() - found.keys():
            del told[where]
            say(f"{name}: {where} answers again")
