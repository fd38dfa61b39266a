"""Servers of LibreTranslate's protocol, which Argos Translate speaks too."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builders.engines.common.asked import AskedEngine
from builders.recipes.translators import LibreTranslateTranslator
from processors.clients.prompts import SOURCE_CODE, PromptConfig
from processors.languages.language import Language

if TYPE_CHECKING:
    from processors.clients.connection import EndpointConfig
    from processors.translation.runner import MakeServer


class LibreTranslateEngine(AskedEngine[LibreTranslateTranslator]):
    """Sentences to a server and back; the bill is by characters."""

    shapes_nothing = AskedEngine.shapes_nothing | {"timeout_s", "usd_per_million_characters"}
    software = "LibreTranslate"
    counts = "characters"

    def endpoint(self, language: Language) -> "EndpointConfig":
        addresses = [address.address() for address in self.addresses()]
        return self.reached_at(addresses, self.prompt(language), self.spec.timeout_s)

    def make_server(self, logs: Path) -> "MakeServer":
        from processors.seq2seq.libretranslate import LibreTranslateServer

        return LibreTranslateServer

    def prompt(self, language: Language) -> PromptConfig:
        codes = self.spec.source_code or SOURCE_CODE, self.spec.target_code or language.code.partition("-")[0]
        return PromptConfig(language, "codes", codes=codes)

    def says(self, public: Mapping[str, Any], link: Callable[[str], str]) -> str:
        return (
            f"{link(public['model'])} {self.served_by(public)}, sentence by sentence{self._after_memory(public)}, "
            f"{self._chunks(public)}; protected spans that it does not bring back are set aside and put back"
        )


ENGINE = LibreTranslateEngine
