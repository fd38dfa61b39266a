"""A model behind a server as a backend: the retry ladder inside one rollout of the inference runner."""

from collections.abc import Sequence
from copy import copy
from typing import Any

from datatrove.data import Document

from builders.engines.common.make import OFFERS, attach, conversation, make_translator
from builders.recipes.translator_base import AskedTranslator
from builders.run_folder.unit_writer import DROPPED
from processors.clients.prompts import PromptConfig
from processors.clients.responses import RequestFailed
from processors.conversations.sides import Sides
from processors.languages.language import Language
from processors.prompting import NO_HINTS, Hints
from processors.protected.compare import Span, Style, mask, protected_spans, unmask
from processors.protected.masking import Masked, Unmasked, mask_alike
from processors.terms import Glossary
from processors.translation.context import ContextWanted
from processors.translation.retry_ladder import ChunkFailed, Reply, Translator
from processors.translation.runner import Ask, Asking
from processors.translation.trial import AnswerCounts


class EndpointBackend:
    """Sends a text with its protected spans masked in the translator's style, and puts them back.

    `glossary`: the terms of it that stand in a text are told with the text.
    """

    concurrent = True

    def __init__(self, ask: Ask, style: Style, glossary: Glossary | None = None) -> None:
        self._ask = ask
        self._style = style
        self._glossary = glossary

    async def ask(
        self, text: str, spans: Sequence[Span], attempt: int, problem: str = "", hints: Hints = NO_HINTS
    ) -> Reply:
        masked = mask(text, spans, self._style)
        if hints.candidates:
            # A protected span has one name in the text and in all translations of it.
            alike = tuple(mask_alike(masked, one, protected_spans(one)) for one in hints.candidates)
            hints = hints._replace(candidates=alike)
        told: dict[str, Any] = {"problem": problem} if problem else {}
        if terms := self._glossary.found(text, spans) if self._glossary else ():
            hints = hints._replace(terms=tuple(term.told() for term in terms))
        if hints != NO_HINTS:
            told["hints"] = hints
        try:
            answer = await self._ask(masked.text, attempt, **told)
        except RequestFailed as failure:
            # The runner has retried already: another attempt at the same server would only burn through the row.
            raise ChunkFailed(f"request_failed: {failure}") from None
        restored = unmask(masked, answer.text)
        # Missing and doubled ones show in the protected spans; a mark that stands for nothing would stay in the text.
        reason = "unknown_placeholder" if restored.unknown else answer.finish_reason
        return Reply(restored.text, reason, answer.refusal, _lost(masked, restored))


def _lost(masked: Masked, restored: Unmasked) -> tuple[str, ...]:
    """The protected spans that did not come back, as the model saw them."""
    if not masked.opening:
        return restored.missing
    numbered = enumerate(masked.originals, 1)
    return tuple(f"{masked.opening}{n}{masked.closing}" for n, text in numbered if text in restored.missing)


def told_terms(glossary: Glossary | None, prompt: PromptConfig | None) -> Glossary | None:
    """The glossary, where the prompt has a place for its terms."""
    return glossary if prompt and prompt.tells("terms") else None


class EndpointRollout:
    """The coroutine that the runner calls for each document; tokenizer and memory are loaded once a worker."""

    def __init__(
        self,
        spec: AskedTranslator,
        language: Language,
        style: Style,
        prompt: PromptConfig,
        feedback: bool = False,
        context: ContextWanted | None = None,
    ) -> None:
        self.spec = spec
        self.prompt = prompt
        self.feedback = feedback
        self.context = context
        self.language = language
        self.style = style
        self._translator: Translator | None = None

    async def __call__(self, document: Document, ask: Ask) -> dict[str, Any]:
        offers = document.metadata.pop(OFFERS, None)
        if DROPPED in document.metadata:
            return {}
        if self._translator is None:
            self._translator = make_translator(self.spec, self.language, EndpointBackend(ask, self.style))
        translator = copy(self._translator)
        translator.backend = EndpointBackend(ask, self.style, told_terms(translator.glossary, self.prompt))
        translator.retries = document.metadata.get("retries", 0)
        translator.feedback = self.feedback
        translator.offers = offers
        translator.context, translator.concurrent = self.context, self.context is None
        translator.donates = document.metadata.get("donates", False)
        translator.retry_budget = self.spec.retry_budget
        if isinstance(ask, Asking):
            # Rows that have failed before say nothing about the translator.
            translator.watch = AnswerCounts(ask.count) if translator.retries else ask.watch
        sides = Sides.of(document.metadata)
        attach(document, await translator.translate(*conversation(document), sides))
        return {}

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_translator": None}
