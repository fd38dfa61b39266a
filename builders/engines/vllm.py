"""vLLM: servers that run already, or those that the pipeline starts."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builders.engines.common.served import ServedEngine
from builders.recipes.translators import VllmTranslator
from processors.languages.language import Language

if TYPE_CHECKING:
    from processors.clients.connection import EndpointConfig
    from processors.servers.vllm_command import VllmSettings
    from processors.translation.runner import MakeServer


class VllmEngine(ServedEngine[VllmTranslator]):
    """With `server` in the recipe, one that is started here for each group of GPUs; else any that is reached."""

    shapes_nothing = ServedEngine.shapes_nothing | {"server"}
    software = "vLLM"

    def settings(self) -> "VllmSettings":
        """The recipe's `server` block as the server takes it."""
        from processors.servers.vllm_command import VllmSettings

        assert self.spec.server is not None
        return VllmSettings(**self.spec.server.model_dump())

    def decoding(self) -> dict[str, Any]:
        decoding = super().decoding()
        if self.spec.repetition_detection:
            decoding["repetition_detection"] = self.spec.repetition_detection.model_dump()
        return decoding

    def endpoint(self, language: Language) -> "EndpointConfig":
        endpoint = super().endpoint(language)
        if self.spec.server is None:
            return endpoint
        # A server that is started again may load its model for longer than others may be silent.
        return replace(endpoint, patience_s=max(endpoint.patience_s, self.spec.server.start_timeout_s))

    def make_server(self, logs: Path) -> "MakeServer":
        """The log of a server that is started here goes to `logs`."""
        if self.spec.server is None:
            return super().make_server(logs)
        from processors.servers.vllm import VllmServer

        return partial(VllmServer, self.settings(), logs)

    def server_key(self) -> Any:
        spec = self.spec
        return (spec.model, spec.revision, spec.server) if spec.server else None

    def processes(self, logs: Path, say: Callable[[str], None]) -> Callable[[], int] | None:
        return partial(self.servers_here, logs, say) if self.spec.server else None

    def servers_here(self, logs: Path, say: Callable[[str], None]) -> int:
        """How many of its servers this machine runs at a time, one a process: a group of GPUs each, 1 without GPUs.

        Tells `say` of them, for while they load their model no row gets done. Raises InputError where there are GPUs,
        but fewer than one server takes.
        """
        from processors.servers.gpus import gpu_groups

        groups = gpu_groups(self.settings().gpus)
        where = f"one on each of the GPUs {' | '.join(groups)}" if groups else "without a GPU"
        say(f"{self.spec.name}: vLLM is started here, {where}, which takes a while; its log is in {logs}")
        return len(groups) or 1

    def served_by(self, public: Mapping[str, Any]) -> str:
        if not (server := public.get("server")):
            return super().served_by(public)
        length = f", at most {server['max_model_len']} tokens" if server["max_model_len"] else ""
        parallel = f", over {server['tensor_parallel']} GPUs each" if server["tensor_parallel"] > 1 else ""
        options = f", options `{json.dumps(server['arguments'])}`" if server["arguments"] else ""
        return f"by servers of vLLM that the build started (dtype `{server['dtype']}`{length}{parallel}{options})"


ENGINE = VllmEngine
