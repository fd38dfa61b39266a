"""A page that is one file: its style, scripts and data stand in it, and it asks nobody, or only who served it."""

import json
from pathlib import Path
from typing import Any

from hub.pages.texts import escaped
from hub.pages.words import SCRIPT, PageWords, words_data

_FOLDER = Path(__file__).parent
# What the page may do: its own scripts and style, and nothing from outside.
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"


def style(more: str = "") -> str:
    """The style that all pages have, light or dark as the reader's system is, and `more` of one page."""
    return (_FOLDER / "page.css").read_text(encoding="utf-8") + more


def page(
    title: str,
    body: str,
    *,
    css: str,
    scripts: str = "",
    served: bool = False,
    words: PageWords | None = None,
    part: str = "",
) -> str:
    """A whole page. `body` is HTML, `title` plain text.

    `words`: those that the body is written with, which `scripts` use too: the page has a switch of its language
    (`PageWords.switch`) in its body, those of its words whose keys begin with `part`, and `<part>.title` around its
    title. Without, it is plain English around texts of other languages. `served`: its script may ask the server that
    the page is of.
    """
    policy = _POLICY + ("; connect-src 'self'" if served else "")
    heading, spoken, language, direction = f"<title>{escaped(title)}</title>", "", "en", "ltr"
    if words:
        heading = words.tag("title", f"{part}.title", title=title)
        spoken = data_block("words-data", words_data(words, part)) + "\n"
        scripts = SCRIPT.read_text(encoding="utf-8") + scripts
        language, direction = words.language, words.text("page.direction")
    return (
        f'<!doctype html>\n<html lang="{language}" dir="{direction}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f"{heading}\n<style>\n{css}</style>\n</head>\n<body>\n{body}\n{spoken}"
        + (f"<script>\n{scripts}</script>\n" if scripts else "")
        + "</body>\n</html>\n"
    )


def data_block(name: str, data: Any) -> str:
    """Plain values for the page's script, in an element of the id `name`; no text in them can end it."""
    # ASCII only: lone surrogates survive, and so do the line separators that are none in JSON.
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    return f'<script type="application/json" id="{name}">{text}</script>'
