"""A whole build against a server with every fault, killed with -9 again and again: nothing lost, nothing paid twice.

    python -m benchmarks.soak [--questions 12500] [--kills 10] [--workers 4] [--rate 0.05] [--seed 1] [--batches]

The stand-in server draws for each request by itself: 429 with Retry-After, 500, 503, 529, a connection dropped, no
answer ever, half a body, a web page instead of JSON, finish_reason length, an empty answer, content filtered, each at
`--rate`; 12,500 questions become over 20,000 requests. The build's whole process group is killed at random moments.
Asserted:

- After the build each selected row is exactly once among the translator's rows or among its failed ones.
- A question whose answer left the server more than a second before a kill was never answered again: two answers to
  one question have a kill within a second of the first. (The client waits `TIMEOUT_S` for an answer; one that the
  stand-in, on a busy machine, took longer than half of that for is counted as late and left out.)
- `build --retry-failed`, called until no row fails, ends, asks for nothing that is already answered well, and then
  the Parquet files are byte for byte those of a build without faults. This holds because a translation of the
  stand-in depends on the text alone and not on how the retry ladder cut it: transport faults leave no trace, and bad
  answers (length, empty, filtered) only change the way to the same text.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FAULTS = ("429", "500", "503", "529", "drop", "hang", "half", "html", "length", "empty", "filter")
TIMEOUT_S, COMMITTED_S = 6.0, 1.0
MOST_RETRIES = 12

RECIPE = """
name: soak
source: {{path: {source}, keep: [{splits}]}}
translators:
  - {{name: Chat, backend: endpoint, model: stand-in, base_url: "{url}", timeout_s: {timeout}, concurrency: 64}}
"""
BATCHES = """
name: soak
source: {{path: {source}, keep: [{splits}]}}
translators:
  - {{name: Chat, backend: batch, api: openai, model: stand-in, base_url: "{url}/v1", timeout_s: {timeout},
      decoding: {{max_tokens: 2000}}, gather_s: 0.5, poll_s: 0.2, requests_per_batch: 500}}
