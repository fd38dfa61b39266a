"""Which GPUs of this machine a server may have: the visible ones in groups, each held by one server at a time."""

import fcntl
import os
import subprocess
import tempfile
from pathlib import Path

from processors.errors import InputError


def gpu_groups(size: int) -> list[str]:
    """The visible GPUs in groups of `size`, each as a value for CUDA_VISIBLE_DEVICES; none on a machine without GPUs.

    Raises InputError where there are GPUs, but fewer than `size`. What is left over stays unused.
    """
    gpus = _visible_gpus()
    if gpus and len(gpus) < size:
        raise InputError(
            f"a server here takes {size} GPUs (server.tensor_parallel), but this machine shows {len(gpus)} "
            f"({','.join(gpus)}); lower it, or look at CUDA_VISIBLE_DEVICES"
        )
    return [",".join(gpus[start : start + size]) for start in range(0, len(gpus) - size + 1, size)]


def hold_group(groups: list[str]) -> tuple[str, int] | None:
    """A group that no other process holds and the file descriptor that holds it, or None if all are held.

    By flock, which the kernel lets go of when the last process with that descriptor is gone: a supervisor that
    inherits it holds the GPUs until their memory is free, whatever becomes of us. (filelock has no descriptor to hand
    on.)
    """
    # A job of a cluster may see only its own GPUs, numbered from 0 in each.
    job = os.environ.get("SLURM_JOB_ID", "")
    folder = Path(tempfile.gettempdir()) / f"smolkalam-gpus-{os.getuid()}-{job}"
    folder.mkdir(mode=0o700, exist_ok=True)
    for group in groups:
        descriptor = os.open(folder / group.replace("/", "_"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            continue
        return group, descriptor
    return None


def _visible_gpus() -> list[str]:
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        # As CUDA reads it: what follows an invalid entry does not count.
        named = [name.strip() for name in visible.split(",")]
        return named[: next((i for i, name in enumerate(named) if name in ("", "-1")), len(named))]
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return []
    count = sum(line.startswith("GPU ") for line in listed.stdout.splitlines()) if listed.returncode == 0 else 0
    return [str(number) for number in range(count)]
