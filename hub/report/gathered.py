"""All that the report tells, gathered from a finished run folder, which is only read."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from builders.dataset.duplicates import read_duplicates
from builders.dataset.rows import statistics_by_config
from builders.dataset.statistics import SplitStatistics
from builders.recipes.load import load_recipe
from builders.recipes.recipe import Recipe
from builders.run_folder.folder import RANK, RECIPE, SELECT, TRANSLATE, Run
from builders.run_folder.units import Totals, all_counts
from builders.stages.rank import configs_of
from hub.pages import PageWords
from hub.report.rows import EXACT_ROWS, SampledRows, read_rows
from processors.errors import InputError
from processors.judging.votes import Votes, read_votes


@dataclass(slots=True)
class Report:
    """A run, what its stages counted (also by split of the source), its statistics, its rows, and of each config those
    that say again what an earlier one says (`builders.dataset.duplicates`); and the words to tell it with."""

    recipe: Recipe
    run: Run
    totals: dict[str, Totals]
    extra_by_split: dict[str, Counter[str]]
    built: dict[str, dict[str, SplitStatistics]]
    sample: SampledRows
    votes: Votes | None
    duplicates: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    words: PageWords = field(default_factory=PageWords)


def gather(folder: Path, *, exact_rows: int = EXACT_ROWS) -> Report:
    """Read a run folder. Raises InputError where it is none, or its build is not finished."""
    run = Run(folder)
    if not run.recipe.exists():
        raise InputError(f"{folder}: not a run folder (no {RECIPE}); give the --output of a finished build")
    recipe = load_recipe(str(run.recipe))
    parts = [SELECT, *(f"{TRANSLATE}/{spec.name}" for spec in recipe.translators), RANK]
    counts = {part: all_counts(run.stage(part)) for part in parts}
    kept = [unit for unit, of in counts[SELECT].items() if of["kept"]]
    for part in parts:
        if not counts[SELECT] or not all(unit in counts[part] for unit in kept):
            raise InputError(f"{folder}: the stage {part} is not finished; run the build again to finish it first")
    if not run.finished.exists():
        raise InputError(f"{folder}: the stage build is not finished; run the build again to finish it first")
    totals = {part: _total(of if part == SELECT else {unit: of[unit] for unit in kept}) for part, of in counts.items()}
    by_split: dict[str, Counter[str]] = {}
    into = {cut.split: cut.into for cut in recipe.selection.cuts}
    for unit in kept:
        split = unit.rpartition("-")[0]
        by_split.setdefault(into.get(split, split), Counter()).update(counts[RANK][unit].get("extra", {}))
    verdicts = recipe.ranking.verdicts
    if verdicts is not None and not Path(verdicts).exists():
        raise InputError(f"{verdicts}: the verdicts of the run are not there any more (ranking.verdicts)")
    return Report(
        recipe,
        run,
        totals,
        by_split,
        statistics_by_config(_built(run, recipe)),
        read_rows(recipe, run, exact_rows=exact_rows),
        read_votes(Path(verdicts), list(configs_of(recipe).values())) if verdicts is not None else None,
        {config: list(read_duplicates(run, config)) for config in configs_of(recipe)},
    )


def _total(counts: dict[str, dict[str, Any]]) -> Totals:
    found = Totals(0, 0, Counter(), Counter())
    for one in counts.values():
        found.read += one["read"]
        found.kept += one["kept"]
        found.dropped.update(one["dropped"])
        found.extra.update(one.get("extra", {}))
    return found


def _built(run: Run, recipe: Recipe) -> list[dict[str, Any]]:
    import json

    paths = [
        path for config in configs_of(recipe) for path in sorted(run.built_split(config, "x").parent.glob("*.json"))
    ]
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]
