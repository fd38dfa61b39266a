"""A translation model in this process as the runner's server: texts come in, sentences go through it in batches.

A sentence goes through the model with its protected spans in place. Such a model cannot be told to keep them, and
placeholders are words to it like others; so it is looked at whether they came through, and where they did not, what
stands between them is translated by itself and they are put back as they were.
"""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from processors.clients.address import Address
from processors.clients.answer import Answer
from processors.clients.connection import Connection, Count, EndpointConfig
from processors.clients.endpoint import HttpServer
from processors.clients.responses import Fault, Mode
from processors.errors import SmolKalamError
from processors.seq2seq.batches import Batcher, TokenIds
from processors.seq2seq.model import LoadedModel, Seq2SeqSettings
from processors.seq2seq.sentences import Sentence, sentences_of, shorter
from processors.servers.process import keep_server

if TYPE_CHECKING:
    from datatrove.pipeline.inference.run_inference import InferenceConfig

__all__ = ["HERE", "Seq2SeqClient", "Seq2SeqServer", "Seq2SeqSettings", "seq2seq_server"]

# The name is for messages: nothing is reached.
HERE = Address("http://seq2seq")


class KeptModel:
    """A model for as long as this process has use for it, and the one thread that it works in."""

    def __init__(self, settings: Seq2SeqSettings) -> None:
        self.settings = settings
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="seq2seq")
        self.loaded = self.thread.submit(LoadedModel, settings)

    def stop(self) -> None:
        self.thread.shutdown(wait=False, cancel_futures=True)
        del self.loaded


class Seq2SeqClient(Connection):
    """Texts to the model of this process and back."""

    def __init__(self, kept: KeptModel, endpoint: EndpointConfig, label: str, count: Count) -> None:
        super().__init__(HERE, endpoint, label, count)
        self.kept = kept
        self._batcher: Batcher | None = None

    def route(self) -> tuple[str, Mode]:
        return HERE.base_url, "completion"

    def shown(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        return {"url": f"{self.model}, in this process", "headers": {}, "body": dict(payload)}

    async def reach(self) -> None:
        """Wait until the model is loaded. Raises InputError where it cannot be."""
        await asyncio.wrap_future(self.kept.loaded)

    async def send(self, payload: dict[str, Any]) -> Answer | Fault:
        """One text: all its sentences. One that was cut off, or of which nothing came, makes it a bad answer."""
        model = await asyncio.wrap_future(self.kept.loaded)
        if self._batcher is None:
            self._batcher = Batcher(model.generate, model.settings.batch_tokens, self.kept.thread)
        self._count("requests", 1)
        text = _Text(model, self._batcher, payload.get("attempt", 0))
        target = await text.translate(payload["text"])
        return Answer(target, text.finish, text.source_tokens, text.target_tokens)


class _Text:
    """One text on its way through the model, and what it took."""

    def __init__(self, model: LoadedModel, batcher: Batcher, attempt: int) -> None:
        self.model = model
        self.batcher = batcher
        self.attempt = attempt
        self.finish = "stop"
        self.source_tokens = self.target_tokens = 0

    async def translate(self, text: str) -> str:
        return await self._joined(sentences_of(text))

    async def _joined(self, sentences: list[Sentence]) -> str:
        return "".join(await asyncio.gather(*map(self._sentence, sentences)))

    async def _sentence(self, sentence: Sentence) -> str:
        if not sentence.translatable:
            return sentence.text
        ids = self.model.encode(sentence.text)
        if len(ids) > self.model.longest:
            pieces = shorter(sentence, lambda text: len(self.model.encode(text)) <= self.model.longest)
            if len(pieces) > 1:
                return await self._joined(pieces)
        if sentence.spans:
            return await self._with_spans(sentence, ids)
        target, why = await self._piece(ids)
        if why:
            self.finish = why
        return target

    async def _with_spans(self, sentence: Sentence, ids: TokenIds) -> str:
        target, why = await self._piece(ids)
        return await self._joined(sentence.between() if why else sentence.after(target))

    async def _piece(self, ids: TokenIds) -> tuple[str, str]:
        """What the model makes of some tokens, and what is wrong with it; empty where nothing is."""
        found = await self.batcher.translate(ids, self.attempt)
        self.source_tokens += len(ids)
        self.target_tokens += found.tokens
        if not found.whole:
            return found.text, "length"
        return found.text, "" if found.text else "empty_sentence"


class Seq2SeqServer(HttpServer):
    """The model that this process keeps loaded, within a datatrove InferenceRunner."""

    def __init__(
        self, kept: KeptModel, config: "InferenceConfig", endpoint: EndpointConfig, rank: int, count: Count
    ) -> None:
        self._kept = kept
        super().__init__(config, endpoint, rank, count)

    def connect(self, address: Address, label: str) -> Connection:
        return Seq2SeqClient(self._kept, self.endpoint, label, self._count)

    async def bg_start_server(self) -> None:
        """Load the model; what is wrong with it is for whoever asks."""
        try:
            await self.connections[0].reach()
        except SmolKalamError as error:
            self._server_ready.set_exception(error)
        else:
            self._server_ready.set_result(True)


def seq2seq_server(
    settings: Seq2SeqSettings, config: "InferenceConfig", endpoint: EndpointConfig, rank: int, count: Count
) -> HttpServer:
    """The client of the model that this process keeps loaded; it is loaded by the first who needs it."""
    kept = keep_server(settings, partial(KeptModel, settings))
    return Seq2SeqServer(kept, config, endpoint, rank, count)
