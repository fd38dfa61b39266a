"""The engines by the name that a recipe calls them, `backend`.

They are registered once, in the union `Translator` of `builders.recipes.translators`, which a recipe is checked
against: each kind in it has its engine in the file of this room that has its name.
"""

from importlib import import_module
from typing import Any

from builders.engines.common.base import Engine
from builders.recipes.translators import BACKENDS, Translator

ENGINES: dict[str, type[Engine[Any]]] = {
    backend: import_module(f"builders.engines.{backend}").ENGINE for backend in BACKENDS
}


def engine_of(spec: Translator) -> Engine[Any]:
    """The engine of a recipe's translator."""
    return ENGINES[spec.backend](spec)
