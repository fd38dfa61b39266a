"""How long the event loop of a translation stage is held, with the logs of many processes in its folder of answers.

    python -m benchmarks.event_loop [--logs 64] [--rows 150] [--concurrency 64] [--latency 0.05] [--rate 50]

The stage as a build runs it, in this process: units, answers on disk, all checks, against a stand-in on the loopback.
In its folder of answers lie the logs of `--logs` other writers, `--answers` in each, to which another process adds all
the while. Rows are conversations of one to eight questions whose answers have one to forty lines of the demo's, which
the stand-in answers with the translations that people approved, so that all checks have their work; every third row
has a system prompt that others have too, which is claimed.

Printed: what a callback holds the loop for, by the clock and by the thread's own processor time, which other processes
do not lengthen, from the first answer on; how late a timer of 10 ms is; and how late one of a process that does
nothing else in the same seconds, which is the machine's part. First at most `--rate` requests a second are answered,
as of a paid API, and then any number: there the stage takes all of a core, and what has come waits its turn whatever
is done.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import tempfile
import time
from asyncio import events
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.engine import Stage, _build, _quietly

SYSTEM = [f"You help people with their {noun}, and answer in short sentences." for noun in ("garden", "letters")]
MEMORY = Path(__file__).parents[1] / "builders/sample/memory/reference.tmx"
BEAT_S = 0.01


def known_pairs() -> dict[str, str]:
    """The demo's lines of prose with the translations that people approved."""
    from processors.memory.files import read_units

    units = read_units(MEMORY, source="en", target="ar")
    pairs = {entry.source: entry.target for unit in units for entry in unit.pairs("en", "ar")}
    return {one: other for one, other in pairs.items() if len(one) > 40 and "\n" not in one + other}


