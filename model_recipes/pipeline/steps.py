"""The steps that make or measure models: trainings, merges, rounds of iterative training, evaluations."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from model_recipes.pipeline.base import (
    DatasetOf,
    Makes,
    ModelOf,
    PipelineStep,
    Resolve,
    StepData,
    StepOutcome,
    named,
    own_keys,
)
from model_recipes.pipeline.data_steps import ArbitrateStep, DecontaminateStep, DistilStep, MixStep
from model_recipes.plans.commands import set_words, with_made
from model_recipes.plans.file import InPlanFolder
from processors.errors import InputError

if TYPE_CHECKING:
    from model_recipes.on_policy.settings import OnPolicyPlan

_LINEAR = Path(__file__).parents[1] / "merge" / "linear.yaml"


class _Training(PipelineStep):
    """`smolkalam train`, with what it trains and on what from earlier steps."""

    makes: ClassVar[Makes] = "model"
    recipe: ClassVar[str]

    config: InPlanFolder = Field(description="YAML of the training")
    model: ModelOf = Field(description="an earlier step, a folder, or a model of the Hub")
    data: list[StepData] = Field(min_length=1, description="what it is trained on, put together in this order")
    set: list[str] = Field(default=[], description="settings over the YAML's, such as learning_rate=1e-5")

    _own: ClassVar = ("model_name_or_path", "datasets", "output_dir")

    def uses(self) -> dict[str, str]:
        return {"model": self.model, **{f"data {n}": one.path for n, one in enumerate(self.data, 1)}}

    def files(self) -> dict[str, str]:
        return {"config": self.config}

    def words(self, resolve: Resolve, place: Path) -> list[str]:
        data = [{**one.model_dump(exclude_none=True), "path": resolve(one.path)} for one in self.data]
        own = {
            "model_name_or_path": resolve(self.model),
            "datasets": data,
            "output_dir": str(self.output(place)),
        }
        return ["train", self.recipe, "--config", self.config, *set_words(self.set, own)]

    def look(self, outside: Mapping[str, str]) -> None:
        import importlib

        from model_recipes.training.data import load_part
        from model_recipes.training.recipe import read
        from model_recipes.training.settings import RowSource

        own_keys(self.set, self._own, self.name)
        made = ["model_name_or_path=model", "datasets=[{path: rows}]", "output_dir=output"]
        recipe = importlib.import_module(f"model_recipes.{self.recipe}.train").RECIPE
        read(recipe, Path(self.config), [*self.set, *made], dry=True)
        for one in self.data:
            if one.path in outside.values() and Path(one.path).exists():
                with named(self.name):
                    load_part(RowSource(**one.model_dump()), recipe.reads)

    def outcome(self, place: Path) -> StepOutcome:
        folder = self.output(place)
        about = json.loads((folder / "training.json").read_text(encoding="utf-8"))
        state = json.loads((folder / "trainer_state.json").read_text(encoding="utf-8"))
        losses = [entry["loss"] for entry in state["log_history"] if "loss" in entry]
        rows = sum(int(part.get("kept", 0)) for part in about["data"])
        figures: dict[str, Any] = {"rows": rows, "steps": state["global_step"]}
        told = f"{rows:,} rows, {state['global_step']:,} steps"
        if losses:
            figures |= {"first_loss": losses[0], "last_loss": losses[-1]}
            told += f", loss {losses[0]:.4f} at first, {losses[-1]:.4f} at the end"
        return StepOutcome(folder, figures, f"{told}.")


class SftStep(_Training):
    """Training on conversations."""

    do: Literal["sft"]
    recipe: ClassVar[str] = "sft"


class DpoStep(_Training):
    """Training on preference pairs."""

    do: Literal["dpo"]
    recipe: ClassVar[str] = "dpo"


class RewardStep(_Training):
    """Training of a reward model on preference pairs."""

    do: Literal["reward"]
    recipe: ClassVar[str] = "reward"


class MergeStep(PipelineStep):
    """`smolkalam train merge` of experts that earlier steps trained."""

    makes: ClassVar[Makes] = "model"

    do: Literal["merge"]
    experts: list[ModelOf] = Field(min_length=2, description="earlier steps, folders, or models of the Hub")
    base: ModelOf | None = Field(None, description="what the experts were trained from, for their distances")
    config: InPlanFolder = Field(str(_LINEAR), description="YAML of the merge [default: equal weights]")
    importance: list[float] | None = Field(None, description="a weight for each expert; equal ones if not given")
    set: list[str] = Field(default=[], description="settings over the YAML's")

    def uses(self) -> dict[str, str]:
        base = {"base": self.base} if self.base else {}
        return {**{f"experts {n}": one for n, one in enumerate(self.experts, 1)}, **base}

    def files(self) -> dict[str, str]:
        return {"config": self.config}

    def words(self, resolve: Resolve, place: Path) -> list[str]:
        experts: list[dict[str, Any]] = [{"path": resolve(one), "capability": one} for one in self.experts]
        for expert, importance in zip(experts, self.importance or (), strict=False):
            expert["importance"] = importance
        own: dict[str, Any] = {"experts": experts, "output_dir": str(self.output(place))}
        own |= {"base": resolve(self.base)} if self.base else {}
        own |= {"weights": "importance"} if self.importance else {}
        return ["train", "merge", "--config", self.config, *set_words(self.set, own)]

    def look(self, outside: Mapping[str, str]) -> None:
        own_keys(self.set, ("experts", "base", "output_dir"), self.name)
        if self.importance and len(self.importance) != len(self.experts):
            raise InputError(
                f"steps: {self.name}: importance: {len(self.importance)} weights for {len(self.experts)} experts"
            )

    def outcome(self, place: Path) -> StepOutcome:
        folder = self.output(place)
        about = json.loads((folder / "merge.json").read_text(encoding="utf-8"))
        shares = list(about["distances"]["all"]["distance"].values())
        whence = "their base" if self.base else "their mean"
        experts = [
            f"{name} ({share:.2%} of the norm from {whence})"
            for name, share in zip(self.experts, shares, strict=False)
        ]
        return StepOutcome(folder, {"distances": shares}, f"Merged: {', '.join(experts)}.")


class IterateStep(PipelineStep):
    """`smolkalam iterate`: iterative preference training."""

    makes: ClassVar[Makes] = "model"

    do: Literal["iterate"]
    plan: InPlanFolder = Field(description="YAML of `smolkalam iterate`")
    model: ModelOf = Field(description="an earlier step, a folder, or a model of the Hub")
    set: list[str] = Field(default=[], description="settings over the YAML's")

    def uses(self) -> dict[str, str]:
        return {"model": self.model}

    def files(self) -> dict[str, str]:
        found = self._plan()
        return {
            "plan": self.plan,
            "dpo": found.dpo,
            **{f"prompts {n}": p.path for n, p in enumerate(found.prompts, 1)},
        }

    def _plan(self) -> "OnPolicyPlan":
        from model_recipes.on_policy.settings import OnPolicyPlan
        from model_recipes.plans import load_plan

        return load_plan(Path(self.plan), OnPolicyPlan, with_made(self.set, {"model": self.model}))

    def words(self, resolve: Resolve, place: Path) -> list[str]:
        made = {"model": resolve(self.model), "model_revision": None}
        return ["iterate", self.plan, "--output", str(self.output(place)), "--yes", *set_words(self.set, made)]

    def look(self, outside: Mapping[str, str]) -> None:
        from model_recipes.on_policy.prompts import read_prompts

        own_keys(self.set, ("model", "model_revision"), self.name)
        local = [one for one in self._plan().prompts if Path(one.path).exists()]
        with named(self.name):
            read_prompts(local)

    def outcome(self, place: Path) -> StepOutcome:
        about = json.loads((self.output(place) / "result.json").read_text(encoding="utf-8"))
        table = (self.output(place) / "rounds.md").read_text(encoding="utf-8").strip()
        figures = {key: about[key] for key in ("best", "watched", "why")}
        return StepOutcome(Path(about["model"]), figures, table)


class GateStep(PipelineStep):
    """`smolkalam gate`: which candidates, earlier steps' data among them, are worth training on."""

    makes: ClassVar[Makes] = "mixture"
    pays: ClassVar[bool] = True

    do: Literal["gate"]
    plan: InPlanFolder = Field(description="YAML of `smolkalam gate`")
    inputs: dict[str, DatasetOf] = Field(
        default={},
        description="settings that are an earlier step's folder, such as {candidates.chat.path: arbitrated}",
    )
    set: list[str] = Field(default=[], description="settings over the YAML's")

    def uses(self) -> dict[str, str]:
        return dict(self.inputs)

    def files(self) -> dict[str, str]:
        from model_recipes.gate.plan import load_gate

        found = load_gate(Path(self.plan), self.set)
        given = {key.split(".")[1] for key in self.inputs if key.count(".") > 1}
        sources = [*found.mixture.sources, *found.candidates]
        tasks = [
            name for names in found.benchmarks.values() for name in names if Path(name).suffix in (".yaml", ".yml")
        ]
        return {
            "plan": self.plan,
            "train": found.train,
            **{f"rows {one.name}": one.path for one in sources if one.name not in given},
            **{f"task {n}": one for n, one in enumerate(tasks, 1)},
        }

    def words(self, resolve: Resolve, place: Path) -> list[str]:
        made = {key: resolve(value) for key, value in self.inputs.items()}
        return ["gate", self.plan, "--output", str(self.output(place)), *set_words(self.set, made)]

    def look(self, outside: Mapping[str, str]) -> None:
        self.files()

    def outcome(self, place: Path) -> StepOutcome:
        folder = self.output(place)
        decisions = json.loads((folder / "gate.json").read_text(encoding="utf-8"))
        kept = {one["candidate"]: one["kept"] for one in decisions}
        told = (folder / "gate.md").read_text(encoding="utf-8").strip()
        return StepOutcome(folder / "mixture.yaml", {"kept": kept}, told)


