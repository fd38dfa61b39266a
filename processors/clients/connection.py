"""One OpenAI-compatible server, with one key: a request there and back, and what the response means."""

import asyncio
import json
import os
import ssl
from collections.abc import AsyncIterator, Callable, Generator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx
from loguru import logger

from processors.clients.address import Address, Headers, Rates
from processors.clients.answer import Answer
from processors.clients.pacing import Pacer
from processors.clients.prompts import PromptConfig
from processors.clients.rates import SharedRate
from processors.clients.responses import Fault, Mode, read_response
from processors.clients.session import (
    CONNECT_S,
    KEEP_ALIVE_S,
    Session,
    SessionHeaders,
    SessionResponse,
    WrongScheme,
    kind_of,
    nobody_listens,
    speaks_tls,
    whole_body,
)
from processors.clients.waits import backoff, spent_wait
from processors.errors import EngineError, SmolKalamError
from processors.scrub import excerpt, know

Count = Callable[[str, int], None]

_JSON = {"Content-Type": "application/json"}

# So many connections that end without a word, and never one with any, are no faults of the moment.
MUTE = 10
# Where this process has got an answer from: one that is gone has an outage, which is for the breaker's patience.
_ANSWERED: set[str] = set()


@dataclass(frozen=True)
class EndpointConfig:
    """How to reach a translator.

    `others` are further servers of the same model, or the same with another key. `concurrency` bounds the requests in
    flight to each; `timeout_s` bounds a whole request; `patience_s` a time without any usable answer, after which the
    run stops; `start_patience_s` the wait for a server that does not answer yet. `attempts` counts the tries of one
    request on servers that work for others.
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
    weight: float = 1.0
    alias: str | None = None
    headers: Headers = field(default_factory=Headers)
    rates: Rates = field(default_factory=Rates)
    # Where processes share `rates`; None: each has its own.
    rates_folder: Path | None = None
    others: tuple[Address, ...] = ()
    # Whether what a server tells of its model's reasoning beside an answer is put before it, as `<think>`.
    thoughts: bool = False

    def __post_init__(self) -> None:
        self.addresses  # noqa: B018 - a bad address is for whoever gives it, not for the worker.

    @property
    def addresses(self) -> tuple[Address, ...]:
        return (
            Address(self.base_url, self.api_key_env, self.weight, self.alias, self.headers, self.rates),
            *self.others,
        )

    @property
    def api_base(self) -> str:
        return self.addresses[0].api_base


class _OwnHeaders(httpx.Auth):
    """Adds the key and the recipe's headers to requests for one origin, and shows them to nobody."""

    def __init__(self, headers: dict[str, str], base: str) -> None:
        self._headers = headers
        self._origin = _origin(httpx.URL(base))

    def __repr__(self) -> str:
        return "<headers>"

    def beside(self, fixed: Mapping[str, str]) -> SessionHeaders:
        """All headers of requests to that origin."""
        return SessionHeaders({**fixed, **self._headers})

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if _origin(request.url) == self._origin:
            request.headers.update(self._headers)
        yield request


class HttpxClients:
    """Clients of httpx, and a session made of them: for what a proxy or a transport of its own carries, or is no JSON.

    As many as were ever in use at once, each of one connection: httpx's pool looks through all of its own for each
    request, and whoever waited in it for too long left it unusable.
    """

    def __init__(self, new_client: Callable[[], httpx.AsyncClient], base: httpx.URL) -> None:
        self._new_client = new_client
        self._base = base
        self._idle: list[httpx.AsyncClient] = []

    @asynccontextmanager
    async def one(self) -> AsyncIterator[httpx.AsyncClient]:
        """One that nobody else uses meanwhile."""
        client = self._idle.pop() if self._idle else self._new_client()
        try:
            yield client
        except BaseException:
            # Whatever state its connection is in now, nobody has it any more.
            await client.aclose()
            raise
        self._idle.append(client)

    async def request(self, method: str, target: bytes, body: bytes | None = None) -> SessionResponse:
        url = self._base.copy_with(raw_path=target)
        async with self.one() as client, client.stream(method, url, headers=_JSON, content=body) as response:
            content = await whole_body(response.aiter_bytes())
            return SessionResponse(response.status_code, response.headers, content)

    async def aclose(self) -> None:
        while self._idle:
            await self._idle.pop().aclose()


def _proxied(url: str) -> bool:
    """Whether the environment names a proxy for such addresses, or may: httpx knows which it exempts."""
    return bool({"all", url.partition(":")[0]} & getproxies().keys())


def through_proxy(url: str) -> str:
    """The proxy that the environment names for such addresses, for a message: without its user and password."""
    proxies, host = getproxies(), urlsplit(url).netloc
    proxy = "" if proxy_bypass(host) else proxies.get(url.partition(":")[0]) or proxies.get("all") or ""
    return f" through the proxy {excerpt(proxy.rpartition('@')[2])} that the environment names" if proxy else ""


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


