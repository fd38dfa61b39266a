"""Requests a second through the whole translation stage of a build, against a stand-in server on the loopback.

    python -m benchmarks.engine [--rows 6000] [--concurrency 64 1024] [--capacity 50] [--latency 0.25] [--rounds 3]
                                [--workers 1]
    python -m benchmarks.engine --pieces 2000 [--concurrency 64 256 1024] [--latency 0.05]
    python -m benchmarks.engine --memory 200000

Zero latency: the stage as a build runs it in one process (units, answers on disk), and without either ("checkpoints
off": nothing is stored, finished rows are counted and thrown away), in turn, `--rounds` times; the medians. Fixed
capacity: what the stage gets out of a server that answers `--capacity` requests at a time in `--latency` seconds each,
as a share of what a bare load generator gets (as many loops as may be in flight, each sending the next request when it
has the last one's answer) by httpx and by aiohttp as the stage has it, in turn; `--capacity 0` answers any
number at a time. `--workers` are the stage's processes, as of a build, with the same number at once in all. `--memory`
prints the process's resident memory at a tenth, half and all of so many rows. A row is one request. The stand-in is a
process of its own on the same machine and costs its share; the load average is printed, and the processor time of a
request. `--pieces` prints what a row costs in processor time at most places by itself: its checks alone, sent by the
bare client alone, answered by the stand-in, in the stage, and in the stage with its checks emptied; and what two cores
could do if a row cost no more than its checks and its request, or no check. Rates against a fixed capacity are those
of the middle 80 % of the answers, as the server saw them.
"""

import argparse
import asyncio
import json
import os
import resource
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import httpx
from datatrove.data import Document

from builders.build import run_build
from builders.engines import engine_of
from builders.engines.common.make import candidate_row
from builders.executors.this_machine import run_stage
from builders.recipes.load import load_recipe
from builders.run_folder import schemas
from builders.run_folder.folder import Run
from builders.run_folder.unit_reader import UnitReader
from builders.run_folder.unit_writer import UnitWriter
from builders.run_folder.units import Unit, UnitFiles, read_counts
from builders.sources.find import find_shards, plan_units
from processors.clients.prompts import build_payload
from processors.clients.session import Session, SessionHeaders

TEXT = "Sentence number {}: the quick brown fox jumps over the lazy dog, and then it writes a report about it. " * 4
RECIPE = """
name: engine
source: {{path: {source}, keep: [{splits}]}}
translators:
  - {{name: Chat, backend: endpoint, model: stand-in, base_url: "{url}", concurrency: {concurrency}}}
"""
SPLIT_ROWS = 50_000
ONE = httpx.Limits(max_connections=1)


