"""How many requests and tokens a minute an endpoint is asked at most, by all processes of a run together.

Each process that asks an endpoint has a small file in the run folder, which changes while it asks: whoever has changed
lately shares the limit evenly with the others. A newcomer tells of itself first and asks a moment later, when the
others have seen it and ask less. So neither a server nor synchronised clocks are needed, and processes that wait for
something else leave their share to the rest. A limit is an amount that flows in: what flows in during BURST_S may be
spent at once.
"""

import asyncio
import time
from pathlib import Path

from processors import leases
from processors.atomic_files import write_hint
from processors.clients.address import Rates

# Others' files are read and the own one is written so often while requests are asked for.
BEAT_S = 1.0
# Whoever's file has not changed for so long asks nothing now.
QUIET_S = 4.0
# Before a newcomer asks: the others have read in the meantime.
JOIN_S = 1.5
# Of a limit a minute a twelfth: providers may count over less than the minute that they name.
BURST_S = 5.0
# Tokens of a request until the first answers tell.
FIRST_TOKENS = 1000.0

# What was left of the limits in a folder, and when, as tasks of this process that have ended left them to the next.
_left: "dict[tuple[Path, Rates], tuple[list[float], float]]" = {}


class _Bucket:
    """An amount that flows in at so much a minute. It may be overdrawn, and then has to fill up first."""

    def __init__(self, per_minute: float, least: float) -> None:
        self.per_second = per_minute / 60
        self.most = max(least, self.per_second * BURST_S)
        # Nobody has seen yet who else asks: what several had at once would be several times the limit.
        self.level = least

    def wait_s(self, needed: float, share: float) -> float:
        """Seconds until so much is there."""
        missing = min(needed, self.most * share) - self.level
        return missing / (self.per_second * share) if missing > 0 else 0.0

    def flow(self, seconds: float, share: float) -> None:
        self.level = min(self.most * share, self.level + seconds * self.per_second * share)


class SharedRate:
    """This process's share of what an endpoint may be asked. `folder` is the endpoint's, None for this process alone.

    Raises OSError where the folder cannot be written.
    """

    def __init__(self, rates: Rates, folder: Path | None) -> None:
        self._requests = _Bucket(rates.requests_per_minute, 1.0) if rates.requests_per_minute else None
        self._tokens = _Bucket(rates.tokens_per_minute, FIRST_TOKENS) if rates.tokens_per_minute else None
        self._mean, self._told = FIRST_TOKENS, 0
        self._folder, self._lock, self._name = folder, None, ""
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock, self._name = leases.take_name(folder)
        self._signs = leases.SignsOfLife(QUIET_S)
        self._beats = 0
        self._share = 1.0
        self._from = self._flowed_at = self._looked_at = float("-inf")
        self._rates = rates
        if folder and (left := _left.get((folder, rates))):
            levels, self._flowed_at = left
            for bucket, level in zip(self._buckets(), levels, strict=True):
                bucket.level = level

    def wait_s(self) -> float:
        """Seconds until one more request may be sent; 0 where it may be now. To be asked while something waits."""
        now = time.monotonic()
        self._look(now)
        waits = [max(0.0, self._from - now)]
        if self._requests:
            waits.append(self._requests.wait_s(1.0, self._share))
        if self._tokens:
            waits.append(self._tokens.wait_s(min(self._mean, self._tokens.most), self._share))
        return max(waits)

    def take(self) -> None:
        """One request is sent."""
        if self._requests:
            self._requests.level -= 1
        if self._tokens:
            self._tokens.level -= self._mean

    async def take_another(self) -> None:
        """Wait until one more request may be sent for an answer whose first one is taken; it is sent then."""
        while self._requests:
            now = time.monotonic()
            self._look(now)
            wait = max(self._from - now, self._requests.wait_s(1.0, self._share))
            if wait <= 0:
                self._requests.level -= 1
                return
            await asyncio.sleep(wait)

    def answered(self, tokens: int) -> None:
        """What a request really took, by its answer."""
        if self._tokens:
            self._tokens.level += self._mean - tokens
            self._told += 1
            self._mean += (tokens - self._mean) / min(self._told, 100)

    def close(self) -> None:
        if self._lock:
            self._lock.release()
        if self._folder:
            _left[self._folder, self._rates] = [bucket.level for bucket in self._buckets()], self._flowed_at

    def _buckets(self) -> list[_Bucket]:
        return [bucket for bucket in (self._requests, self._tokens) if bucket]

    def _look(self, now: float) -> None:
        """Let flow in what has come since, and see every now and then who else asks."""
        passed = max(0.0, now - self._flowed_at) if self._flowed_at > 0 else 0.0
        for bucket in self._buckets():
            bucket.flow(passed, self._share)
        self._flowed_at = now
        if self._folder is None or now - self._looked_at < BEAT_S:
            return
        away = now - self._looked_at > QUIET_S
        self._looked_at = now
        self._beats += 1
        write_hint(self._folder / f"{self._name}.json", {"beat": self._beats})
        others = self._others()
        self._share = 1 / (1 + others)
        if away and others:
            # The others took this process for quiet: let them see that it asks again.
            self._from = now + JOIN_S

    def _others(self) -> int:
        """How many other processes ask the endpoint now."""
        assert self._folder
        found = 0
        for path in self._folder.glob("*.json"):
            if path.stem == self._name:
                continue
            sign = leases.read(path) or b""
            gone = leases.ended_here(self._folder, path.stem, self._name)
            found += not gone and not self._signs.silent(path.stem, sign)
        return found
