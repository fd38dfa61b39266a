"""What the stages of a build work with: the build in progress, who looks on, and what a stage is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from builders.executors.this_machine import Executor
from builders.recipes.recipe import Recipe, Source
from builders.run_folder.folder import Run, enter_stage
from builders.run_folder.stage_parts import StagePart
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

    `totals` and `marks` (fingerprints) are by the parts' names, `translate/SeedX` among them; `duplicates` are counts
    of a config's rows (`builders.dataset.duplicates`).
    """

    recipe: Recipe
    run: Run
    observer: Observer
    executor: Executor
    retry_failed: bool = False
    parts: list[StagePart] = field(default_factory=list)
    source: Source | None = None
    units: list[Unit] = field(default_factory=list)
    selected: list[Unit] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    totals: dict[str, Totals] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    splits: list[dict[str, Any]] = field(default_factory=list)
    duplicates: dict[str, dict[str, int]] = field(default_factory=dict)
    _decided: dict[str, dict[str, Any]] = field(default_factory=dict)

    def decided(self, name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What `make` decides, once for all machines that take part and for all of the build."""
        if name not in self._decided:
            self._decided[name] = self.executor.planned(name, make)
        return self._decided[name]

    def enter(self, name: str, inputs: "Callable[[Build], dict[str, Any]]") -> None:
        """Prepare a part's folder for its inputs, once for all machines, and note its fingerprint.

        `inputs` gives, as JSON, all that the part's output depends on: where it changes, the part is done again. It
        holds the marks of the parts that it reads by their names (`{"translate": {"SeedX": ...}}`).
        """
        folder = self.run.stage(name)
        self.marks[name] = self.executor.planned(
            name, lambda: {"mark": enter_stage(folder, inputs(self), say=self.observer.say)}
        )["mark"]


class Stage(Protocol):
    """A module of this room that is a stage: what `builders.stages.STAGES` holds."""

    @property
    def NAME(self) -> str:
        """What `--stop-after` calls it; the folder's name in the run folder, where it is one part."""

    def parts(self, recipe: Recipe) -> list[StagePart]:
        """What it is made of, for this recipe: one part as a rule, none where the recipe has no use for it."""

    def run(self, build: Build) -> None:
        """See that all of it is done: work on what is missing, and count every row that was read.

        Called only where there are parts, on machines that work on one of them or go on from it.
        """
