"""Pseudo-localisation: text of the target's script without meaning, for load tests and dry runs."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from builders.engines.common.base import Engine
from builders.recipes.translators import PseudoTranslator
from processors.languages.language import Language

if TYPE_CHECKING:
    from processors.translation.retry_ladder import Backend


class PseudoEngine(Engine[PseudoTranslator]):
    """Answers at once; what it says is nothing."""

    meaningless = True

    def backend(self, language: Language) -> "Backend":
        if self.spec.variant is not None:
            from processors.translation.word_by_word import WordByWordBackend

            return WordByWordBackend(self.spec.variant, language.script, language.code)
        from processors.translation.pseudo import PseudoBackend

        return PseudoBackend(language.script)

    def shapes_answers(self) -> dict[str, Any]:
        settings = super().shapes_answers()
        # Runs from before there were variants are as they were.
        return settings if self.spec.variant is not None else {k: v for k, v in settings.items() if k != "variant"}

    def says(self, public: Mapping[str, Any], link: Callable[[str], str]) -> str:
        how = "pseudo-localisation" if self.spec.variant is None else "pseudo-localisation, word by word"
        return f"{how}{self._after_memory(public)}, {self._chunks(public)}"


ENGINE = PseudoEngine
