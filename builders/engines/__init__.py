"""Engines: a recipe's translator with what runs it, behind one contract (`Engine`) that every caller asks.

One file a kind, named as its `backend`. To add one: its class in `builders.recipes.translators`, named in the union
`Translator` there, and a file here with its `ENGINE`, an `Engine` or, where a server is asked, a `ServedEngine`.
"""

from builders.engines.base import Engine
from builders.engines.registry import ENGINES, engine_of

__all__ = ["ENGINES", "Engine", "engine_of"]
