"""What a process that asks a model tells others while it works: one small file in the run folder's logs.

A process writes one file for each stage, whatever the number of tasks that it runs one after another, and the files
stay: their counters add up to all that was asked since the stage began, by the living and the dead. `beat` counts the
writes, and rates are by the writer's own clock, so that a reader on another machine needs no synchronised one.
"""

import contextlib
import json
import os
import secrets
import socket
import time
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from builders.run_folder.forecast import Forecast
from processors.atomic_files import write_hint
from processors.clients.pacing import Trouble

# Rates are over so many seconds.
WINDOW_S = 30.0
# Of `TranslationRunner.snapshot`: what is so now; all else counts up.
GAUGES = ("in_flight", "waiting", "limit", "endpoints", "stopping", "trial")
# A process writes every two seconds: one that has not for so long says nothing about now.
STALE_S = 10.0
# What a run says while it stops.
STOPPING = "stopping"
# Requests that were given up and sent again: the server may go on with them, and bill them.
TIMED_OUT = "retry_timeout"
# Counters of refused answers, by reason.
REFUSED = "refused_"
# Of a reason, on the build's line; `smolkalam status` has all of it.
SHOWN = 120
RATES = ("documents", "requests", "answers", "prompt_tokens", "completion_tokens")


@dataclass(frozen=True, slots=True)
class EngineState:
    """One process's file. `counters` since it began the stage; all else after `seconds` as of its last write.

    `troubles` has the fields of `processors.clients.pacing.Trouble` for each endpoint that gives no answer.
    """

    host: str
    pid: int
    beat: int
    seconds: float
    counters: dict[str, int]
    now: dict[str, float]
    per_second: dict[str, float]
    troubles: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for one in self.troubles:
            Trouble(**one)


@dataclass(slots=True)
class _Process:
    """What this process has told in one folder, over all its tasks."""

    pid: int
    path: Path
    began: float
    beat: int = 0
    counters: Counter[str] = field(default_factory=Counter)
    history: deque[tuple[float, dict[str, int]]] = field(default_factory=deque)


_processes: dict[Path, _Process] = {}


class EngineFile:
    """The `progress` of a TranslationRunner that writes this process's file in `folder`. One instance a runner."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._told: dict[str, int] = {}

    def __call__(self, snapshot: Mapping[str, float], troubles: Sequence[Trouble] = ()) -> None:
        process, now = self._process(), time.monotonic()
        counted = {name: int(value) for name, value in snapshot.items() if name not in GAUGES}
        process.counters.update({name: value - self._told.get(name, 0) for name, value in counted.items()})
        self._told = counted
        process.beat += 1
        history = process.history
        history.append((now, {name: process.counters[name] for name in RATES}))
        while len(history) > 2 and now - history[0][0] > WINDOW_S:
            history.popleft()
        since, before = history[0]
        per_second = {}
        if now > since:
            per_second = {name: (process.counters[name] - before[name]) / (now - since) for name in RATES}
        told = {
            "host": socket.gethostname(),
            "pid": process.pid,
            "beat": process.beat,
            "seconds": round(now - process.began, 3),
            "counters": dict(sorted(process.counters.items())),
            "now": {name: snapshot[name] for name in GAUGES if name in snapshot},
            "per_second": {name: round(value, 3) for name, value in per_second.items()},
            "troubles": [asdict(one) | {"seconds": round(one.seconds, 3)} for one in troubles],
        }
        write_hint(process.path, told)

    def _process(self) -> _Process:
        pid = os.getpid()
        process = _processes.get(self.folder)
        if process is None or process.pid != pid:
            name = f"{socket.gethostname()}-{pid}-{secrets.token_hex(3)}.json"
            process = _processes[self.folder] = _Process(pid, self.folder / name, time.monotonic())
        return process


def read_engines(folder: Path) -> dict[str, EngineState]:
    """Every process's file in `folder`, by name. One that cannot be read is left out: it is a hint, not a count."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        with contextlib.suppress(OSError, ValueError, TypeError):
            found[path.name] = EngineState(**json.loads(path.read_text(encoding="utf-8")))
    return found


def total_counters(states: Mapping[str, EngineState]) -> Counter[str]:
    """All processes' counters together."""
    total: Counter[str] = Counter()
    for state in states.values():
        total.update(state.counters)
    return total


