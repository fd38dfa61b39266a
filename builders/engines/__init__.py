"""Engines: a recipe's translator with what runs it, behind one contract (`Engine`) that every caller asks.

One file a kind, named as its `backend`. To add one: its class in `builders.recipes.translators`, named in the union
`Translator` there, and a file here with its `ENGINE`: an `Engine`, an `AskedEngine` where a model is asked, or a
`ServedEngine` where that takes prompts (all in `builders.engines.common`).
"""

from builders.engines.common.base import Engine
from builders.engines.registry import ENGINES, engine_of

__all__ = ["ENGINES", "Engine", "engine_of"]
