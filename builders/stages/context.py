"""What the stages of a build work with: the build in progress, who looks on, and what a stage is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from builders.executors.this_machine import Executor
from builders.recipes.recipe import Recipe, Source
from builders.run_folder.folder import Run, enter_stage
from builders.run_folder.units import Totals, Unit


class Observer(Protocol):
    """What the command line shows of a build."""

    def stage(
        self, name: str, rows: int, done: int, watch: Callable[[], int], detail: Callable[[], str] = str
    ) -> None: ...
    def warn(self, message: str) -> None: ...
    def say(self, message: str) -> None: ...
    def finished(self, name: str) -> None: ...


@dataclass(slots=True)
class Build:
    """A build in progress: what was planned and decided, what each stage counted.

    `totals` and `marks` (fingerprints) are by the stages' names, `translate/SeedX` among them.
    """

    recipe: Recipe
    run: Run
    observer: Observer
    executor: Executor
    retry_failed: bool = False
    source: Source | None = None
    units: list[Unit] = field(default_factory=list)
    selected: list[Unit] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    totals: dict[str, Totals] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    splits: list[dict[str, Any]] = field(default_factory=list)
    _decided: dict[str, dict[str, Any]] = field(default_factory=dict)

    def decided(self, name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What `make` decides, once for all machines that take part and for all of the build."""
        if name not in self._decided:
            self._decided[name] = self.executor.planned(name, make)
        return self._decided[name]

    def enter(self, stage: "StagePart") -> None:
        """Prepare the stage's folder for its inputs, once for all machines, and note its fingerprint."""
        folder = self.run.stage(stage.NAME)
        self.marks[stage.NAME] = self.executor.planned(
            stage.NAME, lambda: {"mark": enter_stage(folder, stage.inputs(self), say=self.observer.say)}
        )["mark"]


class StagePart(Protocol):
    """What has a folder of its own in the run folder: a stage, or one translator's share of `translate`."""

    @property
    def NAME(self) -> str:
        """The folder's name in the run folder, and the stage's everywhere else."""

    def inputs(self, build: Build) -> dict[str, Any]:
        """All that the stage's output depends on, as JSON. Where it changes, the stage is done again."""


class Stage(StagePart, Protocol):
    """A module of this room that is a stage: what `builders.stages.STAGES` holds."""

    def run(self, build: Build) -> None:
        """See that all of it is done: work on what is missing, and count every row that was read."""
