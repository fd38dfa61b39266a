"""What every step of a pipeline is: a command of ours, of which steps it uses the results, and what it leaves."""

import re
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field

from builders.recipes.base import Strict
from model_recipes.plans.commands import set_by_plan
from processors.errors import InputError, SmolKalamError

Makes = Literal["model", "dataset", "mixture", "table"]
# Where a name of a step stands for what the step made: its folder.
Resolve = Callable[[str], str]


def _step_name(name: str) -> str:
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)*", name) or ".." in name:
        raise ValueError("expected letters, digits, _, - and dots, such as experts/maths: it names a folder")
    return name


class _Result:
    """Marks a text as the name of an earlier step; or a folder, or an id on the Hub."""


StepName = Annotated[str, AfterValidator(_step_name), Field(max_length=96)]
ModelOf = Annotated[str, _Result()]
DatasetOf = Annotated[str, _Result()]


class StepData(Strict):
    """Rows to train on: a step's dataset, or another's."""

    path: DatasetOf = Field(description="an earlier step, a folder or file, or a dataset of the Hub")
    name: str | None = Field(None, description="the config")
    split: str = Field("all", description="a split, several as a+b, or all")
    revision: str | None = Field(None, description="of a dataset of the Hub")


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """What a step left: `output` is the model's or dataset's folder, `figures` for the journal, `told` for a card."""

    output: Path
    figures: Mapping[str, Any]
    told: str


class PipelineStep(Strict):
    """A step by its name, which later steps use. `makes`: what its output is; `fresh`: it cannot go on by itself."""

    makes: ClassVar[Makes]
    fresh: ClassVar[bool] = False
    pays: ClassVar[bool] = False

    name: StepName = Field(description="what later steps call it, and its folder")

    def uses(self) -> dict[str, str]:
        """The names, steps' or others', that it takes results of, by the key that says so."""
        raise NotImplementedError

    def files(self) -> dict[str, str]:
        """Files of the plan's folder that it reads, by key."""
        raise NotImplementedError

    def words(self, resolve: Resolve, place: Path) -> list[str]:
        """The command. `place` is its own folder."""
        raise NotImplementedError

    def outcome(self, place: Path) -> StepOutcome:
        """What it left, read from its files. Raises InputError where that is not what was asked for."""
        raise NotImplementedError

    def output(self, place: Path) -> Path:
        """Where the command writes to, named as the step, for that name stands in tables and cards."""
        return place / self.name.rpartition("/")[2]

    def look(self, outside: Mapping[str, str]) -> None:
        """Raises InputError for what can be known to fail before anything is run.

        `outside`: of `uses`, what is no earlier step's result, and so is there already or on the Hub.
        """

    def clear(self, place: Path) -> None:
        """Take away what a command that cannot go on left half done."""
        if self.fresh:
            shutil.rmtree(self.output(place), ignore_errors=True)


def own_keys(settings: Sequence[str], made: Collection[str], step: str) -> None:
    """Raises InputError where a setting is one that the plan makes itself."""
    if key := set_by_plan(settings, made):
        raise InputError(f"steps: {step}: set: {key} is made by the plan; leave it out")


@contextmanager
def named(step: str) -> Iterator[None]:
    """What is wrong within it is said to be of a step."""
    try:
        yield
    except SmolKalamError as error:
        raise InputError(f"steps: {step}: {error}") from None
