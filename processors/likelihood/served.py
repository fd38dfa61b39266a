"""Log-probabilities of a prompt's tokens from a server: vLLM's `prompt_logprobs`, at `/v1/completions`.

    vllm serve MODEL

Token ids go there and come back, so that nothing depends on how a token's bytes are spelt. Other servers take the
request and leave the field out (llama.cpp's returns the generated token's only, issue 27174): such a one is refused
with its first answer.
"""

import json
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Self

from datatrove.pipeline.inference.run_inference import InferenceConfig

from processors.answers.ask_once import AskedOnce
from processors.answers.ceiling import Ceiling
from processors.answers.store import AnswerStore
from processors.clients.answer import request_key
from processors.clients.endpoint import Connection, EndpointConfig, HttpServer
from processors.clients.pacing import Trouble
from processors.clients.responses import Mode, RequestFailed
from processors.likelihood.text import Forced


class _PromptLogprobs(Connection):
    """The client of translators, reading what a server says of the prompt."""

    def route(self) -> tuple[str, Mode]:
        return f"{self.address.api_base}/completions", "prompt_logprobs"


class _LikelihoodServer(HttpServer):
    connection = _PromptLogprobs


@dataclass(slots=True)
class LikelihoodClient:
    """A served model that can be asked, as an async context manager. `ceiling` is what it may cost."""

    endpoint: EndpointConfig
    store: AnswerStore
    ceiling: Ceiling | None = None
    _questions: AskedOnce = field(init=False)
    _server: HttpServer = field(init=False)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack, init=False)

    async def __aenter__(self) -> Self:
        config = InferenceConfig(server_type="endpoint", model_name_or_path=self.endpoint.model)
        self._server = _LikelihoodServer(config, self.endpoint, 0, _nothing)
        await self._stack.enter_async_context(self._server)
        self._questions = AskedOnce(self._server, self.store, _nothing, self.ceiling)
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self._questions.drain()
        await self._stack.__aexit__(*error)

    def troubles(self) -> list[Trouble]:
        """The endpoints that give no answer now, and why."""
        return self._server.troubles()

    async def mean(self, forced: Forced) -> float | str:
        """The mean log-probability of a translation's tokens, or why there is none.

        Raises EngineError where none can be had.
        """
        payload = forced_payload(forced)
        key = request_key(self.endpoint.model, self.endpoint.revision, payload)
        try:
            answer = await self._questions.ask(key, payload)
        except RequestFailed as failure:
            return f"request_failed: {failure}"
        if answer.finish_reason != "stop":
            return f"{answer.finish_reason}: {len(forced.ids)} tokens are too many; lower passage_tokens"
        found = read_likelihood(answer.text, forced)
        if found is None:
            return "the server's tokens are not those that it was given"
        # Of a sum of rounded ones a little above 0 is 0.
        return min(found, 0.0) if found < 1e-3 else f"the server gives {found:g}, and a log-probability is below 0"


def _nothing(name: str, count: int) -> None:
    """Answers are counted where they are stored."""


def forced_payload(forced: Forced) -> dict[str, Any]:
    """The body of a request without its model."""
    # A token must be generated; it is not looked at.
    return {"prompt": list(forced.ids), "max_tokens": 1, "temperature": 0.0, "prompt_logprobs": 0}


def read_likelihood(text: str, forced: Forced) -> float | None:
    """The mean log-probability (nats) of the translation's tokens in an answer; None where it is of other tokens."""
    rows = json.loads(text)
    if len(rows) != len(forced.ids):
        return None
    found = [row.get(str(token)) if row else None for row, token in zip(rows, forced.ids, strict=True)]
    values = [value for value in found[forced.begin :] if value is not None]
    return sum(values) / len(values) if values and len(values) == len(forced.ids) - forced.begin else None
