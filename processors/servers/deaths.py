"""What is done about a server that dies: who killed it is found, and how often it may die is bounded.

A server may die of one request (a text that its engine cannot take), of several together (memory; vLLM's CPU build
dies of sampled requests with a seed whose prompts it reads in parts, which happens in company only), or of all. So
what was under way is sent again alone, one after the other: who kills it twice by itself is given up and the others
go on; and after a death in company fewer are sent at once.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from processors.clients.responses import RequestFailed

# A server that has died so often within so many answers is not worth its starts, which take minutes with a large
# model. One that dies once in an hour may go on for days.
MOST_DEATHS, WITHIN_ANSWERS = 10, 1000
# After a death in company this share of it is sent at once, and twice as many after so many answers without another.
CUT, CALM_ANSWERS = 4, 1000
# So long a death is shown to who watches the build.
SHOWN_S = 60.0
# Who has killed the server so often by itself is given up: once may be chance, as when somebody ends the process.
ALONE = 2


class Deaths:
    """How often a server has died, of what last, and how many requests it may have at once since then (None: any)."""

    def __init__(self) -> None:
        self.count = 0
        self.most: int | None = None
        self.words = ""
        self.answers = 0
        self._at: deque[int] = deque(maxlen=MOST_DEATHS)
        self._last = 0.0
        self._before: int | None = None
        self._calm = 0

    def died(self, words: str, together: int) -> None:
        """It has died, with so many requests under way."""
        self.count += 1
        self.words, self._last, self._calm = words, time.monotonic(), 0
        self._at.append(self.answers)
        if together > 1:
            self._before, self.most = self.most, max(1, min(together, self.most or together) // CUT)

    def answered(self, most: int) -> bool:
        """It has answered; `most` is what the recipe allows at once. Returns whether more may be sent from now on."""
        self.answers += 1
        self._calm += 1
        if self.most is None or self._calm < CALM_ANSWERS:
            return False
        self._calm = 0
        self.most = self.most * 2 if self.most * 2 < most else None
        return True

    def one_did_it(self) -> None:
        """The last death in company was a single request's fault, which is found."""
        self.most = self._before

    def too_many(self) -> str:
        """Why it is not started again; empty where it is."""
        if len(self._at) < MOST_DEATHS or self.answers - self._at[0] >= WITHIN_ANSWERS:
            return ""
        return f"it has died {len(self._at)} times within {self.answers - self._at[0]:,} answers"

    def lately(self) -> float | None:
        """Seconds since the last death, where it is worth showing."""
        since = time.monotonic() - self._last
        return since if self.count and since < SHOWN_S else None


class Gate:
    """Lets requests to a server, many at once, or each of those alone that a death has made suspect.

    `inside` are under way. `label` is for the message to those who still wait when the run stops.
    """

    def __init__(self, label: str) -> None:
        self.inside = 0
        self._label = label
        self._suspects = 0
        self._stopping = False
        self._waiting: list[asyncio.Future[None]] = []

    @asynccontextmanager
    async def enter(self, *, alone: bool) -> AsyncIterator[None]:
        """Raises RequestFailed where the run stops first."""
        self._suspects += alone
        entered = False
        try:
            while self.inside if alone else self._suspects:
                turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._waiting.append(turn)
                await turn
                if self._stopping:
                    raise RequestFailed(f"{self._label}: not asked, the run stops")
            entered = True
            self.inside += 1
            yield
        finally:
            self.inside -= entered
            self._suspects -= alone
            self._wake()

    def stop(self) -> None:
        """Let nobody in who waits now."""
        self._stopping = True
        self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for turn in waiting:
            if not turn.done():
                turn.set_result(None)
