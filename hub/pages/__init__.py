"""What the pages have in common that people open in a browser: one file without a server, texts of any direction."""

from hub.pages.shell import data_block, page, style
from hub.pages.texts import escaped, places, protected_places, shown_text
from hub.pages.words import LANGUAGES, PageWord, PageWords, Value

__all__ = [
    "LANGUAGES",
    "PageWord",
    "PageWords",
    "Value",
    "data_block",
    "escaped",
    "page",
    "places",
    "protected_places",
    "shown_text",
    "style",
]
