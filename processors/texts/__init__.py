"""Texts that are read once: `text_of(string)` gives the one `Text` of a string, which keeps its views.

The lowest room: it imports nothing of ours. To add a view, write a function of a `Text` with `@view` above it, in the
file that needs it or knows how to compute it.
"""

from processors.texts.text import Text, TextCache, text_of, view, view_by

__all__ = ["Text", "TextCache", "text_of", "view", "view_by"]
