"""The steps that make data: mixtures, what is kept of rows beside benchmarks, distilled and arbitrated answers."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from model_recipes.pipeline.base import DatasetOf, Makes, PipelineStep, Resolve, StepOutcome, named
from model_recipes.plans.commands import set_words, with_made
from model_recipes.plans.file import InPlanFolder
from processors.errors import InputError

if TYPE_CHECKING:
    from builders.pools import PoolRecipe

# Stands for what an earlier step is going to make.
_LATER = "earlier/step"


class _FromRecipe(PipelineStep):
    """A command that makes a dataset of a recipe; `inputs` puts earlier steps' folders into its settings."""

    makes: ClassVar[Makes] = "dataset"
    command: ClassVar[str]

    recipe: InPlanFolder | None = Field(None, description="its YAML, or one that ships")
    inputs: dict[str, DatasetOf] = Field(
        default={}, description="settings that are an earlier step's folder, such as {sources.arabic.path: distilled}"
    )
    set: list[str] = Field(default=[], description="settings over the YAML's")

    def uses(self) -> dict[str, str]:
        return dict(self.inputs)

    def files(self) -> dict[str, str]:
        return {"recipe": self.recipe} if self.recipe and Path(self.recipe).suffix in (".yaml", ".yml") else {}

    def load(self, settings: Sequence[str]) -> None:
        """Read the recipe with settings. Raises InputError for what is wrong in it, or of what it names here."""
        raise NotImplementedError

    def words(self, resolve: Resolve, place: Path) -> list[str]:
        made = {key: resolve(value) for key, value in self.inputs.items()}
        words = [self.command, self._made_by(resolve), "--output", str(self.output(place))]
        return [*words, *set_words(self.set, made)]

    def _made_by(self, resolve: Resolve) -> str:
        assert self.recipe is not None
        return self.recipe

    def look(self, outside: Mapping[str, str]) -> None:
        if not self.recipe:
            raise InputError(f"steps: {self.name}: recipe: missing; give its YAML, or one that ships")
        if self.files() and not Path(self.recipe).is_file():
            raise InputError(f"steps: {self.name}: recipe: {self.recipe}: no such file")
        # A folder that is not there yet is read as an id of the Hub, which nobody is asked for here.
        made = {key: value if key in outside else _LATER for key, value in self.inputs.items()}
        with named(self.name):
            self.load(with_made(self.set, made))


class MixStep(_FromRecipe):
    """`smolkalam mix`, by a recipe or by the mixture that a gate came to."""

    do: Literal["mix"]
    command: ClassVar[str] = "mix"
    fresh: ClassVar[bool] = True
    gate: DatasetOf | None = Field(None, description="an earlier step that is a gate, whose mixture is made")

    def uses(self) -> dict[str, str]:
        return super().uses() | ({"gate": self.gate} if self.gate else {})

    def _made_by(self, resolve: Resolve) -> str:
        return resolve(self.gate) if self.gate else super()._made_by(resolve)

    def load(self, settings: Sequence[str]) -> None:
        from builders.mixtures.recipe import load_mixture

        assert self.recipe is not None
        load_mixture(self.recipe, settings)

    def look(self, outside: Mapping[str, str]) -> None:
        if self.recipe and self.gate:
            raise InputError(f"steps: {self.name}: give either recipe or gate")
        if not self.gate:
            super().look(outside)

    def outcome(self, place: Path) -> StepOutcome:
        folder = self.output(place)
        about = json.loads((folder / "mixture.json").read_text(encoding="utf-8"))
        figures = {"rows": about["rows"], "tokens": about["tokens"], "languages": about["languages"]}
        told = [f"{_words({'rows': about['rows'], 'tokens': about['tokens']})}."]
        for source in about["sources"]:
            rows = sum(split["written"] for split in source["splits"].values())
            told.append(f"- {source['name']} ({source['language'] or 'no language given'}): {rows:,} rows")
        return StepOutcome(folder, figures, "\n".join(told))


class _FromModels(_FromRecipe):
    """What asks models, which is paid for: it says its price, and refuses a high one without --yes."""

    pays: ClassVar[bool] = True
    report: ClassVar[str]

    def outcome(self, place: Path) -> StepOutcome:
        folder = self.output(place)
        about = json.loads((folder / self.report).read_text(encoding="utf-8"))
        figures = {name: stage["counts"] for name, stage in about["stages"].items()}
        lines = [f"- {name}: {_words(counts)}" for name, counts in figures.items()]
        return StepOutcome(folder / "dataset", figures, "\n".join(lines))


class DistilStep(_FromModels):
    """`smolkalam distil`."""

    do: Literal["distil"]
    command: ClassVar[str] = "distil"
    report: ClassVar[str] = "distillation.json"

    def load(self, settings: Sequence[str]) -> None:
        from builders.distillation import load_distillation

        assert self.recipe is not None
        _look_for_rows(load_distillation(self.recipe, settings)[0])


class ArbitrateStep(_FromModels):
    """`smolkalam arbitrate`."""

    do: Literal["arbitrate"]
    command: ClassVar[str] = "arbitrate"
    report: ClassVar[str] = "arbitrage.json"

    def load(self, settings: Sequence[str]) -> None:
        from builders.arbitrage import load_arbitrage

        assert self.recipe is not None
        _look_for_rows(load_arbitrage(self.recipe, settings)[0])


class DecontaminateStep(PipelineStep):
    """`smolkalam decontaminate`: what holds items of benchmarks is left out."""

    makes: ClassVar[Makes] = "dataset"
    fresh: ClassVar[bool] = True

    do: Literal["decontaminate"]
    data: DatasetOf = Field(description="an earlier step, a folder or a file")
    against: list[InPlanFolder] = Field(min_length=1, description="benchmarks: files, folders, ids, or an index.npz")

    def uses(self) -> dict[str, str]:
        return {"data": self.data}

    def files(self) -> dict[str, str]:
        return {f"against {n}": one for n, one in enumerate(self.against, 1)}

    def words(self, resolve: Resolve, place: Path) -> list[str]:
        against = [word for one in self.against for word in ("--against", one)]
        return ["decontaminate", resolve(self.data), *against, "--output", str(self.output(place))]

    def outcome(self, place: Path) -> StepOutcome:
        folder = self.output(place)
        about = json.loads((folder / "decontamination.json").read_text(encoding="utf-8"))
        figures = {"read": about["read"], "kept": about["kept"], **about["dropped"]}
        return StepOutcome(folder / "kept", figures, f"{_words(figures)}.")


def _look_for_rows(recipe: "PoolRecipe") -> None:
    """Raises InputError where a source on the disk has no row that is a prompt."""
    from builders.pools import Prompts
    from builders.pools.prompts import PromptRow

    if not Path(recipe.source.path).exists():
        return
    rows = Prompts(recipe.source, recipe.language).rows()
    if not any(isinstance(row, PromptRow) for row in rows):
        raise InputError(f"{recipe.source.path}: has no row that is a prompt")


def _words(counts: Mapping[str, Any]) -> str:
    return ", ".join(f"{key.replace('_', ' ')} {value:,}" for key, value in counts.items())
