"""A text that is read once: what is known of a string is computed on first use, kept beside it and shared.

A row's source is looked at by every check of every candidate, then by the scores and the ranker; a system prompt
stands in thousands of rows. Each of them asks for the same things: protected spans, words, sentences, numbers. Such a
thing is a *view*: a function of a `Text`, declared in the file that knows how to compute it:

>>> @view
... def shouted(text: Text) -> str:
...     return text.string.upper()
>>> shouted(text_of("hello")), shouted(text_of("hello")) is shouted(text_of("hello"))
('HELLO', True)

So this room imports nothing of the others, and a new check brings its views along.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import wraps
from sys import getsizeof
from typing import Any, TypeVar

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)

# Bytes of texts and views that a process keeps. The longest way back is a row's: its messages' texts are met again by
# the next candidate, seldom by the next row.
LIMIT = 48 << 20
# A Text without views: the object, its dictionary, its entry in the cache.
_BARE = 400


class Text:
    """One string and the views that were asked of it. Made by `text_of`, never changed, compared by identity."""

    __slots__ = ("_cache", "string", "views")

    def __init__(self, string: str, cache: TextCache | None = None) -> None:
        self.string = string
        self.views: dict[Hashable, Any] = {}
        self._cache = cache

    def __repr__(self) -> str:
        return f"Text({self.string[:40]!r})"

    def keep(self, key: Hashable, value: T) -> T:
        """Remember a view's value; what it takes counts towards the cache's limit."""
        self.views[key] = value
        if self._cache is not None:
            # As `estimated_bytes`, without a call: it is done a hundred times a text.
            self._cache.bytes_young += getsizeof(value) if type(value) is str else 8 * getsizeof(value, 64)
        return value


class TextCache:
    """The latest texts, bounded by bytes: the strings and an estimate of their views.

    Two generations instead of a list in the order of use: a text that is met again moves to the young one; when the
    young one is half of the limit the old one is dropped whole. So a hit costs one look into a dictionary, and the
    latest half of the limit is always there. Threads may share it: at worst a text is made twice.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self.bytes_young = 0
        self._young: dict[str, Text] = {}
        self._old: dict[str, Text] = {}

    def __len__(self) -> int:
        return len(self._young.keys() | self._old.keys())

    def __call__(self, string: str) -> Text:
        text = self._young.get(string)
        if text is not None:
            return text
        if self.bytes_young * 2 > self.limit:
            self._old, self._young, self.bytes_young = self._young, {}, 0
        text = self._old.pop(string, None)
        if text is None:
            text = Text(string, self)
            self.bytes_young += _BARE + getsizeof(string)
        else:
            self.bytes_young += _BARE + getsizeof(string) + sum(map(estimated_bytes, text.views.values()))
        self._young[string] = text
        return text

    def clear(self) -> None:
        """Forget every text; those that are in use keep their views."""
        self._young, self._old, self.bytes_young = {}, {}, 0


text_of = TextCache()
"""The `Text` of a string: the same object for an equal string as long as it is among the latest."""


def view(compute: Callable[[Text], T]) -> Callable[[Text], T]:
    """Declare a view: `compute` is called once a text. Its value is shared, so it must not be changed by anyone."""

    @wraps(compute)
    def look(text: Text) -> T:
        views = text.views
        if compute in views:
            value: T = views[compute]
            return value
        return text.keep(compute, compute(text))

    return look


def view_by(compute: Callable[[Text, K], T]) -> Callable[[Text, K], T]:
    """Declare a view that also depends on a value, such as a script's code: computed once a text and value."""

    @wraps(compute)
    def look(text: Text, by: K) -> T:
        views, key = text.views, (compute, by)
        if key in views:
            value: T = views[key]
            return value
        return text.keep(key, compute(text, by))

    return look


def estimated_bytes(value: object) -> int:
    """Roughly the bytes that a view's value takes: of what holds others eight times the bytes of its pointers.

    >>> estimated_bytes(("word",) * 1000) > 50_000
    True
    """
    return getsizeof(value) if type(value) is str else 8 * getsizeof(value, 64)
