"""How a room hands on its names without importing what they need: who asks for one takes that file alone."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def handed_on(room: str, files: Mapping[str, Sequence[str]]) -> Callable[[str], Any]:
    """A room's `__getattr__`: imports the file of the room that has the name, when it is asked for.

    >>> handed_on("processors", {"errors": ["InputError"]})("InputError").__name__
    'InputError'
    """
    places = {name: file for file, names in files.items() for name in names}

    def find(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        return getattr(import_module(f"{room}.{places[name]}"), name)

    return find
