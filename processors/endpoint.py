"""One OpenAI-compatible server over HTTP: requests that are retried, paced and classified until there is an answer.

datatrove's own EndpointServer cannot talk to a remote endpoint and dies with its first fault (design section 9); this
one has no process of its own, asks nothing but the completions of the server, and never gives its key away.
"""

import asyncio
import json
import os
import re
import ssl
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

import httpx
from datatrove.pipeline.inference.servers import InferenceServer
from loguru import logger

from processors.answers import Answer
from processors.errors import EngineError, InputError, SmolKalamError
from processors.pacing import Pacer, backoff
from processors.prompts import PromptConfig
from processors.responses import Fault, Mode, RequestFailed, read_response

if TYPE_CHECKING:
    from datatrove.pipeline.inference.run_inference import InferenceConfig

CONNECT_S = 10.0
KEEP_ALIVE_S = 60.0
# So many refused requests, and never an answer, are not the rows' fault.
ALL_REFUSED = 20

Count = Callable[[str, int], None]


@dataclass(frozen=True)
class EndpointConfig:
    """How to reach a translator. Holds the NAME of the variable with the key, so it may be written down anywhere.

    `timeout_s` bounds a whole request; `patience_s` a time without any usable answer, after which the run stops;
    `start_patience_s` the wait for a server that does not answer yet. `attempts` counts the tries of one request on a
    server that works for others.
    """

    base_url: str
    model: str
    prompt: PromptConfig
    revision: str | None = None
    api_key_env: str | None = None
    decoding: dict[str, Any] = field(default_factory=dict)
    concurrency: int = 64
    timeout_s: float = 120.0
    attempts: int = 6
    backoff_s: float = 0.5
    patience_s: float = 900.0
    start_patience_s: float = 10.0

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.base_url)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable or "@" in parts.netloc or parts.query or parts.fragment:
            raise InputError(
                "base_url: expected an address such as http://localhost:8000/v1, without user, key or query in it; "
                "give a key by the name of its environment variable in api_key_env"
            )

    @property
    def api_base(self) -> str:
        """The address up to and with the version: `/v1` is added where the path has none."""
        base = re.sub(r"/(chat/)?completions/?$", "", self.base_url).rstrip("/")
        last = urlsplit(base).path.rsplit("/", 1)[-1]
        return base if re.fullmatch(r"v\d+\w*|openai", last) else f"{base}/v1"


class _Bearer(httpx.Auth):
    """Adds the key to requests for one origin, and shows it to nobody."""

    def __init__(self, key: str, base: str) -> None:
        self._header = f"Bearer {key}"
        self._origin = _origin(httpx.URL(base))

    def __repr__(self) -> str:
        return "<key>"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if _origin(request.url) == self._origin:
            request.headers["Authorization"] = self._header
        yield request


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


