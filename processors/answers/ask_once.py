"""Questions to a server, each asked once: answers come from the store, or from the same question on its way.

An answer counts when it is on disk, and one that is paid for is kept even when nobody waits for it any more.
"""

import asyncio
from collections import Counter
from dataclasses import replace
from functools import partial
from typing import Any

from processors.answers.ceiling import Ceiling
from processors.answers.store import AnswerStore
from processors.clients.answer import Answer
from processors.clients.endpoint import Count, HttpServer
from processors.clients.responses import RequestFailed

# When a run stops for an error, requests on their way get this long to come home and be stored.
DRAIN_S = 15.0


class AskedOnce:
    """Asks `server` what `store` does not hold; without a store it only joins questions that are on their way.

    `count` is told of `answers` paid for with their tokens (`Answer.counts`), of `answers_with_reasoning` beside the
    text, of `cached` ones that cost nothing, and of `failed_requests`.
    """

    def __init__(
        self, server: HttpServer, store: AnswerStore | None, count: Count, ceiling: Ceiling | None = None
    ) -> None:
        self._server = server
        self._ceiling = ceiling
        self._store = store
        self._count = count
        self._asked: dict[bytes, asyncio.Task[Answer]] = {}
        self._wanted: Counter[bytes] = Counter()

    async def ask(self, key: bytes, payload: dict[str, Any], *, shared: bool = False) -> Answer:
        """The answer to `payload`, filed under `key`; `shared` where other processes are likely to ask it too.

        What nobody waits for any more before it is sent is not sent. Raises RequestFailed when this request cannot be
        answered, EngineError when none can, and SmolKalamError when the answer cannot be stored.
        """
        self._wanted[key] += 1
        try:
            return await self._answer(key, payload, shared)
        finally:
            self._wanted[key] -= 1
            if not self._wanted[key]:
                del self._wanted[key]

    async def _answer(self, key: bytes, payload: dict[str, Any], shared: bool) -> Answer:
        asked = self._asked.get(key)
        # One that is done has given up because nobody wanted it, or hands on its answer in a moment.
        if asked is None or (asked.done() and (asked.cancelled() or asked.exception())):
            stored = self._store.known(key) if self._store else None
            if stored is not None:
                self._count("cached", 1)
                return stored
            asked = asyncio.create_task(self._fetch(key, payload, self._store if shared else None))
            self._asked[key] = asked
            asked.add_done_callback(partial(self._forget, key))
            # Shielded: the answer is paid for even when whoever wanted it is gone.
            return await asyncio.shield(asked)
        answer = await asyncio.shield(asked)
        self._count("cached", 1)
        return replace(answer, cached=True)

    @property
    def under_way(self) -> int:
        """Questions that are being asked."""
        return len(self._asked)

    async def drain(self) -> None:
        """Ask nothing more, and let answers on their way come home; to be called before the server is left."""
        if self._asked:
            self._server.stop()
            _, late = await asyncio.wait(self._asked.values(), timeout=DRAIN_S)
            for request in late:
                request.cancel()

    async def _fetch(self, key: bytes, payload: dict[str, Any], shared: AnswerStore | None) -> Answer:
        found = await shared.claim(key) if shared else await self._told_lately(key)
        if found:
            self._count("cached", 1)
            return found
        try:
            return await self._fetch_paid(key, payload)
        finally:
            if shared:
                shared.let_go(key)

    async def _told_lately(self, key: bytes) -> Answer | None:
        """What another process was answered since the last look."""
        if self._store is None or not self._store.look_is_due():
            return None
        await self._store.look_on()
        return self._store.known(key)

    async def _fetch_paid(self, key: bytes, payload: dict[str, Any]) -> Answer:
        try:
            answer = await self._ask_below_ceiling(key, payload)
        except RequestFailed:
            if key in self._wanted:
                self._count("failed_requests", 1)
            raise
        # A refusal for length or content comes without text and without a bill: nothing to keep.
        if answer.cached:
            # Another process paid for it meanwhile.
            self._count("cached", 1)
            return answer
        if self._store and not self._server.gathers and (answer.text or answer.prompt_tokens):
            await self._store.put(key, answer)
        for name, value in answer.counts().items():
            self._count(name, value)
        if answer.reasoned:
            self._count("answers_with_reasoning", 1)
        return answer

    async def _ask_below_ceiling(self, key: bytes, payload: dict[str, Any]) -> Answer:
        def wanted() -> bool:
            return key in self._wanted

        if self._ceiling is None:
            return await self._server.ask(payload, wanted)
        held, answer = await self._ceiling.hold(payload), None
        try:
            answer = await self._server.ask(payload, wanted)
            return answer
        finally:
            self._ceiling.settle(held, None if answer and answer.cached else answer)

    def _forget(self, key: bytes, task: "asyncio.Task[Answer]") -> None:
        if self._asked.get(key) is task:
            del self._asked[key]
        look_at_error(task)


def look_at_error(task: "asyncio.Task[Any]") -> None:
    """A done callback for a task whose error nobody may want: asyncio would print it at the end."""
    if not task.cancelled():
        task.exception()