def write_source(folder: Path, rows: int) -> list[str]:
    """Rows with one request each: an answer of digits needs no translation."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = schemas.source()
    (folder / "SFT").mkdir(parents=True)
    kwargs = {"custom_instructions": "", "enable_thinking": False, "python_tools": [], "xml_tools": []}
    splits = []
    for first in range(0, rows, SPLIT_ROWS):
        made = [
            {
                "messages": [
                    {"role": "user", "content": TEXT.replace("{}", str(number))},
                    {"role": "assistant", "content": str(number)},
                ],
                "chat_template_kwargs": kwargs,
                "source": "benchmark",
            }
            for number in range(first, min(rows, first + SPLIT_ROWS))
        ]
        splits.append(f"part_{first}")
        pq.write_table(pa.Table.from_pylist(made, schema), folder / "SFT" / f"{splits[-1]}-00000-of-00001.parquet")
    return splits


class Counted(UnitWriter):
    """Counts what arrives and keeps nothing."""

    def write(self, document: Document, rank: int = 0, **_: Any) -> None:
        self.rows(document)


class Stage:
    """The translate stage over one source, against one server."""

    def __init__(self, folder: Path, splits: list[str], url: str, concurrency: int, workers: int = 1) -> None:
        self.folder = folder
        self.workers = workers
        self.recipe = folder / "recipe.yaml"
        self.recipe.write_text(
            RECIPE.format(
                source=folder / "source", splits=", ".join(splits), url=url, concurrency=concurrency // workers
            )
        )
        self._runs = 0

    def build(self) -> "Rate":
        """The rate of a build's stage, in this process or in its workers."""
        self._runs += 1
        run = Run(self.folder / f"run-{self._runs}")
        _quietly(lambda: _build(self.recipe, run, "select", 1))
        began = _clocks()
        _quietly(lambda: _build(self.recipe, run, "translate", self.workers))
        ended = _clocks()
        folder = run.stage("translate", "Chat")
        counts = [read_counts(UnitFiles(folder, path.stem)) for path in (folder / "counts").glob("*.json")]
        kept = sum(count["kept"] for count in counts)
        requests = sum(count["extra"]["requests"] for count in counts)
        assert kept == requests, f"{kept} rows kept, {requests} requests"
        return _rate(requests, began, ended)

    def unchecked(self) -> "Rate":
        """The same without checkpoints, over the rows that `build` selected."""
        recipe = load_recipe(str(self.recipe))
        run = Run(self.folder / f"run-{self._runs}")
        units = _selected(recipe, run)
        engine = engine_of(recipe.translators[0])
        writer = Counted(run.stage("off"), schemas.candidate, candidate_row, {}, progress=run.progress("off"))
        step = engine.last_step(recipe.language, run.stage("off"), writer)
        step.store_folder = None
        steps = [UnitReader(run.stage("select"), units), step]
        began = _clocks()
        run_stage(steps, tasks=1, workers=1, logging_dir=run.logs("off"))
        return _rate(sum(unit.rows for unit in units), began, _clocks())

    def bare(self, rows: int, concurrency: int, client: str = "httpx") -> None:
        """Send the same requests with a bare load generator, by httpx or by aiohttp as the stage has it."""
        recipe = load_recipe(str(self.recipe))
        engine = engine_of(recipe.translators[0])
        prompt, decoding = engine.prompt(recipe.language), engine.decoding()
        assert prompt is not None
        url = httpx.URL(f"{engine.addresses()[0].base_url}/v1/chat/completions")

        async def generate() -> None:
            numbers = iter(range(rows))

            def payloads() -> Iterator[bytes]:
                for number in numbers:
                    payload = build_payload(prompt, decoding, TEXT.replace("{}", str(number)).strip())
                    yield json.dumps(payload | {"model": engine.model}).encode("ascii")

            async def loop() -> None:
                # An SSL context of its own for each client, which none of them needs, would be half of the work.
                async with httpx.AsyncClient(timeout=None, limits=ONE, verify=False) as client:
                    for body in payloads():
                        answer = await client.post(url, content=body, headers={"Content-Type": "application/json"})
                        json.loads(answer.raise_for_status().content)

            async def in_a_session(session: Session) -> None:
                for body in payloads():
                    answer = await session.request("POST", url.raw_path, body)
                    assert answer.status_code == 200
                    json.loads(answer.content)

            session = Session(url, SessionHeaders({"Content-Type": "application/json"}), None)
            loops = (loop() if client == "httpx" else in_a_session(session) for _ in range(concurrency))
            await asyncio.gather(*loops)
            await session.aclose()

        asyncio.run(generate())


class Rate(NamedTuple):
    """Requests for each second of the clock, and of this process's own processor time."""

    wall: float
    cpu: float


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _rate(requests: int, began: tuple[float, float], ended: tuple[float, float]) -> Rate:
    return Rate(requests / (ended[0] - began[0]), requests / (ended[1] - began[1]))


def _steady(log: Path) -> float:
    """Answers a second in the middle 80 % of what the stand-in logged; the log is emptied."""
    times = sorted(json.loads(line)["answered"] for line in log.read_text().splitlines())
    first, last = len(times) // 10, len(times) * 9 // 10
    log.write_text("")
    return (last - first) / (times[last] - times[first])


def _build(recipe: Path, run: Run, stage: str, workers: int) -> None:
    run_build(str(recipe), output=run.folder, workers=workers, tasks=workers, stop_after=stage, finish=lambda _: None)


