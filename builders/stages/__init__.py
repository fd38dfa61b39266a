"""The stages of a build: each a module with NAME, `inputs` and `run` (see `builders.stages.context`), in this order.

To add one: write such a module, its folder's name in `builders/run_folder/folder.py`, and its line in STAGES.
"""

from builders.stages import dataset, rank, reward, select, translate
from builders.stages.context import Build, Observer, Stage

__all__ = ["STAGES", "Build", "Observer", "Stage"]

STAGES: tuple[Stage, ...] = (select, translate, reward, rank, dataset)
