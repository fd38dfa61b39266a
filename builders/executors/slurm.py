"""A build on a Slurm cluster: one array a stage by datatrove's executor, each after those that it needs.

A task of an array works as any worker does on the shared run folder (see `builders.executors.shared_folder`), on its
stage alone: so a task that is preempted, requeued or killed loses one unit at most, and others take over what it held.
It begins again where it was killed for lack of memory, and a stage that comes after others looks at what they have
done, not at how their tasks ended.
"""

import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from datatrove.executor.slurm import SlurmPipelineExecutor
from datatrove.utils.stats import PipelineStats
from loguru import logger

from builders.engines import engine_of
from builders.executors.begun_again import begun_again
from builders.recipes.executors import SlurmJobs, SlurmRun
from builders.recipes.load import load_recipe
from builders.recipes.recipe import Recipe
from builders.run_folder.folder import CARD, RETRIED, SELECT, TRANSLATE, Run, plan_file
from builders.run_folder.stage_parts import StagePart, made_from, needed_for
from builders.run_folder.state import RunReader
from processors.errors import InputError, SmolKalamError

# Before its time limit a task gets this signal, on which datatrove's executor requeues it, so many seconds early.
SIGNAL, EARLY_S = "USR1", 120


class StageArray(SlurmPipelineExecutor):
    """The array of one stage. `work` is what each task calls, with the stage's name and how many cores it has.

    Mended in datatrove 0.10.1: of several arrays (more tasks than MaxArraySize) only the last was waited for; a
    failed task left those that depend on it waiting for ever; a requeued task wrote over the log of its first life.
    """

    def __init__(
        self,
        stage: str,
        work: Callable[[str, int], Any],
        jobs: SlurmJobs,
        where: SlurmRun,
        folder: Path,
        after: list[str],
    ) -> None:
        super().__init__(
            pipeline=[],
            tasks=jobs.tasks,
            time=jobs.time,
            partition=jobs.partition,
            cpus_per_task=jobs.cpus_per_task,
            mem_per_cpu_gb=jobs.mem_per_cpu_gb,
            gpus_per_task=jobs.gpus_per_task,
            workers=jobs.at_once or -1,
            job_name=f"smolkalam-{stage.replace('/', '-')}",
            qos=None,
            env_command=where.setup or f"export PATH={Path(sys.executable).parent}:$PATH",
            sbatch_args={
                "kill-on-invalid-dep": "yes",
                "open-mode": "append",
                "signal": f"{SIGNAL}@{EARLY_S}",
                **jobs.sbatch,
            },
            max_array_size=where.max_array_size,
            max_array_launch_parallel=True,
            depends_job_id=":".join(after) or None,
            # One task that failed keeps nothing from what others have done for it: each stage looks at what is there.
            run_on_dependency_fail=True,
            job_id_retriever=self._note_id,
            logging_dir=str(folder),
            skip_completed=False,
            requeue_signals=(f"SIG{SIGNAL}",),
        )
        self.stage = stage
        self.work = work
        self.cores = jobs.cpus_per_task
        self.ids: list[str] = []

    def launch_merge_stats(self) -> None:
        """Nothing: the units' statistics lie in the stage's logs."""

    def get_sbatch_args(self, max_array: int = 1) -> dict[str, Any]:
        return {key: value for key, value in super().get_sbatch_args(max_array).items() if value is not None}

    def _run_for_rank(self, rank: int, local_rank: int = 0, node_rank: int = -1) -> PipelineStats:
        begun_again(partial(self.work, self.stage), self.cores, signal.Signals[f"SIG{SIGNAL}"])
        return PipelineStats()

    def _note_id(self, printed: str) -> str:
        self.ids.append(printed.split()[-1])
        return self.ids[-1]


def parts_to_retry(recipe: Recipe, run: Run, parts: Sequence[StagePart], *, going_on: bool) -> list[StagePart]:
    """Of a build's parts those of translators with failed rows, and of stages that are not, or will not be, done.

    None where the build is done and no row failed. All, where select is not done or the folder is another recipe's:
    what will fail is then tried again at once. `going_on`: with a retry that was interrupted, which gives none of
    those that it is done with a further chance.
    """
    if not _begun_with(recipe, run):
        return list(parts)
    reader = RunReader(run, recipe, [part for part in parts if part.name != CARD])
    states = {state.name: state for state in reader.stages()}
    needed = {name for name, state in states.items() if not state.finished}
    if needed & {SELECT, *needed_for(parts, SELECT)}:
        return list(parts)
    if not reader.finished(list(states.values())):
        needed.add(CARD)
    for translator in recipe.translators:
        name = f"{TRANSLATE}/{translator.name}"
        over = going_on and plan_file(run, f"{name}/{RETRIED}").exists()
        if engine_of(translator).asks_a_model and states[name].dropped and not over:
            needed |= {name, *(part.name for part in made_from(parts, name))}
    return [part for part in parts if part.name in needed]


def _begun_with(recipe: Recipe, run: Run) -> bool:
    """Whether the folder's build is of this recipe, wherever it ran."""
    if not run.recipe.exists():
        return False
    before = load_recipe(str(run.recipe))
    return before.model_copy(update={"executor": recipe.executor}) == recipe


def submit(
    recipe: Recipe, run: Run, work: Callable[[str, int], Any], parts: Sequence[StagePart]
) -> dict[str, list[str]]:
    """Submit an array for each of `parts`, in order, after those of them that it reads; returns each's job ids.

    Raises InputError where there is no sbatch or the recipe does not fit, SmolKalamError where sbatch refuses.
    """
    where = recipe.executor
    assert isinstance(where, SlurmRun)
    names = [translator.name for translator in recipe.translators]
    for name in where.translators:
        if name not in names:
            raise InputError(f"executor.translators: the recipe has no translator '{name}'")
    ids: dict[str, list[str]] = {}
    # What it says of each launch, the caller says in a line a stage.
    logger.disable("datatrove.executor.slurm")
    for part in parts:
        stage, folder = part.name, run.logs("slurm", *part.name.split("/"))
        after = [job for name in part.after for job in ids.get(name, ())]
        array = StageArray(stage, work, part.slurm_jobs(where), where, folder, after)
        try:
            array.launch_job()
        except FileNotFoundError:
            raise InputError("sbatch is not on this machine: run this on the cluster's login node") from None
        except subprocess.CalledProcessError as error:
            raise SmolKalamError(
                f"{stage}: sbatch refused {folder}/launch_script.slurm (exit {error.returncode}), as said above"
            ) from None
        ids[stage] = array.ids
    return ids
