"""Work in a process of its own, which is begun again when it is killed: most likely for lack of memory.

On a cluster a task that uses more than it has asked for loses a process, at night and after two days; what it held is
taken over by others, where there are others, and by its own next life.
"""

import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from builders.executors.this_machine import WorkerKilled, begin_worker, worker_context
from processors.errors import SmolKalamError, tell

# How often a task is begun again. Memory that is used up by the same row each time, no further try mends.
LIVES = 3
# As a shell tells of a process that was killed.
_KILLED = 137


def begun_again(work: Callable[[int], Any], cores: int, ignored: signal.Signals) -> None:
    """Call `work(cores)` in a process of its own; up to LIVES times, while it is killed, each with half the cores.

    Processes that were too many for the memory are fewer then. `ignored` is a signal that this process handles for
    both. Raises SmolKalamError where the work was killed each time, or ended with an error, which it has told itself.
    """
    context = worker_context()
    for life in range(LIVES):
        process = context.Process(target=_work, args=(partial(work, max(1, cores >> life)), ignored))
        process.start()
        # Whoever ends this process by a signal lets the work store what it has paid for.
        before = signal.signal(signal.SIGTERM, lambda number, frame, process=process: process.terminate())  # type: ignore[misc]
        try:
            process.join()
        finally:
            signal.signal(signal.SIGTERM, before)
        if process.exitcode == 0:
            return
        if process.exitcode not in (_KILLED, -signal.SIGKILL):
            raise SmolKalamError(f"ended with exit code {process.exitcode}, as said above")
        print(f"killed, most likely for lack of memory; life {life + 1} of {LIVES}", file=sys.stderr, flush=True)
    raise SmolKalamError(f"killed {LIVES} times, most likely for lack of memory: ask for more with mem_per_cpu_gb")


def _work(work: Callable[[], Any], ignored: signal.Signals) -> None:
    begin_worker()
    signal.signal(ignored, signal.SIG_IGN)
    try:
        work()
    except SmolKalamError as error:
        tell(error)
        os._exit(_KILLED if isinstance(error, WorkerKilled) else error.exit_code)
