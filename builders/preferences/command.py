"""`smolkalam preferences`: a finished run's pairs as a dataset for TRL, with its card and what was left out."""

import json
import re
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from builders.dataset.shard_writer import SplitWriter
from builders.preferences.card import write_card
from builders.preferences.pairs import REASONS, TASKS, PairPlan, schema
from builders.preferences.sources import PreferenceSource, read_benchmark, read_references
from builders.preferences.units import KINDS, SPLITS, left_out_file, pair_units, unit_counts, unit_pairs
from builders.run_folder.files import write_error
from builders.run_folder.ranked_rows import ranked_units
from builders.run_folder.units import UnitFiles
from processors.errors import CountError, InputError
from processors.judging.votes import Votes, read_judgements, read_verdicts

COUNTS, LEFT_OUT = "preferences.json", "left_out.jsonl"
# What an earlier call wrote, and what a system or the Hub's client adds; anything else is somebody's work.
OWN = re.compile(rf"README\.md|{COUNTS}|{LEFT_OUT}|(train|test)-\d+-of-\d+\.parquet|\.DS_Store|\.cache")
# As a build's by default (`outputs.row_group_bytes`, `outputs.shard_bytes`): small enough for the Hub's viewer.
_GROUP_BYTES, _SHARD_BYTES = 50_000_000, 500_000_000


