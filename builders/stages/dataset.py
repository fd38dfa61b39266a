"""The stage `build`: the dataset's Parquet files, one config a translator and `parallel`."""

import json
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

from builders.dataset.combined import has_combined
from builders.dataset.duplicates import KEEP, find_duplicates
from builders.dataset.write_splits import BuildSplits
from builders.executors.this_machine import Work
from builders.fields import BuildFieldSplits, FieldTables
from builders.recipes.recipe import Recipe
from builders.run_folder.folder import BUILD, DUPLICATES, RANK, Run, enter_stage
from builders.run_folder.schemas import DATASET_COLUMNS, PARALLEL
from builders.run_folder.stage_parts import StagePart
from builders.stages.common.context import Build
from builders.stages.common.run_units import observe
from builders.stages.rank import configs_of
from processors.errors import CountError
from processors.ranking.policy import OUTCOMES
from processors.scoring.columns import columns_with

NAME = BUILD


def parts(recipe: Recipe) -> list[StagePart]:
    # The cost: CPU time beside the selection's on real shards (benchmarks/build.py).
    return [StagePart(NAME, after=(RANK,), cost=1.5, configs=tuple(_configs(recipe)))]


def _configs(recipe: Recipe) -> list[str]:
    configs = list(configs_of(recipe))
    return [*configs, PARALLEL] if recipe.outputs.parallel else configs


def inputs(build: Build) -> dict[str, Any]:
    """What the dataset's files depend on."""
    outputs = build.recipe.outputs.model_dump(mode="json", include={"parallel", "row_group_bytes", "shard_bytes"})
    inputs = {RANK: build.marks[RANK], "outputs": outputs, "columns": DATASET_COLUMNS}
    scored = list(build.recipe.ranking.scorers.given())
    if build.recipe.outputs.duplicates != KEEP:
        # What is one hangs on all rows, also those of other splits.
        inputs["left_out"] = _duplicates(build)["left_out"]
    if build.recipe.outputs.system_message:
        # What its tokens are counted by is in the mark of the ranking.
        inputs["system_message"] = True
    return inputs | ({"segments": True} if _combined(build) else {}) | ({"scored": scored} if scored else {})


def _duplicates(build: Build) -> dict[str, Any]:
    """What `find_duplicates` found in the ranked rows, once for all machines that take part."""
    configs, keep = list(configs_of(build.recipe)), build.recipe.outputs.duplicates
    return build.decided(DUPLICATES, lambda: find_duplicates(build.run, build.selected, configs, keep))


def _combined(build: Build) -> bool:
    """Whether rows have the column `segments`: a build without any that was put together has no use for it."""
    return has_combined(build.recipe, build.totals[RANK].extra)


def run(build: Build) -> None:
    """Write the dataset's Parquet files, one config a translator and `parallel`."""
    recipe, configs, combined = build.recipe, _configs(build.recipe), _combined(build)
    units: dict[str, list[str]] = {}
    rows: Counter[str] = Counter()
    for unit in build.selected:
        units.setdefault(unit.into, []).append(unit.name)
        rows[unit.into] += unit.rows
    pairs = [(config, split) for config in configs for split in units]
    build.duplicates = _duplicates(build)["configs"]
    build.marks[NAME] = build.executor.planned(NAME, partial(_plan, build, pairs))["mark"]

    assert build.source is not None
    tables = FieldTables(build.source, {unit.name: unit for unit in build.selected})

    def pipeline(names: list[str]) -> list[Any]:
        todo = [(config, split) for config, split in pairs if f"{config}/{split}" in set(names)]
        sizes = recipe.outputs.row_group_bytes, recipe.outputs.shard_bytes
        carry, scored = tuple(recipe.source.carry), columns_with(recipe.ranking.scorers.given())
        outputs, sides = recipe.outputs, recipe.source.pairs
        system = outputs.tokenizer if outputs.system_message else None
        kept, cut = outputs.duplicates, frozenset(one.into for one in recipe.selection.cuts if one.strata)
        if recipe.source.fields:
            step = BuildFieldSplits(build.run, todo, units, *sizes, combined, carry, scored, kept)
            step.tables = tables
            return [step]
        return [BuildSplits(build.run, todo, units, *sizes, combined, carry, scored, kept, system, sides, cut)]

    items = {f"{config}/{split}": build.run.built_split(config, split) for config, split in pairs}
    sizes = {f"{config}/{split}": rows[split] for config, split in pairs}
    observe(build, Work(NAME, items, pipeline, build.run.logs(NAME)), sizes)
    build.splits = [json.loads(path.read_text()) for path in items.values()]
    _check(build, configs)


def _plan(build: Build, pairs: list[tuple[str, str]]) -> dict[str, Any]:
    mark = enter_stage(build.run.stage(NAME), inputs(build), say=build.observer.say)
    written = {build.run.built_split(config, split) for config, split in pairs}
    for path in written:
        if path.exists() and not _whole(build.run, path):
            path.unlink()
    if not all(path.exists() for path in written):
        build.run.finished.unlink(missing_ok=True)
    return {"mark": mark}


def _whole(run: Run, written: Path) -> bool:
    """Whether a split's files are there, as its record says."""
    try:
        result = json.loads(written.read_text())
    except ValueError:
        return False
    return all(
        (run.dataset / item["file"]).is_file() and (run.dataset / item["file"]).stat().st_size == item["bytes"]
        for item in result["files"]
    )


def _check(build: Build, configs: list[str]) -> None:
    """Rows of each config = what rank chose for it, less duplicates that the recipe drops; files of no config or split
    of this build are removed."""
    extra, kept = build.totals[RANK].extra, build.totals[RANK].kept
    for config in configs:
        built = sum(split["rows"] for split in build.splits if split["config"] == config)
        chosen = sum(extra[f"{config}/{outcome}"] for outcome in OUTCOMES if outcome != "dropped")
        again = build.duplicates.get(config, {}).get("dropped", 0)
        wanted = kept if config == PARALLEL else chosen - again
        if built != wanted:
            raise CountError(f"{config}: {built} rows built, but rank chose {wanted}, without {again} duplicates")
    files = {item["file"] for split in build.splits for item in split["files"]}
    for path in build.run.dataset.glob("*/*.parquet"):
        if str(path.relative_to(build.run.dataset)) not in files:
            path.unlink()
