"""A translator behind a server as a step: the retry ladder inside one rollout of the inference runner."""

from collections.abc import Callable, Sequence
from copy import copy
from functools import partial
from pathlib import Path
from typing import Any

from datatrove.data import Document

from builders.engines.llamacpp import llamacpp_endpoint, make_llamacpp, one_server
from builders.engines.make import attach, conversation, make_translator
from builders.engines.vllm import make_vllm, servers_here
from builders.recipes.translators import LlamaCppTranslator, ServedTranslator, TgiTranslator, VllmTranslator
from builders.run_folder.activity import EngineFile
from builders.run_folder.folder import ENGINES
from builders.run_folder.unit_writer import UnitSink
from processors.clients.address import Address
from processors.clients.tgi import TgiServer
from processors.languages.language import Language
from processors.protected.compare import Span, Style, mask, unmask
from processors.servers.vllm import LOCAL
from processors.translation.retry_ladder import ChunkFailed, Reply, Translator
from processors.translation.runner import Ask, EndpointConfig, HttpServer, MakeServer, RequestFailed, TranslationRunner


class EndpointBackend:
    """Sends a text with its protected spans masked in the translator's style, and puts them back."""

    concurrent = True

    def __init__(self, ask: Ask, style: Style) -> None:
        self._ask = ask
        self._style = style

    async def ask(self, text: str, spans: Sequence[Span], attempt: int) -> Reply:
        masked = mask(text, spans, self._style)
        try:
            answer = await self._ask(masked.text, attempt)
        except RequestFailed as failure:
            # The runner has retried already: another attempt at the same server would only burn through the row.
            raise ChunkFailed(f"request_failed: {failure}") from None
        restored = unmask(masked, answer.text)
        # Missing and doubled ones show in the protected spans; a mark that stands for nothing would stay in the text.
        reason = "unknown_placeholder" if restored.unknown else answer.finish_reason
        return Reply(restored.text, reason)


class EndpointRollout:
    """The coroutine that the runner calls for each document; tokenizer and memory are loaded once a worker."""

    def __init__(self, spec: ServedTranslator, language: Language) -> None:
        self.spec = spec
        self.language = language
        self._translator: Translator | None = None

    async def __call__(self, document: Document, ask: Ask) -> dict[str, Any]:
        if self._translator is None:
            self._translator = make_translator(self.spec, self.language, EndpointBackend(ask, self.spec.spans))
        translator = copy(self._translator)
        translator.backend = EndpointBackend(ask, self.spec.spans)
        translator.retries = document.metadata.get("retries", 0)
        attach(document, await translator.translate(*conversation(document)))
        return {}

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_translator": None}


def decoding_fields(spec: ServedTranslator) -> dict[str, Any]:
    """What each request says of decoding, in the server's own names; a part of the key under which an answer lies."""
    decoding = spec.decoding.fields()
    if isinstance(spec, VllmTranslator) and spec.repetition_detection:
        decoding["repetition_detection"] = spec.repetition_detection.model_dump()
    return decoding


def endpoint_config(spec: ServedTranslator, language: Language) -> EndpointConfig:
    """What a recipe says of a translator's requests."""
    patience_s = EndpointConfig.patience_s
    if isinstance(spec, VllmTranslator) and spec.server:
        # A server that is started again may load its model for longer than others may be silent.
        patience_s = max(patience_s, spec.server.start_timeout_s)
    # A server that is started here has no address of the recipe's.
    first, *others = [Address(**address.model_dump()) for address in spec.addresses()] or [LOCAL]
    endpoint = EndpointConfig(
        base_url=first.base_url,
        model=spec.model,
        prompt=spec.prompt_config(language),
        revision=spec.revision,
        api_key_env=first.api_key_env,
        decoding=decoding_fields(spec),
        concurrency=spec.concurrency,
        timeout_s=spec.timeout_s,
        patience_s=patience_s,
        weight=first.weight,
        alias=first.model,
        others=tuple(others),
    )
    return llamacpp_endpoint(spec, endpoint) if isinstance(spec, LlamaCppTranslator) else endpoint


def endpoint_step(spec: ServedTranslator, language: Language, answers: Path, sink: UnitSink) -> TranslationRunner:
    """The last step of a translate stage: asks the model, keeps answers in `answers`, writes units to `sink`."""
    logs = sink.progress.parent
    make_server: MakeServer = HttpServer
    if isinstance(spec, VllmTranslator) and spec.server:
        make_server = make_vllm(spec, logs)
    elif isinstance(spec, LlamaCppTranslator):
        make_server = make_llamacpp(spec)
    elif isinstance(spec, TgiTranslator):
        make_server = TgiServer
    rollout, endpoint = EndpointRollout(spec, language), endpoint_config(spec, language)
    return TranslationRunner(rollout, endpoint, sink, answers, make_server, EngineFile(logs / ENGINES))


def own_server(spec: ServedTranslator) -> Any:
    """What a translator's server on this machine is started from, equal for those that can have one after the other.

    None where it starts none.
    """
    if isinstance(spec, LlamaCppTranslator):
        return spec.model, spec.file, spec.revision, spec.concurrency, spec.context, spec.threads
    if isinstance(spec, VllmTranslator) and spec.server:
        return spec.model, spec.revision, spec.server
    return None


def processes_here(spec: ServedTranslator, logs: Path, say: Callable[[str], None]) -> Callable[[], int] | None:
    """How many processes of a machine may translate, where that is not the user's choice: each starts a server."""
    if isinstance(spec, VllmTranslator) and spec.server:
        return partial(servers_here, spec, logs, say)
    return one_server if isinstance(spec, LlamaCppTranslator) else None
