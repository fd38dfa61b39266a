"""One queue of requests for all endpoints of a translator: whose turn it is, and at which of them."""

import asyncio
from collections import deque
from collections.abc import Sequence, Set

from processors.clients.pacing import Pacer
from processors.errors import EngineError


class Turns:
    """One queue for the slots of several pacers: first come, first served, by weight among those with a free slot.

    Start-time fair queueing: where all have free slots each gets requests in proportion to its weight, by count; what
    one cannot take (full, paused, closed) goes to the others at once, and is not made up for later.
    """

    def __init__(self, pacers: Sequence[Pacer], weights: Sequence[float]) -> None:
        self.pacers = pacers
        self._cost = [1 / weight for weight in weights]
        self._next = [0.0] * len(pacers)
        self._clock = 0.0
        self._waiters: deque[tuple[asyncio.Future[tuple[int, int]], Set[int]]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._failed = ""

    @property
    def waiting(self) -> int:
        return len(self._waiters)

    async def acquire(self, avoid: int | Set[int] | None = None) -> tuple[int, int]:
        """Wait for a slot: the place of its pacer, and the ticket. `avoid` is taken only if no other has one free.

        Raises EngineError once `fail` has been called.
        """
        if self._failed:
            raise EngineError(self._failed)
        avoid = frozenset() if avoid is None else frozenset((avoid,)) if isinstance(avoid, int) else avoid
        if not self._waiters and (place := self._choose(avoid)) is not None:
            return place, self.pacers[place].take()
        waiter: asyncio.Future[tuple[int, int]] = asyncio.get_running_loop().create_future()
        self._waiters.append((waiter, avoid))
        self.wake()
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and not waiter.exception():
                self.release(waiter.result()[0])
            raise

    def release(self, place: int) -> None:
        self.pacers[place].release()
        self.wake()

    def stop(self) -> None:
        """Turn away all who wait."""
        if self._timer:
            self._timer.cancel()
        while self._waiters:
            self._waiters.popleft()[0].cancel()

    def fail(self, reason: str) -> None:
        """No slot will ever be free again: whoever waits, and whoever comes, is told why by an EngineError.

        A row waits for all of its requests, so that one of them alone with the error would not end it.
        """
        self._failed = reason
        while self._waiters:
            waiter, _ = self._waiters.popleft()
            if not waiter.done():
                waiter.set_exception(EngineError(reason))

    def wake(self) -> None:
        """Give free slots to those who wait."""
        while self._waiters:
            waiter, avoid = self._waiters[0]
            if waiter.done():
                self._waiters.popleft()
                continue
            place = self._choose(avoid)
            if place is None:
                break
            self._waiters.popleft()
            waiter.set_result((place, self.pacers[place].take()))
        if not self._waiters:
            return
        pauses = [at for pacer in self.pacers if (at := pacer.opens_at()) is not None]
        if pauses:
            if self._timer:
                self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_at(min(pauses), self.wake)

    def _choose(self, avoid: Set[int]) -> int | None:
        free = [place for place, pacer in enumerate(self.pacers) if pacer.free()]
        if not free:
            return None
        free = [place for place in free if place not in avoid] or free
        place = min(free, key=lambda place: (max(self._next[place], self._clock), place))
        self._clock = max(self._next[place], self._clock)
        self._next[place] = self._clock + self._cost[place]
        return place