def write_rows(folder: Path, rows: int, lines: list[str], seed: int = 1) -> list[str]:
    """One split of conversations made of such lines."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from builders.run_folder import schemas

    draw = random.Random(seed)
    kwargs = {"custom_instructions": "", "enable_thinking": False, "python_tools": [], "xml_tools": []}
    made = []
    for number in range(rows):
        messages = [{"role": "system", "content": draw.choice(SYSTEM)}] if number % 3 == 0 else []
        for _ in range(draw.choice([1, 1, 1, 2, 3, 8])):
            for role, most in (("user", 4), ("assistant", 40)):
                said = draw.sample(lines, round(most ** draw.random()))
                messages.append({"role": role, "content": "\n\n".join(said)})
        made.append({"messages": messages, "chat_template_kwargs": kwargs, "source": "benchmark"})
    (folder / "SFT").mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(made, schemas.source()), folder / "SFT" / "chats-00000-of-00001.parquet")
    return ["chats"]


def other_writers(folder: Path, logs: int, answers: int, ready: Any, end: Any) -> None:
    """So many logs, held by one process as if they were as many, to which answers are added all the while."""
    from processors.answers.store import AnswerStore
    from processors.clients.answer import Answer

    async def write() -> None:
        stores = [AnswerStore(folder) for _ in range(logs)]
        number = 0

        async def put(store: AnswerStore) -> None:
            nonlocal number
            number += 1
            await store.put(blake2b(b"%d" % number, digest_size=32).digest(), Answer("answer " * 60, "stop", 100, 100))

        for _ in range(answers):
            await asyncio.gather(*(put(store) for store in stores))
        ready.set()
        while not end.is_set():
            await asyncio.gather(put(random.choice(stores)), asyncio.sleep(0.1))
        for store in stores:
            store.close()

    asyncio.run(write())


def idle_timer(end: Any, late: Any) -> None:
    """How late a timer is in a process that has nothing else to do."""

    async def wait() -> list[float]:
        found: list[float] = []
        begun = asyncio.Event()
        begun.set()
        beat = asyncio.create_task(_beat(found, begun))
        while not end.is_set():
            await asyncio.sleep(0.5)
        beat.cancel()
        return found

    late.put(asyncio.run(wait()))


@contextmanager
def held_by_callbacks(said: list[tuple[float, float]], late: list[float]) -> Iterator[None]:
    """Note what each callback of every loop of this process takes, and how late timers are, from the first answer on.

    Before it logs are read and libraries loaded, and nobody waits.
    """
    from processors.answers.store import AnswerStore

    plain: Callable[[Any], None] = events.Handle._run
    put, begun = AnswerStore.put, asyncio.Event()

    async def first_put(self: Any, *given: Any) -> None:
        begun.set()
        await put(self, *given)

    def timed(handle: Any) -> None:
        clock, processor = time.perf_counter(), time.thread_time()
        plain(handle)
        if begun.is_set():
            said.append((time.perf_counter() - clock, time.thread_time() - processor))

    start = asyncio.runners.Runner.run

    def run(self: Any, main: Any, **more: Any) -> Any:
        async def with_beat() -> Any:
            beat = asyncio.create_task(_beat(late, begun))
            try:
                return await main
            finally:
                beat.cancel()

        return start(self, with_beat(), **more)

    events.Handle._run, asyncio.runners.Runner.run, AnswerStore.put = timed, run, first_put  # type: ignore
    try:
        yield
    finally:
        events.Handle._run, asyncio.runners.Runner.run, AnswerStore.put = plain, start, put  # type: ignore


async def _beat(late: list[float], begun: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    await begun.wait()
    while True:
        due = loop.time() + BEAT_S
        await asyncio.sleep(BEAT_S)
        late.append(loop.time() - due)


def told(said: list[tuple[float, float]], late: list[float]) -> str:
    clock, processor = np.array(said).T * 1000
    waits = np.array(late) * 1000
    return (
        f"held for {np.percentile(clock, 99):.1f} ms at the 99th percentile of {len(clock):,} callbacks (longest "
        f"{clock.max():.0f}), by its own processor time {np.percentile(processor, 99):.1f}; a timer late by "
        f"{np.percentile(waits, 50):.1f} ms at the median, {np.percentile(waits, 99):.1f} at the 99th percentile"
    )


def main() -> None:
    from tests.standins.standin_llm import running

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--logs", type=int, default=64)
    parser.add_argument("--answers", type=int, default=500)
    parser.add_argument("--rows", type=int, default=150)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--latency", type=float, default=0.05)
    parser.add_argument("--rate", type=float, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        pairs, table = known_pairs(), Path(name) / "pairs.json"
        table.write_text(json.dumps(pairs), "utf-8")
        splits = write_rows(Path(name) / "source", options.rows, sorted(pairs))
        for most in (options.rate, 0):
            capacity = max(1, round(most * options.latency)) if most else 0
            served = ("--pairs", str(table), "--capacity", str(capacity), "--latency", str(options.latency))
            with running(*served) as server:
                stage = Stage(Path(name), splits, server.url, options.concurrency)
                stage._runs = 10 * bool(most)
                print(_measured(stage, options, f"at most {most:g}/s" if most else "any number"), flush=True)


def _measured(stage: Stage, options: argparse.Namespace, what: str) -> str:
    from builders.recipes.load import load_recipe
    from builders.run_folder.folder import Run

    run = Run(stage.folder / f"run-{stage._runs + 1}")
    answers = run.answers(load_recipe(str(stage.recipe)).translators[0])
    context = multiprocessing.get_context("spawn")
    ready, end = context.Event(), context.Event()
    others = context.Process(target=other_writers, args=(answers, options.logs, options.answers, ready, end))
    others.start()
    ready.wait()
    idle = context.SimpleQueue()
    idler = context.Process(target=idle_timer, args=(end, idle))
    idler.start()
    said: list[tuple[float, float]] = []
    late: list[float] = []
    with held_by_callbacks(said, late):
        began = time.perf_counter()
        _quietly(lambda: _build(stage.recipe, run, "translate", 1))
        seconds = time.perf_counter() - began
    end.set()
    idled = np.percentile(np.array(idle.get()) * 1000, 99)
    idler.join()
    others.join()
    logs = len(list(answers.glob("*.log")))
    return (
        f"{what}, {options.concurrency} at once, {logs} logs: {told(said, late)}, one of an "
        f"idle process by {idled:.1f} there; {seconds:.0f} s, load average {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    main()
