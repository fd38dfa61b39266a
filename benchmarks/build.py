"""The whole build in MB/s of source and processor time, its marginal and its fixed cost apart, against peers.

    python -m benchmarks.build --input FOLDER [--repeat 4] [--rounds 1] [--json FILE] [--record]

FOLDER is laid out as the Hub repository (`SFT/<split>-00000-of-000NN.parquet`). The shards' rows are written once
`--repeat` and once three times `--repeat` times. No two copies are alike: in each, one word in seven has another
ending, so that what the build remembers of a text does not help it with the next copy.

The build is `RECIPE` below, run as a user runs it: rows are validated and selected, translated by two stand-ins whose
words and chunks differ, checked, scored, ranked, and written as three configs with their card. The stand-ins write
Arabic words, those that the lexicon has for each English one (`processors.translation.word_by_word`): so every check
really looks, as it does at a translation, the alignment of sentences included. The shipped recipe `pseudo` would
flatter the build twice: its two translators say the same, and of text that is known as pseudo-localised checks ask
little. The printed share of vetoed candidates is to be small: what fails costs other work than what is well.

- *marginal*: seconds for one more MB, from the difference of the two sizes. What a build of millions of rows costs.
- *fixed*: what is left of the smaller build: the start of Python, the ranker's fit (bounded at some thousand rows and
  measured apart, on the finished run), report, plots and card.

Processor seconds are those of all processes, workers included: fair on a machine that others use too. MB are 10^6
bytes of UTF-8 in the contents of the source's messages.

Peers, on the same messages in the same run:
- datatrove's filters of the FineWeb pipeline, in its order (GopherRepetition, GopherQuality, C4Quality,
  FineWebQuality), each message a document, stopping at the first that drops it: what others spend on a text before it
  is kept. Needs `pip install spacy` (extra `bench`).
- pyarrow reading each shard and writing it again (zstd): the floor of pure input and output.

The figures are printed beside those of the latest runs in `docs/speed_history.tsv`; --record appends them.

Where the time goes comes from one more build under cProfile: the shares are cProfile's, which makes small Python
functions look dearer than they are, and the seconds those shares of the median build's.
"""

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import history
from benchmarks.build_profile import profile, show_profile
from builders.run_folder.ranked_rows import ranked_rows, ranked_units

ROOT = Path(__file__).parent.parent
TIMES = 3  # the larger build's size over the smaller one's
FILTERS = ("GopherRepetitionFilter", "GopherQualityFilter", "C4QualityFilter", "FineWebQualityFilter")
_WORD = re.compile(r"\b[a-z]{5,}\b")
RECIPE = """
name: benchmark
source: {path: unused}
translators:
  - {name: one, backend: pseudo, variant: 0, chunking: {strategy: tokens, max_tokens: 490, window: 50}}
  - {name: two, backend: pseudo, variant: 1, chunking: {strategy: lines, lines: 25, max_tokens: 2000, window: 100}}
outputs: {repo: user/benchmark, pretty_name: Benchmark}
"""


def messages(folder: Path) -> Iterator[str]:
    """The contents of all messages of the shards under `folder`/SFT."""
    for path in sorted((folder / "SFT").glob("*.parquet")):
        for row in pq.read_table(path, columns=["messages"]).to_pylist():
            yield from (message["content"] or "" for message in row["messages"])


def copies(source: Path, target: Path, times: int) -> tuple[int, int]:
    """Write `times` copies of each shard's rows under `target`, no two alike; returns (rows, bytes of messages)."""
    rows = size = 0
    (target / "SFT").mkdir(parents=True)
    for path in sorted((source / "SFT").glob("*.parquet")):
        table = pq.read_table(path)
        parts = [_copy(table, number) for number in range(times)]
        pq.write_table(pa.concat_tables(parts), target / "SFT" / path.name, compression="zstd")
        rows += len(table) * times
    if not rows:
        raise SystemExit(f"{source}: no rows in SFT/*.parquet")
    for text in messages(target):
        size += len(text.encode())
    return rows, size


