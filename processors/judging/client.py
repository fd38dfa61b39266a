"""Asks one judge, over an OpenAI-compatible API, until its answer is a judgement: retried, paced, paid for once.

The client and the stored answers are the translators' (`processors.clients.endpoint`, `processors.answers.ask_once`);
what is judged fits no datatrove pipeline, for a pair is judged by several servers and no document comes out.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from datatrove.pipeline.inference.run_inference import InferenceConfig
from loguru import logger

from processors.answers.ask_once import AskedOnce
from processors.answers.ceiling import Ceiling
from processors.answers.store import AnswerStore
from processors.clients.answer import Answer, request_key
from processors.clients.endpoint import EndpointConfig, HttpServer
from processors.clients.responses import RequestFailed
from processors.judging.panel import CandidatePair, JudgedPair, combine
from processors.judging.rubric import Judgement, NoJudgement, Output, judge_messages, read_judgement, response_format

Count = Callable[[str, int], None]

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
        decoding = dict(self.endpoint.decoding)
        if attempt:
            decoding |= {"temperature": 0.3 + 0.2 * attempt, "seed": int(decoding.get("seed") or 0) + attempt}
        form = response_format(output or self.output)
        return {"messages": judge_messages(pair.source, *texts, self.language), **form, **decoding}

    def key(self, payload: Mapping[str, Any]) -> bytes:
        """What the answer to `payload` is filed under."""
        return request_key(self.endpoint.model, self.endpoint.revision, payload)


@dataclass(slots=True)
class JudgeClient:
    """A judge that can be asked, as an async context manager. `count` is told what happens, by name.

    `ceiling` is what it may cost.
    """

    judge: Judge
    store: AnswerStore
    count: Count
    ceiling: Ceiling | None = None
    _output: Output = field(init=False)
    _questions: AskedOnce = field(init=False)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack, init=False)

    async def __aenter__(self) -> "JudgeClient":
        self._output = self.judge.output
        endpoint = self.judge.endpoint
        config = InferenceConfig(server_type="endpoint", model_name_or_path=endpoint.model)
        server = await self._stack.enter_async_context(HttpServer(config, endpoint, 0, self.count))
        self._questions = AskedOnce(server, self.store, self.count, self.ceiling)
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self._questions.drain()
        await self._stack.__aexit__(*error)

    async def verdict(self, pair: CandidatePair) -> JudgedPair:
        """The judge's verdict on a pair. Raises EngineError where the judge cannot be asked at all."""
        forward = await self._judgement(pair, swapped=False)
        backward = await self._judgement(pair, swapped=True)
        return combine(pair, self.judge.name, forward, backward)

    async def _judgement(self, pair: CandidatePair, *, swapped: bool) -> Judgement | str:
        """A judgement, or why there is none after `attempts` answers."""
        reason = ""
        for attempt in range(self.judge.attempts):
            try:
                answer = await self._ask(pair, swapped, attempt)
            except RequestFailed as failure:
                return f"request_failed: {failure}"
            try:
                return read_judgement(answer.text, answer.finish_reason)
            except NoJudgement as failure:
                reason = str(failure)
                self.count("no_judgement", 1)
        return f"no_judgement: {reason}"

    async def _ask(self, pair: CandidatePair, swapped: bool, attempt: int) -> Answer:
        output = self._output
        try:
            return await self._answer(self.judge.payload(pair, swapped=swapped, attempt=attempt, output=output))
        except RequestFailed as failure:
            if output == "text" or not _NO_FORMAT.search(str(failure)):
                raise
            if self._output == output:
                logger.warning(f"judge '{self.judge.name}': takes no {output} ({failure}); asked for it in words")
                self._output = "text"
        return await self._answer(self.judge.payload(pair, swapped=swapped, attempt=attempt, output="text"))

    async def _answer(self, payload: dict[str, Any]) -> Answer:
        return await self._questions.ask(self.judge.key(payload), payload)
