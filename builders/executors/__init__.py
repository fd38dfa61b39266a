"""Where stages run: on this machine, by any machines on a shared folder, on Slurm, on Ray.

To add one, write a class with `Executor`'s methods, or one that starts workers of the shared folder as `slurm.py`
does, its settings in `builders/recipes/executors.py`, and its begin in `builders/build.py`.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from builders.executors.ray_workers import RayWorkers
    from builders.executors.shared_folder import Reached, SharedFolder
    from builders.executors.slurm import StageArray
    from builders.executors.this_machine import Executor, ThisMachine, Work, run_stage

__all__ = ["Executor", "RayWorkers", "Reached", "SharedFolder", "StageArray", "ThisMachine", "Work", "run_stage"]

__getattr__ = handed_on(
    __name__,
    {
        "ray_workers": ["RayWorkers"],
        "shared_folder": ["Reached", "SharedFolder"],
        "slurm": ["StageArray"],
        "this_machine": ["Executor", "ThisMachine", "Work", "run_stage"],
    },
)
