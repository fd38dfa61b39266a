"""Asks a server many things at once, in the one event loop of a scorer at work."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from builders.recipes.translator_base import Cost
from builders.run_folder.activity import EngineFile
from builders.scorers.base import AskedPassage, Keep, Place, Said
from processors.answers import Limits
from processors.answers.ceiling import Ceiling
from processors.clients.pacing import Trouble, telling
from processors.errors import SmolKalamError, first_error


class Told:
    """Tells the build's line and `smolkalam status` how a scorer's server does; `engines` as of `Place`."""

    def __init__(self, engines: Path | None) -> None:
        self._file = EngineFile(engines) if engines else None
        self._answers = 0

    def answered(self) -> None:
        self._answers += 1

    def now(self, troubles: Sequence[Trouble]) -> None:
        if self._file:
            self._file({"answers": self._answers, "requests": self._answers}, troubles)


class AtWork:
    """Runs what is to be asked, `concurrency` at a time."""

    def __init__(self, runner: asyncio.Runner, concurrency: int, client: Any, told: Told) -> None:
        self.runner = runner
        self.concurrency = concurrency
        self.client = client
        self.told = told
        # The first question goes alone: it finds a wrong key before many are asked.
        self._greeted = False

    def all(
        self,
        passages: Sequence[AskedPassage],
        known: Mapping[int, Said],
        keep: Keep,
        ask: Callable[[Any], Awaitable[Said]],
    ) -> None:
        """`keep` what `ask` says of each passage that is not `known`. Raises the first SmolKalamError."""

        async def one(place: int) -> None:
            keep([place], [await ask(passages[place].asked)])
            self.told.answered()

        self.runner.run(self._each([place for place in range(len(passages)) if place not in known], one))

    async def _each(self, places: Sequence[int], one: Callable[[int], Awaitable[None]]) -> None:
        todo = iter(places)

        async def work(most: int | None = None) -> None:
            for place in todo:
                await one(place)
                if most is not None and (most := most - 1) == 0:
                    return

        async with telling(self.client, self.told):
            try:
                if not self._greeted:
                    await work(1)
                    self._greeted = True
                async with asyncio.TaskGroup() as group:
                    for _ in range(min(self.concurrency, len(places))):
                        group.create_task(work())
            except* SmolKalamError as errors:
                raise first_error(errors) from None


@contextmanager
def asking(client: Any, concurrency: int, engines: Path | None) -> Iterator[AtWork]:
    """`client`, an async context manager, entered in a loop of its own, for all units: it learns how much a server
    takes. `engines` as of `Place`."""
    with asyncio.Runner() as runner:
        runner.run(client.__aenter__())
        try:
            yield AtWork(runner, concurrency, client, Told(engines))
        finally:
            runner.run(client.__aexit__(None, None, None))


def ceiling_of(name: str, cost: Cost | None, place: Place, stack: ExitStack) -> Ceiling | None:
    """What it may cost; None where the recipe does not say."""
    if place.max_usd is None:
        return None
    return stack.enter_context(Ceiling(Limits(place.spending, name, (cost or Cost()).bill, None, place.max_usd)))
