"""What a training needs before it is started: steps, GPU memory and hours, with the formula of each figure.

`smolkalam train … --dry-run` prints it. To add a GPU: a line in `gpus.yaml`.
"""

from model_recipes.needs.estimate import GpuMemory, Schedule, hours, memory, schedule, step_flops
from model_recipes.needs.gpus import Gpu, find_gpu
from model_recipes.needs.model import context_of, look_at_name, look_at_vocabulary, read_config, unstopped_end
from model_recipes.needs.shape import ModelShape, shape_of

__all__ = [
    "Gpu",
    "GpuMemory",
    "ModelShape",
    "Schedule",
    "context_of",
    "find_gpu",
    "hours",
    "look_at_name",
    "look_at_vocabulary",
    "memory",
    "read_config",
    "schedule",
    "shape_of",
    "step_flops",
    "unstopped_end",
]
