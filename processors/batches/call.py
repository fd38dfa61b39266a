"""One request to a batch API: with the key, patience, and an answer to whether it may be made again."""

import asyncio
import json
import re
from typing import Any

import httpx
from loguru import logger

from processors.batches.protocols import Unsure
from processors.clients.connection import Connection
from processors.clients.endpoint import DENIED_TRIES, FOREIGN
from processors.clients.pacing import TELL_S
from processors.clients.responses import Fault, read_response
from processors.clients.waits import backoff
from processors.errors import EngineError
from processors.scrub import excerpt, holds_key

# For a word, and for a file of 200 MB on a slow line. A server that hangs is on the bar within the first minute: after
# the look whether anybody is there, which takes 20 seconds then, and one word.
SHORT_S, LONG_S = 30.0, 1800.0
BACKOFF_S = 1.0
# Requests at a time, each with a connection of its own: few files on their way keep no batch from being looked at.
# Who waits for a turn does not wait for the server, and is no silence of it. By httpx's own pool of one connection,
# 170 batches submitted at once came to a standstill: some waited there for 30 s, and it was never free again.
AT_ONCE = 8
# Polls and downloads are tried for so many times the patience with one request: a batch lasts a day, and so may an
# outage on the way to it.
OUTAGE = 24.0
# So many responses that no batch API gives, and never another, are a wrong address's.
ALL_FOREIGN = 5
# So often a file of results is fetched that has lines which are none; then the others count.
DAMAGED_TRIES = 3
# What an API calls a batch or a file: it is kept on disk and stands in addresses.
_NAME = re.compile(r"[\w.:~-]{1,200}")


class ApiCall:
    """Requests by paths below a connection's base address; see `processors.batches.protocols.Call`.

    While they come to nothing the connection's pacer is told, by which the bar and the status show it.
    """

    def __init__(self, connection: Connection, patience_s: float) -> None:
        self._connection = connection
        self._patience_s = patience_s
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._answered = False

    async def __call__(self, method: str, path: str, *, once: bool = False, **content: Any) -> bytes:
        loop, pacer = asyncio.get_running_loop(), self._connection.pacer
        began, tries = loop.time(), 0
        until = began + self._patience_s * (1.0 if method == "POST" else OUTAGE)
        where = f"{self._connection.label}: {method} {path.partition('?')[0]}"
        while True:
            asked = loop.time()
            async with self._turns:
                waited = loop.time() - asked
                began, until = began + waited, until + waited
                outcome = await self._try(method, path, content, tries)
            if isinstance(outcome, bytes):
                self._answered = True
                pacer.succeeded()
                return outcome
            tries += 1
            self._look(outcome, where, tries)
            if once and outcome.kind == "fault" and outcome.name != "connect":
                raise Unsure(f"{where}: {outcome.reason}")
            if loop.time() >= until:
                raise EngineError(
                    f"{where}: no usable answer for {loop.time() - began:.0f} s, last: {outcome.reason}; run the same "
                    "command again to go on"
                )
            wait_s = max(outcome.wait_s or 0.0, backoff(tries - 1, BACKOFF_S))
            if loop.time() + wait_s - began >= TELL_S and not pacer.open:
                logger.warning(f"{where}: {outcome.reason}; trying again")
                pacer.trip(outcome.reason)
            await asyncio.sleep(wait_s)

    def _look(self, fault: Fault, where: str, tries: int) -> None:
        """Raise EngineError where another try would come to nothing too; what has worked may be refused by mistake."""
        if fault.kind in ("rejected", "denied", "fatal") and (tries >= DENIED_TRIES or not self._answered):
            raise EngineError(f"{where}: {fault.reason}")
        if fault.name in FOREIGN and tries >= ALL_FOREIGN and not self._answered:
            raise EngineError(f"{where}: is this the address of a batch API? {fault.reason}")

    async def _try(self, method: str, path: str, content: dict[str, Any], tries: int) -> bytes | Fault:
        headers = {} if "files" in content else {"Content-Type": "application/json"}
        lines = path.endswith(("/content", "/results"))
        timeout_s = LONG_S if method == "POST" or lines else SHORT_S
        url = f"{self._connection.address.api_base}{path}"
        try:
            async with self._connection.clients.one() as client, asyncio.timeout(timeout_s):
                response = await client.request(method, url, headers=headers, **content)
        except TimeoutError:
            return Fault("fault", "timeout", f"no answer within {timeout_s:g} s")
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return Fault("fault", "connect", excerpt(f"{type(error).__name__}: {error}"))
        except (httpx.HTTPError, httpx.StreamError) as error:
            return Fault("fault", "connection", excerpt(f"{type(error).__name__}: {error}"))
        if response.is_success and (_lines_of(response.content, tries) if lines else _object_of(response.content)):
            return response.content
        outcome = read_response(response.status_code, response.headers, response.content, "chat")
        if isinstance(outcome, Fault):
            return outcome
        if response.is_success:
            return Fault("fault", "no_choice", "another API's response where a batch API's was expected")
        return Fault("rejected", str(response.status_code), outcome.refusal or f"status {response.status_code}")


def _object_of(content: bytes) -> bool:
    """Whether a response is a batch, a file or a page of a list, with names that can be kept."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return False
    if not isinstance(found, dict):
        return False
    name = found.get("id")
    if name is None:
        return any(isinstance(found.get(field), list) for field in ("data", "results"))
    return isinstance(name, str) and bool(_NAME.fullmatch(name)) and not holds_key(name)


def _lines_of(content: bytes, tries: int) -> bool:
    """Whether a response is a file of results: what is no object was paid for, and would be asked again."""
    lines = [line for line in content.splitlines() if line.strip()]
    objects = sum(_is_object(line) for line in lines)
    return objects == len(lines) or (objects > 0 and tries + 1 >= DAMAGED_TRIES)


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
