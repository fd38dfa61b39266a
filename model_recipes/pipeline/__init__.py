"""A whole recipe in one plan: data, trainings, merges, rounds and evaluations that use each other's results.

To add a kind of step: a subclass of `PipelineStep` in `steps.py` or `data_steps.py`, and a line in `steps.AnyStep`.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from model_recipes.pipeline.command import run_pipeline

__all__ = ["run_pipeline"]

__getattr__ = handed_on(__name__, {"command": ["run_pipeline"]})
