"""`smolkalam plan`: what a build will ask of each translator and cost, from a sample of its rows, before it is begun.

Nothing is asked and nothing is written. A run folder, where one is given, is read for what is answered already, for
how long answers are, for how many requests the retry ladder added, and for how fast they came.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import Progress

from builders.engines import engine_of
from builders.estimates.count_requests import RequestCounter, Requests
from builders.estimates.figures import limits, measured_in, translator_figures
from builders.estimates.intervals import SplitSample, row_weights, selected_rows
from builders.estimates.panel import opinion_figures
from builders.estimates.repeated_messages import LOOK_BYTES, rows_with
from builders.estimates.row_sample import Drawn, allocate, draw, groups_read, read_drawn
from builders.estimates.text import print_plan
from builders.imports.prepared import opened
from builders.licences import training_warnings
from builders.recipes.load import load_recipe
from builders.recipes.recipe import Recipe, Source
from builders.run_folder.folder import Run, fingerprint
from builders.run_folder.unit_writer import DROPPED
from builders.sources.find import Shard, find_shards, row_id
from builders.stages.common.contamination import temporary_index
from builders.stages.select import ApplyFilters, ScanRows
from processors.errors import InputError
from processors.selection.choose_rows import sample_key, select_ids

# A mean over 2,000 rows is off by about 2 % of the rows' spread; `plan` says the interval, and more is one's choice.
DEFAULT_SAMPLE = 2000


def run_plan(
    name: str,
    *,
    source_path: str | None = None,
    output: Path | None = None,
    settings: Sequence[str] = (),
    sample: int = DEFAULT_SAMPLE,
    scan: bool | None = None,
    as_json: bool = False,
) -> dict[str, Any]:
    """Estimate and print the plan of the recipe `name`; returns it as printed with `as_json`. Raises InputError.

    `scan`: look through the whole source for repetitions of the sample's messages; None: where that takes seconds.
    """
    recipe = load_recipe(name, settings, source_path=source_path)
    run = Run((output or Path("run") / recipe.name).absolute())
    if output is not None and not run.folder.is_dir():
        raise InputError(f"--output {output}: there is no such run folder; leave it out for a build not begun yet")
    console = Console(file=sys.stderr, highlight=False, soft_wrap=True)
    plan = estimate(recipe, run, sample, scan=scan, console=console)
    if as_json:
        print(json.dumps(plan, ensure_ascii=False))
    else:
        print_plan(plan)
    return plan


def estimate(recipe: Recipe, run: Run, sample: int, *, scan: bool | None, console: Console) -> dict[str, Any]:
    """The plan of a recipe, as `run_plan` prints it with `as_json`; what is being done is said on `console`."""

    def warn(text: str) -> None:
        console.print(f"warning: {text}", style="yellow", markup=False)

    with opened(recipe.source, warn) as source:
        shards, warnings, _ = find_shards(source)
        for warning in [*warnings, *training_warnings(recipe)]:
            warn(warning)
        return _plan(recipe, run, source, shards, sample, scan, console)


def _plan(
    recipe: Recipe, run: Run, source: Source, shards: list[Shard], sample: int, scan: bool | None, console: Console
) -> dict[str, Any]:
    by_split: dict[str, list[Shard]] = {}
    for shard in shards:
        by_split.setdefault(shard.split, []).append(shard)
    drawn = _draw(recipe, by_split, sample)
    if scan is None:
        scan = "://" not in source.path and sum(shard.bytes for shard in shards) <= LOOK_BYTES
    look = scan and any(len(one.rows) < one.size for one in drawn)
    groups = [groups_read(by_split[one.split], one) for one in drawn]
    console.print(
        f"sampling {sum(len(one.rows) for one in drawn):,} of {sum(one.size for one in drawn):,} rows, from "
        f"{sum(n for n, _ in groups):,} of {sum(n for _, n in groups):,} row groups",
        markup=False,
    )
    counters = [
        RequestCounter(spec, recipe.language, run.answers(spec) if engine_of(spec).asks_a_model else None)
        for spec in recipe.translators
    ]
    samples, found, left_out = _count(recipe, run, source, by_split, drawn, counters, console)
    weights = [row_weights(one, one.drawn.weights) for one in samples]
    repeats = None
    if look:
        console.print("looking for the sample's messages in the whole source", markup=False)
        repeats = _repeats(source, by_split, samples, weights, found)
    translators = [
        translator_figures(spec, counter, requests, samples, weights, repeats, recipe.seed, measured_in(run, spec))
        for spec, counter, requests in zip(recipe.translators, counters, found, strict=True)
    ]
    rows = limits(selected_rows(samples))
    judges = opinion_figures(recipe, rows["value"], translators[0]["source_tokens"]["value"])
    return {
        "recipe": recipe.name,
        "source": recipe.source.path,
        "rows_in_source": sum(one.size for one in drawn),
        "rows_sampled": sum(len(one.rows) for one in drawn),
        "rows": rows,
        "left_out": left_out,
        "confidence": 0.95,
        "splits": [
            {
                "split": s.drawn.split,
                "rows_in_source": s.drawn.size,
                "rows_sampled": len(s.strata),
                "rows": round(w.sum()),
            }
            for s, w in zip(samples, weights, strict=True)
        ],
        "translators": translators,
        **({"judges": judges} if judges else {}),
        "duplicates": "sampled" if repeats is None else "counted",
        "assumptions": _assumptions(recipe, run, samples, repeats is not None),
    }


def _count(
    recipe: Recipe,
    run: Run,
    source: Source,
    by_split: dict[str, list[Shard]],
    drawn: list[Drawn],
    counters: list[RequestCounter],
    console: Console,
) -> tuple[list[SplitSample], list[list[list[Requests | None]]], dict[str, dict[str, Any]]]:
    """The drawn rows as samples of their splits, and of each counter, split and row the requests; None: not kept.

    The last has of each reason for which rows are left out how many there are, and the first of them.
    """
    samples: list[SplitSample] = []
    left_out: dict[str, dict[str, Any]] = {}
    found: list[list[list[Requests | None]]] = [[] for _ in counters]
    warn = partial(console.print, "warning:", style="yellow", markup=False)
    with (
        temporary_index(recipe, warn) as benchmarks,
        Progress(console=console, transient=True, disable=not console.is_terminal) as bar,
    ):
        task = bar.add_task("counting requests", total=sum(len(one.rows) for one in drawn))
        for one in drawn:
            strata: list[str] = []
            counted: list[list[Requests | None]] = [[] for _ in counters]
            for document in _selected(recipe, run, source, by_split[one.split], one, benchmarks):
                kept = DROPPED not in document.metadata
                if not kept:
                    reason, detail = document.metadata[DROPPED]
                    left_out.setdefault(reason, {"rows": 0, "first": document.id, "detail": detail})["rows"] += 1
                strata.append(document.metadata["stratum"] if kept else "")
                for counter, results in zip(counters, counted, strict=True):
                    results.append(counter.count(document) if kept else None)
                bar.advance(task)
            samples.append(_split_sample(recipe, one, strata))
            for mine, new in zip(found, counted, strict=True):
                mine.append(new)
    return samples, found, left_out


def _repeats(
    source: Source,
    by_split: dict[str, list[Shard]],
    samples: list[SplitSample],
    weights: list[np.ndarray],
    found: list[list[list[Requests | None]]],
) -> dict[int, float]:
    """In how many selected rows each message of the sample is to be expected, by its key."""
    rows = [row.messages for counted in found for split in counted for row in split if row]
    keys = np.unique(np.concatenate(rows)) if rows else np.zeros(0, np.uint64)
    keys = keys[keys != 0]
    expected = np.zeros(len(keys))
    for one, weight in zip(samples, weights, strict=True):
        expected += rows_with(source, by_split[one.drawn.split], keys) * (weight.sum() / one.drawn.size)
    return dict(zip(keys.tolist(), expected.tolist(), strict=True))


def _draw(recipe: Recipe, by_split: dict[str, list[Shard]], sample: int) -> list[Drawn]:
    """More rows of a split whose selected part has more text: what is spent on a row grows with its length."""
    sizes = {split: sum(shard.rows for shard in shards) for split, shards in by_split.items()}
    sizes = {split: size for split, size in sizes.items() if size}
    weights = {}
    for split, size in sizes.items():
        rows, _ = _cut(recipe, split)
        weights[split] = sum(shard.bytes for shard in by_split[split]) * min(1.0, (rows or size) / size)
    quotas = allocate(sample, sizes, weights)
    return [draw(split, by_split[split], quotas[split], recipe.seed) for split in sizes]


def _cut(recipe: Recipe, split: str) -> tuple[int | None, dict[str, int]]:
    return recipe.selection.rows_of(split)


def _selected(
    recipe: Recipe, run: Run, source: Source, shards: list[Shard], drawn: Drawn, benchmarks: str | None
) -> Iterator[Any]:
    """The drawn rows after the build's own filters, each with its stratum."""
    _, strata = _cut(recipe, drawn.split)
    index = _domain_index(recipe, run) if strata else None
    documents = read_drawn(source, shards, drawn, ("domain", "metadata", "extra"))
    filters = ApplyFilters(recipe.selection.drop_han, benchmarks=benchmarks)
    return iter(ScanRows({drawn.split} if strata else set(), index, recipe.seed).run(filters.run(documents)))