class EvaluateStep(PipelineStep):
    """`smolkalam evaluate`, against another model on the same items."""

    makes: ClassVar[Makes] = "table"

    do: Literal["evaluate"]
    model: ModelOf = Field(description="an earlier step, a folder, or a model of the Hub")
    suites: list[str] = Field(min_length=1, description="arabic, english, oall, a benchmark's name, or a task's YAML")
    baseline: ModelOf | None = Field(None, description="another model, asked the same items")
    data: InPlanFolder | None = Field(None, description="a folder of local rows; the Hub has the others")
    trained_on: DatasetOf | None = Field(None, description="its rows are searched for the benchmarks' items")
    chat: bool = Field(False, description="asked in the model's chat template")
    vllm: bool = Field(False, description="by vLLM")

    def uses(self) -> dict[str, str]:
        found = {"model": self.model, "baseline": self.baseline, "trained_on": self.trained_on}
        return {key: value for key, value in found.items() if value}

    def files(self) -> dict[str, str]:
        own = {str(n): one for n, one in enumerate(self.suites) if Path(one).suffix in (".yaml", ".yml")}
        return own | ({"data": self.data} if self.data else {})

    def words(self, resolve: Resolve, place: Path) -> list[str]:
        words = ["evaluate", resolve(self.model), *(word for one in self.suites for word in ("--suite", one))]
        words += ["--output", str(self.output(place)), "--yes"]
        for option, value in (("--baseline", self.baseline), ("--training-data", self.trained_on)):
            words += [option, resolve(value)] if value else []
        words += ["--data", self.data] if self.data else []
        return words + ["--chat"] * self.chat + ["--vllm"] * self.vllm

    def look(self, outside: Mapping[str, str]) -> None:
        from model_recipes.evaluation.asked.models import look_for_libraries
        from model_recipes.evaluation.benchmarks.suites import chosen

        chosen(self.suites)
        look_for_libraries("vllm" if self.vllm else "transformers")

    def outcome(self, place: Path) -> StepOutcome:
        folder = self.output(place)
        about = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
        scores = {name: one["score"] for name, one in about["benchmarks"].items()}
        differences = {name: one["difference"] for name, one in about["benchmarks"].items() if one["difference"]}
        figures = {"average": about["average"], "scores": scores, "differences": differences}
        return StepOutcome(folder, figures, (folder / "evaluation.md").read_text(encoding="utf-8").strip())


AnyStep = Annotated[
    SftStep
    | DpoStep
    | RewardStep
    | MergeStep
    | IterateStep
    | EvaluateStep
    | GateStep
    | MixStep
    | DecontaminateStep
    | DistilStep
    | ArbitrateStep,
    Field(discriminator="do"),
]
