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
from typing import TYPE_CHECKING, Any, NoReturn

import httpx
from loguru import logger

from processors.clients.address import Address
from processors.clients.answer import Answer
from processors.clients.connection import Connection, Count, EndpointConfig
from processors.clients.endpoint import HttpServer
from processors.clients.pacing import Trouble
from processors.clients.responses import Fault, RequestFailed
from processors.clients.session import CONNECT_S, KEEP_ALIVE_S
from processors.errors import EngineError
from processors.servers.deaths import ALONE, Gate
from processors.servers.process import ServerProcess, find_interpreter, keep_server
from processors.servers.vllm_command import VllmSettings, command_line, explain_end

if TYPE_CHECKING:
    from datatrove.pipeline.inference.run_inference import InferenceConfig

# Between two questions whether the server is up: small beside the loading of a model.
POLL_S = 0.25
# Whoever held the GPUs before us and was killed lets go of them within seconds.
GPU_WAIT_S = 120.0
# A server whose engine is dead ends within seconds: vLLM 0.32 looks after it every five.
DYING_S = 20.0
# The address of a server on a Unix socket: the name is for messages, nothing looks it up.
LOCAL = Address("http://vllm")
# What vLLM must not do unasked: report its usage, and close idle connections before we do.
ENVIRONMENT = {"VLLM_NO_USAGE_STATS": "1", "VLLM_HTTP_TIMEOUT_KEEP_ALIVE": "120"}


