"""A translation memory alone: what it does not hold is not translated."""

from collections.abc import Callable, Mapping
from typing import Any

from builders.engines.common.base import Engine, memory_files
from builders.recipes.translators import MemoryTranslator


class MemoryEngine(Engine[MemoryTranslator]):
    """Answers at once, and only from the translator's files."""

    spans = None

    def says(self, public: Mapping[str, Any], link: Callable[[str], str]) -> str:
        return f"a translation memory ({memory_files(public)}); no model translated these rows"


ENGINE = MemoryEngine
