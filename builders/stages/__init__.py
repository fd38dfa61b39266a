"""The stages of a build, in order: each a module with NAME, `parts` and `run` (`builders.stages.common.context`).

To add one: write such a module, and its line in STAGES. Bars, `status`, `--stop-after`, `worker --stage` and clusters
read its parts (`builders.run_folder.stage_parts`); rows go through `run_units`, a single file through `run_once`.
"""

from collections.abc import Collection

from builders.recipes.recipe import Recipe
from builders.run_folder.stage_parts import StagePart
from builders.stages import calibrate, dataset, rank, score, select, translate
from builders.stages.common.context import Build, Observer, Stage

__all__ = ["STAGES", "Build", "Observer", "Stage", "parts_of"]

STAGES: tuple[Stage, ...] = (
    select,
    translate,
    calibrate,
    score,
    rank,
    dataset,
)


def parts_of(recipe: Recipe, wanted: Collection[str] | None = None) -> list[StagePart]:
    """The parts of a recipe's stages, in order; only of the `wanted` stages, by name, where these are given."""
    stages = [stage for stage in STAGES if wanted is None or stage.NAME in wanted]
    return [part for stage in stages for part in stage.parts(recipe)]
