"""A build on a Ray cluster: its executor starts workers of the run folder (see `builders.executors.shared_folder`)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from datatrove.executor.ray import RayPipelineExecutor
from datatrove.utils.stats import PipelineStats

from builders.recipes.executors import RayRun


class RayWorkers(RayPipelineExecutor):
    """Tasks that each call `work` once. A task that fails is logged and no more; its units are left to the others."""

    def __init__(self, work: Callable[[], Any], where: RayRun, folder: Path) -> None:
        super().__init__(
            pipeline=[],
            tasks=where.tasks,
            cpus_per_task=where.cpus_per_task,
            mem_per_cpu_gb=where.mem_per_cpu_gb,
            gpus_per_task=where.gpus_per_task,
            logging_dir=str(folder),
            skip_completed=False,
        )
        self.work = work

    def _run_for_rank(self, rank: int, local_rank: int = 0, node_rank: int = -1) -> PipelineStats:
        self.work()
        stats = PipelineStats()
        with self.logging_dir.open(f"stats/{rank:05d}.json", "w") as file:
            stats.save_to_disk(file)
        return stats