class Connection:
    """Requests to one address. It keeps no order and retries nothing; `pacer` says how many it may have in flight.

    `fixed_headers` are what a kind of server wants in each request. `label` names it in messages. `succeeded` and
    `refused` are for whoever asks: whether it ever answered, and how many requests it did not want.
    """

    fixed_headers: ClassVar[Mapping[str, str]] = {}

    def __init__(self, address: Address, endpoint: EndpointConfig, label: str, count: Count) -> None:
        self.address = address
        self.endpoint = endpoint
        self.label = label
        self.model = address.model or endpoint.model
        self.pacer = Pacer(label, endpoint.concurrency, endpoint.patience_s, endpoint.attempts)
        if address.rates != Rates():
            folder = endpoint.rates_folder
            self.pacer.rate = SharedRate(address.rates, folder / address.slug if folder else None)
        self.succeeded = False
        self.refused = 0
        # Since its last answer: refusals of a key that has worked, and responses that are no API's.
        self.denied = self.foreign = 0
        # Connections that ended without a word, of a server that has never said one; since when it is looked for.
        self.mute = 0
        self._sought: float | None = None
        self.url, self.mode = self.route()
        self.heard = self.url in _ANSWERED
        # Read once, and not with each request.
        self._base = httpx.URL(self.url)
        self._target = self._base.raw_path
        self._count = count
        headers = read_headers(address)
        self._auth = _OwnHeaders(headers, address.api_base) if headers else None
        self.clients = HttpxClients(self._new_client, self._base)
        self._session: Session | HttpxClients | None = None
        self._tls: ssl.SSLContext | None = None

    def route(self) -> tuple[str, Mode]:
        """Where requests go, and what their answers look like."""
        mode = self.endpoint.prompt.mode
        return f"{self.address.api_base}/{'chat/completions' if mode == 'chat' else 'completions'}", mode

    def body(self, payload: Mapping[str, Any]) -> bytes:
        """A request's body."""
        return json.dumps({**payload, "model": self.model}).encode("ascii")

    def shown(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """A request as somebody may see it: its address, its headers with the names of keys' variables, its body."""
        headers = {**self.fixed_headers, **shown_headers(self.address)}
        return {"url": self.url, "headers": headers, "body": json.loads(self.body(payload))}

    def read(self, status: int, headers: Mapping[str, str], content: bytes) -> Answer | Fault:
        """What a response means."""
        return read_response(status, headers, content, self.mode, self.endpoint.thoughts)

    async def send(self, payload: dict[str, Any]) -> Answer | Fault:
        """One HTTP request. Our own deadline covers all of it: httpx's would begin anew with each packet."""
        body = self.body(payload)
        self._count("requests", 1)
        try:
            async with asyncio.timeout(self.endpoint.timeout_s):
                response = await self._requests().request("POST", self._target, body)
        except TimeoutError:
            return Fault("fault", "timeout", f"no answer within {self.endpoint.timeout_s:g} s")
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            # Behind a transport of our own is a server of our own, whose deaths are looked after.
            refused, name = nobody_listens(error) and self.socket() is None, kind_of(error)
            self.mute += not self.heard and name in ("broken_off", "connection")
            return Fault("fault", name, excerpt(f"{type(error).__name__}: {error}"), refused=refused)
        except Exception as error:
            # Without its traceback: a log that shows variables would show the request's headers, and so the key.
            raise SmolKalamError(f"{self.label}: {type(error).__name__}: {excerpt(str(error))}") from None
        self.heard = True
        outcome = self.read(response.status_code, response.headers, response.content)
        if isinstance(outcome, Answer) and (wait := spent_wait(response.headers)):
            # An answer, and the last one for now: to ask on would be refused.
            self.pacer.spent(wait)
        if isinstance(outcome, Answer):
            _ANSWERED.add(self.url)
        return outcome

    def worked(self, answer: Answer) -> None:
        """It has given an answer."""
        if self.pacer.rate:
            self.pacer.rate.answered(answer.prompt_tokens + answer.completion_tokens)
        self.succeeded = True
        self.denied = self.foreign = 0
        self.pacer.succeeded()

    async def reach(self) -> None:
        """Look whether anybody is there: any HTTP response will do, whatever the address serves.

        Raises EngineError if nobody is reached within `start_patience_s`, and at once where http stands for https or
        the other way round. One that has answered this process before is not looked for.
        """
        if self.url in _ANSWERED:
            return
        loop = asyncio.get_running_loop()
        self._sought = loop.time()
        until = self._sought + self.endpoint.start_patience_s
        tries = 0
        target = httpx.URL(f"{self.address.api_base}/models").raw_path
        while True:
            try:
                # Longer than the client takes for a connection: what runs out is the wait for a response.
                async with asyncio.timeout(CONNECT_S + min(CONNECT_S, self.endpoint.timeout_s)):
                    response = await self._requests().request("GET", target)
                self.heard = True
                if response.status_code == 400:
                    # Some ports of TLS say so to who comes by http.
                    await self._look_for_tls()
                return
            except TimeoutError:
                # Somebody is there; whether they answer is for the requests to find out.
                self.pacer.silent(self._sought)
                return
            except (httpx.ReadError, httpx.RemoteProtocolError):
                await self._look_for_tls()
                return
            except WrongScheme as error:
                raise EngineError(f"{self.label}: cannot be reached: {excerpt(str(error))}") from None
            except httpx.ConnectTimeout:
                reason = f"no connection within {CONNECT_S:g} s"
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                reason = excerpt(f"{type(error).__name__}: {error}")
            if loop.time() >= until:
                proxy = through_proxy(self.url) if isinstance(self._session, HttpxClients) else ""
                raise EngineError(
                    f"{self.label}: cannot be reached{proxy} ({reason}); check base_url and that the server runs"
                ) from None
            logger.debug(f"{self.label}: not there yet ({reason})")
            await asyncio.sleep(min(backoff(tries, 0.2), max(0.05, until - loop.time())))
            tries += 1

    async def _look_for_tls(self) -> None:
        """Raise EngineError where what took no request takes a TLS handshake, which no patience makes http."""
        direct = isinstance(self._session, Session) and self.socket() is None
        if direct and self.url.startswith("http:") and await speaks_tls(self._base):
            raise EngineError(
                f"{self.label}: takes no request by http, and speaks TLS; base_url is to begin with https://"
            )

    def is_mute(self) -> bool:
        """Whether every connection ended without a word, many of them, for as long as a server is looked for.

        Some end those to paths that they do not know, so the first look alone does not tell.
        """
        if self.heard or self._sought is None or self.mute < MUTE:
            return False
        return asyncio.get_running_loop().time() - self._sought > self.endpoint.start_patience_s

    async def aclose(self) -> None:
        if self._session:
            await self._session.aclose()
            self._session = None
        await self.clients.aclose()
        if self.pacer.rate:
            self.pacer.rate.close()

    def _new_client(self) -> httpx.AsyncClient:
        """A client of httpx's, of one connection, with all that our requests carry.

        A redirect is not followed: POST would become GET, and the key belongs to this host alone.
        """
        return httpx.AsyncClient(
            auth=self._auth,
            headers=dict(self.fixed_headers),
            verify=self.tls() or False,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEEP_ALIVE_S),
            timeout=httpx.Timeout(None, connect=CONNECT_S),
            follow_redirects=False,
            transport=self.transport(),
        )

    def _requests(self) -> "Session | HttpxClients":
        """What carries our own requests."""
        if self._session is None:
            if self.socket() is None and (self.transport() is not None or _proxied(self.url)):
                self._session = self.clients
            else:
                fixed = {**_JSON, **self.fixed_headers}
                headers = self._auth.beside(fixed) if self._auth else SessionHeaders(fixed)
                self._session = Session(self._base, headers, self.tls(), self.socket())
        return self._session

    def tls(self) -> ssl.SSLContext | None:
        """One for all clients, for it is slow to make; None where none is needed."""
        if self._tls is None and self.url.startswith("https"):
            self._tls = ssl.create_default_context()
        return self._tls

    def socket(self) -> str | None:
        """The Unix socket of a server of our own, in the place of the address."""
        return None

    def transport(self) -> httpx.AsyncHTTPTransport | None:
        """What carries a new client's requests; None for httpx's own choice."""
        return None


