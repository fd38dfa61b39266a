"""How vLLM's server is started, and why it ended: its command line, and the cause in its log."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from processors.scrub import excerpt

MODULE = "vllm.entrypoints.openai.api_server"

_PREFIX = re.compile(r"^\(\S+ pid=\d+\) (?:(?:ERROR|CRITICAL|WARNING|INFO) [\d-]+ [\d:]+ \[[^\]]*\] ?)?")
_CAUSE = re.compile(r"^(?:[\w.]*(?:Error|Exception|Exit)|\s*Value error|\S+: error)[:,] ?\S")
# Said by one process of the failure of another.
_CONSEQUENCE = re.compile(
    r"Engine core (initialization )?failed|Worker failed with error|EngineDeadError|ProcessExited"
)
_HINTS = (
    (r"No module named '?vllm", "server.python must be the interpreter of the environment that vLLM is installed in"),
    (r"--uds", "this vLLM is too old to be started here; start it yourself and give base_url instead of server"),
    (r"no kernel image", "this vLLM was not built for this GPU; V100s need an older one (see the recipe seedx_v100)"),
    (r"Bfloat16 is only supported", "set server.dtype: float16"),
    (
        r"out of memory|KV cache|kv cache|Free memory on device|SIGKILL",
        "lower server.max_model_len or gpu_memory_utilization, or give it more GPUs (server.tensor_parallel)",
    ),
    (r"unrecognized arguments|expected one argument|invalid choice", "look at server.arguments"),
    (
        r"Repo id must be|not a valid model|Repository ?Not ?Found|LocalEntryNotFound|cannot find|gated|\b401\b",
        "check the translator's model; a gated one needs HF_TOKEN in the environment",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class VllmSettings:
    """How to serve a model. `arguments` are further options of vLLM's server: {"enforce-eager": True}.

    `python` is the interpreter of vLLM's environment. `start_timeout_s` covers downloading and loading the model.
    """

    python: str
    dtype: str = "auto"
    max_model_len: int | None = None
    tensor_parallel: int = 1
    gpu_memory_utilization: float | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    start_timeout_s: float = 1800.0

    @property
    def gpus(self) -> int:
        """GPUs that one server takes."""
        others = (self.arguments.get(name, 1) for name in ("pipeline-parallel-size", "data-parallel-size"))
        count = self.tensor_parallel
        for factor in others:
            count *= int(factor)
        return count


def command_line(settings: VllmSettings, python: str, model: str, revision: str | None, listen: Path) -> list[str]:
    """vLLM's server for `model` on the Unix socket `listen`.

    Of `arguments`, True is a flag, False its `--no-` form, a list an option with several values, a mapping JSON.
    """
    command = [python, "-m", MODULE, "--model", model, "--served-model-name", model, "--uds", str(listen)]
    command += ["--dtype", settings.dtype, "--disable-uvicorn-access-log"]
    for name, value in (
        ("revision", revision),
        ("max-model-len", settings.max_model_len),
        ("tensor-parallel-size", settings.tensor_parallel if settings.tensor_parallel > 1 else None),
        ("gpu-memory-utilization", settings.gpu_memory_utilization),
        *settings.arguments.items(),
    ):
        command += _option(name.replace("_", "-"), value)
    return command


def _option(name: str, value: Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, bool):
        return [f"--{name}" if value else f"--no-{name}"]
    if isinstance(value, Mapping):
        return [f"--{name}", json.dumps(value)]
    if isinstance(value, list | tuple):
        return [f"--{name}", *map(str, value)]
    return [f"--{name}", str(value)]


def explain_end(printed: str, code: int | None) -> str:
    """Why a server ended, in one line, from what it printed and its exit code (128 and the signal, if one ended it).

    vLLM is several processes, and each prints the others' failures after its own: the last line of its log is never
    the cause.
    """
    lines = [_PREFIX.sub("", line).rstrip() for line in printed.splitlines()]
    causes = [line.strip() for line in lines if _CAUSE.match(line) and not _CONSEQUENCE.search(line)]
    plain = [line.strip() for line in lines if line.strip() and not _CONSEQUENCE.search(line)]
    ended = "SIGKILL, as the kernel does for lack of memory" if code == 137 else f"exit code {code}"
    said = causes or ([] if code == 137 else plain)
    words = f"{excerpt(said[-1], 300)} ({ended})" if said else ended
    hint = next((hint for pattern, hint in _HINTS if re.search(pattern, words)), None)
    return f"{words}; {hint}" if hint else words
