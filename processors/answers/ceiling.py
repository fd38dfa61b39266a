"""A ceiling on what a run costs, over all processes and machines that share its folder, without a server or a clock.

Each process has one file: what it has spent, what is under way at most, and how much of the ceiling it holds. Who
wants more announces first and looks then: it writes down that it holds more, reads all the others' files, and takes it
back where all together would be over. Of two that announce at the same moment at least one sees the other, so that
together they never hold too much (a network file system that hides a file that is there already breaks that; a new
one's name it may hide for a minute). What a process held that is gone counts by what it has spent and what was under
way, which may have been billed.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from processors import leases
from processors.atomic_files import write_unsynced
from processors.clients.answer import Answer
from processors.errors import CeilingReached

# So much of the ceiling is taken at once: a hundredth, so that files are seldom read and little lies idle.
STEP = 0.01
# A process writes at least this often while it asks, and is taken for dead after a lease without a sign.
BEAT_S, LEASE_S = 2.0, 30.0
# Tokens of a text are at most half its bytes for every tokenizer that was looked at (English has 4 letters a token).
BYTES_A_TOKEN, LEAST_TOKENS = 2, 256

Bill = Callable[[Mapping[str, int]], float]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a translator and a whole run may cost, in dollars, and how an answer is billed. `folder` is the run's."""

    folder: Path
    name: str
    bill: Bill
    most: float | None = None
    most_in_all: float | None = None
    # Of its price what a request costs: a batch's half. What was under way in one when its process died comes back.
    share: float = 1.0
    # Whether the bill is by characters that are sent, which stand where others count the tokens of a prompt.
    by_characters: bool = False

    def most_of(self, payload: Mapping[str, Any]) -> float:
        """What the answer to a request costs at most: exactly that where the request has a `max_tokens`."""
        if self.by_characters:
            # A sentence whose protected spans did not come through is sent once more, without them.
            return self.share * self.bill({"prompt_tokens": 2 * len(str(payload.get("text", "")))})
        text = json.dumps(payload.get("messages", payload.get("prompt", "")), ensure_ascii=False)
        asked = len(text.encode("utf-8", "replace")) // BYTES_A_TOKEN + LEAST_TOKENS
        choices = int(payload.get("n") or 1)
        answered = (payload.get("max_tokens") or 2 * asked) * choices
        return self.share * self.bill({"prompt_tokens": asked, "completion_tokens": answered})


@dataclass(frozen=True, slots=True)
class Spending:
    """Dollars that were spent, and those that requests under way cost at most."""

    spent: float = 0.0
    under_way: float = 0.0


