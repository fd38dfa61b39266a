"""A vLLM translator of a recipe whose server the pipeline starts."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from builders.recipes.translators import VllmTranslator
from processors.servers.gpus import gpu_groups
from processors.servers.vllm import VllmServer
from processors.servers.vllm_command import VllmSettings
from processors.translation.runner import MakeServer


def vllm_settings(spec: VllmTranslator) -> VllmSettings:
    """The recipe's `server` block as the server takes it."""
    assert spec.server is not None
    return VllmSettings(**spec.server.model_dump())


def make_vllm(spec: VllmTranslator, logs: Path) -> MakeServer:
    """What makes the client of the server within a pipeline; the server's log goes to `logs`."""
    return partial(VllmServer, vllm_settings(spec), logs)


def servers_here(spec: VllmTranslator, logs: Path, say: Callable[[str], None]) -> int:
    """How many of its servers this machine runs at a time, one a process: a group of GPUs each, 1 without GPUs.

    Tells `say` of them, for while they load their model no row gets done. Raises InputError where there are GPUs, but
    fewer than one server takes.
    """
    groups = gpu_groups(vllm_settings(spec).gpus)
    where = f"one on each of the GPUs {' | '.join(groups)}" if groups else "without a GPU"
    say(f"{spec.name}: vLLM is started here, {where}, which takes a while; its log is in {logs}")
    return len(groups) or 1
