"""An endpoint translator of a recipe as a step: the retry ladder inside one rollout of the inference runner."""

from collections.abc import Sequence
from copy import copy
from pathlib import Path
from typing import Any

from datatrove.data import Document

from builders.engine_files import ENGINES, EngineFile
from builders.sink import UnitSink
from builders.translator_recipe import EndpointTranslator, ServedTranslator
from builders.translators import attach, conversation, make_translator
from processors.engines import Ask, EndpointConfig, RequestFailed, TranslationRunner
from processors.languages import Language
from processors.prompts import PromptConfig
from processors.protection import Span, Style, mask, unmask
from processors.translation import ChunkFailed, Reply, Translator


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

    def __init__(self, spec: EndpointTranslator, language: Language) -> None:
        self.spec = spec
        self.language = language
        self._translator: Translator | None = None

    async def __call__(self, document: Document, ask: Ask) -> dict[str, Any]:
        if self._translator is None:
            self._translator = make_translator(self.spec, self.language, EndpointBackend(ask, self.spec.spans))
        translator = copy(self._translator)
        translator.backend = EndpointBackend(ask, self.spec.spans)
        attach(document, await translator.translate(*conversation(document)))
        return {}

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_translator": None}


def decoding_fields(spec: ServedTranslator) -> dict[str, Any]:
    """What each request says of decoding, in the server's own names; a part of the key under which an answer lies."""
    decoding = spec.decoding.model_dump(mode="json", exclude_none=True)
    return decoding | decoding.pop("extra")


def endpoint_config(spec: EndpointTranslator, language: Language) -> EndpointConfig:
    """What a recipe says of a translator's requests."""
    return EndpointConfig(
        base_url=spec.base_url,
        model=spec.model,
        prompt=PromptConfig(language, spec.prompt),
        revision=spec.revision,
        api_key_env=spec.api_key_env,
        decoding=decoding_fields(spec),
        concurrency=spec.concurrency,
        timeout_s=spec.timeout_s,
    )


def endpoint_step(spec: EndpointTranslator, language: Language, answers: Path, sink: UnitSink) -> TranslationRunner:
    """The last step of a translate stage: asks the endpoint, keeps answers in `answers`, writes units to `sink`."""
    tell = EngineFile(sink.progress.parent / ENGINES)
    rollout, endpoint = EndpointRollout(spec, language), endpoint_config(spec, language)
    return TranslationRunner(rollout, endpoint, sink, answers, progress=tell)
