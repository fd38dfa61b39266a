"""What a build selects from: the source's shards, the splits that they become, and the units of work."""

import re
from dataclasses import asdict
from typing import Any

from builders.imports.prepared import prepared
from builders.licences import training_warnings
from builders.recipes.base import NAME_PATTERN
from builders.recipes.recipe import Recipe
from builders.sources.find import Shard, find_shards, plan_units
from builders.stages.common.contamination import benchmarks
from builders.stages.common.context import Build, Observer
from processors.errors import InputError


def plan_source(build: Build) -> dict[str, Any]:
    """What there is to select from: the source, its units, and what the selection's output depends on."""
    recipe = build.recipe
    source = prepared(recipe.source, build.run.stage("source"), build.observer.warn)
    shards, warnings, left_out = find_shards(source)
    for warning in warnings:
        build.observer.warn(warning)
    into = _output_splits(recipe, shards, build.observer)
    for warning in training_warnings(recipe):
        build.observer.warn(warning)
    for pattern in recipe.ranking.unmatched(into.values()):
        build.observer.warn(f"ranking.splits: '{pattern}' decides in none of the splits {', '.join(into.values())}")
    inputs = {
        "shards": [[s.split, s.file, s.rows, s.digest] for s in shards],
        "into": into,
        "selection": recipe.selection.model_dump(mode="json"),
        "seed": recipe.seed,
    }
    if found := benchmarks(build):
        inputs["decontamination"] = found["digest"]
    if source.carry:
        inputs["carry"] = source.carry
    if source.fields:
        inputs["fields"] = {"fields": source.fields, "verbatim": source.verbatim}
    if source.pairs:
        inputs["pairs"] = True
    return {
        "source": source.model_dump(mode="json"),
        "units": [asdict(unit) for unit in plan_units(shards, into)],
        "notes": [f"split '{name}' is left out by the recipe" for name in left_out],
        "inputs": inputs,
    }


def _output_splits(recipe: Recipe, shards: list[Shard], observer: Observer) -> dict[str, str]:
    present = list(dict.fromkeys(shard.split for shard in shards))
    into = {split: split for split in present}
    for cut in recipe.selection.cuts:
        if cut.split in into:
            into[cut.split] = cut.into
        else:
            observer.warn(f"split '{cut.split}', which selection.cuts reduces to '{cut.into}', is not in the source")
    for split, name in into.items():
        if any(other != split and into[other] == name for other in into):
            raise InputError(f"two splits would both be built as '{name}'; change `into` in selection.cuts")
        if not _valid_split(name):
            raise InputError(
                f"split '{name}' cannot be a split of a dataset (letters, digits, _ and single dots; not 'all'); "
                "drop it with source.drop or rename its shards"
            )
    return into


def _valid_split(name: str) -> bool:
    return bool(re.match(NAME_PATTERN, name)) and name != "all"