def _selected(recipe: Any, run: Run) -> list[Unit]:
    shards, _, _ = find_shards(recipe.source)
    return plan_units(shards, {shard.split: shard.split for shard in shards})


def _quietly(call: Callable[[], None]) -> None:
    """Without the build's own words on the terminal."""
    out, err = os.dup(1), os.dup(2)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
        try:
            call()
        finally:
            os.dup2(out, 1)
            os.dup2(err, 2)
            os.close(out)
            os.close(err)


def _memory(folder: Path, rows: int, url: str) -> None:
    """Resident memory of the process while it translates, at three places."""
    splits = write_source(folder / "source", rows)
    stage = Stage(folder, splits, url, 64)
    seen: Counter[int] = Counter()
    places = [rows // 10, rows // 2, rows * 97 // 100]
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.5):
            counts = folder.glob("run-1/translate/Chat/counts/*.json")
            finished = sum(int(path.read_text().split('"kept": ')[1].split(",")[0]) for path in counts)
            for place in places:
                if finished >= place and place not in seen:
                    seen[place] = _resident()

    watcher = threading.Thread(target=watch)
    watcher.start()
    begun = time.perf_counter()
    rate = stage.build()
    done.set()
    watcher.join()
    told = ", ".join(f"{place:,} rows {seen[place]:,} MiB" for place in places)
    print(f"resident memory at {told}; {rate.wall:.0f}/s, {time.perf_counter() - begun:.0f} s")


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 2**20


def main() -> None:
    from tests.standins.standin_llm import running

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=6000)
    parser.add_argument("--concurrency", type=int, nargs="*", default=[64, 1024])
    parser.add_argument("--capacity", type=int, default=50)
    parser.add_argument("--latency", type=float, default=0.25)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--pieces", type=int, default=0, metavar="ROWS")
    parser.add_argument("--memory", type=int, default=0, metavar="ROWS")
    options = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    if options.memory:
        with running("--translation", "fast") as server, tempfile.TemporaryDirectory() as name:
            _memory(Path(name), options.memory, server.url)
        return
    if options.pieces:
        served = ("--translation", "fast", "--capacity", "0", "--latency", str(options.latency))
        with running(*served) as server, tempfile.TemporaryDirectory() as name:
            _pieces(options, server.url, lambda: _processor_time(server.process), Path(name))
        return
    for concurrency in options.concurrency:
        _zero_latency(options, concurrency)
        _fixed_capacity(options, concurrency)


def _pieces(options: argparse.Namespace, url: str, server: Callable[[], float], folder: Path) -> None:
    """What a row costs by itself, and what that leaves of a bare client's rate on two cores."""
    rows = options.pieces
    splits = write_source(folder / "source", rows)
    checks = _checks_alone(rows)
    for concurrency in options.concurrency:
        stage = Stage(folder, splits, url, concurrency)
        stage._runs = concurrency
        whole = 1e6 / stage.build().cpu
        with _no_checks():
            engine = 1e6 / stage.build().cpu
        began, answering = _clocks(), server()
        stage.bare(rows, concurrency, "session")
        sent, answered = 1e6 / _rate(rows, began, _clocks()).cpu, 1e6 * (server() - answering) / rows
        most = min(concurrency / options.latency, 2e6 / (sent + answered))
        shares = [min(1.0, 2e6 / (one + answered) / most) for one in (checks + sent, whole, engine)]
        print(
            f"{concurrency} at once: a row costs the stage {whole:.0f} us, without checks {engine:.0f}; its checks "
            f"alone {checks:.0f}, sent alone {sent:.0f}, the stand-in's answer {answered:.0f}. Of a bare client's "
            f"{most:,.0f}/s at most on two cores "
            f"{shares[0]:.2f} for checks and request alone, {shares[1]:.2f} for the stage, {shares[2]:.2f} "
            f"for it without checks; load average "
            f"{os.getloadavg()[0]:.1f}"
        )


