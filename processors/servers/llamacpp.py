"""llama.cpp's server within this process, for a GGUF file: by xllamacpp, which brings it as a wheel."""

import asyncio
import time
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from processors.clients.connection import Count, EndpointConfig
from processors.clients.endpoint import HttpServer
from processors.errors import EngineError, InputError
from processors.scrub import excerpt
from processors.servers.gguf import digest, part_names, read_metadata
from processors.servers.process import keep_server

if TYPE_CHECKING:
    from datatrove.pipeline.inference.run_inference import InferenceConfig

# llama.cpp's verbosity: no line of its own, for the terminal is the progress bar's.
QUIET = -1
# What the model goes on from to show how fast it is, for so many tokens and so many seconds at most.
TRIAL, TRIAL_TOKENS, TRIAL_S = "The weather is fine today. In Arabic:", 8, 20.0


@dataclass(frozen=True)
class GgufModel:
    """A model on this machine: its (first) file, the commit of the Hub that it is of, and a digest of what it is."""

    path: Path
    commit: str | None
    digest: str
    has_chat_template: bool


@dataclass(frozen=True)
class LlamaCppSettings:
    """How to serve a model: `slots` requests at a time, each with `context` tokens for itself and its answer."""

    path: Path
    slots: int
    context: int
    threads: int | None = None


def find_model(model: str, file: str | None, revision: str | None) -> GgufModel:
    """A .gguf file by path, or `file` of the Hub's repository `model`, which is downloaded where it is not cached.

    Raises InputError where there is none, or what is there is no GGUF file.
    """
    if find_spec("xllamacpp") is None:
        raise InputError("the backend llamacpp needs the extra of that name: pip install -e '.[llamacpp]'")
    paths, commit = download_gguf(model, file, revision) if file else (_local(model), None)
    metadata = read_metadata(paths[0])
    return GgufModel(paths[0], commit, digest(paths), "tokenizer.chat_template" in metadata)


def _local(model: str) -> list[Path]:
    path = Path(model).expanduser()
    if path.is_dir():
        names = ", ".join(sorted(found.name for found in path.glob("*.gguf"))) or "none"
        raise InputError(f"{path}: is a folder; give one of its .gguf files ({names})")
    paths = [path.with_name(name) for name in part_names(path.name)]
    for part in paths:
        if not part.is_file():
            raise InputError(
                f"{part}: no such file; give the path of a .gguf file, or the name of a Hub repository with its `file`"
            )
    return paths


def download_gguf(repo: str, file: str, revision: str | None) -> tuple[list[Path], str]:
    """All parts of a Hub model of which `file` is the first, in the cache, and their commit. Raises InputError."""
    import httpx2
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        first, *others = part_names(file)
        path = Path(hf_hub_download(repo, first, revision=revision))
        # `snapshots/<commit>/<file>` in the cache; the other parts are of the same commit.
        commit = path.parents[first.count("/")].name
        return [path, *(Path(hf_hub_download(repo, name, revision=commit)) for name in others)], commit
    except (HfHubHTTPError, HFValidationError, httpx2.HTTPError, OSError) as error:
        words = excerpt(str(error), 300)
        raise InputError(
            f"model '{repo}', file '{file}'{f', revision {revision}' if revision else ''}: cannot be had from the Hub "
            f"({type(error).__name__}: {words}); check the names and the network, or give a file's path as model"
        ) from None


class _Loaded:
    """A model in memory behind its HTTP server, whose threads live in this process and end with it."""

    def __init__(self, settings: LlamaCppSettings) -> None:
        import xllamacpp

        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(settings.path)
        parameters.n_parallel = settings.slots
        # llama.cpp divides the context between its slots.
        parameters.n_ctx = settings.slots * settings.context
        if settings.threads:
            parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = settings.threads
        # It logs to the terminal, which is the progress bar's.
        parameters.verbosity = QUIET
        parameters.ui = parameters.endpoint_slots = False
        try:
            self.server: Any = xllamacpp.Server(parameters)
        except RuntimeError as error:
            words = excerpt(str(error))
            raise EngineError(
                f"{settings.path}: llama.cpp cannot serve it ({words}); the file may be damaged, of a kind "
                "that this version does not know, or too large for the memory with this context and concurrency"
            ) from None
        self.url: str = self.server.listening_address

    def stop(self) -> None:
        self.server = None


class LlamaCppServer(HttpServer):
    """The client of the model of this process; before it asks, a few tokens tell how fast the model is."""

    _speed = 0.0

    def load(self) -> dict[str, float]:
        """As of any server, and the tokens a second of the trial."""
        return super().load() | ({"trial": round(self._speed, 3)} if self._speed else {})

    async def bg_start_server(self) -> None:
        self._speed = await self._try_speed()
        await super().bg_start_server()

    async def _try_speed(self) -> float:
        """Tokens a second of one answer; 0 where that is not to be had. Its first token waits for the prompt."""
        import httpx

        asked = {"prompt": TRIAL, "max_tokens": TRIAL_TOKENS, "temperature": 0, "cache_prompt": False}
        began = time.monotonic()
        try:
            async with asyncio.timeout(TRIAL_S), httpx.AsyncClient() as client:
                body = asked | {"model": self.endpoint.model}
                response = await client.post(f"{self.endpoint.api_base}/completions", json=body, timeout=TRIAL_S)
                told = response.json()
                speed = (told.get("timings") or {}).get("predicted_per_second")
                tokens = told["usage"]["completion_tokens"]
                return float(speed or tokens / (time.monotonic() - began))
        except (TimeoutError, httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError):
            return 0.0


def llamacpp_server(
    settings: LlamaCppSettings, config: "InferenceConfig", endpoint: EndpointConfig, rank: int, count: Count
) -> HttpServer:
    """The client of the model that this process keeps loaded; it is loaded by the first who needs it."""
    loaded = keep_server(settings, lambda: _Loaded(settings))
    return LlamaCppServer(config, replace(endpoint, base_url=loaded.url), rank, count)