class VllmConnection(Connection):
    """Requests to the server that this process keeps for these settings; `logs` is the folder for its log.

    It is started by the first request (a run whose answers are all stored needs none), serves the pipelines that
    follow, and is started again when it dies. What was under way then is sent again, each alone; what it dies of by
    itself is given up (`processors.servers.deaths`). A server that dies of the first small request after that, or too
    often, ends the run with the cause from its log.
    """

    def __init__(
        self, settings: VllmSettings, logs: Path, address: Address, endpoint: EndpointConfig, label: str, count: Count
    ) -> None:
        super().__init__(address, endpoint, label, count)
        self.settings = settings
        self._starting = asyncio.Lock()
        self._broken: EngineError | None = None
        self._stopping = False
        self._gate = Gate(label)
        # How many were under way when the death was noticed that is not told yet.
        self._company = 0
        key = (settings, endpoint.model, endpoint.revision)
        self._server = keep_server(key, lambda: _make_server(settings, endpoint, label, logs))
        self._allow()

    async def reach(self) -> None:
        """Nobody is there before there is something to ask."""

    async def send(self, payload: dict[str, Any]) -> Answer | Fault:
        """A request, for which the server is started again where it has died: that is nobody's fault.

        Except who kills it alone: then it is sent without its seed, if it has one. That is sound for the key that its
        answer is stored under: a seed only says which of the model's answers is drawn, and what is stored is drawn
        no more. Raises RequestFailed where the server dies of it again, EngineError where the server cannot be made
        to answer.
        """
        suspect, killed = False, 0
        while True:
            async with self._gate.enter(alone=suspect):
                if not (self._server.ready and self._server.alive()):
                    async with self._starting:
                        await self._see_to_it()
                start = self._server.starts
                outcome = await super().send(payload)
                if isinstance(outcome, Answer):
                    self._answered()
                    return outcome
                company = self._gate.inside
                if not (_may_be_its_end(outcome) and await self._died_since(start, company)):
                    return outcome
            suspect = True
            killed += company == 1
            if killed >= ALONE:
                await self._give_up()
            if killed and "seed" in payload:
                payload = {name: value for name, value in payload.items() if name != "seed"}
                self._count("sent_without_seed", 1)

    def stop(self) -> None:
        """Wait for the server no longer: what has not been sent will not be."""
        self._stopping = True
        self._gate.stop()

    def trouble(self) -> Trouble | None:
        """That the server has died, to show for a while: who watches sees from the first time on what it dies of."""
        deaths = self._server.deaths
        since = deaths.lately()
        if since is None:
            return None
        times = "once" if deaths.count == 1 else f"{deaths.count} times"
        return Trouble(self.label, f"died {times} and is started again: {deaths.words}", since, False)

    def _answered(self) -> None:
        if self._server.deaths.answered(self.endpoint.concurrency):
            self._allow()

    def _allow(self) -> None:
        self.pacer.allow(min(self.endpoint.concurrency, self._server.deaths.most or self.endpoint.concurrency))

    async def _died_since(self, start: int, company: int) -> bool:
        """Whether the server's life number `start` has ended or is ending, of which `company` requests know."""
        server = self._server
        # Between the engine's death and its process's vLLM answers for seconds, but is not healthy any more.
        loop = asyncio.get_running_loop()
        until = loop.time() + DYING_S
        while server.starts == start and server.alive():
            if await self._healthy() or loop.time() > until:
                return False
            await self._pause(POLL_S / 4)
        if server.starts == start:
            self._company = max(self._company, company)
        return True

    async def _give_up(self) -> NoReturn:
        """What a request ends with that the server dies of, alone. Raises RequestFailed."""
        async with self._starting:
            # The next would find it dead, and be asked why.
            await self._see_to_it()
        deaths = self._server.deaths
        deaths.one_did_it()
        self._allow()
        raise RequestFailed(f"{self.label}: the server dies of this request, alone too: {deaths.words}")

    def socket(self) -> str:
        return str(self._server.socket)

    def transport(self) -> httpx.AsyncHTTPTransport:
        one = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEEP_ALIVE_S)
        return httpx.AsyncHTTPTransport(uds=self.socket(), limits=one)

    async def _see_to_it(self) -> None:
        """Return when the server answers. What it failed of once, all who wait are told."""
        if self._broken:
            raise self._broken
        try:
            server = self._server
            if server.ready and server.alive():
                return
            again = server.started and not server.alive()
            if again:
                self._note_death(server)
            if not server.alive():
                await self._begin(server)
            await self._until_ready(server)
            if again:
                await self._try_it(server)
        except EngineError as error:
            self._broken = error
            raise

    def _note_death(self, server: ServerProcess) -> None:
        """Tell of it, and send fewer at once where it was in company. Raises EngineError where it is not the first."""
        words = _last_words(server)
        server.deaths.died(words, self._company)
        self._company = 0
        self._allow()
        if why := server.deaths.too_many():
            raise self._ended(server, words, why)
        logger.warning(f"{self.label}: vLLM's server ended: {words}; starting it again")
        self._count("server_restarts", 1)

    def _ended(self, server: ServerProcess, words: str, why: str) -> EngineError:
        return EngineError(f"{self.label}: vLLM's server ended: {words}; {why}, its log: {server.log}")

    async def _try_it(self, server: ServerProcess) -> None:
        """One small request of our own: a server that dies of that would die of all. Raises EngineError."""
        asked = {"messages": [{"role": "user", "content": "Hi"}]} if self.mode == "chat" else {"prompt": "Hi"}
        body = self.body(asked | {"max_tokens": 1, "temperature": 0})
        try:
            async with (
                asyncio.timeout(self.endpoint.timeout_s),
                httpx.AsyncClient(transport=self.transport(), timeout=None) as client,
            ):
                await client.post(self.url, content=body, headers={"Content-Type": "application/json"})
                # What it says matters not: an error too is the answer of one that lives.
        except (TimeoutError, httpx.HTTPError):
            pass
        if await self._died_since(server.starts, 0):
            raise self._ended(server, _last_words(server), "it gave no answer since its start")

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
                why = _last_words(server)
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

    def troubles(self) -> list[Trouble]:
        died = self._own.trouble()
        return [died] if died else super().troubles()


def _may_be_its_end(fault: Fault) -> bool:
    return fault.kind in ("fault", "busy") and fault.name != "timeout"


def _last_words(server: ServerProcess) -> str:
    return explain_end(server.printed(), server.exit_code())


def _make_server(settings: VllmSettings, endpoint: EndpointConfig, label: str, logs: Path) -> ServerProcess:
    python = find_interpreter(settings.python, f"{label}: server.python")
    # As activating its environment does: vLLM compiles with programs (ninja) that lie beside its interpreter.
    path = f"{Path(python).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    environment = ENVIRONMENT | {"PATH": path} | dict(settings.environment)
    log = logs / f"vllm-{socket.gethostname()}-{os.getpid()}.log"

    def command(listen: Path) -> list[str]:
        return command_line(settings, python, endpoint.model, endpoint.revision, listen)

    return ServerProcess(label, command, environment, log, settings.gpus)
