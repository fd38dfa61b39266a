"""The whole build with the `pseudo` backend in MB/s, against pyarrow just reading and rewriting the same shards.

    python -m benchmarks.build --input FOLDER --repeat 6

FOLDER is laid out as the Hub repository (`SFT/<split>-00000-of-000NN.parquet`). `--repeat N` writes each shard's rows
N times, one copy after another, into a temporary folder: on a few MB the start of Python is most of a build. What the
build remembers between rows are its latest 64 texts, so a copy that comes a whole shard later gains nothing by it.

MB are 10^6 bytes of UTF-8 in the contents of the source's messages. The build is the shipped recipe `pseudo` as a user
runs it, in a process of its own, start included: rows are validated and selected, translated by two translators,
checked, scored, ranked, and written as three configs with their card. pyarrow reads each shard and writes it again
(zstd), in this process, without its start. Rounds are interleaved; medians. Processor time is a fair measure on a
machine that is shared, and can be had with one worker only; with more the time on the clock is compared.

Where the time goes comes from one more build under cProfile, with one worker: the shares are cProfile's, which
makes small Python functions look dearer than they are, and the seconds those shares of the median build's.
"""

import argparse
import pstats
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

ROOT = Path(__file__).parent.parent
STAGES = {"select": "select", "translate": "translate", "rank": "rank", "dataset": "build"}
# The group of a function: the first whose name is in "file:function". What belongs to none (the standard library,
# built-in functions) counts for its callers.
GROUPS = {
    "imports": ("<frozen importlib", "importlib/", "{built-in method _imp.", "{built-in method marshal."),
    "token counting": ("tokenizers.Tokenizer", "conversations/tokenizers.py"),
    "chunking": ("conversations/chunking.py",),
    "protected spans": ("processors/protected/",),
    "validation, Han, cuts": ("processors/selection/", "stages/select.py"),
    "parts": ("conversations/parts.py",),
    "pseudo": ("translation/pseudo.py",),
    "checks": ("processors/checks/", "languages/number_words.py", "languages/english", "languages/arabic.py",
               "languages/persian.py", "languages/spellings.py", "languages/digits.py"),
    "metrics": ("processors/scoring/", "languages/scripts.py"),
    "translation (the ladder)": ("processors/translation/", "builders/engines/"),
    "reading Parquet": ("builders/sources/", "run_folder/unit_reader.py", "stages/join_candidates.py",
                        "write_splits.py:_rows", "units.py:read_unit", "core.py:read", "core.py:iter_batches",
                        "core.py:__init__"),
    "writing Parquet": ("run_folder/units.py", "run_folder/unit_writer.py", "builders/dataset/", "parquet/core.py",
                        "run_folder/schemas.py"),
    "ranking": ("stages/rank.py", "processors/ranking/"),
    "datatrove": ("site-packages/datatrove", "site-packages/loguru"),
    "the rest of the build": ("builders/", "hub/", "smolkalam.py"),
}  # fmt: skip

Function = tuple[str, int, str]


def repeat_shards(source: Path, target: Path, times: int) -> tuple[int, int]:
    """Write `times` copies of each shard's rows under `target`; returns (rows, bytes of the messages' contents)."""
    rows = size = 0
    for path in sorted((source / "SFT").glob("*.parquet")):
        table = pa.concat_tables([pq.read_table(path)] * times)
        (target / "SFT").mkdir(parents=True, exist_ok=True)
        pq.write_table(table, target / "SFT" / path.name, compression="zstd")
        contents = pc.struct_field(pc.list_flatten(table["messages"]), "content")
        rows += len(table)
        size += pc.sum(pc.binary_length(contents)).as_py() or 0
    if not rows:
        raise SystemExit(f"{source}: no rows in SFT/*.parquet")
    return rows, size


def rewrite(source: Path, target: Path) -> None:
    target.mkdir()
    for path in sorted((source / "SFT").glob("*.parquet")):
        pq.write_table(pq.read_table(path), target / path.name, compression="zstd")


def build(source: Path, output: Path, workers: int, *python: str) -> None:
    options = ["build", "pseudo", "--input", str(source), "--output", str(output), "--workers", str(workers)]
    command = [sys.executable, *python, "-m", "smolkalam", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)


