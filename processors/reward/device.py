"""Where a model of torch's runs here, and in which type: the same for all that score."""

from typing import Any


def device_and_type(dtype: str, threads: int | None, gpu: int = 0) -> tuple[str, Any]:
    """The device and the torch dtype; sets this process's CPU `threads`, where they are given.

    `dtype` auto: bfloat16 on a GPU, float32 on a CPU. `gpu` is the device's number where there are several.
    """
    import torch

    if threads:
        torch.set_num_threads(threads)
    on_gpu = torch.cuda.is_available()
    names = {"float32": torch.float32, "bfloat16": torch.bfloat16}
    return f"cuda:{gpu}" if on_gpu else "cpu", names.get(dtype, torch.bfloat16 if on_gpu else torch.float32)
