"""What was found out about words, looked up without a call: `map(remembered.__getitem__, words)`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Remembered(dict[str, T]):
    """A function's answers by word; of more than `most` all are forgotten at once.

    A third of the time of `lru_cache`, whose order of use a running text does not need: it repeats most of its words.
    """

    def __init__(self, look: Callable[[str], T], most: int) -> None:
        super().__init__()
        self._look, self._most = look, most

    def __missing__(self, word: str) -> T:
        found = self._look(word)
        if len(self) >= self._most:
            self.clear()
        self[word] = found
        return found