class Ceiling:
    """This process's part of what a translator may cost. Close it, or use it as a context manager.

    `hold` before a request and `settle` after it, whatever came of it. Raises OSError where the folder cannot be
    written.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._folder = limits.folder / limits.name
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock, self._name = leases.take_name(self._folder)
        self._path = self._folder / f"{self._name}.json"
        before = _read(self._path) or {}
        # What was under way when a process of this name died may have been billed; what is in a batch comes back.
        lost = float(before.get("under_way", 0)) if limits.share == 1 else 0.0
        self.spent = float(before.get("spent", 0)) + lost
        self.under_way = 0.0
        # Requests under way: of their dollars, added and taken away, a trace is left when none is.
        self._requests = 0
        self._holds = self.spent
        self._beats = int(before.get("beat", 0))
        self._signs = leases.SignsOfLife(LEASE_S)
        self._turn = asyncio.Lock()
        self._settled = asyncio.Event()
        self._written_at = 0.0
        self._write()

    def __enter__(self) -> "Ceiling":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    async def hold(self, payload: Mapping[str, Any]) -> float:
        """Wait until a request may be sent; what it costs at most. Raises CeilingReached where it never may."""
        most = self.limits.most_of(payload)
        async with self._turn:
            while not self._fits(most):
                self._settled.clear()
                if not self._requests:
                    raise CeilingReached(self._reached(most))
                # Requests that come home cost less than the most.
                await self._settled.wait()
            self.under_way += most
            self._requests += 1
        return most

    def settle(self, most: float, answer: Answer | None) -> None:
        """What was held for a request is free again, but for what its answer cost."""
        self._requests -= 1
        self.under_way = max(0.0, self.under_way - most) if self._requests else 0.0
        self.spent += self.limits.bill(answer.counts()) if answer else 0.0
        self._settled.set()
        self.beat(0.25)

    def beat(self, every_s: float = BEAT_S) -> None:
        """Tell the others, if it was not done lately."""
        if time.monotonic() - self._written_at >= every_s:
            self._write()

    def close(self) -> None:
        """Hold nothing any more."""
        self._holds = self.spent + self.under_way
        self._write()
        if self._lock:
            self._lock.release()

    def _fits(self, most: float) -> bool:
        needed = self.spent + self.under_way + most
        if needed <= self._holds:
            return True
        limits = [limit for limit in (self.limits.most, self.limits.most_in_all) if limit is not None]
        return any(self._take(wanted) for wanted in (needed + STEP * min(limits), needed))

    def _take(self, wanted: float) -> bool:
        """Hold so much, if all together then stay below the ceilings."""
        before, self._holds = self._holds, wanted
        self._write()
        own, in_all = self._others()
        most, most_in_all = self.limits.most, self.limits.most_in_all
        if (most is None or own + wanted <= most) and (most_in_all is None or in_all + wanted <= most_in_all):
            return True
        self._holds = before
        self._write()
        return False

    def _others(self) -> tuple[float, float]:
        """What other processes hold of this translator's ceiling, and of the run's."""
        own = in_all = 0.0
        for path, told in _files(self.limits.folder):
            if path == self._path:
                continue
            gone = self._gone(path, told)
            held = float(told["spent"]) + float(told["under_way"]) if gone else float(told["holds"])
            in_all += held
            own += held if path.parent == self._folder else 0.0
        return own, in_all

    def _gone(self, path: Path, told: Mapping[str, Any]) -> bool:
        if leases.ended_here(path.parent, path.stem, self._name):
            return True
        return self._signs.silent(path, str(told["beat"]).encode())

    def _write(self) -> None:
        self._written_at = time.monotonic()
        self._beats += 1
        told = {"spent": self.spent, "under_way": self.under_way, "holds": self._holds, "beat": self._beats}
        write_unsynced(self._path, told)

    def _reached(self, most: float) -> str:
        spent = read_spending(self.limits.folder)
        total = sum(one.spent for one in spent.values())
        own = spent.get(self.limits.name, Spending()).spent
        limit, found = self.limits.most, own
        if limit is None or (self.limits.most_in_all is not None and self.limits.most_in_all - total < limit - own):
            limit, found = self.limits.most_in_all or 0.0, total
        whose = "translator's" if limit is self.limits.most else "run's"
        return (
            f"{self.limits.name}: the {whose} max_usd of ${limit:,.2f} is reached: ${found:,.4f} is spent, and the "
            f"next request may cost ${most:,.4f}. Raise max_usd and run the same command again: what was answered is "
            "stored"
        )


def read_spending(folder: Path) -> dict[str, Spending]:
    """What each translator has cost by the files of all processes, dead and alive; empty where no ceiling is set."""
    found: dict[str, Spending] = {}
    for path, told in _files(folder):
        before = found.get(path.parent.name, Spending())
        found[path.parent.name] = Spending(
            before.spent + float(told["spent"]), before.under_way + float(told["under_way"])
        )
    return found


def _files(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in sorted(folder.glob("*/*.json")):
        if told := _read(path):
            yield path, told


def _read(path: Path) -> dict[str, Any] | None:
    with contextlib.suppress(OSError, ValueError):
        told = json.loads(path.read_text())
        if isinstance(told, dict) and {"spent", "under_way", "holds", "beat"} <= set(told):
            return told
    return None
