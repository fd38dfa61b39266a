"""One request to a batch API: with the key, patience, and an answer to whether it may be made again."""

import asyncio
from typing import Any

import httpx
from loguru import logger

from processors.batches.protocols import Unsure
from processors.clients.connection import Connection
from processors.clients.responses import Fault, read_response
from processors.clients.waits import backoff
from processors.errors import EngineError
from processors.scrub import excerpt

# For a word, and for a file of 200 MB on a slow line.
SHORT_S, LONG_S = 60.0, 1800.0
BACKOFF_S = 1.0
# Polls and downloads are tried for so many times the patience with one request: a batch lasts a day, and so may an
# outage on the way to it.
OUTAGE = 24.0


class ApiCall:
    """Requests by paths below a connection's base address; see `processors.batches.protocols.Call`."""

    def __init__(self, connection: Connection, patience_s: float) -> None:
        self._connection = connection
        self._patience_s = patience_s
        self._client: httpx.AsyncClient | None = None

    async def __call__(self, method: str, path: str, *, once: bool = False, **content: Any) -> bytes:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._patience_s * (1.0 if method == "POST" else OUTAGE)
        tries = 0
        while True:
            outcome = await self._try(method, path, content)
            if isinstance(outcome, bytes):
                return outcome
            where = f"{self._connection.label}: {method} {path.partition('?')[0]}"
            if outcome.kind in ("rejected", "denied", "fatal"):
                raise EngineError(f"{where}: {outcome.reason}")
            if once and outcome.kind != "busy" and outcome.name != "connect":
                raise Unsure(f"{where}: {outcome.reason}")
            if loop.time() >= until:
                raise EngineError(
                    f"{where}: no usable answer for {self._patience_s:.0f} s, last: {outcome.reason}; run the same "
                    "command again to go on"
                )
            logger.debug(f"{where}: {outcome.reason}")
            await asyncio.sleep(max(outcome.wait_s or 0.0, backoff(tries, BACKOFF_S)))
            tries += 1

    async def _try(self, method: str, path: str, content: dict[str, Any]) -> bytes | Fault:
        if self._client is None:
            self._client = self._connection.new_client()
            # Of a multipart body httpx writes it, with the boundary.
            del self._client.headers["Content-Type"]
        headers = {} if "files" in content else {"Content-Type": "application/json"}
        timeout_s = LONG_S if method == "POST" or path.endswith(("/content", "/results")) else SHORT_S
        url = f"{self._connection.address.api_base}{path}"
        try:
            async with asyncio.timeout(timeout_s):
                response = await self._client.request(method, url, headers=headers, **content)
        except TimeoutError:
            return Fault("fault", "timeout", f"no answer within {timeout_s:g} s")
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return Fault("fault", "connect", excerpt(f"{type(error).__name__}: {error}"))
        except (httpx.HTTPError, httpx.StreamError) as error:
            return Fault("fault", "connection", excerpt(f"{type(error).__name__}: {error}"))
        if response.is_success:
            return response.content
        outcome = read_response(response.status_code, response.headers, response.content, "chat")
        if isinstance(outcome, Fault):
            return outcome
        return Fault("rejected", str(response.status_code), outcome.refusal or f"status {response.status_code}")
