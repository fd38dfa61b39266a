"""What stages have in common: the build in progress, how units are run, and a row's candidates, joined and completed.

`context` is the contract of a stage, `run_units` sees a part's work done; `join_candidates` and `combine` put a row's
candidates together, `retry_failed` is what follows a stage that asks a model. A stage itself has no place here.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from builders.stages.common.context import Build, Observer, Stage
    from builders.stages.common.run_units import UnitPipeline, observe, run_once, run_units

__all__ = ["Build", "Observer", "Stage", "UnitPipeline", "observe", "run_once", "run_units"]

__getattr__ = handed_on(
    __name__,
    {
        "context": ["Build", "Observer", "Stage"],
        "run_units": ["UnitPipeline", "observe", "run_once", "run_units"],
    },
)
