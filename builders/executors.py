"""Running a stage's pipeline over its tasks on this machine, by datatrove's executor interface."""

import contextlib
import io
import os
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from copy import deepcopy
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

from datatrove.executor.base import DistributedEnvVars, PipelineExecutor
from datatrove.pipeline.base import PipelineStep
from datatrove.utils.stats import PipelineStats

from processors.errors import SmolKalamError


class LocalExecutor(PipelineExecutor):
    """datatrove's local executor with the gaps closed that break a resumable build.

    `LocalPipelineExecutor` (datatrove 0.10.1) forks a Manager process that survives kill -9 of the build and keeps
    every inherited lock; its Pool hangs for ever when a worker is killed (out of memory); and a worker's errors go to
    the terminal as tracebacks. Completion is recorded by unit, not by rank, so that a build may be resumed with
    another number of tasks.
    """

    def __init__(
        self, pipeline: list[PipelineStep | Callable], *, tasks: int, workers: int, logging_dir: Path
    ) -> None:
        super().__init__(pipeline, str(logging_dir), skip_completed=False)
        self.pipeline: list[PipelineStep | Callable] = pipeline
        self.tasks = tasks
        self.workers = workers

    @property
    def world_size(self) -> int:
        return self.tasks

    def run(self) -> PipelineStats:
        """Run every task; returns the merged statistics of datatrove. Raises the first error of a task."""
        self.save_executor_as_json()
        if self.workers == 1 or self.tasks == 1:
            pipeline, stats = self.pipeline, []
            for rank in range(self.tasks):
                self.pipeline = deepcopy(pipeline)
                stats.append(self._run_quietly(rank))
            self.pipeline = pipeline
        else:
            stats = self._run_in_processes()
        merged = sum(stats, start=PipelineStats())
        with self.logging_dir.open("stats.json", "wt") as file:
            merged.save_to_disk(file)
        return merged

    def _run_in_processes(self) -> list[PipelineStats]:
        context = get_context("forkserver")
        context.set_forkserver_preload(["builders.stages"])
        pool = ProcessPoolExecutor(min(self.workers, self.tasks), mp_context=context, initializer=_die_with_parent)
        try:
            futures = [pool.submit(self._run_in_worker, rank) for rank in range(self.tasks)]
            return [future.result() for future in as_completed(futures)]
        except KeyboardInterrupt:
            # What is not on disk is done again when resumed; to wait for whole tasks could take hours.
            for process in pool._processes.values():
                process.kill()
            raise
        except BrokenProcessPool:
            raise SmolKalamError(
                "a worker was killed, most likely for lack of memory; run the same command again to go on, "
                "with fewer --workers"
            ) from None
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _run_in_worker(self, rank: int) -> PipelineStats:
        try:
            return self._run_quietly(rank)
        except Exception as error:
            try:
                pickle.loads(pickle.dumps(error))
            except Exception:
                # An error that cannot travel would look like a killed worker to the parent.
                raise SmolKalamError(f"task {rank}: {type(error).__name__}: {error}") from None
            raise

    def _run_quietly(self, rank: int) -> PipelineStats:
        # datatrove logs to the task's file and to stderr; the terminal belongs to the progress bar.
        with contextlib.redirect_stderr(io.StringIO()):
            return self._run_for_rank(rank, local_rank=rank)

    def get_distributed_env(self, node_rank: int = -1) -> DistributedEnvVars:
        return DistributedEnvVars(
            datatrove_node_ips="localhost",
            datatrove_cpus_per_task="-1",
            datatrove_mem_per_cpu="-1",
            datatrove_gpus_on_node="-1",
            datatrove_executor="LOCAL",
        )


def _die_with_parent() -> None:
    """Let a worker end when the build is killed with -9, instead of going on as an orphan beside its successor."""
    parent = parent_process()
    if parent is not None:

        def wait() -> None:
            parent.join()
            os._exit(1)

        threading.Thread(target=wait, daemon=True).start()


def run_stage(pipeline: list[Any], *, tasks: int, workers: int, logging_dir: Path) -> PipelineStats:
    """Run a pipeline on this machine."""
    return LocalExecutor(pipeline, tasks=tasks, workers=workers, logging_dir=logging_dir).run()