def _domain_index(recipe: Recipe, run: Run) -> str | None:
    """The index of domains that a build in this run folder has made, if there is one: to make it reads 28 GB."""
    if recipe.selection.domain_index is None:
        return None
    path = run.stage(f"domains-{fingerprint({'source': recipe.selection.domain_index})[:12]}.npz")
    return str(path) if path.exists() else None


def _split_sample(recipe: Recipe, drawn: Drawn, strata: list[str]) -> SplitSample:
    rows, ratio = _cut(recipe, drawn.split)
    if rows is not None and drawn.fraction >= 1:
        # Every row has been seen: what the cut takes is known, row by row.
        return SplitSample(drawn, np.array(_cut_exactly(drawn, strata, rows, ratio, recipe.seed)))
    return SplitSample(drawn, np.array(strata, dtype=object).astype(str), rows, ratio)


def _cut_exactly(drawn: Drawn, strata: list[str], rows: int, ratio: dict[str, int], seed: int) -> list[str]:
    """`strata` with those rows marked as dropped that the build's cut does not take."""
    names = [row_id(drawn.split, row) for row in drawn.rows.tolist()]
    of: dict[str, list[str]] = {}
    for name, stratum in zip(names, strata, strict=True):
        of.setdefault(stratum, []).append(name)
    of.pop("", None)
    keys = {stratum: np.array([sample_key(n, seed) for n in ids], dtype=np.uint64) for stratum, ids in of.items()}
    cut = select_ids(keys, of, ratio, rows)
    return [s if cut.wanted(s, sample_key(n, seed), n) else "" for n, s in zip(names, strata, strict=True)]


def _assumptions(recipe: Recipe, run: Run, samples: list[SplitSample], counted: bool) -> list[str]:
    notes = [
        "95% intervals hold the error of sampling rows, and nothing of the assumptions",
        "duplicates: the sample's messages were looked for in the whole source; identical chunks of messages that "
        "differ count where the sample shows them"
        if counted
        else "duplicates: identical requests seen in several sampled rows count as asked once; those that the sample "
        "shows only once count as asked by every row, so that at least this much is saved",
    ]
    stratified = [s.drawn.split for s in samples if s.ratio]
    if stratified and _domain_index(recipe, run) is None:
        notes.append(f"domains of {', '.join(stratified)} by column or classifier; the build may look them up")
    few = [s.drawn.split for s in samples if s.drawn.fraction < 1 and len(np.unique(s.drawn.clusters)) < 5]
    if few:
        notes.append(f"too few rows drawn to tell the error of {', '.join(few)}; give a larger --sample")
    return notes
