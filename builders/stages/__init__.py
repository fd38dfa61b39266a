"""The stages of a build: each a module with NAME, `inputs` and `run` (see `builders.stages.context`), in this order.

To add one: write such a module, and name it in STAGES.
"""

from builders.stages import dataset, rank, reward, select, translate
from builders.stages.context import Stage

STAGES: tuple[Stage, ...] = (select, translate, reward, rank, dataset)
