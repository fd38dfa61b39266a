"""A model for each variant and seed: trained by `smolkalam train sft`, evaluated by `smolkalam evaluate`.

Each in a process of its own, so that memory and randomness are a run's own. What is done is not done again
(`model_recipes.plans`): a training goes on from its last checkpoint, an evaluation from its last part, and a model
that is evaluated has a file that says of which data and settings.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from model_recipes.evaluation.asked.models import Model
from model_recipes.evaluation.benchmarks.suites import SuiteBenchmark, own_files
from model_recipes.evaluation.scoring.answers import items_of, read_answers
from model_recipes.evaluation.scoring.scores import ScoredItem, score
from model_recipes.plans import PlanRun, PlanStep, StepNeeds
from model_recipes.plans.commands import set_words
from processors.atomic_files import write_text
from processors.errors import InputError

# In a model's folder, when its training has ended: what the model is.
TRAINED = "trained.json"
Items = dict[str, list[ScoredItem]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is trained and asked: `variants` are TRL's sources of rows by name, in the order of the table."""

    variants: Mapping[str, Sequence[Mapping[str, Any]]]
    train: Path
    suites: Sequence[str]
    seeds: int = 3
    data: Path | None = None
    settings: Sequence[str] = ()
    evaluate: Sequence[str] = field(default=())

    def models(self) -> list[tuple[str, int]]:
        return [(variant, seed) for variant in self.variants for seed in range(1, self.seeds + 1)]


def train_and_evaluate(plan: Plan, benchmarks: Sequence[SuiteBenchmark], folder: Path) -> dict[tuple[str, int], Items]:
    """Each model's items by benchmark. Raises InputError with its last line where a training or evaluation fails."""
    if not plan.train.is_file():
        raise InputError(f"--train {plan.train}: no such file; expected the YAML of `smolkalam train sft`")
    found: dict[tuple[str, int], Items] = {}
    todo = plan.models()
    with PlanRun(folder) as run:
        for number, (variant, seed) in enumerate(todo, 1):
            said = f"model {number} of {len(todo)}: {variant}, seed {seed}"
            step = model_step(run, plan, variant, seed, benchmarks, said)
            run.do(step)
            found[variant, seed] = read_items(run.place(step), benchmarks)
    return found


def model_step(
    run: PlanRun,
    plan: Plan,
    variant: str,
    seed: int,
    benchmarks: Sequence[SuiteBenchmark],
    said: str = "",
    *,
    room: str = "",
    after: tuple[PlanStep, ...] = (),
    needs: StepNeeds | None = None,
) -> PlanStep:
    """The step that trains a model on a variant's rows by a seed, and evaluates it; `said` once it begins.

    Its results are its scores. `room` is the folder that models stand in, below the run's. `after` are the steps that
    make the rows; without any, the rows' files are part of what the step depends on.
    """

    def do(place: Path) -> dict[str, Any]:
        if said:
            print(said, file=sys.stderr)
        run.wait()
        if not _is_trained(place):
            _train(run, plan, variant, seed, place)
        if not (place / TRAINED).is_file():
            write_text(place / TRAINED, json.dumps({"identity": Model(str(place)).identity()}) + "\n")
        _evaluate(run, plan, place)
        items = read_items(place, benchmarks)
        return {"scores": {one.name: score(one, items[one.name]).value for one in benchmarks if items.get(one.name)}}

    sources = [dict(one) for one in plan.variants[variant]]
    return PlanStep(
        f"{room}{variant}_seed{seed}",
        do,
        settings={
            "seed": seed,
            "sources": sources,
            "settings": list(plan.settings),
            "suites": list(plan.suites),
            "evaluate": list(plan.evaluate),
        },
        files={
            **{f"rows {number}": str(one["path"]) for number, one in enumerate(sources, 1) if not after},
            "train": plan.train,
            **({"data": plan.data} if plan.data else {}),
            **{str(file): file for one in plan.suites for file in own_files(one)},
        },
        after=after,
        needs=needs or StepNeeds(None, None),
        mark=lambda place: Model(str(place)).identity(),
    )


def _is_trained(place: Path) -> bool:
    """Whether the training has ended, and the model is still what came of it.

    One that saves nothing on its way would be done again as a whole. A start that was killed has not written down what
    its training has come to, but that may have gone on without it: the trainer's state is what it writes last.
    """
    if not (place / TRAINED).is_file():
        return (place / "trainer_state.json").is_file()
    try:
        before = json.loads((place / TRAINED).read_text(encoding="utf-8"))["identity"]
        found = bool(Model(str(place)).identity() == before)
    except (OSError, ValueError, KeyError, TypeError, InputError):
        found = False
    if not found:
        (place / TRAINED).unlink()
    return found


def _train(run: PlanRun, plan: Plan, variant: str, seed: int, place: Path) -> None:
    sources = [dict(one) for one in plan.variants[variant]]
    made = {"datasets": sources, "seed": seed, "output_dir": str(place)}
    words = ["train", "sft", "--config", str(plan.train), *set_words(plan.settings, made)]
    run.command(words, f"{variant}, seed {seed}: its training failed")


def _evaluate(run: PlanRun, plan: Plan, place: Path) -> None:
    words = ["evaluate", str(place), *(word for one in plan.suites for word in ("--suite", one)), *plan.evaluate]
    words += ["--data", str(plan.data)] if plan.data else []
    run.command(words, f"{place.name}: its evaluation failed")


def read_items(place: Path, benchmarks: Sequence[SuiteBenchmark]) -> Items:
    """The answers that the last evaluation took, by benchmark."""
    table = json.loads((place / "evaluation" / "evaluation.json").read_text(encoding="utf-8"))
    found: Items = {}
    for one in benchmarks:
        for part in table["benchmarks"][one.name]["parts"]:
            records = read_answers(place / "evaluation" / "items" / f"{part}.jsonl")
            assert records is not None
            found.setdefault(one.name, []).extend(items_of(part, records))
    return found
