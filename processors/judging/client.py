"""Asks one judge, over an OpenAI-compatible API, until its answer is a judgement: retried, paced, paid for once.

The client and the stored answers are the translators' (`processors.clients.endpoint`, `processors.answers.ask_once`);
what is judged fits no datatrove pipeline, for a pair is judged by several servers and no document comes out.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self, TypeVar

from datatrove.pipeline.inference.run_inference import InferenceConfig
from loguru import logger

from processors.answers.ask_once import AskedOnce
from processors.answers.ceiling import Ceiling
from processors.answers.store import AnswerStore
from processors.clients.answer import Answer, request_key
from processors.clients.endpoint import EndpointConfig, HttpServer
from processors.clients.pacing import Trouble
from processors.clients.responses import RequestFailed
from processors.judging.mark import mark_format, mark_messages, read_mark
from processors.judging.panel import CandidatePair, JudgedPair, combine
from processors.judging.rubric import Judgement, NoJudgement, Output, judge_messages, read_judgement, response_format

Count = Callable[[str, int], None]
T = TypeVar("T")

_NO_FORMAT = re.compile(r"response_format|json_schema|json_object|structured|guided|grammar|schema", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Judge:
    """A judge: its name, its endpoint (whose `decoding` is sent along), the target language's English name.

    `attempts` answers at most are paid for until one is a judgement.
    """

    name: str
    endpoint: EndpointConfig
    language: str
    output: Output = "json_schema"
    attempts: int = 3

    def payload(
        self, pair: CandidatePair, *, swapped: bool, attempt: int, output: Output | None = None
    ) -> dict[str, Any]:
        """The body of a request without its model; `swapped` shows `b` first. Each attempt is another request."""
        texts = (pair.text_b, pair.text_a) if swapped else (pair.text_a, pair.text_b)
        form, decoding = response_format(output or self.output), varied(self.endpoint.decoding, attempt)
        return {"messages": judge_messages(pair.source, *texts, self.language), **form, **decoding}

    def key(self, payload: Mapping[str, Any]) -> bytes:
        """What the answer to `payload` is filed under."""
        return request_key(self.endpoint.model, self.endpoint.revision, payload)


@dataclass(slots=True)
class FormClient:
    """A model that can be asked for answers in a form, as an async context manager.

    `name` is for messages, `attempts` as of `Judge`; `count` is told what happens, by name; `ceiling` is what it may
    cost.
    """

    name: str
    endpoint: EndpointConfig
    output: Output
    attempts: int
    store: AnswerStore
    count: Count
    ceiling: Ceiling | None = None
    _questions: AskedOnce = field(init=False)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack, init=False)
    _taken: Output = field(init=False)
    _server: HttpServer = field(init=False)

    async def __aenter__(self) -> Self:
        self._taken = self.output
        config = InferenceConfig(server_type="endpoint", model_name_or_path=self.endpoint.model)
        self._server = await self._stack.enter_async_context(HttpServer(config, self.endpoint, 0, self.count))
        self._questions = AskedOnce(self._server, self.store, self.count, self.ceiling)
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self._questions.drain()
        await self._stack.__aexit__(*error)

    async def ready(self) -> None:
        """Wait until its server is there. Raises EngineError where it is not."""
        await self._server.ready()

    def troubles(self) -> list[Trouble]:
        """The endpoints that give no answer now, and why."""
        return self._server.troubles()

    async def ask(self, payload: Callable[[int, Output], dict[str, Any]], read: Callable[[str, str], T]) -> T | str:
        """What `read` (text, finish reason) makes of an answer to `payload` (attempt, output); or why it made nothing.

        A `read` that raises NoJudgement is given the next attempt's answer. Raises EngineError where the model cannot
        be asked at all.
        """
        reason = ""
        for attempt in range(self.attempts):
            try:
                answer = await self._ask(partial(payload, attempt))
            except RequestFailed as failure:
                return f"request_failed: {failure}"
            try:
                return read(answer.text, answer.finish_reason)
            except NoJudgement as failure:
                reason = str(failure)
                self.count("no_judgement", 1)
        return f"no_judgement: {reason}"

    async def _ask(self, payload: Callable[[Output], dict[str, Any]]) -> Answer:
        output = self._taken
        try:
            return await self._answer(payload(output))
        except RequestFailed as failure:
            if output == "text" or not _NO_FORMAT.search(str(failure)):
                raise
            if self._taken == output:
                logger.warning(f"judge '{self.name}': takes no {output} ({failure}); asked for it in words")
                self._taken = "text"
        return await self._answer(payload("text"))

    async def _answer(self, payload: dict[str, Any]) -> Answer:
        return await self._questions.ask(request_key(self.endpoint.model, self.endpoint.revision, payload), payload)


class JudgeClient(FormClient):
    """A judge of pairs that can be asked."""

    def __init__(self, judge: Judge, store: AnswerStore, count: Count, ceiling: Ceiling | None = None) -> None:
        super().__init__(judge.name, judge.endpoint, judge.output, judge.attempts, store, count, ceiling)
        self.judge = judge

    async def verdict(self, pair: CandidatePair) -> JudgedPair:
        """The judge's verdict on a pair. Raises EngineError where the judge cannot be asked at all."""
        forward = await self._judgement(pair, swapped=False)
        backward = await self._judgement(pair, swapped=True)
        return combine(pair, self.judge.name, forward, backward)

    async def _judgement(self, pair: CandidatePair, *, swapped: bool) -> Judgement | str:
        return await self.ask(
            lambda attempt, output: self.judge.payload(pair, swapped=swapped, attempt=attempt, output=output),
            read_judgement,
        )


class MarkClient(FormClient):
    """A judge of single translations that can be asked; `language` is the target's English name."""

    async def mark(self, source: str, target: str, language: str) -> float | str:
        """The judge's mark of a translation, or why there is none. Raises EngineError where it cannot be asked."""
        messages = mark_messages(source, target, language)

        def payload(attempt: int, output: Output) -> dict[str, Any]:
            return {"messages": messages, **mark_format(output), **varied(self.endpoint.decoding, attempt)}

        return await self.ask(payload, read_mark)


def varied(decoding: Mapping[str, Any], attempt: int) -> dict[str, Any]:
    """The decoding of an attempt: each later one is another request, for it must get another answer."""
    found = dict(decoding)
    if attempt:
        found |= {"temperature": 0.3 + 0.2 * attempt, "seed": int(found.get("seed") or 0) + attempt}
    return found