def run_preferences(
    run: Path,
    output: Path,
    *,
    by: str,
    task: str = "ranker",
    scores: Path | None = None,
    reference: str | None = None,
    verdicts: Path | None = None,
    tie: float | None = None,
    scale: float | None = None,
    largest: bool = False,
    test_share: float = 0.05,
    seed: int = 42,
    workers: int = 1,
) -> None:
    """Write a finished run's pairs to `output`: `train` and `test` as Parquet, a card, and what was left out and why.

    The same run and options give the same bytes, however many `workers` (processes) there are. An `output` of an
    earlier call is replaced as a whole; any other folder that holds something is an InputError, and so is a run that
    gives no pair.
    """
    if task not in TASKS:
        raise InputError(f"--task {task}: expected one of {', '.join(TASKS)}")
    recipe, units = ranked_units(run)
    if recipe.source.pairs and task == "assistant":
        raise InputError(f"{run}: its rows are preference pairs already: train on its configs as they are")
    translators = [translator.name for translator in recipe.translators]
    read = partial(_source, by, scores, reference, verdicts, translators, recipe.language.code, task == "assistant")
    given = {"task": task, "by": by, "recipe": recipe, "largest": largest, "test_share": test_share, "seed": seed}
    make_plan = partial(_plan, read, tie, scale, given)
    plan = make_plan()
    output = output.absolute()
    if output.exists() and not output.is_dir():
        raise InputError(f"{output}: is a file; choose an empty or new folder as --output")
    if output.exists() and (other := sorted(p.name for p in output.iterdir() if not OWN.fullmatch(p.name))):
        raise InputError(f"{output}: holds {other[0]}, which is not ours; choose an empty or new folder as --output")
    part = output.with_name(f".{output.name}.part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        parts = part / "units"
        parts.mkdir()
        pair_units(units, parts, make_plan, workers)
        counts = _write(part, units, plan, parts)
        shutil.rmtree(parts)
        _check(counts, plan.source, run)
        write_card(part, plan, counts)
        (part / COUNTS).write_text(json.dumps(counts, indent=1, ensure_ascii=False), encoding="utf-8")
        if (output / COUNTS).exists():
            print(f"{output}: the pairs of an earlier call are replaced", file=sys.stderr)
        shutil.rmtree(output, ignore_errors=True)
        part.rename(output)
    except OSError as error:
        raise write_error(error, output) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    _report(counts, plan.source)
    print(output)


def _plan(
    read: Callable[[], PreferenceSource], tie: float | None, scale: float | None, given: dict[str, Any]
) -> PairPlan:
    source = read()
    return PairPlan(
        source=source,
        tie=source.tie if tie is None else tie,
        scale=source.scale if scale is None else scale,
        **given,
    )


def _source(
    by: str,
    scores: Path | None,
    reference: str | None,
    verdicts: Path | None,
    translators: Sequence[str],
    language: str,
    answer_only: bool,
) -> PreferenceSource:
    needs = {"benchmark": "--scores", "reference": "--reference", "judges": "--verdicts", "verdicts": "--verdicts"}
    given = {"--scores": scores, "--reference": reference, "--verdicts": verdicts}
    if by not in needs:
        raise InputError(f"--by {by}: expected one of {', '.join(needs)}")
    if given[needs[by]] is None:
        raise InputError(f"--by {by}: give {needs[by]}")
    if other := [name for name, value in given.items() if value is not None and name != needs[by]]:
        raise InputError(f"--by {by}: {other[0]} belongs to another source of preferences; leave it out")
    if scores is not None:
        return read_benchmark(scores, translators)
    if reference is not None:
        return read_references(reference, translators, language, answer_only=answer_only)
    assert verdicts is not None
    return read_judgements(verdicts, translators) if by == "judges" else read_verdicts(verdicts, translators)


def _write(folder: Path, units: list[UnitFiles], plan: PairPlan, parts: Path) -> dict[str, Any]:
    """Put together what the units' `parts` hold, in the units' order."""
    columns = schema(plan.task, plan.recipe.ranking.reward is not None)
    writers = {
        split: SplitWriter(folder, split, columns, group_bytes=_GROUP_BYTES, shard_bytes=_SHARD_BYTES)
        for split in SPLITS
    }
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    with (folder / LEFT_OUT).open("wb") as log:
        for unit in units:
            found, asked = unit_counts(parts, unit)
            for kind, counter in counts.items():
                counter.update(found[kind])
            if isinstance(plan.source, Votes):
                plan.source.asked |= asked
            for split, writer in writers.items():
                for pairs in unit_pairs(parts, unit, split):
                    writer.write(pairs)
            log.write(left_out_file(parts, unit).read_bytes())
    for writer in writers.values():
        writer.close()
    totals, reasons = counts["totals"], counts["reasons"]
    written = sum(writer.rows for writer in writers.values())
    if totals["possible"] != totals["pairs"] + reasons.total() or written != totals["pairs"]:
        raise CountError(
            f"{totals['possible']} pairs looked at, {totals['pairs']} kept ({written} written) + {reasons.total()} "
            "left out"
        )
    return {
        "rows": totals["rows"],
        "possible": totals["possible"],
        "pairs": {split: writer.rows for split, writer in writers.items()},
        "left_out": {reason: reasons[reason] for reason in REASONS if reasons[reason]},
        "chosen": dict(sorted(counts["pairings"].items())),
    }


def _check(counts: dict[str, Any], source: PreferenceSource, run: Path) -> None:
    if isinstance(source, Votes) and not source.votes:
        raise InputError("--verdicts: the file holds no verdict")
    if isinstance(source, Votes) and not source.asked:
        row, a, b = next(iter(source.votes))
        raise InputError(f"--verdicts: no verdict is on a row of {run} (the first is on {row}, {a} and {b})")
    if not sum(counts["pairs"].values()):
        why = ", ".join(f"{reason} {n:,}" for reason, n in counts["left_out"].items()) or "fewer than two translators"
        raise InputError(f"{run}: gives no pair: {why}")


def _report(counts: dict[str, Any], source: PreferenceSource) -> None:
    say = [f"{counts['rows']:,} rows, {counts['possible']:,} possible pairs"]
    say += [f"  {split}: {rows:,} pairs" for split, rows in counts["pairs"].items()]
    say += [f"  left out, {reason}: {n:,}" for reason, n in counts["left_out"].items()]
    won: Counter[str] = Counter()
    met: Counter[str] = Counter()
    for pairing, n in counts["chosen"].items():
        chosen, rejected = pairing.split(" over ")
        won[chosen] += n
        met.update({chosen: n, rejected: n})
    say += [
        f"  {name}: chosen in {won[name]:,} of its {met[name]:,} pairs" for name in source.translators if met[name]
    ]
    if isinstance(source, Votes) and (unused := source.unused()):
        row, a, b = unused[0]
        said = f"{len(unused):,} judged pairs are no two translations in this run"
        say.append(f"warning: {said}, such as {row} ({a}, {b})")
    print("\n".join(say), file=sys.stderr)