class HttpServer(InferenceServer):
    """The client of one endpoint within a datatrove InferenceRunner. `count` is told what happens, by name."""

    def __init__(self, config: "InferenceConfig", endpoint: EndpointConfig, rank: int, count: Count) -> None:
        super().__init__(config, rank)
        self.endpoint = endpoint
        self.host = urlsplit(endpoint.base_url).netloc
        self.pacer = Pacer(self.host, endpoint.concurrency, endpoint.patience_s, endpoint.attempts)
        self._count = count
        self._auth = _read_key(endpoint)
        self._clients: list[httpx.AsyncClient] = []
        self._idle: list[httpx.AsyncClient] = []
        self._tls: ssl.SSLContext | bool = False
        self._stopping = asyncio.Event()
        self._succeeded = False
        self._refused = 0
        self._mode: Mode = endpoint.prompt.mode
        path = "chat/completions" if self._mode == "chat" else "completions"
        self._url = f"{endpoint.api_base}/{path}"

    def get_base_url(self) -> str:
        return self.endpoint.api_base

    async def start_server(self) -> None:
        """There is no process to start."""

    async def monitor_health(self) -> None:
        """The requests themselves watch over the server."""
        await asyncio.Event().wait()

    async def __aenter__(self) -> "HttpServer":
        if self.endpoint.base_url.startswith("https"):
            self._tls = ssl.create_default_context()
        return await super().__aenter__()

    async def __aexit__(self, *error: Any) -> None:
        await super().__aexit__(*error)
        if self._server_ready.done() and not self._server_ready.cancelled():
            self._server_ready.exception()
        for client in self._clients:
            await client.aclose()

    async def bg_start_server(self) -> None:
        """Look once whether anybody is there: any HTTP response will do, whatever the address serves."""
        try:
            await self._reach()
        except EngineError as error:
            self._server_ready.set_exception(error)
        else:
            self._server_ready.set_result(True)

    def stop(self) -> None:
        """Start no further request; those on their way are let through."""
        self._stopping.set()
        self.pacer.stop()

    async def ask(self, payload: dict[str, Any]) -> Answer:
        """The server's answer to `payload`, which is not changed.

        Raises RequestFailed when this request cannot be answered, EngineError when none can.
        """
        if not self._server_ready.done() or self._server_ready.exception():
            await asyncio.shield(self._server_ready)
        body = json.dumps({**payload, "model": self.endpoint.model}).encode("ascii")
        loop = asyncio.get_running_loop()
        tries, faults, waits, begun = 0, 0, 0, loop.time()
        while True:
            outage = self.pacer.open
            outcome = await self._paced(body)
            if isinstance(outcome, Answer):
                return outcome
            self._count(f"retry_{outcome.name}", 1)
            if outcome.kind == "busy":
                waits += 1
                if loop.time() - begun > self.endpoint.patience_s:
                    raise RequestFailed(f"{self.host}: still busy after {waits} tries ({outcome.reason})")
            else:
                tries += 1
                # While nothing works at all, the outage is the server's and not this request's; but the last few
                # requests of a run may all be at fault themselves, and then nothing else shows that the server works.
                faults += not (outage and self.pacer.open)
                if faults >= self.endpoint.attempts or tries >= 2 * self.endpoint.attempts:
                    raise RequestFailed(f"{self.host}: failed {tries} times, last: {outcome.reason}")
            await self._sleep(max(outcome.wait_s or 0.0, backoff(max(faults, waits, 1) - 1, self.endpoint.backoff_s)))

    async def _paced(self, body: bytes) -> Answer | Fault:
        """One try, and what the endpoint's pace learns from it."""
        ticket = await self.pacer.acquire()
        try:
            if self._stopping.is_set():
                raise RequestFailed(f"{self.host}: not asked, the run stops")
            outcome = await self._post(body)
            if isinstance(outcome, Answer):
                self._succeeded = True
                self.pacer.succeeded()
            elif outcome.kind == "busy":
                self.pacer.busy(ticket, outcome.reason, outcome.wait_s)
            elif outcome.kind == "fault":
                if outcome.name == "timeout":
                    self.pacer.busy(ticket, outcome.reason, None)
                self.pacer.failed(outcome.reason)
            else:
                outcome = self._refuse(outcome)
            return outcome
        finally:
            self.pacer.release()

    def _refuse(self, fault: Fault) -> Fault:
        """A request that the server does not want: the row's fault, the run's, or a passing one."""
        if fault.kind == "fatal" or (fault.kind == "denied" and not self._succeeded):
            self._give_up(fault.reason)
        if fault.kind == "denied":
            self.pacer.failed(fault.reason)
            return Fault("fault", fault.name, fault.reason)
        self._refused += 1
        if not self._succeeded and self._refused >= ALL_REFUSED:
            self._give_up(f"refuses every request ({fault.reason})")
        raise RequestFailed(f"{self.host}: refuses the request ({fault.reason})")

    def _give_up(self, reason: str) -> NoReturn:
        variable = self.endpoint.api_key_env
        source = f"the key comes from {variable}" if variable else "no api_key_env is given"
        raise EngineError(
            f"{self.host}, model '{self.endpoint.model}': {reason}; {source}. "
            "Mend that and run the same command again: what was answered is stored"
        )

    async def _post(self, body: bytes) -> Answer | Fault:
        """One HTTP request. Our own deadline covers all of it: httpx's would begin anew with each packet."""
        client = self._idle.pop() if self._idle else self._new_client()
        self._count("requests", 1)
        try:
            async with asyncio.timeout(self.endpoint.timeout_s):
                response = await client.post(self._url, content=body)
                content = response.content
        except TimeoutError:
            return Fault("fault", "timeout", f"no answer within {self.endpoint.timeout_s:g} s")
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            return Fault("fault", _slug(error), self._scrub(f"{type(error).__name__}: {error}"))
        except Exception as error:
            # Without its traceback: a log that shows variables would show the request's headers, and so the key.
            raise SmolKalamError(f"{self.host}: {type(error).__name__}: {self._scrub(str(error))}") from None
        finally:
            self._idle.append(client)
        outcome = read_response(response.status_code, response.headers, content, self._mode)
        if isinstance(outcome, Fault):
            return Fault(outcome.kind, outcome.name, self._scrub(outcome.reason), outcome.wait_s)
        return outcome

    async def _reach(self) -> None:
        """Raises EngineError if nobody is reached within `start_patience_s`."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self.endpoint.start_patience_s
        tries = 0
        client = self._new_client()
        self._idle.append(client)
        while True:
            try:
                async with asyncio.timeout(min(CONNECT_S, self.endpoint.timeout_s)):
                    await client.get(f"{self.endpoint.api_base}/models")
                return
            except (TimeoutError, httpx.ReadError, httpx.RemoteProtocolError):
                # Somebody is there; whether they answer is for the requests to find out.
                return
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                reason = self._scrub(f"{type(error).__name__}: {error}")
            if loop.time() >= until:
                raise EngineError(
                    f"{self.host}: cannot be reached ({reason}); check base_url and that the server runs"
                ) from None
            logger.debug(f"{self.host}: not there yet ({reason})")
            await asyncio.sleep(min(backoff(tries, 0.2), max(0.05, until - loop.time())))
            tries += 1

    def _new_client(self) -> httpx.AsyncClient:
        """A client of one connection: httpx's pool looks through all of its own for each request, three times as slow.

        The pacer keeps their number within `concurrency`. A redirect is not followed: POST would become GET, and the
        key belongs to this host alone.
        """
        client = httpx.AsyncClient(
            auth=self._auth,
            headers={"Content-Type": "application/json"},
            verify=self._tls,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEEP_ALIVE_S),
            timeout=httpx.Timeout(None, connect=CONNECT_S),
            follow_redirects=False,
        )
        self._clients.append(client)
        return client

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
        raise RequestFailed(f"{self.host}: not asked again, the run stops")

    def _scrub(self, text: str) -> str:
        """Without the key, should a server or a library quote it."""
        key = os.environ.get(self.endpoint.api_key_env, "").strip() if self.endpoint.api_key_env else ""
        return text.replace(key, "<key>") if key else text


def _read_key(endpoint: EndpointConfig) -> _Bearer | None:
    if not endpoint.api_key_env:
        return None
    if not os.environ.get(endpoint.api_key_env, "").strip():
        raise EngineError(f"the environment variable {endpoint.api_key_env} with the key for the endpoint is not set")
    if not os.environ[endpoint.api_key_env].strip().isascii():
        raise EngineError(f"the environment variable {endpoint.api_key_env} does not hold a key (not ASCII)")
    return _Bearer(os.environ[endpoint.api_key_env].strip(), endpoint.api_base)


def _slug(error: Exception) -> str:
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return "connect"
    if isinstance(error, httpx.RemoteProtocolError):
        return "broken_off"
    if isinstance(error, httpx.DecodingError):
        return "not_json"
    return "connection"
