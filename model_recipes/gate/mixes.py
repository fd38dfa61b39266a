"""What the models are trained on: the base's rows, and the base's with each candidate, none of a benchmark's items.

All of it is made before the first training, so that what cannot be used is told then.
"""

import json
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from builders.mixtures import Mixture, run_mix
from builders.mixtures.look import CONTAMINATED, DUPLICATE
from builders.recipes.recipe import Decontamination
from model_recipes.evaluation.benchmarks.suites import SuiteBenchmark, own_files
from model_recipes.evaluation.items import ITEMS, LEFT_OUT
from model_recipes.gate.plan import GatePlan
from model_recipes.plans import PlanRun, PlanStep
from processors.errors import InputError
from processors.selection.decontamination import IndexBuilder, Item, save

INDEX, RECIPE, DATA = "index.npz", "mixture.yaml", "data"


def items_step(run: PlanRun, plan: GatePlan, benchmarks: Sequence[SuiteBenchmark]) -> PlanStep:
    """The benchmarks' items as a file and as an index; its results count them, and say which cannot be asked."""
    names = [one.file or one.name for one in benchmarks]

    def do(place: Path) -> dict[str, Any]:
        words = [word for name in names for word in ("--suite", name)]
        words += ["--data", plan.data] if plan.data else []
        run.command(
            [*words, "--output", str(place)], "the benchmarks cannot be read", module="model_recipes.evaluation.items"
        )
        items = read_items_file(place)
        builder = IndexBuilder()
        counts: Counter[str] = Counter()
        for name in dict.fromkeys(one["benchmark"] for one in items):
            known = [one for one in items if one["benchmark"] == name and "question" in one]
            made = builder.add(name, [Item(one["id"], one["question"], tuple(one["options"])) for one in known])
            counts[name] = made.looked_for
        save(builder.build(), place / INDEX)
        left_out = json.loads((place / LEFT_OUT).read_text(encoding="utf-8"))
        asked = Counter(one["benchmark"] for one in items)
        return {"items": dict(asked), "looked_for": dict(counts), "left_out": left_out}

    files = {str(file): file for name in names for file in own_files(name)}
    return PlanStep("items", do, {"benchmarks": names}, {**files, **({"data": plan.data} if plan.data else {})})


def read_items_file(place: Path) -> list[dict[str, Any]]:
    """The items that a step of `items_step` has left in its folder."""
    return [json.loads(line) for line in (place / ITEMS).read_text(encoding="utf-8").splitlines()]


def mix_step(
    run: PlanRun, name: str, mixture: Mixture, items: PlanStep, workers: int, *, after: tuple[PlanStep, ...] = ()
) -> PlanStep:
    """A mixture without the benchmarks' items; its results are what became of each source's rows."""

    def do(place: Path) -> dict[str, Any]:
        # Whole and not noted, or begun: it takes seconds to minutes, and the same again comes of it.
        shutil.rmtree(place / DATA, ignore_errors=True)
        against = list(mixture.decontamination.against) if mixture.decontamination else []
        looked_for = run.do(items)["looked_for"]
        if any(looked_for.values()):
            against += Decontamination.model_validate({"against": [{"path": str(run.place(items) / INDEX)}]}).against
        plain = mixture.model_dump(mode="json", exclude={"decontamination"})
        if against:
            plain["decontamination"] = {"against": [one.model_dump(mode="json") for one in against]}
        (place / RECIPE).write_text(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True), encoding="utf-8")
        try:
            accounts = run_mix(str(place / RECIPE), place / DATA, workers=workers)
        except InputError as error:
            # By the plan's name for it, not by a file that nobody wrote.
            before, named, why = str(error).partition(f"({name}): ")
            raise InputError(f"candidate '{name}': {why}" if named else before) from None
        found: dict[str, Any] = {}
        for one in accounts:
            told = found.setdefault(one.source, {"read": 0, "kept": 0, "written": 0, "tokens": 0, "dropped": {}})
            for key in ("read", "kept", "written", "tokens"):
                told[key] += getattr(one, key)
            for reason, rows in one.dropped.items():
                told["dropped"][reason] = told["dropped"].get(reason, 0) + rows
        return found

    local = {one.name: one.path for one in mixture.sources if not _is_inside(one.path, run.folder)}
    return PlanStep(f"mix/{name}", do, {"mixture": mixture.model_dump(mode="json")}, local, (items, *after))


def _is_inside(path: str, folder: Path) -> bool:
    """Whether a step of the run makes it, whose key then stands for its bytes."""
    return Path(path).is_absolute() and Path(path).is_relative_to(folder)


def rows_of(run: PlanRun, mix: PlanStep, mixture: Mixture) -> list[dict[str, str]]:
    """What a training is told of a mixture's rows."""
    return [{"path": str(run.place(mix) / DATA / mixture.outputs.config)}]


def look_at_mix(name: str, told: dict[str, Any], contamination: str) -> list[str]:
    """What is to be said of a candidate in its mixture. Raises InputError where it may not be used."""
    rows = told[name]
    contaminated, same = (rows["dropped"].get(reason, 0) for reason in (CONTAMINATED, DUPLICATE))
    if contaminated and contamination == "refuse":
        raise InputError(
            f"candidate '{name}': {contaminated:,} of its {rows['read']:,} rows hold items of the benchmarks that it "
            "is judged by; remove them (smolkalam decontaminate), or set contamination: drop"
        )
    said = []
    if contaminated:
        said.append(f"{name}: {contaminated:,} rows with items of the benchmarks dropped")
    if same:
        said.append(f"{name}: {same:,} of {rows['read']:,} rows stand in the base already, and are not added")
    return said
