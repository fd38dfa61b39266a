"""A model's answers on disk: nothing is paid for twice, whoever asks, on any number of machines.

To keep the answers of something new: `AnswerStore` for its folder and `AskedOnce` in front of its server; who only
looks takes `AnswerReader`. Outside, only the names below are used.
"""

from typing import TYPE_CHECKING, Any

from processors.answers.question_claims import SHARED, SHORT

if TYPE_CHECKING:
    from processors.answers.ask_once import AskedOnce
    from processors.answers.ceiling import Limits, read_spending
    from processors.answers.reader import AnswerReader
    from processors.answers.store import AnswerStore

__all__ = ["SHARED", "SHORT", "AnswerReader", "AnswerStore", "AskedOnce", "Limits", "read_spending"]

# Imported when asked for: the retry ladder needs no store where no server is asked.
_LATER = {"AskedOnce": "ask_once", "AnswerReader": "reader", "AnswerStore": "store"}
_LATER |= {"Limits": "ceiling", "read_spending": "ceiling"}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
