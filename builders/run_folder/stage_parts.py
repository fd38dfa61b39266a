"""The parts of a build, as its stages declare them: what has a bar, a line of `status`, and an array on a cluster.

Whoever shows, submits, checks or undoes a build loops over them and knows none by name, so that a stage is added by
its own file and its line in `builders.stages`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builders.recipes.executors import SlurmJobs, SlurmRun
from builders.run_folder.folder import Run
from builders.run_folder.units import UnitFiles


@dataclass(frozen=True, slots=True)
class StagePart:
    """A stage, or one translator's share of it.

    It works by units, unless `file` or `configs` says otherwise, on the rows that were selected, unless `rows` does.
    """

    name: str  # its folder in the run folder and in the logs, and what `--stage` takes
    after: tuple[str, ...] = ()  # parts that it reads, by name; each stands before it
    cost: float = 1.0  # of a row, beside a selected one's: for the whole build's time left
    file: str | None = None  # a single file, by its path in the run folder, is all of its work
    configs: tuple[str, ...] = ()  # its work is the dataset's splits, in each of these configs
    # How many rows it reads, by the inputs of its fingerprint; None where they do not say.
    rows: Callable[[dict[str, Any]], int | None] | None = None
    maybe: bool = False  # whether there is anything to do for it, the source alone says
    # What its tasks ask of a cluster, where not what all others or `executor.stages` ask.
    jobs: Callable[[SlurmRun], SlurmJobs | None] | None = None
    # Called before any work, where it will be worked on, with what warns: raises where a key or a model is missing.
    ready: Callable[[Callable[[str], None]], None] | None = None
    # Called with the build before any work, where it was never begun: asks once what will be asked of every row.
    greet: Callable[[Any], None] | None = None

    @property
    def by_units(self) -> bool:
        return self.file is None and not self.configs

    def outputs(self, run: Run, unit: str, into: str) -> list[Path]:
        """The files that say that it is done with a unit whose rows become the split `into`."""
        if self.file is not None:
            return [run.stage(self.file)]
        if self.configs:
            return [run.built_split(config, into) for config in self.configs]
        return [UnitFiles(run.stage(self.name), unit).counts]

    def slurm_jobs(self, where: SlurmRun) -> SlurmJobs:
        """What the tasks of its array ask of the cluster."""
        own = self.jobs(where) if self.jobs else None
        found = own or where.stages.get(self.name) or where
        return found.model_copy(update={"tasks": 1}) if self.file is not None else found


def made_from(parts: Sequence[StagePart], name: str) -> list[StagePart]:
    """The parts that are made from a part, or from what is made from it, in their order.

    >>> chain = [StagePart("a"), StagePart("b", ("a",)), StagePart("c", ("a",)), StagePart("d", ("b",))]
    >>> [part.name for part in made_from(chain, "b")], sorted(needed_for(chain, "d"))
    (['d'], ['a', 'b'])
    """
    found = {name}
    for part in parts:
        if found.intersection(part.after):
            found.add(part.name)
    return [part for part in parts if part.name in found - {name}]


def needed_for(parts: Sequence[StagePart], name: str) -> set[str]:
    """The parts that a part is made from, and those that these are made from."""
    found = {name}
    for part in reversed(parts):
        if part.name in found:
            found.update(part.after)
    return found - {name}
