"""A model behind an OpenAI-compatible API as lm-eval's LM: only what it writes, each answer paid for once.

lm-eval's own client keeps no answers, sends OPENAI_API_KEY wherever it is pointed, and goes on where every answer is
useless. The client, the pace, the retries and the store are those of the translators.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from datatrove.pipeline.inference.run_inference import InferenceConfig
from lm_eval.api.model import LM
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from model_recipes.evaluation.asked.models import FEWEST, TRIAL, Model, nothing_said
from processors.answers.ask_once import AskedOnce
from processors.answers.store import AnswerStore
from processors.clients.answer import request_key
from processors.clients.connection import EndpointConfig
from processors.clients.endpoint import HttpServer
from processors.clients.prompts import PromptConfig
from processors.clients.responses import RequestFailed
from processors.errors import EngineError, InputError, SmolKalamError, first_error
from processors.languages import DEFAULT
from processors.scoring.wilson import wilson_interval
from processors.scrub import excerpt

# A model of whose first answers at most about this share says anything is not asked on.
_USEFUL = 0.25

Readable = Callable[[str], bool]


class ApiModel(LM):
    """Asks `model`; answers are kept in `store`. `readable`, set for each task, tells whether an answer says anything.

    `counts` adds up what was asked, paid and known before.
    """

    def __init__(self, model: Model, store: AnswerStore) -> None:
        super().__init__()
        assert model.base_url is not None
        self.endpoint = EndpointConfig(
            base_url=model.base_url,
            model=model.name,
            # The client asks for the endpoint's kind only; the messages are the benchmark's.
            prompt=PromptConfig(DEFAULT),
            revision=model.revision,
            api_key_env=model.api_key_env,
            concurrency=model.concurrency,
        )
        self.store = store
        self.counts: Counter[str] = Counter()
        self.readable: Readable = lambda text: bool(text.strip())
        self.title = ""

    def loglikelihood(self, requests: Sequence[Any]) -> list[tuple[float, bool]]:
        raise EngineError(f"{self.endpoint.model}: an API gives no likelihoods; the task has to be asked in words")

    loglikelihood_rolling = loglikelihood

    def generate_until(self, requests: Sequence[Any]) -> list[str]:
        """The answers, in order; one that the server refuses for good is empty.

        Raises InputError where nothing that was given works: no request was ever answered, or every answer is empty;
        EngineError where a server or a model does no longer.
        """
        try:
            return asyncio.run(self._all(requests))
        except EngineError as error:
            if self.counts["answers"] or self.counts["cached"]:
                raise
            raise InputError(str(error)) from None

    def payload(self, context: str, settings: dict[str, Any]) -> dict[str, Any]:
        """The body of a request without its model."""
        body: dict[str, Any] = {
            "messages": [{"role": "user", "content": context}],
            "temperature": 0.0,
            "max_tokens": int(settings.get("max_gen_toks", 1024)),
        }
        if stops := [stop for stop in settings.get("until") or [] if stop.strip()]:
            body["stop"] = stops[:4]
        return body

    def key(self, payload: dict[str, Any]) -> bytes:
        """What the answer to `payload` is filed under."""
        return request_key(self.endpoint.model, self.endpoint.revision, payload)

    async def _all(self, requests: Sequence[Any]) -> list[str]:
        answers = [""] * len(requests)
        trial = _Trial(self.endpoint.model, lambda text: self.readable(text))
        todo = iter(enumerate(requests))
        console = Console(file=sys.stderr, highlight=False)
        columns = (
            TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(), TimeRemainingColumn(),
        )  # fmt: skip
        config = InferenceConfig(server_type="endpoint", model_name_or_path=self.endpoint.model)
        with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
            bar = progress.add_task(self.title, total=len(requests), note="")
            async with HttpServer(config, self.endpoint, 0, self._count) as server:
                asked = AskedOnce(server, self.store, self._count)

                async def work() -> None:
                    for number, request in todo:
                        payload = self.payload(*request.args)
                        try:
                            answer = (await asked.ask(self.key(payload), payload)).text
                        except RequestFailed as failure:
                            self.counts["refused"] += 1
                            answer = ""
                            trial.hear("", f"{failure}", refused=True)
                        else:
                            trial.hear(answer, answer)
                        answers[number] = answer
                        progress.update(bar, advance=1, note=f"{trial.useless:,} without an answer")

                try:
                    async with asyncio.TaskGroup() as group:
                        for _ in range(min(self.endpoint.concurrency, len(requests))):
                            group.create_task(work())
                except* SmolKalamError as errors:
                    raise first_error(errors) from None
                finally:
                    await asked.drain()
        trial.end()
        return answers

    def _count(self, name: str, n: int) -> None:
        self.counts[name] += n


class _Trial:
    """Hears the answers of a task, and stops it where nearly none of the first says anything."""

    def __init__(self, model: str, readable: Readable) -> None:
        self._model, self._readable = model, readable
        self.heard = self.useless = self.empty = self.refused = 0
        self._samples: list[str] = []

    def hear(self, answer: str, shown: str, *, refused: bool = False) -> None:
        self.heard += 1
        self.refused += refused
        self.empty += not refused and not answer.strip()
        if not (answer and self._readable(answer)):
            self.useless += 1
            if len(self._samples) < 2:
                self._samples.append(excerpt(shown, 160) or "(nothing)")
        if self.heard == TRIAL and wilson_interval(self.heard - self.useless, self.heard)[1] < _USEFUL:
            self._look_for_nothing()
            told = "; ".join(self._samples)
            raise EngineError(
                f"{self._model}: of its first {self.heard} answers {self.useless} name no option: {told}; nothing "
                "more is asked; mend the model or its settings and run the same command again"
            )

    def end(self) -> None:
        """The task is over, perhaps before its trial was. Raises InputError where all was nothing."""
        if self.heard < TRIAL:
            self._look_for_nothing()

    def _look_for_nothing(self) -> None:
        if self.refused and self.refused == self.heard:
            raise InputError(f"{self._model}: every request was refused: {self._samples[0]}")
        if self.heard >= FEWEST and self.empty == self.heard:
            raise InputError(nothing_said(self._model, self.heard))
