"""The rows of a run with all that is known of their candidates but the texts: all of them, or a seeded sample.

Rows that no config took are ranked again, for the stage keeps only their reasons: other thresholds would take them.
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from builders.recipes.recipe import Recipe
from builders.run_folder.folder import RANK, SELECT, Run
from builders.run_folder.ranked_rows import built_split
from builders.run_folder.units import UnitFiles, all_counts, messages_of, read_dropped, read_unit
from builders.stages.rank import ranked_again
from processors.scoring.columns import columns_with
from processors.selection.choose_rows import sample_key

# Up to so many rows the report is of all.
EXACT_ROWS = 20_000
# Of more, it is of a sample with at most so many candidates, which are 2 MB of the page, and so many rows a split.
_SAMPLE_CANDIDATES, _LEAST_OF_SPLIT = 80_000, 200
# Of a ranked row, why no config took it.
_NO_CANDIDATE = "no_candidate"


@dataclass(slots=True)
class SampledRows:
    """Rows in the order of their splits and ids: `id`, `split`, `unit`, and of each translator its candidate.

    A candidate has its score columns, `checks` (as `schemas.verdict`), `tokens` and `segments`; where it failed they
    are null, and a verdict says why. `population` counts all rows of each split.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    population: dict[str, int] = field(default_factory=dict)

    @property
    def exact(self) -> bool:
        """Whether these are all rows."""
        return len(self.rows) == sum(self.population.values())


def read_rows(recipe: Recipe, run: Run, *, exact_rows: int = EXACT_ROWS) -> SampledRows:
    """The rows of a run that is ranked. Raises SmolKalamError for a damaged file."""
    units = [name for name, counts in all_counts(run.stage(SELECT)).items() if counts["kept"]]
    counts = all_counts(run.stage(RANK))
    total = sum(counts[unit]["kept"] + counts[unit]["dropped"].get(_NO_CANDIDATE, 0) for unit in units)
    found = SampledRows()
    wanted: dict[str, set[str]] | None = None
    if total > exact_rows:
        size = min(exact_rows, _SAMPLE_CANDIDATES // len(recipe.translators))
        wanted = _draw(recipe, run, units, size, total, found.population)
    again: dict[str, set[str]] = {}
    for unit in units:
        files = UnitFiles(run.stage(RANK), unit)
        for row in _candidates(recipe, files, None if wanted is None else wanted[unit]):
            split = built_split(recipe, row["id"])
            found.rows.append(row | {"split": split, "unit": unit})
            if wanted is None:
                found.population[split] = found.population.get(split, 0) + 1
        for dropped in _left_out(files):
            if wanted is None:
                split = built_split(recipe, dropped)
                found.population[split] = found.population.get(split, 0) + 1
            if wanted is None or dropped in wanted[unit]:
                again.setdefault(unit, set()).add(dropped)
    if again:
        ids = {row for rows in again.values() for row in rows}
        for row in ranked_again(recipe, run, list(again), ids):
            known = {key: row[key] for key in ("id", "candidates")}
            found.rows.append(known | {"split": built_split(recipe, row["id"]), "unit": _unit_of(again, row["id"])})
    found.population = dict(sorted(found.population.items()))
    found.rows.sort(key=lambda row: (row["split"], row["id"]))
    return found


def _unit_of(again: dict[str, set[str]], row: str) -> str:
    return next(unit for unit, rows in again.items() if row in rows)


def _left_out(files: UnitFiles) -> Iterator[str]:
    return (dropped.id for dropped in read_dropped(files) if dropped.reason == _NO_CANDIDATE)


def _draw(
    recipe: Recipe, run: Run, units: Sequence[str], size: int, total: int, population: dict[str, int]
) -> dict[str, set[str]]:
    """Ids by unit: of each split about its share of `size`, those with the smallest keys of the recipe's seed.

    `population` gets the number of all rows of each split.
    """
    by_split: dict[str, list[tuple[int, str, str]]] = {}
    for unit in units:
        files = UnitFiles(run.stage(RANK), unit)
        for row in [*read_unit(files, ["id"])["id"].to_pylist(), *_left_out(files)]:
            by_split.setdefault(built_split(recipe, row), []).append((sample_key(row, recipe.seed), unit, row))
    wanted: dict[str, set[str]] = {unit: set() for unit in units}
    for split, keys in by_split.items():
        population[split] = len(keys)
        for _, unit, row in heapq.nsmallest(max(_LEAST_OF_SPLIT, size * len(keys) // total), keys):
            wanted[unit].add(row)
    return wanted


def _candidates(recipe: Recipe, files: UnitFiles, wanted: set[str] | None) -> Iterator[dict[str, Any]]:
    """The rows of a unit, or those that are wanted of it: Python's values of all would be most of the time."""
    import pyarrow as pa
    import pyarrow.compute as pc

    names = ("translator", *columns_with(recipe.ranking.scorers.given()), "checks", "tokens", "segments")
    table = read_unit(files, ["id", *(f"candidates.list.element.{name}" for name in names)])
    if wanted is not None:
        table = table.filter(pc.is_in(table["id"], pa.array(sorted(wanted), pa.string())))
    for batch in table.to_batches(max_chunksize=4096):
        yield from batch.to_pylist()


def texts_of(run: Run, unit: str, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Of rows by id: `source` messages and, of each translator that has any, those of its candidate.

    A row that no config took has its source only.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    found: dict[str, dict[str, Any]] = {
        row: {"source": messages} for row, messages in messages_of(UnitFiles(run.stage(SELECT), unit), ids).items()
    }
    parts = [f"candidates.list.element.{name}" for name in ("translator", "messages")]
    table = read_unit(UnitFiles(run.stage(RANK), unit), ["id", *parts])
    for row in table.filter(pc.is_in(table["id"], pa.array(ids, pa.string()))).to_pylist():
        found[row["id"]] |= {one["translator"]: one["messages"] for one in row["candidates"] if one["messages"]}
    return found
