"""How long a store of answers holds up the event loop, by the number of logs in its folder.

    python -m benchmarks.answers [--logs 1 16 64] [--answers 20000] [--open-ms 0.5] [--seconds 5]

A process asks 64 questions at a time, a fifth of them short ones that are claimed, in a folder that holds as many logs
of other processes; opening a file takes `--open-ms`, as on a share. What is told is how late a timer of 1 ms is at the
median and at the 99th percentile, and the time that `totals` takes for each answer; first of all how late it is
without a store, which is the machine's doing.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from processors.answers.ask_once import AskedOnce
from processors.answers.log import LOG_MAGIC, Record
from processors.answers.reader import AnswerReader
from processors.answers.store import AnswerStore
from processors.clients.answer import Answer


class _Server:
    """Answers after 50 ms, with no network."""

    async def ask(self, payload: dict[str, Any], wanted: Callable[[], bool] = lambda: True) -> Answer:
        await asyncio.sleep(0.05)
        return Answer("x" * 400, "stop", 100, 100)

    def stop(self) -> None:
        pass


def write_logs(folder: Path, logs: int, answers: int) -> None:
    folder.mkdir()
    for log in range(logs):
        records = (Record(os.urandom(20), b"x" * 400, b"stop", 100, 100) for _ in range(answers // logs))
        (folder / f"elsewhere-{log:04}-0000.log").write_bytes(LOG_MAGIC + b"".join(r.pack() for r in records))


async def late(store: AnswerStore | None, seconds: float) -> list[float]:
    """How late a timer of a millisecond is, in milliseconds, while questions are asked."""
    questions = AskedOnce(_Server(), store, lambda name, value: None)  # type: ignore[arg-type]
    until, found, numbers = time.perf_counter() + seconds, [], Counter[str]()

    async def ask() -> None:
        while time.perf_counter() < until:
            numbers["asked"] += 1
            await questions.ask(os.urandom(20), {}, shared=numbers["asked"] % 5 == 0)

    async def tick() -> None:
        while time.perf_counter() < until:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            found.append((time.perf_counter() - before - 0.001) * 1000)

    await asyncio.gather(tick(), *(ask() for _ in range(64)))
    return sorted(found)


def told(found: list[float]) -> str:
    return (
        f"a timer is late by {found[len(found) // 2]:.1f} ms at the median, "
        f"{found[len(found) * 99 // 100]:.1f} at the 99th percentile, {found[-1]:.1f} at most"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--logs", type=int, nargs="*", default=[1, 16, 64])
    parser.add_argument("--answers", type=int, default=20000)
    parser.add_argument("--open-ms", type=float, default=0.5)
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    plain = os.open

    def slow(*given: Any, **more: Any) -> int:
        time.sleep(options.open_ms / 1000)
        return plain(*given, **more)

    print(f"without a store {told(asyncio.run(late(None, options.seconds)))}")
    for logs in options.logs:
        with tempfile.TemporaryDirectory() as name:
            write_logs(Path(name) / "answers", logs, options.answers)
            os.open = slow
            with AnswerStore(Path(name) / "answers") as store:
                found = asyncio.run(late(store, options.seconds))
            os.open = plain
            reader = AnswerReader(Path(name) / "answers")
            began = time.perf_counter()
            count = reader.totals()[0]
            each = (time.perf_counter() - began) / count * 1e6
        print(f"{logs} logs: {told(found)}; totals {each:.1f} us an answer; load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
