"""A run folder whose rows are all ranked: what is made of a build besides its dataset reads from here."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from builders.recipes.load import load_recipe
from builders.recipes.recipe import Recipe
from builders.run_folder.folder import RANK, RECIPE, SELECT
from builders.run_folder.units import UnitFiles, all_counts
from processors.errors import InputError, SmolKalamError


def ranked_units(run: Path) -> tuple[Recipe, list[UnitFiles]]:
    """A run's recipe and its rank stage's units, in order. Raises InputError unless all is ranked."""
    recipe_file = run / RECIPE
    if not recipe_file.exists():
        raise InputError(f"{run}: not a run folder (no recipe.yaml); give the --output of a finished build")
    recipe = load_recipe(str(recipe_file))
    units = units_to_rank(run)
    if not units or not all(unit.done() for unit in units):
        raise InputError(f"{run}: the build has not ranked every row yet; run it again to finish it first")
    return recipe, units


def units_to_rank(run: Path) -> list[UnitFiles]:
    """The rank stage's units of a run whose rows are selected, in order, whether ranked yet or not."""
    selected = all_counts(run / SELECT)
    return [UnitFiles(run / RANK, name) for name, counts in selected.items() if counts["kept"]]


def ranked_rows(unit: UnitFiles, columns: list[str] | None = None) -> Iterator[list[dict[str, Any]]]:
    """A unit's rows (`schemas.ranked_unit`), some hundred at a time. Raises SmolKalamError if the file is damaged."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        for batch in pq.ParquetFile(unit.kept).iter_batches(batch_size=256, columns=columns):
            yield batch.to_pylist()
    except (pa.ArrowInvalid, OSError) as error:
        raise SmolKalamError(
            f"{unit.kept}: damaged or missing ({error}); delete {unit.counts} and run the build again"
        ) from None


def taken_by(row: dict[str, Any], config: str) -> dict[str, Any] | None:
    """What a config takes of a ranked row, a candidate or what was put together of several; None: it leaves it out."""
    choice = next(choice for choice in row["choices"] if choice["config"] == config)
    if choice["translator"] is None:
        return None
    if (place := choice.get("combined")) is not None:
        return row["combined"][place]
    return next(c for c in row["candidates"] if c["translator"] == choice["translator"])


def built_split(recipe: Recipe, row: str) -> str:
    """The split of the built dataset that a row's id belongs to: that of the cut, where its split is cut."""
    split = row.rsplit("/", 1)[0]
    return next((cut.into for cut in recipe.selection.cuts if cut.split == split), split)
