"""Running a stage's pipeline over its tasks on this machine, by datatrove's executor interface."""

import contextlib
import io
import os
import pickle
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from copy import deepcopy
from dataclasses import dataclass
from multiprocessing import forkserver, get_context, parent_process, resource_tracker
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any, Protocol, TypeVar

from datatrove.executor.base import DistributedEnvVars, PipelineExecutor
from datatrove.pipeline.base import PipelineStep
from datatrove.utils.stats import PipelineStats

from builders.run_folder.folder import PROGRESS
from processors.errors import SmolKalamError

# Tasks a worker, where the user gives no number: enough to even out units of unequal cost.
TASKS_A_WORKER = 4
# So many rows are done before other processes have started, which takes 2 s of CPU and more for each stage.
FEW_ROWS = 500
# How long workers get that let paid answers come home: longer than `processors.answers.ask_once` waits for those.
STOP_S = 20.0
# What the process imports that workers are forked from, so that none of them has to.
PRELOAD = ["processors.own_process", "builders.stages"]

T = TypeVar("T")


class WorkerKilled(SmolKalamError):
    """A process of a stage was killed, by the system or by somebody."""


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
            stats = in_processes(self._run_quietly, self.tasks, self.workers)
        merged = sum(stats, start=PipelineStats())
        with self.logging_dir.open("stats.json", "wt") as file:
            merged.save_to_disk(file)
        return merged

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


