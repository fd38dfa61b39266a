"""`smolkalam ablate --train`: the variants of a recipe, each trained on and evaluated."""

import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from builders.ablations.command import run_ablation
from builders.ablations.variants import expand
from builders.recipes.load import load_recipe
from builders.run_folder.folder import Run
from model_recipes.choosing.models import Plan, train_and_evaluate
from model_recipes.choosing.ranks import TrainedChoice, as_table, compare_trained, plain
from model_recipes.evaluation.asked.models import Model, look_for_libraries
from model_recipes.evaluation.benchmarks.suites import SuiteBenchmark, chosen
from model_recipes.training.launch import look_for_libraries as look_for_training
from processors.atomic_files import write_text
from processors.commands import pasted
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
    if data and not data.is_dir():
        raise InputError(f"--data {data}: no such folder")
    benchmarks = _that_can_be_asked(benchmarks, _look_at_training(train), data)
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
    then = pasted("preferences", run.folder, "--by", "benchmark", "--scores", folder / SCORES, "--output", "DIR")
    print(f"next: {then}", file=sys.stderr)
    return choice


def _look_at_training(train: Path) -> Model:
    """The model that each training begins from.

    Raises InputError for settings that no training would take, for a model, tokenizer or template that is not there or
    cannot do what they ask, as each variant's training would after the build.
    """
    from model_recipes.sft.train import RECIPE
    from model_recipes.training.recipe import look_ahead, read

    before = dict(os.environ)
    try:
        args, model, ours, _ = read(RECIPE, train, ["datasets=[{path: built}]"], dry=True)
        look_ahead(RECIPE, args, model, ours)
    finally:
        # TRL's arguments set variables of this process, which the trainings would inherit.
        os.environ.clear()
        os.environ.update(before)
    return Model(model.model_name_or_path, revision=model.model_revision)


def _that_can_be_asked(benchmarks: Sequence[SuiteBenchmark], model: Model, data: Path | None) -> list[SuiteBenchmark]:
    """The benchmarks whose rows are at hand; the others are said, since an evaluation leaves them out.

    Raises InputError where rows cannot be read, as an evaluation would after the trainings, or none are left. What the
    Hub has of them is kept for these; the model is only named.
    """
    from model_recipes.evaluation.run import Runner
    from model_recipes.evaluation.scoring.evaluation import Evaluation

    with TemporaryDirectory() as folder:
        found = Evaluation()
        Runner(model, Path(folder), data).tasks(benchmarks, found)
    found.left_out |= {one.name: "is marked by judges, of which a choice has none" for one in benchmarks if one.judge}
    for name, why in found.left_out.items():
        print(f"--evaluate {name}: left out: {why}", file=sys.stderr)
    if not (left := [one for one in benchmarks if one.name not in found.left_out]):
        raise InputError("--evaluate: nothing is left to ask")
    return left


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
