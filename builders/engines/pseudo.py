"""Pseudo-localisation: text of the target's script without meaning, for load tests and dry runs."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from builders.engines.common.base import Engine
from builders.recipes.translators import PseudoTranslator
from processors.languages.language import Language

if TYPE_CHECKING:
    from processors.translation.pseudo import PseudoBackend


class PseudoEngine(Engine[PseudoTranslator]):
    """Answers at once; what it says is nothing."""

    meaningless = True

    def backend(self, language: Language) -> "PseudoBackend":
        from processors.translation.pseudo import PseudoBackend

        return PseudoBackend(language.script)

    def says(self, public: Mapping[str, Any], link: Callable[[str], str]) -> str:
        return f"pseudo-localisation{self._after_memory(public)}, {self._chunks(public)}"


ENGINE = PseudoEngine
