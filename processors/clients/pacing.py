"""How fast an endpoint may be asked: an adaptive limit, waits that the server orders, and a circuit breaker.

The limit follows TCP's rule: one more at a time for each round of successes, a cut when the server says it is busy
(additive increase, multiplicative decrease). The breaker opens when every request fails: it pauses, says why, and
lets one request through at a time until one succeeds, so that an outage costs time and not rows. Requests wait in
one queue for all endpoints (`processors.clients.turns`).
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from loguru import logger

from processors.clients.rates import SharedRate
from processors.errors import EngineError

# The limit is cut to this share when a server is busy, once for all requests that were under way: gentler than TCP's
# half, for a server that says so has answered the others.
CUT = 0.7
# Failures in a row, at least, before all requests pause: at 5 % faults ten are next to impossible.
IN_A_ROW = 10
# How long they pause before one tries again, doubled up to the longest: who waits for a server's restart loses little.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 15.0
# So long after the first request, and not one answer: worth a word within the first minute of a run.
SILENT_S = 20.0
# How often it is told what is wrong.
_TOLD_EVERY_S = 2.0
# A pause shorter than this is not worth a line, nor are fewer failures.
TELL_S, FEW = 5.0, 3


class OutOfPatience(EngineError):
    """An endpoint has given nothing usable for too long, or orders a wait of `wait_s` seconds that is too long."""

    def __init__(self, message: str, wait_s: float) -> None:
        super().__init__(message)
        self.wait_s = wait_s

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.wait_s)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the endpoint `where` gives no answer, for `seconds` so far; it is asked no more if `left_aside`."""

    where: str
    reason: str
    seconds: float
    left_aside: bool


class HasTroubles(Protocol):
    def troubles(self) -> list[Trouble]: ...


class Tells(Protocol):
    """Who passes on how a server does: that it has answered, and what is wrong now."""

    def answered(self) -> None: ...

    def now(self, troubles: Sequence[Trouble]) -> None: ...


@asynccontextmanager
async def telling(server: HasTroubles, told: Tells | None) -> AsyncIterator[None]:
    """Tell of a server's troubles while it is asked, and at the end."""

    async def often() -> None:
        while told:
            told.now(server.troubles())
            await asyncio.sleep(_TOLD_EVERY_S)

    task = asyncio.create_task(often())
    try:
        yield
    finally:
        task.cancel()
        if told:
            told.now(server.troubles())