executor: {{kind: queue, lease_s: 20}}
"""
NOUNS = ("river", "bridge", "village", "teacher", "market", "garden", "letter", "engine", "planet", "doctor", "window")
VERBS = ("crosses", "describes", "follows", "repairs", "measures", "paints", "remembers", "watches", "changes")


@dataclass
class Report:
    """What happened, and what is wrong (nothing, if all is well)."""

    questions: int = 0
    requests: int = 0
    answers: int = 0
    kills: int = 0
    lost_answers: int = 0
    late: int = 0
    failed: list[int] = field(default_factory=list)
    seconds: float = 0.0
    served: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


@dataclass
class Kind:
    """Which recipe is soaked, and the stand-in for it: without faults, and with them by options of its own."""

    recipe: str
    start: Callable[..., Any]
    control: dict[str, Any] = field(default_factory=dict)
    faults: tuple[str, ...] = ()


def chats(rate: float) -> Kind:
    from tests.standins.standin_llm import running

    faults = tuple(part for name in FAULTS for part in ("--fault", f"{name}={rate}"))
    return Kind(RECIPE, running, faults=(*faults, "--latency", "0.01"))


def in_batches(rate: float) -> Kind:
    from tests.standins.standin_batch import SHARES, running_batches

    return Kind(BATCHES, running_batches, dict.fromkeys(SHARES, rate), ("--fault", str(rate)))


def soak(
    folder: Path, questions: int, kills: int, workers: int, rate: float, seed: int, *, batches: bool = False
) -> Report:
    """Run it all within `folder`."""
    kind = in_batches(rate) if batches else chats(rate)
    draw, report, begun = random.Random(seed), Report(), time.monotonic()
    source = folder / "source"
    splits = write_source(source, questions)
    with kind.start() as server:
        server.control(pseudo=True)
        _build(folder, "whole", kind.recipe, source, splits, server.url, workers)
        report.questions = len(server.stats()["paid" if batches else "asked"])
    log = folder / "answers.log"
    log.touch()
    with kind.start(*kind.faults, "--seed", str(seed), "--log", str(log)) as server:
        server.control(pseudo=True, **kind.control)
        killed = []
        moments = sorted(draw.uniform(0.02, 0.9) for _ in range(kills))
        for moment in moments:
            process = _start(folder, "broken", kind.recipe, source, splits, server.url, workers)
            while process.poll() is None and _lines(log) < moment * report.questions:
                time.sleep(0.05)
            time.sleep(draw.uniform(0, 1))
            if process.poll() is None:
                killed.append(time.time())
                os.killpg(process.pid, signal.SIGKILL)
            elif process.returncode:
                report.wrong.append(f"a build ended with {process.returncode}: {_said(folder)}")
            process.wait()
        report.kills = len(killed)
        _build(folder, "broken", kind.recipe, source, splits, server.url, workers)
        report.failed.append(_check_rows(folder / "broken", report))
        while report.failed[-1] and len(report.failed) <= MOST_RETRIES:
            _build(folder, "broken", kind.recipe, source, splits, server.url, workers, "--retry-failed")
            report.failed.append(_check_rows(folder / "broken", report))
        stats = server.stats()
    if batches:
        report.requests = stats["alone"] + sum(len(batch["ids"]) for batch in stats["batches"])
        report.served = dict(sorted(stats["fates"].items())) | {"batches": len(stats["batches"])}
    else:
        report.requests, report.served = sum(stats["asked"].values()), dict(sorted(stats["served"].items()))
    _check_answers(log, killed, report)
    if report.failed[-1]:
        report.wrong.append(f"{report.failed[-1]} rows still fail after {MOST_RETRIES} retries")
    whole, broken = _parquet(folder / "whole"), _parquet(folder / "broken")
    report.wrong += [f"{name} differs from the build without faults" for name in whole if whole[name] != broken[name]]
    report.seconds = time.monotonic() - begun
    return report


def write_source(folder: Path, questions: int) -> list[str]:
    """Four splits of rows with two questions each, and every third with one of 20 shared system prompts."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from builders.run_folder import schemas

    schema = schemas.source()
    (folder / "SFT").mkdir(parents=True)
    names = ["alpha", "beta", "gamma", "delta"]
    for part, name in enumerate(names):
        rows = [_row(number) for number in range(part, questions // 2, len(names))]
        pq.write_table(pa.Table.from_pylist(rows, schema), folder / "SFT" / f"{name}-00000-of-00001.parquet")
    return names


def _row(number: int) -> dict[str, Any]:
    def sentence(salt: int) -> str:
        n = number * 31 + salt
        return f"The {NOUNS[n % 11]} {VERBS[n % 9]} the {NOUNS[n // 11 % 11]} on day {number}."

    answer = " ".join(sentence(salt) for salt in range(number % 5 + 1))
    if number % 7 == 0:
        answer += (
            f"\n\n```python\nprint({number})\n```\nSee https://example.org/{number} for the {NOUNS[number % 11]}."
        )
    messages = [{"role": "user", "content": sentence(7)}, {"role": "assistant", "content": f"{answer} Yes."}]
    if number % 3 == 0:
        messages.insert(0, {"role": "system", "content": f"You help people with the {NOUNS[number % 11]} kindly."})
    kwargs = {"custom_instructions": "", "enable_thinking": False, "python_tools": [], "xml_tools": []}
    return {"messages": messages, "chat_template_kwargs": kwargs, "source": "soak"}


def _start(
    folder: Path, output: str, recipe: str, source: Path, splits: list[str], url: str, workers: int, *more: str
) -> "subprocess.Popen[bytes]":
    path = folder / f"{output}.yaml"
    path.write_text(recipe.format(source=source, splits=", ".join(splits), url=url, timeout=TIMEOUT_S))
    command = [sys.executable, "-m", "smolkalam", "build", str(path), "--output", str(folder / output), "--yes"]
    with (folder / "said.txt").open("wb") as said:
        return subprocess.Popen(
            [*command, "--workers", str(workers), *more],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
        )


def _build(
    folder: Path, output: str, recipe: str, source: Path, splits: list[str], url: str, workers: int, *more: str
) -> None:
    if _start(folder, output, recipe, source, splits, url, workers, *more).wait():
        raise AssertionError(f"a build failed: {_said(folder)}")


def _said(folder: Path) -> str:
    return (folder / "said.txt").read_text(errors="replace")[-2000:]


def _lines(log: Path) -> int:
    return log.read_bytes().count(b"\n")


def _check_rows(run: Path, report: Report, name: str = "Chat") -> int:
    """Each selected row once, in the output or in the failed pile; how many failed."""
    selected = Counter(_ids(run / "select"))
    translated = Counter(_ids(run / "translate" / name))
    failed = Counter(
        json.loads(line)["id"]
        for path in (run / "translate" / name / "dropped").glob("*.jsonl")
        for line in path.read_text().splitlines()
    )
    if selected != translated + failed or set(selected.values()) != {1}:
        report.wrong.append(f"{sum(((translated + failed) - selected).values())} rows too many, "
                            f"{sum((selected - translated - failed).values())} missing")  # fmt: skip
    return failed.total()


def _ids(folder: Path) -> Iterator[str]:
    import pyarrow.parquet as pq

    for path in sorted(folder.glob("*.parquet")):
        yield from pq.read_table(path, columns=["id"], partitioning=None)["id"].to_pylist()


def _check_answers(log: Path, kills: list[float], report: Report) -> None:
    """No question is answered again, unless a kill came within a second of the answer, which then was not in a batch.

    What a batch has answered lies at the API, and is found again whenever its process is killed.
    """
    answered: dict[str, list[tuple[float, bool]]] = {}
    for line in log.read_text().splitlines():
        answer = json.loads(line)
        report.answers += 1
        batched = bool(answer.get("batched"))
        if not batched and answer["answered"] - answer["came"] > TIMEOUT_S / 2:
            report.late += 1
            continue
        answered.setdefault(answer["question"], []).append((answer["answered"], batched))
    for question, times in answered.items():
        for (first, batched), (second, _) in zip(sorted(times), sorted(times)[1:], strict=False):
            # The kill is written down a moment before it is done.
            if not batched and any(first - 0.1 <= kill <= first + COMMITTED_S for kill in kills):
                report.lost_answers += 1
            else:
                after = min((kill - first for kill in kills if kill >= first - 0.1), default=float("inf"))
                report.wrong.append(
                    f"asked again {second - first:.1f} s after its answer{' in a batch' if batched else ''}, "
                    f"with a kill {after:.1f} s after it: {question[-200:]}"
                )


def _parquet(run: Path) -> dict[str, bytes]:
    files = sorted((run / "dataset").rglob("*.parquet"))
    return {str(path.relative_to(run)): path.read_bytes() for path in files}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=12500)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--rate", type=float, default=0.05, help="of each fault")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batches", action="store_true", help="of a batch API")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sizes = options.questions, options.kills, options.workers, options.rate, options.seed
        report = soak(Path(folder), *sizes, batches=options.batches)
    print(
        f"{report.questions:,} questions, {report.requests:,} requests, {report.answers:,} answers, "
        f"{report.kills} kills, {report.seconds:.0f} s"
    )
    print("served: " + ", ".join(f"{name} {n:,}" for name, n in report.served.items()))
    print(f"answers lost to a kill within a second of them: {report.lost_answers}; late ones left out: {report.late}")
    print("rows failed after the build and after each --retry-failed: " + ", ".join(map(str, report.failed)))
    print("\n".join(report.wrong[:20]) if report.wrong else "all is well: the same bytes as without faults")
    raise SystemExit(bool(report.wrong))


if __name__ == "__main__":
    main()