def read_key(variable: str | None) -> str:
    """The key in an environment variable; empty where none is named. Raises EngineError where it holds none.

    From now on it is taken out of whatever a server or a library says (`processors.scrub`).
    """
    if not variable:
        return ""
    key = os.environ.get(variable, "").strip()
    if not key:
        raise EngineError(f"the environment variable {variable} with the key for the endpoint is not set")
    if not key.isascii():
        raise EngineError(f"the environment variable {variable} does not hold a key (not ASCII)")
    return know(key)


def read_headers(address: Address) -> dict[str, str]:
    """The headers that are for this server alone, its key among them. Raises EngineError as `read_key` does."""
    headers = dict(address.headers.plain)
    headers |= {name: read_key(variable) for name, variable in address.headers.secret}
    if key := read_key(address.api_key_env):
        name = address.headers.key
        headers[name] = f"Bearer {key}" if name.lower() == "authorization" else key
    return headers


def shown_headers(address: Address) -> dict[str, str]:
    """Those headers with the variables' names in the place of their values."""
    headers = dict(address.headers.plain) | {name: f"${variable}" for name, variable in address.headers.secret}
    if address.api_key_env:
        name = address.headers.key
        headers[name] = f"{'Bearer ' if name.lower() == 'authorization' else ''}${address.api_key_env}"
    return headers