def in_processes(run: Callable[[int], T], count: int, workers: int) -> list[T]:
    """`run(0)` to `run(count - 1)` in so many processes at most, in order. Raises the first error of one."""
    context = worker_context()
    pool = ProcessPoolExecutor(min(workers, count), mp_context=context, initializer=begin_worker)
    try:
        # Here workers are started: one whose start is broken off is none that the pool could kill.
        with _ctrl_c_later():
            futures = [pool.submit(_run_in_worker, run, rank) for rank in range(count)]
        for future in as_completed(futures):
            future.result()
        return [future.result() for future in futures]
    except (KeyboardInterrupt, SystemExit):
        _end_workers(list(pool._processes.values()))
        raise
    except BrokenProcessPool:
        raise WorkerKilled(
            "a worker was killed, most likely for lack of memory; run the same command again to go on, "
            "with fewer --workers"
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def worker_context() -> ForkServerContext:
    """Where workers are forked from: a process that has imported what they need, and that Ctrl-C passes by.

    It would print a traceback for a Ctrl-C while it imports, which Python's forkserver ignores only afterwards.
    """
    context = get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    # Starting the tracker lifts the block again, so it comes first.
    resource_tracker.ensure_running()
    with _ctrl_c_later():
        forkserver.ensure_running()
    return context


@contextlib.contextmanager
def _ctrl_c_later() -> Iterator[None]:
    """Ctrl-C is acted on afterwards, and not at all by processes that are started meanwhile."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Python raises it in the main thread alone
        return
    struck: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, _: struck.append(number))
    # The handler is for this process, where any thread may be sent the signal; the mask goes to those it starts.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
    if struck:
        signal.raise_signal(signal.SIGINT)


def _end_workers(processes: "list[Any]") -> None:
    """Stop workers: at once, but for those that ask a model and let the answers on their way come home first.

    What is not on disk is done again when resumed; to wait for whole tasks could take hours. A second Ctrl-C waits
    for nothing.
    """
    until = time.monotonic() + STOP_S
    try:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join(max(0.0, until - time.monotonic()))
    finally:
        for process in processes:
            process.kill()


def _run_in_worker(run: Callable[[int], T], rank: int) -> T:
    try:
        return run(rank)
    except Exception as error:
        try:
            pickle.loads(pickle.dumps(error))
        except Exception:
            # An error that cannot travel would look like a killed worker to the parent.
            raise SmolKalamError(f"task {rank}: {type(error).__name__}: {error}") from None
        raise


def begin_worker() -> None:
    """Let a worker end when the build is killed with -9, instead of going on as an orphan beside its successor.

    Ctrl-C reaches every process of the terminal; the parent alone acts on it and stops the workers.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:

        def wait() -> None:
            parent.join()
            os._exit(1)

        threading.Thread(target=wait, daemon=True).start()


@dataclass(frozen=True, slots=True)
class Work:
    """What a stage has to do: its items, in order, and the pipeline that does some of them.

    `items` gives for each item's name the file that is written last for it. `pipeline` takes the names of the items
    to share out over the tasks; with as many tasks as names, a task's rank is its item's place among them.
    `processes`, where given, says how many processes of this machine may work at a time, whatever the user asked for:
    as many as it has servers for. `more`: the stage has not ended with this; it says so by `Executor.leave`.
    `together`: one task of this machine does all, as where requests are gathered to be asked together. `rows` is how
    many rows are still to do, where that is known.
    """

    name: str
    items: dict[str, Path]
    pipeline: Callable[[list[str]], list[Any]]
    logs: Path
    processes: Callable[[], int] | None = None
    more: bool = False
    together: bool = False
    rows: int | None = None

    def missing(self) -> list[str]:
        return missing_items(self.items)


def missing_items(items: dict[str, Path]) -> list[str]:
    """Items whose file is not there, in order.

    By listing their folders: it is one question for many, and NFS may remember for a minute that a name was not there.
    """
    written: dict[Path, set[str]] = {}
    for path in items.values():
        if path.parent not in written:
            written[path.parent] = names_in(path.parent)
    return [name for name, path in items.items() if path.name not in written[path.parent]]


def names_in(folder: Path) -> set[str]:
    """The names of a folder's files; none where it is not there."""
    try:
        with os.scandir(folder) as files:
            return {file.name for file in files}
    except FileNotFoundError:
        return set()


class Executor(Protocol):
    """Where a build's stages run."""

    @property
    def workers(self) -> int:
        """How many processes of this machine may work at a time."""

    def planned(self, name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What `make` decided, as JSON: made by one process, once, for all that take part."""

    def wants(self, name: str) -> bool:
        """Whether this process needs the stage: to run it, or to go on from it."""

    def works_on(self, name: str) -> bool:
        """Whether this process may do some of the stage's work."""

    def run(self, work: Work) -> None:
        """Return when the stage's items are all done."""

    def leave(self, name: str) -> None:
        """The stage, whose work had `more`, has ended: who came for it alone goes."""


@dataclass(frozen=True, slots=True)
class ThisMachine:
    """`tasks` parts of each stage (default: enough to even out parts of unequal cost), `workers` at a time.

    With `as_needed`, `FEW_ROWS` are left to this process alone.
    """

    tasks: int | None = None
    workers: int = 1
    as_needed: bool = False

    def planned(self, name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        return make()

    def wants(self, name: str) -> bool:
        return True

    def works_on(self, name: str) -> bool:
        return True

    def run(self, work: Work) -> None:
        if missing := work.missing():
            few = self.as_needed and work.rows is not None and work.rows <= FEW_ROWS
            workers = work.processes() if work.processes else 1 if few else self.workers
            alone = work.together or (few and workers == 1)
            tasks = min(self.tasks or (1 if alone else workers * TASKS_A_WORKER), len(missing))
            for stale in (work.logs / PROGRESS).glob("*.json"):
                stale.unlink()
            run_stage(work.pipeline(missing), tasks=tasks, workers=workers, logging_dir=work.logs)

    def leave(self, name: str) -> None:
        """This process came for the whole build."""


def run_stage(pipeline: list[Any], *, tasks: int, workers: int, logging_dir: Path) -> PipelineStats:
    """Run a pipeline on this machine."""
    return LocalExecutor(pipeline, tasks=tasks, workers=workers, logging_dir=logging_dir).run()