def profile(source: Path, folder: Path) -> pstats.Stats:
    build(source, folder / "profiled", 1, "-m", "cProfile", "-o", str(folder / "profile"))
    return pstats.Stats(str(folder / "profile"))


def group_of(function: Function) -> str | None:
    name = f"{function[0]}:{function[2]}".replace("\\", "/")
    return next((group for group, signs in GROUPS.items() if any(sign in name for sign in signs)), None)


def by_group(profiled: pstats.Stats) -> dict[str, float]:
    """Seconds of each group: its functions' own time, and that of what belongs to no group by who called it."""
    stats = profiled.stats  # type: ignore[attr-defined]
    known: dict[Function, dict[str, float]] = {}

    def shares(function: Function) -> dict[str, float]:
        """For which groups the function works, by the time that it spends for its callers."""
        if function not in known:
            known[function] = {"other": 1.0}  # for a function that is reached again through its own callers
            callers = {caller: max(entry[3], 1e-9) for caller, entry in stats[function][4].items()}
            group = group_of(function)
            found = {group: 1.0} if group else defaultdict[str, float](float)
            for caller, spent in callers.items() if not group else ():
                for name, share in shares(caller).items():
                    found[name] += share * spent / sum(callers.values())
            known[function] = found or {"other": 1.0}
        return known[function]

    seconds: dict[str, float] = defaultdict(float)
    for function, (_, _, own, _, _) in stats.items():
        for group, share in shares(function).items():
            seconds[group] += own * share
    return seconds


def by_stage(profiled: pstats.Stats) -> dict[str, float]:
    seconds: dict[str, float] = {}
    for (file, _, name), entry in profiled.stats.items():  # type: ignore[attr-defined]
        # A step of the stage's pipeline may be a `run` too, and takes a part of the stage's own time.
        if name == "run" and (stage := STAGES.get(Path(file).stem)) and Path(file).parent.name == "stages":
            seconds[stage] = max(seconds.get(stage, 0.0), entry[3])
    return {name: seconds.get(name, 0.0) for name in STAGES.values()}


def show(title: str, seconds: dict[str, float], whole: float, median: float) -> None:
    print(f"\n{title:28}{'share':>8}{'seconds':>10}")
    for name, value in sorted(seconds.items(), key=lambda item: -item[1]):
        print(f"  {name:26}{value / whole:8.1%}{value / whole * median:10.2f}")


def processor_seconds() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def main() -> None:
    parser = argparse.ArgumentParser(description="The whole build in MB/s, against pyarrow rewriting its shards.")
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--repeat", type=int, default=1, help="copies of each shard's rows")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    workers = arguments.workers
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "source"
        rows, size = repeat_shards(arguments.input, source, arguments.repeat)
        print(
            f"{rows:,} rows, {size / 1e6:.1f} MB of messages, {arguments.repeat} copies; {workers} workers", end="; "
        )
        print(f"medians of {arguments.rounds} interleaved rounds")
        pa.set_cpu_count(workers)
        rewrite(source, folder / "warm")
        clock: dict[str, list[float]] = {"build": [], "pyarrow": []}
        processor: dict[str, list[float]] = {"build": [], "pyarrow": []}
        for turn in range(arguments.rounds):
            for what in clock:
                began, used = time.perf_counter(), processor_seconds()
                if what == "build":
                    build(source, folder / f"build{turn}", workers)
                else:
                    rewrite(source, folder / f"rewrite{turn}")
                clock[what].append(time.perf_counter() - began)
                processor[what].append(processor_seconds() - used)
        for measure, times in (("clock", clock), *([("processor", processor)] if workers == 1 else [])):
            ours, theirs = (statistics.median(times[what]) for what in times)
            print(f"{measure + ' time':16}build {ours:8.2f} s {size / 1e6 / ours:8.3f} MB/s", end="   ")
            print(f"pyarrow {theirs:7.3f} s {size / 1e6 / theirs:8.1f} MB/s   ratio 1 : {ours / theirs:,.0f}")
        median = statistics.median((processor if workers == 1 else clock)["build"])
        profiled = profile(source, folder)
        whole = profiled.total_tt  # type: ignore[attr-defined]
        stages = by_stage(profiled)
        stages["start, report, card"] = whole - sum(stages.values())
        show("by stage", stages, whole, median)
        show("by what is done", by_group(profiled), whole, median)


if __name__ == "__main__":
    main()
