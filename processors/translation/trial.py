"""A translator's first chunks, few at a time: one that gives nothing usable is stopped while it has cost little.

A model that cannot do it, or a recipe that asks it wrongly, fails from the first chunk on. So no more than FIRST
chunks are in progress until some have come out, and when of the first ones nearly all failed, the run stops with
the reasons and two samples. Which chunks come first depends on chance; what a run gives does not, for one that is
stopped gives nothing.

However many processes work, one of them makes the trial and the others wait: who has the claim on it goes on from what
those before it have written down (`Together`), so that a useless translator costs the same with any number of workers.
"""

import asyncio
import json
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from processors.atomic_files import write_hint
from processors.clients.answer import ON_TRIAL
from processors.errors import EngineError
from processors.scoring.wilson import wilson_interval
from processors.scrub import excerpt

# Chunks in progress at first, and how many more each good one lets in: doubled and more each round, as TCP begins.
FIRST, MORE = 8, 2
# So many good ones, and the trial is over.
ENOUGH = 32
# A translator is stopped where, of so many chunks, surely (95 %) fewer than this share come out: 16 of 16 have failed,
# or 25 of 26. A row has several chunks, and needs them all.
HOPELESS, JUDGED = 0.2, 200
# And where so many answers were refused before any chunk came out: of long rows, chunks are left when one has failed.
REFUSED = 96
# Refused answers that the error shows, each of another text: one may be odd, and two tell what goes wrong.
SAMPLES = 2

Count = Callable[[str, int], None]


class Useless(EngineError):
    """A translator whose answers are nearly all refused."""


@dataclass(frozen=True, slots=True)
class Together:
    """What the processes of a run share of a trial.

    `file` has its counts, and how it ended; `take` waits for the claim on it and says whether this process has it now
    (it is False when another has let it go, which may have ended the trial); `let_go` gives it to the next.
    """

    file: Path
    take: Callable[[], Awaitable[bool]]
    let_go: Callable[[], None]


class AnswerCounts:
    """Counts refused answers by reason, as they come, for whoever looks on; stops nobody."""

    def __init__(self, count: Count) -> None:
        self._count = count

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Nobody waits."""
        yield

    def refused(self, reason: str, source: str, answer: str) -> None:
        self._count(f"refused_{reason}", 1)

    def ended(self, failure: str) -> None:
        """Nothing follows from it."""


class Trial(AnswerCounts):
    """Admits chunks and judges the translator. `name` is for the message; `begin` for each run that goes on with it.

    `at_once`: it admits all, and judges by what comes of the first, as where requests wait for each other for hours.
    `enough` good chunks end it. While it lasts, requests are `ON_TRIAL`. `of` is what the message calls chunks.

    `refused`, `ended` and `turn` raise Useless once the translator is given up.
    """

    def __init__(
        self, name: str, count: Count, *, at_once: bool = False, enough: int = ENOUGH, of: str = "chunks"
    ) -> None:
        super().__init__(count)
        self.name = name
        self._of = of
        self._enough = enough
        self._at_once = at_once
        self.over = False
        self._good = self._bad = self._refused = 0
        self._reasons: Counter[str] = Counter()
        self._samples: list[str] = []
        self._error: Useless | None = None
        self._in_progress = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._together: Together | None = None
        self._leads = False
        self._leading = asyncio.Lock()

    def begin(self, count: Count, together: Together | None = None) -> None:
        self._count = count
        self._in_progress = 0
        self._waiting.clear()
        self._together, self._leads, self._leading = together, together is None, asyncio.Lock()

    def leave(self) -> None:
        """This run is over; another goes on with the trial where it has not ended."""
        if self._together and self._leads:
            self._write()
            self._together.let_go()
            self._leads = False

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until a chunk may be begun; it is in progress until the block is left."""
        if not self.over and not self._leads:
            await self._lead()
        if self.over:
            yield
            return
        await self._admitted()
        ON_TRIAL.set(not (self._at_once or self.over))
        try:
            self._look()
            yield
        finally:
            ON_TRIAL.set(False)
            self._in_progress -= 1
            self._admit()

    def refused(self, reason: str, source: str, answer: str) -> None:
        super().refused(reason, source, answer)
        if self.over:
            return
        self._look()
        self._reasons[reason] += 1
        self._refused += 1
        shown = excerpt(source, 100)
        if len(self._samples) < SAMPLES and not any(shown in sample for sample in self._samples):
            self._samples.append(f"{reason}: '{shown}' -> '{excerpt(answer, 100)}'")
        if not self._good and self._refused >= REFUSED:
            self._give_up()
            self._admit()
            self._look()

    def ended(self, failure: str) -> None:
        if self.over:
            return
        if failure:
            self._bad += 1
            if failure.startswith("request_failed"):
                self._reasons[excerpt(failure, 300)] += 1
        else:
            self._good += 1
            self.over = self._good >= self._enough
            if self.over:
                self.leave()
        judged = self._good + self._bad
        if self._bad and judged <= JUDGED and wilson_interval(self._good, judged)[1] < HOPELESS:
            self._give_up()
        self._admit()
        self._look()

    def _give_up(self) -> None:
        judged = self._good + self._bad
        told = ", ".join(f"{reason} ({number})" for reason, number in self._reasons.most_common(3))
        samples = "".join(f"; sample {number}: {sample}" for number, sample in enumerate(self._samples, 1))
        self._error = Useless(
            f"{self.name}: {self._bad} of its first {judged} {self._of} got no usable answer, {self._refused} were "
            f"refused: {told}{samples}. "
            "Stopped before it costs more; mend its prompt, decoding or model, or set `give_up: false` in the recipe"
        )
        self.leave()

    async def _lead(self) -> None:
        """Come to have the trial's claim, or to know how it ended."""
        async with self._leading:
            while self._together and not (self._leads or self.over or self._error):
                self._leads = await self._together.take()
                await asyncio.to_thread(self._read)
                if self._leads and (self.over or self._error):
                    self._together.let_go()

    def _read(self) -> None:
        assert self._together
        try:
            told: dict[str, Any] = json.loads(self._together.file.read_text(encoding="utf-8"))
            self._good, self._bad, self._refused = told["good"], told["bad"], told["refused"]
            self._reasons, self._samples = Counter(told["reasons"]), told["samples"]
            self.over, failed = told["over"], told["failed"]
        except (OSError, ValueError, KeyError, TypeError):
            # None has written, or it is no more than a hint: the trial begins.
            return
        self._error = Useless(failed) if failed else None

    def _write(self) -> None:
        assert self._together
        told = {"over": self.over, "failed": str(self._error or ""), "good": self._good, "bad": self._bad}
        told |= {"refused": self._refused, "reasons": dict(self._reasons), "samples": self._samples}
        write_hint(self._together.file, told)

    def _look(self) -> None:
        if self._error:
            raise self._error

    async def _admitted(self) -> None:
        if not self._waiting and self._free():
            self._in_progress += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._in_progress -= 1
                self._admit()
            raise

    def _free(self) -> bool:
        return self.over or self._at_once or self._error is not None or self._in_progress < FIRST + MORE * self._good

    def _admit(self) -> None:
        while self._waiting and self._free():
            turn = self._waiting.popleft()
            if not turn.done():
                self._in_progress += 1
                turn.set_result(None)
