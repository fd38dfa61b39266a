"""About how long a training of a plan will take on the plan's machine: `model_recipes.needs` has the formula.

In a process of its own, `python -m model_recipes.plans.needs`: TRL's arguments set variables of the process that they
are made in, which a training that is started later would inherit.
"""

import argparse
import importlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from model_recipes.plans.file import PlanMachine
from model_recipes.plans.run import PlanRun
from model_recipes.plans.step import StepNeeds
from processors.atomic_files import write_text
from processors.errors import SmolKalamError

_FILE = "needs.json"


def training_needs(
    run: PlanRun, place: Path, recipe: str, config: Path, settings: Sequence[str], machine: PlanMachine
) -> StepNeeds:
    """Hours and price of `smolkalam train RECIPE --config CONFIG --set SETTINGS`, its rows read and counted.

    `place` is a step's folder, in which the figures are left. Raises InputError for what the training would refuse.
    """
    place.mkdir(parents=True, exist_ok=True)
    words = [recipe, str(config), str(place / _FILE), machine.gpu, str(machine.gpus), *settings]
    run.command(words, f"{config}: no training can be made of it", module="model_recipes.plans.needs")
    hours = float(json.loads((place / _FILE).read_text(encoding="utf-8"))["hours"])
    return StepNeeds(hours, None if machine.usd_per_hour is None else hours * machine.gpus * machine.usd_per_hour)


def main(words: Sequence[str] | None = None) -> None:
    """Write the hours of a training as JSON."""
    parser = argparse.ArgumentParser(prog="python -m model_recipes.plans.needs", description=__doc__.splitlines()[0])
    for name, kind in (("recipe", str), ("config", Path), ("output", Path), ("gpu", str), ("gpus", int)):
        parser.add_argument(name, type=kind)
    parser.add_argument("settings", nargs="*", help="As of `smolkalam train --set`.")
    given = parser.parse_args(words)
    try:
        from model_recipes.training.dry_run import dry_run
        from model_recipes.training.launch import look_for_libraries

        look_for_libraries()
        recipe = importlib.import_module(f"model_recipes.{given.recipe}.train").RECIPE
        found = dry_run(recipe, given.config, given.settings, gpu=given.gpu, gpus=given.gpus, sharded=False)
    except SmolKalamError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    write_text(given.output, json.dumps({"hours": found.hours, "steps": found.plan.steps}) + "\n")


if __name__ == "__main__":
    main()
