"""text-generation-inference by its native API, `/generate`, through huggingface_hub's client.

The client brings the protocol; pace, retries and deadlines are ours. Its own handling of errors is kept out: it would
ask again without the parameters that a server does not know, for the rest of the process.
"""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from processors.clients.address import Address
from processors.clients.answer import Answer
from processors.clients.connection import Connection, Count, EndpointConfig, read_headers
from processors.clients.endpoint import HttpServer
from processors.clients.prompts import tgi_parameters
from processors.clients.responses import Fault, Mode, finish, read_response, well_formed, without_key
from processors.clients.session import CONNECT_S, KEEP_ALIVE_S
from processors.errors import SmolKalamError
from processors.scrub import excerpt


class _NoAnswer(Exception):
    """A response that is no success, for us to read."""


class _Seat:
    """A client with one connection, and the response that it got last."""

    def __init__(self, url: str, headers: dict[str, str], tls: Any) -> None:
        import httpx2
        from huggingface_hub import AsyncInferenceClient

        timeout = httpx2.Timeout(None, connect=CONNECT_S)
        # An explicit key: without one the client would send the Hub's token to any address. Headers of the same name
        # replace its own, which it writes in lower case; redirects, which would take them elsewhere, are not followed.
        own = {name.lower(): value for name, value in headers.items()}
        self.client = AsyncInferenceClient(model=url, api_key="EMPTY", headers=own, timeout=timeout)  # type: ignore[arg-type]
        # The client takes no session, and its own follows redirects, refuses to work while HF_HUB_OFFLINE is set and
        # does not show the headers (Retry-After, the count of the prompt's tokens).
        self.session = self.client._async_client = httpx2.AsyncClient(
            event_hooks={"response": [self._see]},
            limits=httpx2.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEEP_ALIVE_S),
            verify=tls or False,
            follow_redirects=False,
        )
        self.response: Any = None

    async def _see(self, response: Any) -> None:
        await response.aread()
        self.response = response
        if not response.is_success:
            raise _NoAnswer


class TgiConnection(Connection):
    """Requests to one TGI server."""

    def __init__(self, address: Address, endpoint: EndpointConfig, label: str, count: Count) -> None:
        super().__init__(address, endpoint, label, count)
        self._seats: list[_Seat] = []
        self._free: list[_Seat] = []

    def route(self) -> tuple[str, Mode]:
        return f"{re.sub(r'(/v1)?(/generate)?/?$', '', self.address.base_url)}/generate", "completion"

    def shown(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        parameters = {"details": True, **tgi_parameters(payload)}
        return super().shown(payload) | {"body": {"inputs": payload["prompt"], "parameters": parameters}}

    async def send(self, payload: dict[str, Any]) -> Answer | Fault:
        import httpx2

        seat = self._free.pop() if self._free else self._new_seat()
        seat.response = None
        self._count("requests", 1)
        try:
            async with asyncio.timeout(self.endpoint.timeout_s):
                output = await seat.client.text_generation(
                    payload["prompt"], details=True, stream=False, **tgi_parameters(payload)
                )
        except TimeoutError:
            return Fault("fault", "timeout", f"no answer within {self.endpoint.timeout_s:g} s")
        except httpx2.HTTPError as error:
            name = "connect" if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout) else "connection"
            name = "broken_off" if isinstance(error, httpx2.RemoteProtocolError) else name
            return Fault("fault", name, excerpt(f"{type(error).__name__}: {error}"))
        except (_NoAnswer, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            if seat.response is None:
                raise SmolKalamError(f"{self.label}: {type(error).__name__}: {excerpt(str(error))}") from None
            return self._read_fault(seat.response)
        finally:
            self._free.append(seat)
        return self._read(output, seat.response)

    async def aclose(self) -> None:
        await super().aclose()
        for seat in self._seats:
            await seat.session.aclose()

    def _new_seat(self) -> _Seat:
        seat = _Seat(self.url, read_headers(self.address), self.tls())
        self._seats.append(seat)
        return seat

    def _read(self, output: Any, response: Any) -> Answer | Fault:
        details = output.details
        if details is None or not isinstance(output.generated_text, str):
            return Fault("fault", "no_details", "a response without the details of text-generation-inference")
        # The prompt's tokens in the body would cost the server their probabilities; newer ones refuse to give them.
        prompt = response.headers.get("x-prompt-tokens", "")
        answer = Answer(
            well_formed(output.generated_text),
            finish(details.finish_reason),
            int(prompt) if prompt.isdecimal() else 0,
            max(0, details.generated_tokens),
        )
        return without_key(answer)

    def _read_fault(self, response: Any) -> Answer | Fault:
        outcome = read_response(response.status_code, response.headers, response.content, self.mode)
        if isinstance(outcome, Answer) and response.is_success:
            return Fault("fault", "not_tgi", "an OpenAI-compatible answer where TGI's was expected")
        return outcome


class TgiServer(HttpServer):
    """The client of a translator's TGI servers."""

    connection = TgiConnection
