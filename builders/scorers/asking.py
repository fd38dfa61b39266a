"""Asks a server many things at once, in the one event loop of a scorer at work."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from builders.recipes.translator_base import Cost
from builders.scorers.base import AskedPassage, Keep, Place, Said
from processors.answers import Limits
from processors.answers.ceiling import Ceiling
from processors.errors import SmolKalamError, first_error


class AtWork:
    """Runs what is to be asked, `concurrency` at a time."""

    def __init__(self, runner: asyncio.Runner, concurrency: int) -> None:
        self.runner = runner
        self.concurrency = concurrency
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

        self.runner.run(self._each([place for place in range(len(passages)) if place not in known], one))

    async def _each(self, places: Sequence[int], one: Callable[[int], Awaitable[None]]) -> None:
        todo = iter(places)

        async def work(most: int | None = None) -> None:
            for place in todo:
                await one(place)
                if most is not None and (most := most - 1) == 0:
                    return

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
def asking(client: Any, concurrency: int) -> Iterator[AtWork]:
    """`client`, an async context manager, entered in a loop of its own, for all units: it learns how much a server
    takes."""
    with asyncio.Runner() as runner:
        runner.run(client.__aenter__())
        try:
            yield AtWork(runner, concurrency)
        finally:
            runner.run(client.__aexit__(None, None, None))


def ceiling_of(name: str, cost: Cost | None, place: Place, stack: ExitStack) -> Ceiling | None:
    """What it may cost; None where the recipe does not say."""
    if place.max_usd is None:
        return None
    return stack.enter_context(Ceiling(Limits(place.spending, name, (cost or Cost()).bill, None, place.max_usd)))
