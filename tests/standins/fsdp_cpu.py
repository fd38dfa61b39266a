"""FSDP over processes of the CPU: accelerate (1.15) takes these for plain data parallelism, whatever it is told.

    python -m torch.distributed.run --nproc_per_node 2 -m tests.standins.fsdp_cpu MODULE WORDS

runs a module as one process of them, in the environment that `accelerate launch` makes of a file. What is changed is
which kind of distribution accelerate thinks it has, and that gathered tensors are waited for, which a copy from a GPU
does by itself. Sharding, gathering and saving are PyTorch's and transformers' own.
"""

import runpy
import sys
from typing import Any

import accelerate.state
import torch.distributed.checkpoint.state_dict as saving
from accelerate.utils import DistributedType
from torch.distributed._functional_collectives import AsyncCollectiveTensor
from torch.utils._pytree import tree_map


def main() -> None:
    begin, gather = accelerate.state.AcceleratorState.__init__, saving._gather_state_dict

    def begun(self: Any, *args: Any, **options: Any) -> None:
        begin(self, *args, **options)
        if (plugin := options.get("fsdp_plugin") or getattr(self, "fsdp_plugin", None)) is not None:
            self.distributed_type, self.fsdp_plugin = DistributedType.FSDP, plugin

    def gathered(*args: Any, **options: Any) -> Any:
        def waited(value: Any) -> Any:
            return value.wait() if isinstance(value, AsyncCollectiveTensor) else value

        return tree_map(waited, gather(*args, **options))

    accelerate.state.AcceleratorState.__init__ = begun
    saving._gather_state_dict = gathered
    module = sys.argv.pop(1)
    runpy.run_module(module, run_name="__main__")


if __name__ == "__main__":
    main()