def _copy(table: pa.Table, number: int) -> pa.Table:
    if not number:
        return table
    rows = table["messages"].to_pylist()
    for row in rows:
        for message in row:
            message["content"] = _other_words(message["content"], number)
    at = table.schema.get_field_index("messages")
    return table.set_column(
        at, table.schema.field(at), pa.chunked_array([pa.array(rows, table.schema.field(at).type)])
    )


def _other_words(text: str | None, number: int) -> str | None:
    place = count(number)
    ending = chr(ord("a") + number % 26) * (1 + number // 26)
    return text and _WORD.sub(lambda word: word[0] + ending if next(place) % 7 == 0 else word[0], text)


def rewrite(source: Path, target: Path) -> None:
    """What pyarrow needs to read the shards and write them again."""
    target.mkdir()
    for path in sorted((source / "SFT").glob("*.parquet")):
        pq.write_table(pq.read_table(path), target / path.name, compression="zstd")


def four_filters(source: Path) -> None:
    """datatrove's filters over every message; in a process of its own, which prints how many documents stay."""
    from datatrove.data import Document
    from datatrove.pipeline import filters as library

    steps = [getattr(library, name)() for name in FILTERS]
    kept = sum(
        all(step.filter(Document(text=text, id="")) is True for step in steps) for text in messages(source) if text
    )
    print(kept)


def run(*arguments: str) -> None:
    """Run Python with these arguments from the project's folder."""
    # Without bytecode each process compiles all that it imports anew, which no user's does.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)


def build(source: Path, output: Path, workers: int, *python: str) -> None:
    """Run the build as a user does, into `output`."""
    recipe = source.parent / "benchmark.yaml"
    recipe.write_text(RECIPE)
    options = ["--input", str(source), "--output", str(output), "--workers", str(workers)]
    run(*python, "-m", "smolkalam", "build", str(recipe), *options)


def fit(output: Path) -> None:
    """The ranker's fit on a finished run, alone."""
    from builders.recipes.load import load_recipe
    from builders.run_folder.folder import Run
    from builders.run_folder.units import Unit, all_counts
    from builders.stages.fit_ranker import Sample, fit_sample
    from processors.ranking.model import SHIPPED, Ranker

    recipe, folder = load_recipe(str(output / "recipe.yaml")), Run(output)
    ranker = Ranker.load(SHIPPED, script=recipe.language.script, language=recipe.language.code)
    folders = {spec.name: folder.stage("translate", spec.name) for spec in recipe.translators}
    counts = all_counts(folder.stage("select"))
    units = [Unit(name, "", name.rsplit("-", 1)[0], "", 0, 0, found["kept"]) for name, found in counts.items()]
    sample = Sample(folder.stage("select"), folders, ranker, recipe.language, recipe.seed)
    fit_sample([unit for unit in units if unit.rows], sample)


def vetoed(output: Path) -> float:
    """The share of a run's candidates that checks veto or that failed."""
    _, units = ranked_units(output)
    found = [
        c for unit in units for rows in ranked_rows(unit, ["candidates"]) for row in rows for c in row["candidates"]
    ]
    return sum(any(check["hard"] for check in candidate["checks"]) for candidate in found) / len(found)


def timed(action: Callable[[], object]) -> tuple[float, float]:
    """(seconds on the clock, processor seconds of this process and of those that it waited for)."""
    began, used = time.perf_counter(), processor_seconds()
    action()
    return time.perf_counter() - began, processor_seconds() - used


def processor_seconds() -> float:
    """Of this process and of its children that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def measure(folder: Path, sources: dict[str, Path], workers: int, rounds: int) -> dict[str, tuple[float, float]]:
    """Medians over interleaved rounds, (clock, processor) seconds by what was run."""
    times: dict[str, list[tuple[float, float]]] = {}
    for turn in range(rounds):
        for size, source in sources.items():
            times.setdefault(f"build, {size}", []).append(
                timed(lambda: build(source, folder / f"{size}{turn}", workers))  # noqa: B023
            )
        small = sources["small"]
        times.setdefault("four filters", []).append(
            timed(lambda: run("-m", "benchmarks.build", "--filters", "--input", str(small)))  # noqa: B023
        )
        times.setdefault("pyarrow", []).append(timed(lambda: rewrite(small, folder / f"rewritten{turn}")))  # noqa: B023
    return {
        what: (statistics.median(t[0] for t in found), statistics.median(t[1] for t in found))
        for what, found in times.items()
    }


def report(
    found: dict[str, tuple[float, float]], sizes: dict[str, int], fitted: float, workers: int
) -> dict[str, float]:
    """Print the figures and return them."""
    small, large = sizes["small"] / 1e6, sizes["large"] / 1e6
    clock, used = (found["build, large"][i] - found["build, small"][i] for i in (0, 1))
    marginal = used / (large - small)
    fixed = found["build, small"][1] - marginal * small
    filters, floor = small / found["four filters"][1], small / found["pyarrow"][1]
    figures = {
        "build_mb_per_cpu_second": 1 / marginal,
        "build_mb_per_second": (large - small) / clock,
        "fixed_cpu_seconds": fixed,
        "fit_cpu_seconds": fitted,
        "four_filters_mb_per_cpu_second": filters,
        "pyarrow_mb_per_cpu_second": floor,
        "times_four_filters": 1 / marginal / filters,
        "core_hours_for_13_gb": 13_000 * marginal / 3600,
    }
    print(f"{'build, marginal':22}{1 / marginal:8.3f} MB a processor second", end="")
    print(f"   {(large - small) / clock:8.3f} MB/s on the clock with {workers} workers")
    print(f"{'build, fixed':22}{fixed:8.2f} processor seconds, of which the ranker's fit {fitted:.2f}")
    print(f"{'four filters':22}{filters:8.3f} MB a processor second   build / filters {1 / marginal / filters:.2f}")
    print(f"{'pyarrow':22}{floor:8.1f} MB a processor second   build / pyarrow 1 : {floor * marginal:,.0f}")
    print(f"13 GB of messages, two translators: {figures['core_hours_for_13_gb']:.1f} core-hours by the marginal cost")
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description="The whole build against datatrove's filters and pyarrow.")
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--repeat", type=int, default=4, help="copies of each shard's rows in the smaller build")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--record", action="store_true", help="append the figures to docs/speed_history.tsv")
    parser.add_argument("--profile", action="store_true", help="one more build, under cProfile")
    parser.add_argument("--filters", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.filters:
        four_filters(arguments.input)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sources = {size: folder / size / "source" for size in ("small", "large")}
        sizes = {}
        for size, times in (("small", arguments.repeat), ("large", arguments.repeat * TIMES)):
            rows, sizes[size] = copies(arguments.input, sources[size], times)
            print(f"{size}: {rows:,} rows, {sizes[size] / 1e6:.1f} MB of messages")
        pa.set_cpu_count(arguments.workers)
        rewrite(sources["small"], folder / "warm")
        found = measure(folder, sources, arguments.workers, arguments.rounds)
        _, fitted = timed(lambda: fit(folder / "small0"))
        print(f"{vetoed(folder / 'small0'):.1%} of the candidates are vetoed")
        figures = report(found, sizes, fitted, arguments.workers)
        history.tell("build", figures, recorded=arguments.record)
        if arguments.json:
            arguments.json.write_text(json.dumps(figures, indent=1) + "\n")
        if arguments.profile:
            file = folder / "profile"
            build(sources["small"], folder / "profiled", 1, "-m", "cProfile", "-o", str(file))
            show_profile(profile(file), found["build, small"][1])


if __name__ == "__main__":
    main()
