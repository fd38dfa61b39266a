"""A million short rows through build, check and publish: seconds and memory of each.

    python -m benchmarks.many_rows [--rows 500000] [--workers 2] [--only-build]

Synthetic conversations in 25 splits, translated by two pseudo translators into 2 configs, published to the stand-in
for the Hub, and published again. Memory is the most that all processes of a command held at the same moment (a shared
page counts once for each process), and of the largest process alone. Processor seconds are those of all processes.
The time of each stage is that of its own log.
"""

import argparse
import ctypes
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from builders.run_folder import schemas
from tests.standins.standin_hub import Hub

_BECOME_REAPER = 36  # PR_SET_CHILD_SUBREAPER of <sys/prctl.h>
SPLITS = 25
ROOT = Path(__file__).resolve().parent.parent
WORDS = [
    "the",
    "river",
    "runs",
    "past",
    "an",
    "old",
    "stone",
    "bridge",
    "near",
    "two",
    "quiet",
    "towns",
    "where",
    "people",
    "sell",
    "bread",
    "and",
    "fruit",
    "each",
    "day",
]
RECIPE = """
name: many_rows
source: {{path: {source}}}
translators:
  - {{name: one, backend: pseudo}}
  - {{name: two, backend: pseudo}}
outputs: {{parallel: false}}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=500_000, help="conversations; each is a row of both configs")
    parser.add_argument("--workers", type=int, help="of the build")
    parser.add_argument("--only-build", action="store_true", help="neither check nor publish")
    arguments = parser.parse_args()
    rows = arguments.rows
    # Processes that outlive their parent, as workers do, come to this one and so are counted.
    ctypes.CDLL(None).prctl(_BECOME_REAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = write_source(folder / "source", rows)
        (folder / "recipe.yaml").write_text(RECIPE.format(source=folder / "source"))
        print(f"{rows} conversations in {SPLITS} splits, {size / 1e6:.1f} MB; load average {os.getloadavg()[0]:.1f}")
        run = folder / "run"
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        workers = ["--workers", arguments.workers] if arguments.workers else []
        measure("build", ["build", folder / "recipe.yaml", "--output", run, *workers], environment)
        for stage, seconds in stage_seconds(run).items():
            print(f"  {stage}: {seconds:.0f} s")
        if arguments.only_build:
            return
        measure("check", ["check", run], environment)
        with Hub(folder / "hub") as hub:
            environment |= hub.environment(folder / "home")
            measure("publish", ["publish", run, "--repo", "user/many"], environment)
            measure("publish again", ["publish", run, "--repo", "user/many"], environment)


def write_source(folder: Path, rows: int) -> int:
    """Shards of short conversations; returns their bytes."""
    pick = random.Random(7)
    (folder / "SFT").mkdir(parents=True)
    names = ["messages", "chat_template_kwargs", "source"]
    schema = pa.schema([schemas.selected().field(name) for name in names])
    none = {"custom_instructions": "", "enable_thinking": False, "python_tools": [], "xml_tools": []}
    for split in range(SPLITS):
        table = [
            {
                "messages": [
                    {"role": "user", "content": f"Question {row}: {' '.join(pick.choices(WORDS, k=6))}?"},
                    {"role": "assistant", "content": f"{' '.join(pick.choices(WORDS, k=9)).capitalize()}."},
                ],
                "chat_template_kwargs": none,
                "source": "synthetic",
            }
            for row in range(rows // SPLITS)
        ]
        path = folder / "SFT" / f"split_{split:02d}_no_think-00000-of-00001.parquet"
        pq.write_table(pa.Table.from_pylist(table, schema=schema), path)
    return sum(path.stat().st_size for path in folder.rglob("*.parquet"))


def measure(what: str, arguments: list[object], environment: dict[str, str]) -> None:
    """Run a command; print its seconds and the most memory that it and its children held."""
    command = [sys.executable, "-m", "smolkalam", *map(str, arguments)]
    began, most, used = time.monotonic(), 0, processor_seconds()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=said, start_new_session=True
        )
        while process.poll() is None:
            most = max(most, resident(process.pid))
            time.sleep(0.2)
        if process.returncode:
            said.seek(0)
            sys.exit(f"{what}: exit code {process.returncode}: {said.read()}")
    seconds = time.monotonic() - began
    with suppress(ChildProcessError):
        while True:
            os.wait()
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3
    print(
        f"{what}: {seconds:.1f} s, {processor_seconds() - used:.1f} processor seconds, "
        f"{most / 1e6:.0f} MB, the largest process so far {largest:.0f} MB",
        flush=True,
    )


def processor_seconds() -> float:
    """Of all processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def resident(session: int) -> int:
    """Bytes in memory of all processes of a session."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session:
            total += int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    return total


def stage_seconds(run: Path) -> dict[str, float]:
    """Seconds of each stage, from the first to the last file of counts that it wrote."""
    found = {}
    for stage in ("select", "translate/one", "translate/two", "rank", "build"):
        marks = sorted(path.stat().st_mtime for path in (run / stage).rglob("*.json"))
        found[stage] = marks[-1] - marks[0]
    return found


if __name__ == "__main__":
    main()
