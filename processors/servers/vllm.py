"""vLLM's server, started by the pipeline on this machine and looked after.

datatrove's own VLLMServer (0.10.1) cannot be used for this: it wants vLLM in this environment, whose transformers is
too new for it; it starts and stops a server for each pipeline, where ours are one small unit long and vLLM takes
minutes; it always passes --trust-remote-code; it races for a port; a server that dies at the start shows as a
time-out, one that dies later ends the task; and kill -9 leaves vLLM's engine behind with the GPU's memory.
"""

import asyncio
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from loguru import logger

from processors.clients.address import Address
from processors.clients.answer import Answer
from processors.clients.connection import CONNECT_S, KEEP_ALIVE_S, Connection, Count, EndpointConfig
from processors.clients.endpoint import HttpServer
from processors.clients.responses import Fault, RequestFailed
from processors.errors import EngineError
from processors.servers.process import ServerProcess, find_interpreter, keep_server
from processors.servers.vllm_command import VllmSettings, command_line, explain_end

if TYPE_CHECKING:
    from datatrove.pipeline.inference.run_inference import InferenceConfig

# Between two questions whether the server is up: small beside the loading of a model.
POLL_S = 0.25
# Whoever held the GPUs before us and was killed lets go of them within seconds.
GPU_WAIT_S = 120.0
# The address of a server on a Unix socket: the name is for messages, nothing looks it up.
LOCAL = Address("http://vllm")
# What vLLM must not do unasked: report its usage, and close idle connections before we do.
ENVIRONMENT = {"VLLM_NO_USAGE_STATS": "1", "VLLM_HTTP_TIMEOUT_KEEP_ALIVE": "120"}


class VllmConnection(Connection):
    """Requests to the server that this process keeps for these settings; `logs` is the folder for its log.

    It is started by the first request (a run whose answers are all stored needs none), serves the pipelines that
    follow, and is started again when it dies after it has answered. A server that dies without an answer ends the run
    with the cause from its log.
    """

    def __init__(
        self, settings: VllmSettings, logs: Path, address: Address, endpoint: EndpointConfig, label: str, count: Count
    ) -> None:
        super().__init__(address, endpoint, label, count)
        self.settings = settings
        self._starting = asyncio.Lock()
        self._broken: EngineError | None = None
        self._stopping = False
        key = (settings, endpoint.model, endpoint.revision)
        self._server = keep_server(key, lambda: _make_server(settings, endpoint, label, logs))

    async def reach(self) -> None:
        """Nobody is there before there is something to ask."""

    async def send(self, payload: dict[str, Any]) -> Answer | Fault:
        """A request, for which the server is started again where it has died: that is nobody's fault.

        Raises EngineError where the server cannot be made to answer.
        """
        if not (self._server.ready and self._server.alive()):
            async with self._starting:
                await self._see_to_it()
        outcome = await super().send(payload)
        if isinstance(outcome, Answer):
            self._server.answers += 1
        return outcome

    def stop(self) -> None:
        """Wait for the server no longer: what has not been sent will not be."""
        self._stopping = True

    def transport(self) -> httpx.AsyncHTTPTransport:
        one = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEEP_ALIVE_S)
        return httpx.AsyncHTTPTransport(uds=str(self._server.socket), limits=one)

    async def _see_to_it(self) -> None:
        """Return when the server answers. What it failed of once, all who wait are told."""
        if self._broken:
            raise self._broken
        try:
            server = self._server
            if server.ready and server.alive():
                return
            if server.started and not server.alive():
                why = f"vLLM's server ended: {explain_end(server.printed(), server.exit_code())}"
                if not server.answers:
                    raise EngineError(f"{self.label}: {why}; it gave no answer since its start, its log: {server.log}")
                logger.warning(f"{self.label}: {why}; starting it again")
                self._count("server_restarts", 1)
            if not server.alive():
                await self._begin(server)
            await self._until_ready(server)
        except EngineError as error:
            self._broken = error
            raise

    async def _begin(self, server: ServerProcess) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + GPU_WAIT_S
        while not await loop.run_in_executor(None, server.try_start):
            if loop.time() > until:
                raise EngineError(
                    f"{self.label}: other servers of this user hold all GPUs of {socket.gethostname()}; "
                    "wait for that build, or give each its own by CUDA_VISIBLE_DEVICES"
                )
            await self._pause(1)

    async def _until_ready(self, server: ServerProcess) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        while not await self._healthy():
            if not server.alive():
                why = explain_end(server.printed(), server.exit_code())
                server.stop()
                raise EngineError(f"{self.label}: vLLM's server did not start: {why}; its log: {server.log}")
            if loop.time() - began > self.settings.start_timeout_s:
                server.stop()
                raise EngineError(
                    f"{self.label}: vLLM's server was not ready within server.start_timeout_s "
                    f"({self.settings.start_timeout_s:g} s); its log: {server.log}"
                )
            await self._pause(POLL_S)
        server.ready = True
        logger.info(f"{self.label}: ready after {loop.time() - began:.0f} s")

    async def _pause(self, seconds: float) -> None:
        if self._stopping:
            raise RequestFailed(f"{self.label}: not asked, the run stops")
        await asyncio.sleep(seconds)

    async def _healthy(self) -> bool:
        try:
            async with asyncio.timeout(CONNECT_S), httpx.AsyncClient(transport=self.transport()) as client:
                return (await client.get(f"{LOCAL.base_url}/health")).status_code == 200
        except (TimeoutError, httpx.HTTPError):
            return False


class VllmServer(HttpServer):
    """The client of the server that this process keeps, within a datatrove InferenceRunner.

    `endpoint.base_url` is `LOCAL`'s: the server has no address that others could use.
    """

    def __init__(
        self,
        settings: VllmSettings,
        logs: Path,
        config: "InferenceConfig",
        endpoint: EndpointConfig,
        rank: int,
        count: Count,
    ) -> None:
        self._settings, self._logs = settings, logs
        super().__init__(config, endpoint, rank, count)

    def connect(self, address: Address, label: str) -> Connection:
        self._own = VllmConnection(self._settings, self._logs, address, self.endpoint, label, self._count)
        return self._own

    def stop(self) -> None:
        super().stop()
        self._own.stop()


def _make_server(settings: VllmSettings, endpoint: EndpointConfig, label: str, logs: Path) -> ServerProcess:
    python = find_interpreter(settings.python, f"{label}: server.python")
    # As activating its environment does: vLLM compiles with programs (ninja) that lie beside its interpreter.
    path = f"{Path(python).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    environment = ENVIRONMENT | {"PATH": path} | dict(settings.environment)
    log = logs / f"vllm-{socket.gethostname()}-{os.getpid()}.log"

    def command(listen: Path) -> list[str]:
        return command_line(settings, python, endpoint.model, endpoint.revision, listen)

    return ServerProcess(label, command, environment, log, settings.gpus)