class Pacer:
    """Slots for requests to one endpoint. `where` names it in messages; `patience_s` bounds a time without success.

    `attempts` is how often a request is tried before it is given up; the breaker opens in time for that.

    Every `take` (of a slot that is `free`) is followed by one of `succeeded`, `busy`, `failed` or none, then by
    `release`.
    """

    def __init__(self, where: str, concurrency: int, patience_s: float, attempts: int) -> None:
        self.where = where
        self.most = concurrency
        self.patience_s = patience_s
        self.limit = float(concurrency)
        # What the recipe says of requests and tokens a minute.
        self.rate: SharedRate | None = None
        self.in_flight = 0
        self.open = False
        self.reason = ""
        self.closed = ""
        self.paused_until = 0.0
        # As `paused_until`, of pauses that are worth a line.
        self._held_until = 0.0
        self._held_since = 0.0
        self._rests_until = 0.0
        self._cuts = 0
        self._pause_s = FIRST_PAUSE_S
        # How many failures in a row open the breaker (or as many as are in flight): more than one bad request makes
        # alone, and at the default of 6 attempts fewer than it takes to give up two.
        self._opens_at = max(IN_A_ROW, attempts + 1)
        self._in_a_row = 0
        # Without a success between: since when, and how many, those of a busy server among them.
        self._failing_since: float | None = None
        self._failures = 0
        # When the first request was sent, until an answer has come.
        self._silent_since: float | None = None
        self._silence = "no answer yet"
        self._worked = False
        # It has answered before, and nobody listens there now.
        self._gone = False

    def free(self) -> bool:
        """Whether a request may go now."""
        slot = not self.closed and not self._paused() and self.in_flight < (1 if self.open else int(self.limit))
        return slot and (self.rate is None or not self.rate.wait_s())

    def usable(self) -> bool:
        """Whether it is worth waiting for: not closed, and not resting for longer than our patience."""
        return not self.closed and loop_time() >= self._rests_until

    def trouble(self) -> Trouble | None:
        """Why nothing comes of it, and since when; None while it works, or is only asked for a moment's rest."""
        now, since = loop_time(), []
        if self._held():
            since.append(self._held_since)
        # A busy server opens no breaker, and gets one request after the other all the same.
        if self._failing_since is not None and self._failures >= FEW and now - self._failing_since >= TELL_S:
            since.append(self._failing_since)
        if not since and self.in_flight and self._silent_since and now - self._silent_since >= SILENT_S:
            return Trouble(self.where, self._silence, now - self._silent_since, False)
        if not since:
            return None
        reason = self.closed or self.reason
        if self._gone and not self.closed:
            left = self.patience_s - (now - (self._failing_since or now))
            reason = f"its server has ended; start it again, it is waited for {max(left, 0):.0f} s more"
        for name in (f"{self.where}: ", f"{self.where}, "):
            reason = reason.removeprefix(name)
        return Trouble(self.where, reason, now - min(since), bool(self.closed))

    def take(self) -> int:
        """Take a slot. The number returned goes to `busy`: requests of one round cut the limit once."""
        self.in_flight += 1
        if not self._worked and self._silent_since is None:
            self._silent_since = loop_time()
        if self.rate:
            self.rate.take()
        return self._cuts

    def opens_at(self) -> float | None:
        """When a request may go at the soonest that may not now, for a pause or the recipe's rate; None: any time."""
        wait = self.rate.wait_s() if self.rate and not self.closed else 0.0
        soonest = max(self.paused_until, loop_time() + wait if wait else 0.0)
        return soonest if not self.closed and soonest > loop_time() else None

    def allow(self, most: int) -> None:
        """Have no more than so many in flight from now on."""
        self.most = most
        self.limit = min(self.limit, float(most))

    def spent(self, wait_s: float) -> None:
        """The server says that it takes nothing more for so long."""
        if wait_s <= self.patience_s:
            self._pause(wait_s, "its limit is reached, by its headers")

    def silent(self, since: float) -> None:
        """It has been looked for since then, and takes connections without a word."""
        self._silent_since, self._silence = since, "takes connections and has answered nothing yet"

    def release(self) -> None:
        self.in_flight -= 1

    def succeeded(self) -> None:
        if self.open:
            logger.info(f"{self.where}: answers again, going on")
        self.open = False
        self._worked, self._silent_since = True, None
        self._gone = False
        self._in_a_row = 0
        self._failing_since = None
        self._failures = 0
        self._pause_s = FIRST_PAUSE_S
        self.limit = min(float(self.most), self.limit + 1 / self.limit)

    def busy(self, ticket: int, reason: str, wait_s: float | None) -> None:
        """The server asks for less: cut the limit, and hold everything back as long as it orders.

        Raises OutOfPatience if it orders a wait beyond our patience (a daily quota, say) or has been busy that long.
        """
        if wait_s is not None and wait_s > self.patience_s:
            message = f"{self.where}: asks to wait {wait_s:.0f} s ({reason}); run the same command again after that"
            raise OutOfPatience(message, wait_s)
        if ticket == self._cuts:
            self._cuts += 1
            self.limit = max(1.0, self.limit * CUT)
        self._note_failure(reason)
        if wait_s:
            self._pause(wait_s, reason)

    def failed(self, reason: str, *, gone: bool = False) -> None:
        """A request failed for no reason of its own. Raises OutOfPatience when nothing has succeeded for too long.

        `gone`: who has answered before refuses connections now.
        """
        self._in_a_row += 1
        self._gone = gone
        self._note_failure(reason)
        if self.open:
            self._pause_s = min(LONGEST_PAUSE_S, self._pause_s * 2)
        elif self._in_a_row < (FEW if gone else max(self._opens_at, self.in_flight)):
            return
        self.trip(f"{self._in_a_row} failures in a row, last: {reason}")

    def trip(self, reason: str) -> None:
        """Open the breaker."""
        self._hold()
        self.open = True
        self.reason = reason
        self._pause(min(self._pause_s, self.patience_s / 4), reason)

    def close(self, reason: str) -> None:
        """Lend no slot any more."""
        self._hold()
        self.closed = reason

    def rest(self, seconds: float, reason: str) -> None:
        """Lend no slot for longer than anybody waits here; then begin anew."""
        self._hold()
        self._rests_until = loop_time() + seconds
        self._failing_since = None
        self._failures = 0
        self._pause(seconds, reason)

    def _note_failure(self, reason: str) -> None:
        now = loop_time()
        self.reason = reason
        self._failures += 1
        self._failing_since = self._failing_since or now
        if now - self._failing_since > self.patience_s:
            seconds = f"{now - self._failing_since:.0f} s"
            message = (
                f"{self.where}: no usable answer for {seconds}, last: {reason}; "
                "what was answered is stored, run the same command again to go on"
            )
            if self._gone:
                message = (
                    f"{self.where}: its server has ended: it had answered, and has refused connections for {seconds}. "
                    "The last lines of its own log say why (docs/engines.md tells what ends vLLM). Start it again and "
                    "run the same command: what was answered is stored"
                )
            raise OutOfPatience(message, self.patience_s)

    def _held(self) -> bool:
        return bool(self.closed) or self.open or loop_time() < max(self._held_until, self._rests_until)

    def _hold(self) -> None:
        if not self._held():
            self._held_since = loop_time()

    def _pause(self, seconds: float, reason: str) -> None:
        until = loop_time() + seconds
        if until <= self.paused_until:
            return
        if seconds >= TELL_S and not self._paused():
            logger.warning(f"{self.where}: paused for {seconds:.0f} s ({reason})")
        if seconds >= TELL_S:
            self._hold()
            self._held_until = until
        self.reason = reason
        self.paused_until = until

    def _paused(self) -> bool:
        return loop_time() < self.paused_until


def loop_time() -> float:
    return asyncio.get_running_loop().time()
