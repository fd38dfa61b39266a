"""What the engines have in common that ask a model behind a server by prompts."""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from builders.engines.common.asked import AskedEngine
from builders.recipes.translator_base import ServedTranslator
from processors.clients.answer import shaping
from processors.languages.language import DEFAULT, Language

if TYPE_CHECKING:
    from processors.clients.connection import EndpointConfig
    from processors.clients.prompts import PromptConfig
    from processors.protected.compare import Style
    from processors.translation.context import ContextWanted

Served = TypeVar("Served", bound=ServedTranslator)


class ServedEngine(AskedEngine[Served]):
    """A model behind a server. A kind says which client reaches it (`make_server`), and what is its own."""

    shapes_nothing = AskedEngine.shapes_nothing | {"timeout_s"}
    software = "an OpenAI-compatible API"

    def shapes_answers(self) -> dict[str, Any]:
        settings = super().shapes_answers()
        decoding = settings["decoding"]
        if not self.feedback:
            # Nobody is told anything, whatever the recipe says.
            del settings["feedback"]
        if self.spec.context is None:
            # Runs from before there was a context are as they were.
            del settings["context"]
        return settings | {"decoding": decoding | {"extra": shaping(decoding["extra"])}}

    def endpoint(self, language: Language) -> "EndpointConfig":
        """What the recipe says of its requests."""
        from processors.servers.vllm import LOCAL

        # A server that is started here has no address of the recipe's.
        addresses = [address.address() for address in self.addresses()] or [LOCAL]
        return self.reached_at(addresses, self.prompt(language), self.spec.timeout_s, self.decoding())

    @property
    def choices(self) -> int:
        return self.spec.decoding.choices

    @property
    def spans(self) -> "Style":
        return self.spec.spans

    def prompt(self, language: Language) -> "PromptConfig":
        return self.spec.prompt_config(language)

    @property
    def feedback(self) -> bool:
        return self.spec.feedback and self.prompt(DEFAULT).takes_feedback

    @property
    def context(self) -> "ContextWanted | None":
        if (wanted := self.spec.context) is None:
            return None
        from processors.translation.context import ContextWanted

        return ContextWanted(wanted.chunks, wanted.system)

    def decoding(self) -> dict[str, Any]:
        return self.spec.decoding.fields()

    def says(self, public: Mapping[str, Any], link: Callable[[str], str]) -> str:
        spec = self.spec
        revision = f" at revision `{spec.revision}`" if spec.revision else ", revision not recorded"
        decoding = json.dumps({k: v for k, v in public["decoding"].items() if v not in (None, {})})
        return (
            f"{link(public['model'])}{self.file()}{revision}, {self.served_by(public)}{self._after_memory(public)}, "
            f"prompt `{spec.prompt}`, {self._chunks(public)}, decoding `{decoding}`, protected spans as "
            f"{spec.spans.replace('_', ' ')}{self._before()}{self._fuses()}{self._glossary(public)}"
        )

    def _fuses(self) -> str:
        """Whose candidates it is shown, for the card."""
        if not (others := self.spec.of):
            return ""
        rows = {"near ties": "near ties", "failed": "rows that all of them failed", "all": "all rows"}[self.spec.only]
        return f", shown the candidates of {', '.join(f'`{name}`' for name in others)} in {rows}"

    def _before(self) -> str:
        """What is told of the conversation, for the card."""
        if (wanted := self.spec.context) is None:
            return ""
        before = "the chunk before" if wanted.chunks == 1 else f"the {wanted.chunks} chunks before"
        return f", told {before}{' and the system prompt' if wanted.system else ''}"

    def file(self) -> str:
        """Which file of the model's repository it is, for the card."""
        return ""
