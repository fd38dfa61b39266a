"""A reward model behind a server: vLLM's `/classify`, given token ids, without the activation.

    vllm serve FOLDER --runner pooling --max-model-len 2048

Token ids, so that the server reads what the model was trained on; without activation, for a sigmoid would flatten the
rewards' ends. How the server batches is its own affair: its rewards may differ from run to run in the last digits.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from processors.clients.endpoint import Connection, EndpointConfig, HttpServer
from processors.clients.pacing import Tells, telling
from processors.clients.prompts import PromptConfig
from processors.clients.responses import Mode, RequestFailed
from processors.errors import InputError, SmolKalamError, first_error
from processors.languages.language import Language
from processors.reward.score import TokenIds


@dataclass(frozen=True, slots=True)
class EndpointScorer:
    """Rewards of the model that a server serves as `model`. `pad_id` is the pad token of its tokenizer.

    Raises InputError where what is served is no reward model or has less context than the texts, EngineError where
    nobody answers.
    """

    base_url: str
    model: str
    pad_id: int | None
    api_key_env: str | None = None
    concurrency: int = 16
    timeout_s: float = 300.0
    told: Tells | None = None

    def score(self, batches: Sequence[list[TokenIds]], keep: Callable[[int, list[float]], None]) -> None:
        for batch in batches:
            if self.pad_id is not None and any(ids[-1] == self.pad_id for ids in batch):
                raise InputError(
                    f"reward model '{self.model}': its texts end with its pad token, after which transformers reads "
                    "no reward and vLLM does; score with the model itself (without base_url)"
                )
        if batches:
            asyncio.run(self._score(batches, keep))

    async def _score(self, batches: Sequence[list[TokenIds]], keep: Callable[[int, list[float]], None]) -> None:
        from datatrove.pipeline.inference.run_inference import InferenceConfig

        # The client paces and retries as it does for translators, and reads no prompt.
        endpoint = EndpointConfig(
            self.base_url,
            self.model,
            PromptConfig(Language()),
            api_key_env=self.api_key_env,
            concurrency=self.concurrency,
            timeout_s=self.timeout_s,
        )
        config = InferenceConfig(server_type="endpoint", model_name_or_path=self.model)
        counts: Counter[str] = Counter()
        todo = iter(enumerate(batches))
        async with _RewardServer(config, endpoint, 0, lambda name, value: counts.update({name: value})) as server:

            async def work() -> None:
                for number, batch in todo:
                    keep(number, await self._ask(server, batch))
                    if self.told:
                        self.told.answered()

            async with telling(server, self.told):
                try:
                    async with asyncio.TaskGroup() as group:
                        for _ in range(min(self.concurrency, len(batches))):
                            group.create_task(work())
                except* SmolKalamError as errors:
                    raise first_error(errors) from None

    async def _ask(self, server: "_RewardServer", batch: list[TokenIds]) -> list[float]:
        try:
            answer = await server.ask({"input": batch, "use_activation": False})
        except RequestFailed as failure:
            raise SmolKalamError(f"reward model '{self.model}': {failure}") from None
        if answer.finish_reason == "length":
            raise InputError(
                f"reward model '{self.model}': {server.host} refuses texts of {max(map(len, batch))} tokens as too "
                "long; lower max_length, or serve with a larger --max-model-len"
            )
        rows = json.loads(answer.text)
        if any(len(row) != 1 for row in rows):
            raise InputError(
                f"reward model '{self.model}': {server.host} gives {len(rows[0])} classes, a reward model has one"
            )
        return [row[0] for row in rows]


class _Classes(Connection):
    """The client of translators, at another path of the server."""

    def route(self) -> tuple[str, Mode]:
        # Not part of the OpenAI-compatible routes under /v1.
        return f"{self.address.api_base.rsplit('/', 1)[0]}/classify", "classify"


class _RewardServer(HttpServer):
    connection = _Classes
