"""Answers of a served model: by vLLM's server, which is started for it, or by an API that takes a model by its name.

Asked as the models of a pool are (`builders.pools`): paced, retried, each answer stored before it counts, so that a
run that was killed asks for nothing twice.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from builders.pools.ask import Answered, Answerer, ask_all
from builders.pools.stages import in_order
from builders.recipes.translators import Translator
from model_recipes.on_policy.answers import Messages, SampledAnswer, Sampling
from processors.clients.answer import Answer
from processors.errors import EngineError, SmolKalamError, first_error
from processors.languages.language import DEFAULT
from processors.servers.process import stop_server

_NAME = "policy"
CUT = "cut"


def served_answers(asked: Sampling) -> Callable[[list[Messages], int], list[list[SampledAnswer]]]:
    """What answers prompts. Its draws differ by the sample alone: the seed that is handed on tells batches apart."""
    spec = _spec(asked)

    def answer(batch: list[Messages], seed: int) -> list[list[SampledAnswer]]:
        try:
            return asyncio.run(_ask(spec, asked, batch))
        except* SmolKalamError as errors:
            stop_server()
            raise first_error(errors) from None

    return answer


def _spec(asked: Sampling) -> Translator:
    """The model as one of a pool's."""
    decoding: dict[str, Any] = {
        "temperature": asked.temperature, "top_p": asked.top_p, "max_tokens": asked.max_tokens
    }  # fmt: skip
    given: dict[str, Any] = {"name": _NAME, "backend": asked.engine, "model": asked.model, "revision": asked.revision}
    given |= {"concurrency": asked.concurrency, "give_up": False}
    if asked.server is not None:
        # The model's configuration may hold a top_k, by which these are no draws of the model; a loop is one.
        decoding["extra"] = {"top_k": -1}
        given |= {"server": asked.server, "repetition_detection": None}
    else:
        given["base_url"] = asked.base_url
    found: Translator = TypeAdapter(Translator).validate_python(given | {"decoding": decoding})
    return found


async def _ask(spec: Translator, asked: Sampling, batch: list[Messages]) -> list[list[SampledAnswer]]:
    found = []
    async with Answerer(spec, DEFAULT, Path(asked.answers).parent, asked.seed) as answerer:
        await answerer.ready()
        rows = in_order(
            batch,
            lambda messages: ask_all([answerer], messages, asked.samples, _fault),
            lambda: max(1, 2 * asked.concurrency // asked.samples),
        )
        async for _, answers in rows:
            found.append([_sampled(one) for one in answers])
    return found


def _fault(answer: Answer) -> tuple[str, str] | None:
    """Only whether it ended: an answer that refuses or says nothing is one of the model's too."""
    return None if answer.finish_reason == "stop" else (CUT, str(answer.finish_reason))


def _sampled(one: Answered) -> SampledAnswer:
    if one.reason not in ("", CUT):
        raise EngineError(f"sampling: no answer of the model: {one.detail}")
    return SampledAnswer(one.text, one.completion_tokens, one.reason == CUT)
