"""The recipe's `executor` block: where a build's stages run. It changes nothing of the dataset's bytes."""

from typing import Annotated, Literal

from pydantic import Field

from builders.recipes.base import Strict


class LocalRun(Strict):
    """On this machine, in processes."""

    kind: Literal["local"] = "local"


class Shared(Strict):
    lease_s: float = Field(
        120.0,
        ge=0.5,
        description="seconds after which others take over what a silent worker holds; at least twice what an outage "
        "of the shared folder lasts",
    )


class QueueRun(Shared):
    """On any number of machines that share the run folder: `smolkalam worker RUN` on each."""

    kind: Literal["queue"]


class SlurmJobs(Strict):
    """What each task of a stage's array asks of the cluster."""

    partition: str | None = Field(None, description="the cluster's default where not given")
    time: str = Field("24:00:00", description="limit of one task; what it has not finished by then is left to others")
    tasks: int = Field(8, ge=1, description="tasks of the array; each works on units until none is left")
    at_once: int | None = Field(None, ge=1, description="tasks that run at a time; no limit where not given")
    cpus_per_task: int = Field(1, ge=1, description="cores of a task")
    mem_per_cpu_gb: int = Field(4, ge=1, description="memory for each core")
    gpus_per_task: int = Field(0, ge=0, description="GPUs of a task")
    sbatch: dict[str, str] = Field({}, description="further options of sbatch, such as {account: abc}")


class SlurmRun(SlurmJobs, Shared):
    """On a Slurm cluster: an array a stage, each after what it depends on; the translators beside each other."""

    kind: Literal["slurm"]
    translators: dict[str, SlurmJobs] = Field(
        {}, description="by translator's name, where it needs something else than the other stages (a GPU partition)"
    )
    stages: dict[str, SlurmJobs] = Field(
        {}, description="by stage's name (scan, select, rank, build), where it needs something else"
    )
    reward: SlurmJobs | None = Field(None, description="for the stage `score`, where it needs something else (a GPU)")
    max_array_size: int = Field(1001, ge=1, description="the cluster's MaxArraySize; more tasks are several arrays")
    setup: str | None = Field(
        None, description="command that makes the environment ready [default: activate that of `smolkalam build`]"
    )


class RayRun(Shared):
    """On a Ray cluster (RAY_ADDRESS, or one of this machine) whose nodes share the run folder."""

    kind: Literal["ray"]
    tasks: int = Field(8, ge=1, description="workers, each for the whole build")
    cpus_per_task: int = Field(1, ge=1, description="cores of a task")
    mem_per_cpu_gb: float = Field(4.0, gt=0, description="memory for each core")
    gpus_per_task: int = Field(0, ge=0, description="GPUs of a task")


ExecutorRecipe = Annotated[LocalRun | QueueRun | SlurmRun | RayRun, Field(discriminator="kind")]
