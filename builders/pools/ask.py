"""Asks models chats, as a build asks its translators: paced, retried, each answer stored before it counts.

An answerer is a translator's engine (`builders.engines`) with chats of its own. Its first answers are its trial: one
that refuses everything, gives nothing or says the same to all is stopped before it costs more.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from datatrove.pipeline.inference.run_inference import InferenceConfig

from builders.engines import engine_of
from builders.engines.common import AskedEngine
from builders.pools.troubles import troubles_told
from builders.recipes.translators import Translator
from processors.answers.ask_once import AskedOnce
from processors.answers.ceiling import Ceiling, Limits
from processors.answers.store import AnswerStore
from processors.clients.address import Rates
from processors.clients.answer import Answer, request_key
from processors.clients.responses import RequestFailed
from processors.completions import Completion, fault_of
from processors.languages.language import Language
from processors.translation.trial import Trial

# During the trial of any of them, so many prompts are begun at most, by all.
TRIAL_WINDOW = 12
# A model that says the same to so many prompts, and to most that it was asked, says it to all.
SAME_TO = 4

Messages = Sequence[Mapping[str, str]]
Fault = Callable[[Answer], tuple[str, str] | None]


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that may be used, or why there is none (`reason` in snake_case, and what was seen)."""

    model: str
    sample: int
    text: str
    reason: str = ""
    detail: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class Answerer:
    """A model that can be asked, as an async context manager. `folder` holds answers and logs of all.

    `thoughts`: what a server tells of its model's reasoning beside the answer is put before it, as `<think>`.
    """

    spec: Translator
    language: Language
    folder: Path
    seed: int
    limits: Limits | None = None
    thoughts: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack, init=False)
    _questions: AskedOnce = field(init=False)
    _server: Any = field(init=False)
    _trial: Trial | None = field(default=None, init=False)
    _said: dict[str, set[str]] = field(default_factory=dict, init=False)

    @property
    def name(self) -> str:
        return self.spec.name

    async def __aenter__(self) -> Self:
        engine = engine_of(self.spec)
        assert isinstance(engine, AskedEngine)
        endpoint = replace(engine.endpoint(self.language), thoughts=self.thoughts)
        if any(address.rates != Rates() for address in endpoint.addresses):
            endpoint = replace(endpoint, rates_folder=self.folder / "answers" / ".rates")
        logs = self.folder / "logs" / self.name
        logs.mkdir(parents=True, exist_ok=True)
        config = InferenceConfig(server_type="endpoint", model_name_or_path=endpoint.model)
        store = self._stack.enter_context(AnswerStore(self.folder / "answers" / self.name))
        self._server = engine.make_server(logs)(config, endpoint, 0, self._count)
        self._server.store = store
        await self._stack.enter_async_context(self._server)
        await self._stack.enter_async_context(troubles_told(self.name, self._server.troubles))
        ceiling = self._stack.enter_context(Ceiling(self.limits)) if self.limits else None
        self._questions = AskedOnce(self._server, store, self._count, ceiling)
        if self.spec.give_up:  # type: ignore[union-attr]
            enough = self._server.enough_on_trial
            name = f"{self.name} (model '{endpoint.alias or endpoint.model}')"
            self._trial = Trial(name, self._count, at_once=enough == 0, enough=enough, of="prompts")
            self._trial.begin(self._count)
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self._questions.drain()
        await self._stack.__aexit__(*error)

    async def ready(self) -> None:
        """Wait until its server is there. Raises EngineError where it is not."""
        await self._server.ready()

    @property
    def on_trial(self) -> bool:
        """Whether it has not shown yet that it is of use. Who is asked by batches alone shows that by the first."""
        return self._trial is not None and not self._trial.over and self._server.enough_on_trial > 0

    async def ask(self, messages: Messages, sample: int, fault: Fault) -> Answered:
        """One answer, of which `fault` says what is wrong. Raises Useless, and EngineError where none can be had."""
        payload = payload_of(self.spec, messages, self.seed + sample)
        if self._trial is None:
            return await self._asked(payload, sample, fault)
        async with self._trial.turn():
            found = await self._asked(payload, sample, fault)
            asked = messages[-1]["content"]
            why = (found.reason, found.text) if found.reason else self._same(found.text, asked)
            if why:
                self._trial.refused(why[0], asked, why[1])
            self._trial.ended("refused" if why else "")
        return found

    def _same(self, text: str, asked: str) -> tuple[str, str] | None:
        """Whether it has said these very words to others, and to most of them."""
        if not self.on_trial:
            self._said.clear()
            return None
        to = self._said.setdefault(" ".join(text.split()), set())
        to.add(asked)
        often = len(to) >= SAME_TO and 2 * len(to) > len(set().union(*self._said.values()))
        return ("same_to_all", text) if often else None

    async def _asked(self, payload: dict[str, Any], sample: int, fault: Fault) -> Answered:
        try:
            answer = await self._questions.ask(key_of(self.spec, self.language, payload, self.thoughts), payload)
        except RequestFailed as failure:
            return Answered(self.name, sample, "", "request_failed", str(failure))
        found = fault(answer)
        reason, detail = found or ("", "")
        tokens = answer.prompt_tokens, answer.completion_tokens
        return Answered(self.name, sample, answer.text, reason, detail or answer.refusal, *tokens)

    def _count(self, name: str, number: int) -> None:
        self.counts[name] += number


def payload_of(spec: Translator, messages: Messages, seed: int) -> dict[str, Any]:
    """The body of a request without its model. The seed tells one sample of a prompt from another, also in its key."""
    asked = [{"role": message["role"], "content": message["content"]} for message in messages]
    return {"messages": asked, **engine_of(spec).decoding(), "seed": seed}


def key_of(spec: Translator, language: Language, payload: Mapping[str, Any], thoughts: bool = False) -> bytes:
    """What the answer to `payload` is filed under."""
    model, revision = engine_of(spec).asked_as(language)
    # Answers with a model's thoughts are others than those without.
    return request_key(model, revision, {**payload, "thoughts": True} if thoughts else payload)


def usual_fault(language: Language, least: float) -> Fault:
    """What is wrong with any answer (`processors.completions`)."""

    def look(answer: Answer) -> tuple[str, str] | None:
        return fault_of(Completion(answer.text, answer.finish_reason, language, least))

    return look


def with_system(messages: Messages, system: Mapping[str, str], language: str) -> list[dict[str, str]]:
    """The messages with the system prompt of their language, where they have none of their own."""
    asked = [{"role": message["role"], "content": message["content"]} for message in messages]
    words = system.get(language, system.get("*", ""))
    if words and asked[0]["role"] != "system":
        asked.insert(0, {"role": "system", "content": words})
    return asked


def window_of(answerers: Sequence[Answerer]) -> int:
    """How many prompts may be begun: few while one of them is on trial, for what it is told ends the others too."""
    if any(one.on_trial for one in answerers):
        return TRIAL_WINDOW
    return 2 * max(engine_of(one.spec).in_flight for one in answerers) + TRIAL_WINDOW


async def ask_all(answerers: Sequence[Answerer], messages: Messages, samples: int, fault: Fault) -> list[Answered]:
    """All samples of all models, in their order."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one.ask(messages, sample, fault)) for one in answerers for sample in range(samples)]
    return [task.result() for task in tasks]
