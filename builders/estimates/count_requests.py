"""What a translator would be asked for a conversation, counted by the code that asks it, without asking.

The translator is the recipe's own (`builders.engines.common.make`), with its chunking, its memory and the masking of
protected spans; only the server is missing. An answer that is the text itself stands for it, so the retry ladder is
not climbed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from datatrove.data import Document

from builders.engines import engine_of
from builders.engines.common.make import conversation, load_glossary, make_translator
from builders.engines.common.rollout import EndpointBackend, told_terms
from builders.estimates.repeated_messages import text_key
from builders.recipes.translators import Translator as TranslatorRecipe
from builders.recipes.translators import others_of
from processors.answers.reader import AnswerReader
from processors.checks.once import ConversationChecks
from processors.checks.pairs.verdict import Verdict
from processors.clients.answer import Answer, request_key
from processors.clients.prompts import build_payload
from processors.conversations.sides import Sides
from processors.conversations.token_counts import count_tokens
from processors.conversations.tokenizers import load_tokenizer
from processors.languages.language import Language
from processors.prompting import NO_HINTS, Hints
from processors.protected.compare import Style
from processors.translation.coroutines import run_now
from processors.translation.offers import Offers
from processors.translation.retry_ladder import Translator


class Asked(NamedTuple):
    """A request: its text, masked, and what is told beside it."""

    text: str
    hints: Hints


@dataclass(frozen=True, slots=True)
class Requests:
    """One row's requests. `keys` is an array of their first 8 bytes (uint64), `tokens` of the tokens of their texts,
    `messages` of the keys of the messages (`builders.estimates.repeated_messages`) that they are parts of; 0 for
    custom instructions; `told` are the tokens of what is told beside each text (terms of a glossary).

    `stored` has the prompt and completion tokens of those that are answered already, and -1 for the others, in the
    shape (requests, 2). `unremembered` counts the requests and tokens without the memory. `failed`: the row cannot be
    translated (a segment is not in the memory, and there is no model to ask).
    """

    keys: np.ndarray
    tokens: np.ndarray
    messages: np.ndarray
    told: np.ndarray
    stored: np.ndarray
    unremembered: tuple[int, int]
    failed: bool


class RequestCounter:
    """Counts the requests of one translator; `answers` is its folder of stored answers, if there is one."""

    def __init__(self, spec: TranslatorRecipe, language: Language, answers: Path | None = None) -> None:
        engine = engine_of(spec)
        self._context, self._more = engine.context, engine.cost.output_tokens_per_source_token - 1
        self._characters = engine.counts == "characters"
        self.prompt, self._decoding = engine.prompt(language), engine.decoding()
        self._stored = AnswerReader(answers) if answers and answers.is_dir() else None
        # A model file is known by its digest, which only a build that has asked it need have made already.
        self._model, self._revision = engine.asked_as(language) if self._stored else ("", None)
        self._tokenizer = load_tokenizer(spec.chunking.tokenizer)
        self._asked: list[Asked] = []
        self._glossary = told_terms(load_glossary(spec), self.prompt)
        self._others = len(others_of(spec))
        self._translator = self._make(spec, language)
        self._without = self._make(spec.model_copy(update={"memory": []}), language) if spec.memory else None

    @cached_property
    def overhead(self) -> int:
        """Tokens of the prompt around a text; 0 for a translator that has none."""
        if self.prompt is None:
            return 0
        return sum(self._tokens(_strings(build_payload(self.prompt, {}, ""))))

    def count(self, document: Document) -> Requests:
        """The requests for a selected row."""
        asked, failed = self._ask(self._translator, document)
        texts = [one.text for _, one in asked]
        tokens = self._tokens(texts)
        before = (len(texts), sum(tokens))
        if self._without is not None:
            everything = [one.text for _, one in self._ask(self._without, document)[0]]
            before = (len(everything), sum(self._tokens(everything)))
        keys = [self._key(one) for _, one in asked]
        stored = [self._look_up(key) for key in keys]
        return Requests(
            np.array([int.from_bytes(key[:8], "big") for key in keys], dtype=np.uint64),
            np.array(tokens, dtype=np.int64),
            np.array([message for message, _ in asked], dtype=np.uint64),
            np.array([self._told(one.hints) for _, one in asked], dtype=np.int64),
            np.array(stored, dtype=np.int64).reshape(-1, 2),
            before,
            failed,
        )

    def _make(self, spec: TranslatorRecipe, language: Language) -> Translator:
        # Without its memory, what has nothing else is counted as if the text itself were asked for.
        style = engine_of(spec).spans or (None if spec.memory else "in_place")
        translator = make_translator(spec, language, self._backend(style) if style else None)
        # What is told of a whole candidate is not asked for here.
        translator.glossary = None
        # Nothing waits for anything: no event loop is needed.
        translator.concurrent = False
        translator.context = self._context
        translator.offers = _Echoes(self._others) if self._others else None
        translator.checks = partial(_AcceptsEcho, language.script, language.code)
        return translator

    def _backend(self, style: Style) -> EndpointBackend:
        return EndpointBackend(self._record, style, self._glossary)

    async def _record(self, text: str, attempt: int, hints: Hints = NO_HINTS, **_: Any) -> Answer:
        """The text itself for an answer. Where one is stored, what follows is asked with it as its context.

        What was asked again then is not counted, as it is not without a context.
        """
        if attempt:
            return Answer(text, "stop")
        asked = Asked(text, hints)
        self._asked.append(asked)
        stored = self._stored.get(self._key(asked)) if self._stored and self._context else None
        return stored or Answer(text, "stop")

    def _ask(self, translator: Translator, document: Document) -> tuple[list[tuple[int, Asked]], bool]:
        """What is asked, each with its message's key.

        One message's translation does not depend on the others, unless there is a context: then only what comes first
        can be the same in another conversation.
        """
        messages, instructions = conversation(document)
        if self._context:
            self._asked = []
            sides = Sides.of(document.metadata)
            failed = run_now(translator.translate(messages, instructions, sides)).messages is None
            first = text_key(messages[0]["content"].encode()) if messages and not instructions else 0
            return [(0 if one.hints.context or one.hints.system else first, one) for one in self._asked], failed
        asked, failed = [], False
        for message in messages:
            self._asked = []
            failed |= run_now(translator.translate([message])).messages is None
            key = text_key(message["content"].encode()) if self._asked else 0
            asked += [(key, one) for one in self._asked]
        if instructions:
            self._asked = []
            failed |= run_now(translator.translate([], instructions)).messages is None
            asked += [(0, one) for one in self._asked]
        return asked, failed

    def _tokens(self, texts: Sequence[str]) -> list[int]:
        if self._characters:
            return [len(text) for text in texts]
        return count_tokens(self._tokenizer, texts)

    def _look_up(self, key: bytes) -> tuple[int, int]:
        answer = self._stored.get(key) if self._stored else None
        return (answer.prompt_tokens, answer.completion_tokens) if answer else (-1, -1)

    def _told(self, hints: Hints) -> int:
        """Tokens of what is told beside a text."""
        if self.prompt is None or hints == NO_HINTS:
            return 0
        whole = sum(self._tokens(_strings(build_payload(self.prompt, {}, "", hints=hints)))) - self.overhead
        # A text that stands for its translation has as many tokens as the text.
        echoes = [target for source, target in hints.context if source == target] + list(hints.candidates)
        return whole + round(self._more * sum(self._tokens(echoes)))

    def _key(self, asked: Asked) -> bytes:
        if self.prompt is None:
            return request_key("", None, {"text": asked.text})
        payload = build_payload(self.prompt, self._decoding, asked.text, hints=asked.hints)
        return request_key(self._model, self._revision, payload)


class _Echoes(Offers):
    """The text itself for each of so many candidates, which nobody knows yet."""

    def __init__(self, number: int) -> None:
        super().__init__([])
        self.number = number

    def texts(self, message: str, start: int, end: int, source: str) -> tuple[str, ...]:
        return (source.strip(),) * self.number


class _AcceptsEcho(ConversationChecks):
    """Lets the text itself pass, which stands for an answer; a memory's answers are checked. The whole is not."""

    def chunk(self, source: str, target: str, kept: Sequence[str] = ()) -> Verdict | None:
        return None if source == target else super().chunk(source, target, kept)

    def whole(
        self, source: list[dict[str, Any]], target: list[dict[str, Any]], sides: Sides | None = None
    ) -> list[Verdict]:
        return []


def _strings(value: object) -> list[str]:
    """Every text in a request's messages or prompt.

    >>> _strings({"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}]}]})
    ['a']
    """
    if isinstance(value, dict):
        return [text for name in ("prompt", "messages", "content", "text") for text in _strings(value.get(name))]
    if isinstance(value, list):
        return [text for item in value for text in _strings(item)]
    return [value] if isinstance(value, str) else []
