"""How fast an endpoint may be asked: an adaptive limit, waits that the server orders, and a circuit breaker.

The limit follows TCP's rule: one more at a time for each round of successes, a cut when the server says it is busy
(additive increase, multiplicative decrease). The breaker opens when every request fails: it pauses, says why, and
lets one request through at a time until one succeeds, so that an outage costs time and not rows.
"""

import asyncio
import random
import re
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from loguru import logger

from processors.errors import EngineError

CUT = 0.7
IN_A_ROW = 10
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 15.0
LONGEST_BACKOFF_S = 30.0
# A pause shorter than this is not worth a line.
TELL_S = 5.0

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def backoff(attempt: int, base_s: float) -> float:
    """Seconds before retry number `attempt` (from 0): doubled each time, half of it random, 30 at most."""
    full = min(LONGEST_BACKOFF_S, base_s * 2 ** min(attempt, 16))
    return full * random.uniform(0.5, 1.0)


def ordered_wait(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds that the server orders us to wait, or None. `headers` has lower-case names.

    Reads `retry-after-ms`, `Retry-After` (RFC 9110 section 10.2.3: seconds or a date, measured from the response's
    own `Date` so that clocks need not agree), and the `x-ratelimit-reset*` family: seconds, durations such as `6m0s`,
    or a time as Unix seconds or milliseconds. Of several, those whose `remaining` is 0 count.
    """
    now = _date(headers.get("date")) or now or datetime.now(UTC)
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    if value := headers.get("retry-after"):
        if (seconds := _number(value)) is not None:
            return seconds
        if (date := _date(value)) is not None:
            return max(0.0, (date - now).total_seconds())
    waits, spent = [], []
    for name, value in headers.items():
        if name.startswith(("x-ratelimit-reset", "ratelimit-reset")):
            wait = _reset(value, now)
            if wait is not None:
                waits.append(wait)
                if headers.get(name.replace("reset", "remaining"), "").strip() == "0":
                    spent.append(wait)
    return max(spent) if spent else min(waits, default=None)


def _number(value: str | None) -> float | None:
    try:
        number = float(value) if value else None
    except ValueError:
        return None
    return number if number is not None and 0 <= number < float("inf") else None


def _date(value: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(value) if value else None
    except ValueError:
        return None
    return date.replace(tzinfo=UTC) if date and date.tzinfo is None else date


def _reset(value: str, now: datetime) -> float | None:
    if (number := _number(value.strip())) is not None:
        if number > 1e11:
            number /= 1000
        return max(0.0, number - now.timestamp()) if number > 1e8 else number
    parts = _DURATION.findall(value)
    return sum(float(amount) * _UNIT_S[unit] for amount, unit in parts) if parts else None


class Pacer:
    """Slots for requests to one endpoint. `where` names it in messages; `patience_s` bounds a time without success.

    `attempts` is how often a request is tried before it is given up; the breaker opens in time for that.

    Every `acquire` is followed by one of `succeeded`, `busy`, `failed` or none, then by `release`.
    """

    def __init__(self, where: str, concurrency: int, patience_s: float, attempts: int) -> None:
        self.where = where
        self.most = concurrency
        self.patience_s = patience_s
        self.limit = float(concurrency)
        self.in_flight = 0
        self.open = False
        self.reason = ""
        self._cuts = 0
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._paused_until = 0.0
        self._pause_s = FIRST_PAUSE_S
        self._timer: asyncio.TimerHandle | None = None
        # How many failures in a row open the breaker (or as many as are in flight): more than one bad request makes
        # alone, and at the default of 6 attempts fewer than it takes to give up two.
        self._opens_at = max(IN_A_ROW, attempts + 1)
        self._in_a_row = 0
        self._failing_since: float | None = None

    @property
    def waiting(self) -> int:
        return len(self._waiters)

    async def acquire(self) -> int:
        """Wait for a slot. The number returned goes to `busy`: requests of one round cut the limit once."""
        if self._waiters or not self._free():
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            self._wake()
            try:
                await waiter
            except asyncio.CancelledError:
                if waiter.done() and not waiter.cancelled():
                    self.release()
                raise
        else:
            self.in_flight += 1
        return self._cuts

    def release(self) -> None:
        self.in_flight -= 1
        self._wake()

    def succeeded(self) -> None:
        if self.open:
            logger.info(f"{self.where}: answers again, going on")
        self.open = False
        self.reason = ""
        self._in_a_row = 0
        self._failing_since = None
        self._pause_s = FIRST_PAUSE_S
        self.limit = min(float(self.most), self.limit + 1 / self.limit)

    def busy(self, ticket: int, reason: str, wait_s: float | None) -> None:
        """The server asks for less: cut the limit, and hold everything back as long as it orders.

        Raises EngineError if it orders a wait beyond our patience (a daily quota, say) or has been busy that long.
        """
        if wait_s is not None and wait_s > self.patience_s:
            raise EngineError(
                f"{self.where}: asks to wait {wait_s:.0f} s ({reason}); run the same command again after that"
            )
        if ticket == self._cuts:
            self._cuts += 1
            self.limit = max(1.0, self.limit * CUT)
        self._note_failure(reason)
        if wait_s:
            self._pause(wait_s, reason)

    def failed(self, reason: str) -> None:
        """A request failed for no reason of its own. Raises EngineError when nothing has succeeded for too long."""
        self._in_a_row += 1
        self._note_failure(reason)
        if self.open:
            self._pause_s = min(LONGEST_PAUSE_S, self._pause_s * 2)
        elif self._in_a_row < max(self._opens_at, self.in_flight):
            return
        self.open = True
        self._pause(min(self._pause_s, self.patience_s / 4), f"{self._in_a_row} failures in a row, last: {reason}")

    def stop(self) -> None:
        """Turn away all who wait."""
        if self._timer:
            self._timer.cancel()
        while self._waiters:
            self._waiters.popleft().cancel()

    def _note_failure(self, reason: str) -> None:
        now = asyncio.get_running_loop().time()
        self._failing_since = self._failing_since or now
        if now - self._failing_since > self.patience_s:
            raise EngineError(
                f"{self.where}: no usable answer for {now - self._failing_since:.0f} s, last: {reason}; "
                "what was answered is stored, run the same command again to go on"
            )

    def _pause(self, seconds: float, reason: str) -> None:
        until = asyncio.get_running_loop().time() + seconds
        if until <= self._paused_until:
            return
        if seconds >= TELL_S and not self._paused():
            logger.warning(f"{self.where}: paused for {seconds:.0f} s ({reason})")
        self.reason = reason
        self._paused_until = until

    def _paused(self) -> bool:
        return asyncio.get_running_loop().time() < self._paused_until

    def _free(self) -> bool:
        return not self._paused() and self.in_flight < (1 if self.open else int(self.limit))

    def _wake(self) -> None:
        while self._waiters and self._free():
            waiter = self._waiters.popleft()
            if not waiter.done():
                self.in_flight += 1
                waiter.set_result(None)
        if self._waiters and self._paused():
            if self._timer:
                self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_at(self._paused_until, self._wake)
