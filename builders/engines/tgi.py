"""text-generation-inference by its native API."""

from pathlib import Path
from typing import TYPE_CHECKING

from builders.engines.common.served import ServedEngine
from builders.recipes.translators import TgiTranslator

if TYPE_CHECKING:
    from processors.translation.runner import MakeServer


class TgiEngine(ServedEngine[TgiTranslator]):
    """Another client; the rest is as with any endpoint."""

    software = "text-generation-inference"

    def make_server(self, logs: Path) -> "MakeServer":
        from processors.clients.tgi import TgiServer

        return TgiServer


ENGINE = TgiEngine