@contextmanager
def _no_checks() -> Iterator[None]:
    """A stage that passes every answer: to measure what the others cost, and nothing to build with."""
    from processors.checks.once import ConversationChecks

    before = ConversationChecks.chunk, ConversationChecks.whole
    ConversationChecks.chunk = lambda *_: None  # type: ignore[method-assign]
    ConversationChecks.whole = lambda *_: []  # type: ignore[method-assign]
    try:
        yield
    finally:
        ConversationChecks.chunk, ConversationChecks.whole = before  # type: ignore[method-assign]


def _checks_alone(rows: int) -> float:
    """Microseconds for the checks of such a row."""
    from processors.checks.once import ConversationChecks
    from tests.standins.standin_llm import _MAP

    began = time.process_time()
    for number in range(rows):
        source, digits = TEXT.replace("{}", str(number)), {"role": "assistant", "content": str(number)}
        target, checks = source.strip().lower().translate(_MAP), ConversationChecks()
        assert checks.chunk(source.strip(), target) is None
        asked, answered = ({"role": "user", "content": text} for text in (source, target + " "))
        checks.whole([asked, digits], [answered, digits])
    return 1e6 * (time.process_time() - began) / rows


def _processor_time(process: int) -> float:
    ticks = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def _zero_latency(options: argparse.Namespace, concurrency: int) -> None:
    """With and without checkpoints, in turn."""
    from tests.standins.standin_llm import running

    with running("--translation", "fast") as server, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stage = Stage(folder, write_source(folder / "source", options.rows), server.url, concurrency)
        on, off = [], []
        for _ in range(options.rounds):
            on.append(stage.build())
            off.append(stage.unchecked())
    for clock in ("wall", "cpu"):
        with_, without = ([getattr(rate, clock) for rate in rates] for rates in (on, off))
        ratio = median(a / b for a, b in zip(with_, without, strict=True))
        what = "a second of its processor time" if clock == "cpu" else "a second"
        print(
            f"zero latency, {concurrency} at once: stage {median(with_):.0f} {what}, without checkpoints "
            f"{median(without):.0f} ({ratio:.2f}); load average {os.getloadavg()[0]:.1f}"
        )


def _fixed_capacity(options: argparse.Namespace, concurrency: int) -> None:
    """The stage beside bare load generators, in turn."""
    from tests.standins.standin_llm import running

    capacity = ("--capacity", str(options.capacity), "--latency", str(options.latency))
    whole, steady = defaultdict[str, list[Rate]](list), defaultdict[str, list[float]](list)
    with tempfile.TemporaryDirectory() as name:
        folder, log = Path(name), Path(name) / "log"
        with running("--translation", "fast", *capacity, "--log", str(log)) as server:
            splits = write_source(folder / "source", options.rows)
            stage = Stage(folder, splits, server.url, concurrency, options.workers)
            for _ in range(options.rounds):
                for client in ("httpx", "session"):
                    began = _clocks()
                    stage.bare(options.rows, concurrency, client)
                    whole[client].append(_rate(options.rows, began, _clocks()))
                    steady[client].append(_steady(log))
                whole["stage"].append(stage.build())
                steady["stage"].append(_steady(log))
    shares = [
        f"{median(a / b for a, b in zip(steady['stage'], steady[name], strict=True)):.3f}"
        for name in ("session", "httpx")
    ]
    most = f"{options.capacity / options.latency:.0f}/s" if options.capacity else "any number"
    told = {
        name: f"{median(steady[name]):.0f}/s, {1e6 / median(one.cpu for one in whole[name]):.0f} us" for name in steady
    }
    if options.workers > 1:
        # Its processor time is theirs.
        told["stage"] = f"{median(steady['stage']):.0f}/s, unknown"
    print(
        f"capacity {most}, {options.latency * 1000:.0f} ms, {concurrency} at once, {options.workers} workers: stage "
        f"{told['stage']} of processor time a request; bare httpx {told['httpx']}; bare aiohttp, as in the stage, "
        f"{told['session']}; stage to aiohttp and httpx {' and '.join(shares)}, with its start and end "
        f"{median(one.wall for one in whole['stage']):.0f}/s; load average {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    main()
