"""Requests that wait to be asked together: until nothing more comes, as many as one batch may have."""

import asyncio
from collections import deque
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from processors.clients.answer import Answer
from processors.clients.responses import RequestFailed

# Of a batch beside its requests, in bytes; and between two of them.
ENVELOPE, BETWEEN = 1000, 2


@dataclass(frozen=True, slots=True)
class BatchSettings:
    """Which API, and how requests are gathered for it.

    `rounds`: batches that a chunk may wait for. `then`: what becomes of what is still bad. `gather_s`: a batch is
    submitted when no request has come for so long. `settle_s`: how long an API may take to list a new batch.
    `give_up`: batches that answer next to nothing end the run, before all goes one by one at the full price.
    """

    api: str
    rounds: int = 2
    then: Literal["ask", "leave"] = "ask"
    most_requests: int | None = None
    gather_s: float = 5.0
    poll_s: float = 15.0
    settle_s: float = 5.0
    give_up: bool = True


@dataclass(slots=True)
class Wanted:
    """A request that somebody waits for."""

    key: str
    payload: dict[str, Any]
    wanted: Callable[[], bool]
    answer: "asyncio.Future[Answer]"
    # Batches in which it came to nothing.
    lost: int = 0


class GatheredRequests:
    """What waits for the next batch. `not_sent` is told how many were left because nobody wants them any more."""

    def __init__(self, not_sent: Callable[[int], None]) -> None:
        self._waiting: deque[Wanted] = deque()
        self._came = asyncio.Event()
        self._not_sent = not_sent

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, one: Wanted) -> None:
        self._waiting.append(one)
        self._came.set()

    def leave_out(self, keys: Container[str]) -> None:
        """These are answered elsewhere."""
        self._waiting = deque(one for one in self._waiting if one.key not in keys)

    def answer(self, stored: Callable[[bytes], Answer | None]) -> None:
        """Tell those whose answer another process has got meanwhile, and let them wait for nothing."""
        for one in self._waiting:
            if not one.answer.done() and (found := stored(bytes.fromhex(one.key))):
                one.answer.set_result(found)
        self._waiting = deque(one for one in self._waiting if not one.answer.done())

    async def until_quiet(self, seconds: float, most: int) -> None:
        """Wait until something waits and nothing has come for so long, or as many wait as a batch takes."""
        while not self._waiting:
            self._came.clear()
            await self._came.wait()
        while len(self._waiting) < most:
            self._came.clear()
            try:
                await asyncio.wait_for(self._came.wait(), seconds)
            except TimeoutError:
                return

    def take(
        self, most: int, most_bytes: int, item: Callable[[str, Mapping[str, Any]], bytes]
    ) -> list[tuple[Wanted, bytes]]:
        """As many as one batch may have, by number and by bytes, each as it stands in a batch."""
        taken: list[tuple[Wanted, bytes]] = []
        size = ENVELOPE
        while self._waiting and len(taken) < most:
            one = self._waiting[0]
            if one.answer.done() or not one.wanted():
                self._waiting.popleft()
                if not one.answer.done():
                    self._not_sent(1)
                    one.answer.set_exception(RequestFailed("not asked, nobody waits for it any more"))
                continue
            content = item(one.key, one.payload)
            size += len(content) + BETWEEN
            if taken and size > most_bytes:
                break
            self._waiting.popleft()
            taken.append((one, content))
        return taken
