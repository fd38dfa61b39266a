"""About how long a training of a plan will take on the plan's machine: `model_recipes.needs` has the formula."""

import importlib
import os
from collections.abc import Sequence
from pathlib import Path

from model_recipes.plans.file import PlanMachine
from model_recipes.plans.step import StepNeeds


def training_needs(recipe: str, config: Path, settings: Sequence[str], machine: PlanMachine) -> StepNeeds:
    """Hours and price of `smolkalam train RECIPE --config CONFIG --set SETTINGS`, its rows read and counted.

    Raises InputError for what the training would refuse.
    """
    from model_recipes.training.dry_run import dry_run
    from model_recipes.training.launch import look_for_libraries

    look_for_libraries()
    before = dict(os.environ)
    try:
        module = importlib.import_module(f"model_recipes.{recipe}.train")
        found = dry_run(module.RECIPE, config, settings, gpu=machine.gpu, gpus=machine.gpus, sharded=False)
    finally:
        # TRL's arguments set variables of this process, which a training that is started later would inherit.
        os.environ.clear()
        os.environ.update(before)
    price = None if machine.usd_per_hour is None else found.hours * machine.gpus * machine.usd_per_hour
    return StepNeeds(found.hours, price)
