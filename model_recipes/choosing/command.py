"""`smolkalam ablate --train`: the variants of a recipe, each trained on and evaluated."""

import json
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import yaml

from builders.ablations.command import run_ablation
from builders.ablations.variants import expand
from builders.recipes.load import load_recipe
from builders.run_folder.folder import Run
from model_recipes.choosing.models import Plan, train_and_evaluate
from model_recipes.choosing.ranks import TrainedChoice, as_table, compare_trained, plain
from model_recipes.evaluation.asked.models import look_for_libraries
from model_recipes.evaluation.benchmarks.suites import chosen
from model_recipes.training.launch import look_for_libraries as look_for_training
from processors.atomic_files import write_text
from processors.errors import InputError

FOLDER, SCORES = "trained", "scores.yaml"


def run_choice(
    recipe: str,
    over: list[str],
    *,
    train: Path,
    suites: Sequence[str],
    seeds: int,
    data: Path | None,
    finish: Callable[[Any], None],
    **build: Any,
) -> TrainedChoice | None:
    """Build the variants, train on each one's own rows, evaluate, and print the table; None where nothing was run.

    `build` as of `run_ablation`. Raises InputError before anything is paid for where training could not follow.
    """
    benchmarks = chosen(suites)
    look_for_libraries("transformers")
    look_for_training()
    if not train.is_file():
        raise InputError(f"--train {train}: no such file; expected the YAML of `smolkalam train sft`")
    _look_at_training(train)
    # Each variant's rows are its own translations: one that takes the others' would be trained on them too.
    settings = [*(build.pop("settings") or []), "ranking.replace=never"]
    run_ablation(recipe, over, settings=settings, finish=finish, **build)
    if build.get("dry_run"):
        return None
    read = load_recipe(recipe, settings, source_path=build.get("source_path"))
    names = [variant.name for variant in expand(read, over)]
    run = Run((build.get("output") or Path("run") / f"{read.name}-ablation").absolute())
    dataset = _dataset(run, finish, build)
    variants = {name: [{"path": str(dataset), "name": read.config_name(name)}] for name in names}
    folder = run.folder / FOLDER
    found = train_and_evaluate(Plan(variants, train, suites, seeds, data), benchmarks, folder)
    choice = compare_trained(names, seeds, found, benchmarks)
    words = as_table(choice, {one.name: one.title for one in benchmarks})
    write_text(folder / "choice.md", words + "\n")
    write_text(folder / "choice.json", json.dumps(plain(choice), indent=1) + "\n")
    scores = {one.name: round(100 * one.score.value, 2) for one in choice.variants}
    write_text(folder / SCORES, yaml.safe_dump(scores, sort_keys=False))
    print(f"\n{words}")
    print(
        f"next: smolkalam preferences {run.folder} --by benchmark --scores {folder / SCORES} --output DIR",
        file=sys.stderr,
    )
    return choice


def _look_at_training(train: Path) -> None:
    """Raises InputError for settings that no training would take, as each variant's would after the build.

    TRL's own arguments are not made of them: that sets variables of this process, which the trainings would inherit.
    """
    from trl import ModelConfig

    from model_recipes.sft.train import RECIPE
    from model_recipes.training.settings import read_settings

    (_, model), _ = read_settings(train, (), (RECIPE.config(), ModelConfig), RECIPE.own, RECIPE.without_effect)
    if not model.get("model_name_or_path"):
        raise InputError(f"--train {train}: model_name_or_path: missing; name a model of the Hub or a folder")


def _dataset(run: Run, finish: Callable[[Any], None], build: dict[str, Any]) -> Path:
    """The dataset of the expanded recipe, built on what the ablation has ranked."""
    from builders.build import run_build

    with redirect_stdout(sys.stderr):
        run_build(
            str(run.stage("ablation.yaml")),
            output=run.folder,
            workers=build.get("workers") or 1,
            executor=build.get("executor"),
            yes=bool(build.get("yes")),
            finish=finish,
        )
    return run.dataset