def endpoint_troubles(states: Iterable[EngineState]) -> list[Trouble]:
    """The processes' endpoints in trouble, each once: of what several say, what has lasted longest."""
    found: dict[str, Trouble] = {}
    for one in (Trouble(**told) for state in states for told in state.troubles):
        if one.where not in found or one.seconds > found[one.where].seconds:
            found[one.where] = one
    return [found[where] for where in sorted(found)]


class RequestsSince:
    """Says how many requests a second all processes of a stage have had answered since now, and how many retries.

    And how many answers were refused, by what is wrong with them most often; and which endpoints are paused or left
    aside, and why, by processes that wrote since now and lately.
    """

    def __init__(self, folder: Path, forecast: Forecast | None = None) -> None:
        self.folder = folder
        self.forecast = forecast
        self._began = time.monotonic()
        before = read_engines(folder)
        self._before = total_counters(before)
        # Each file's last beat that was seen, and when it was seen to move.
        self._beats = {name: (state.beat, float("-inf")) for name, state in before.items()}

    def __call__(self) -> str:
        states = read_engines(self.folder)
        lately = self._lately(states)
        troubles = endpoint_troubles(lately)
        if under_way := sum(int(state.now.get("stopping", 0)) for state in lately):
            answers = "answer" if under_way == 1 else "answers"
            return f"{STOPPING}, {under_way:,} {answers} under way; Ctrl-C again to leave them"
        new = total_counters(states) - self._before
        if not new["answers"] and not new["requests"] and not new["batched_requests"] and not troubles:
            return ""
        retries = sum(count for name, count in new.items() if name.startswith("retry_"))
        seconds = max(time.monotonic() - self._began, 1e-3)
        rate = new["answers"] / seconds
        trial = sum(state.now.get("trial", 0.0) for state in lately)
        speed = self.forecast.told(new, seconds, trial) if self.forecast else ""
        lost = 0 if any(one.left_aside for one in troubles) else new["endpoints_left_aside"]
        aside = (
            f", {lost} {'endpoint' if lost == 1 else 'endpoints'} left aside: see {self.folder.parent}" if lost else ""
        )
        timed_out = f", {new[TIMED_OUT]:,} timed out and may be billed" if new[TIMED_OUT] else ""
        more = f"{timed_out}{batches_text(new)}{refused_text(new)}{aside}"
        counts = f"({rate:,.1f} requests/s{speed}, {retries:,} retries{more})"
        return "; ".join([counts, *map(trouble_text, troubles)])

    def _lately(self, states: Mapping[str, EngineState]) -> list[EngineState]:
        now = time.monotonic()
        for name, state in states.items():
            if name not in self._beats or self._beats[name][0] != state.beat:
                self._beats[name] = state.beat, now
        return [state for name, state in states.items() if now - self._beats[name][1] < STALE_S]


def batches_text(counters: Mapping[str, int]) -> str:
    """What the build's line says of requests in batches.

    >>> batches_text({"batched_requests": 5200, "batched_done": 1300}), batches_text({})
    (', 1,300 of 5,200 requests in batches done', '')
    """
    asked, done = counters.get("batched_requests", 0), counters.get("batched_done", 0)
    return f", {done:,} of {asked:,} requests in batches done" if asked else ""


def refused(counters: Mapping[str, int]) -> dict[str, int]:
    """How many answers were refused, by reason, most frequent first."""
    found = {
        name.removeprefix(REFUSED): count for name, count in counters.items() if name.startswith(REFUSED) and count
    }
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def refused_text(counters: Mapping[str, int], most: int = 3) -> str:
    """What the build's line says of refused answers.

    >>> refused_text({"answers": 90, "refused_empty": 4, "refused_untranslated": 12})
    ', 16 answers refused: untranslated 12, empty 4'
    """
    found = refused(counters)
    reasons = ", ".join(f"{name} {count:,}" for name, count in list(found.items())[:most])
    return f", {sum(found.values()):,} answers refused: {reasons}" if found else ""


def trouble_text(one: Trouble, most: int = SHOWN) -> str:
    """One line, of a reason's first `most` characters.

    >>> trouble_text(Trouble("127.0.0.1:8000", "503: overloaded", 12.3, left_aside=False))
    'paused: 127.0.0.1:8000: 503: overloaded (for 12 s)'
    """
    # A server's own words, which end on a terminal.
    reason = "".join(character if character.isprintable() else " " for character in one.reason)
    shown = reason if len(reason) <= most else f"{reason[: most - 1]}…"
    return f"{'left aside' if one.left_aside else 'paused'}: {one.where}: {shown} (for {one.seconds:.0f} s)"
