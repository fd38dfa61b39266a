"""The words of the pages themselves, in each language that a page can be read in: a file of `languages/` for each.

A page is written in one language and holds the words of all; its script (`words.js`) puts one in place of another, so
that a reader can change it in the page, and without scripts it is readable in the one that it was written in. An
element with words of its own says by attributes which they are and what stands in them.

In a text `{name}` is what is put in, and what stands between backticks is code: names of a recipe, a command. Numbers
are grouped, with Western digits, which a recipe is written with too; a text that is put in is isolated from the
direction of what is around it. A text that depends on the number `n` is an object of CLDR's plural categories. To add
a language: its file with the keys of `en.json`, and its plurals in `PLURALS`.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Union

from hub.pages.texts import escaped

_FOLDER = Path(__file__).parent / "languages"
LANGUAGES = ("en", "ar")
# Of the pages; of what their texts fall back to.
FALLBACK = "en"
SCRIPT = Path(__file__).parent / "words.js"
_PLACE = re.compile(r"\{([a-z_]+)\}")
# First strong isolate and its end: in attributes there are no elements to isolate by.
_FSI, _PDI = "\u2068", "\u2069"

Text = str | Mapping[str, str]
Value = Union[str, int, "PageWord", Sequence["Value"]]


def _english(n: int) -> str:
    return "one" if n == 1 else "other"


def _arabic(n: int) -> str:
    if n < 3:
        return ("zero", "one", "two")[n]
    rest = n % 100
    return "few" if 3 <= rest <= 10 else "many" if rest >= 11 else "other"


PLURALS: dict[str, Callable[[int], str]] = {"en": _english, "ar": _arabic}


@dataclass(frozen=True, slots=True)
class PageWord:
    """Words within others: a key and what is put into its text."""

    key: str
    args: Mapping[str, Value] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """As `words.js` reads it."""
        return {"word": self.key, "args": _plain(self.args)}


def _plain(value: Any) -> Any:
    if isinstance(value, PageWord):
        return value.plain()
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    return value if isinstance(value, (str, int)) else [_plain(one) for one in value]


def _packed(args: Mapping[str, Value]) -> str:
    return json.dumps(_plain(args), ensure_ascii=True, separators=(",", ":"))


@cache
def texts_of(language: str) -> dict[str, Text]:
    """A language's texts by their keys."""
    return json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8"))


class PageWords:
    """The words that a page is written with. `given`: the language that was asked for; None: the reader's browser
    chooses, and English is written."""

    def __init__(self, given: str | None = None, texts: Mapping[str, Text] | None = None) -> None:
        assert given is None or given in LANGUAGES
        self.given = given
        self.language = given or FALLBACK
        self.texts = texts_of(self.language) if texts is None else texts

    def text(self, key: str, /, **args: Value) -> str:
        """As plain text."""
        around = (_FSI, _PDI) if self.texts["page.direction"] == "rtl" else ("", "")
        return "".join(
            f"{around[0]}{part}{around[1]}" if isolated and not code else part
            for part, isolated, code in self._pieces(key, args)
        )

    def inner(self, key: str, /, **args: Value) -> str:
        """As HTML within an element."""
        return "".join(
            f'<code dir="ltr">{escaped(part)}</code>'
            if code
            else f"<bdi>{escaped(part)}</bdi>"
            if isolated
            else escaped(part)
            for part, isolated, code in self._pieces(key, args)
        )

    def tag(self, tag: str, key: str, attributes: str = "", /, **args: Value) -> str:
        """An element of these words alone."""
        more = f" {attributes}" if attributes else ""
        plain = tag in ("option", "title")
        inner = escaped(self.text(key, **args)) if plain else self.inner(key, **args)
        return f"<{tag}{more}{self._named(key, args)}>{inner}</{tag}>"

    def said(self, key: str, /, **args: Value) -> str:
        """A piece of a line."""
        return self.tag("span", key, **args)

    def label(self, key: str, /, *, attribute: str = "aria-label", **args: Value) -> str:
        """An attribute, and what it says in other languages; one of an element."""
        named = escaped(_packed({attribute: PageWord(key, args)}))
        return f'{attribute}="{escaped(self.text(key, **args))}" data-labels="{named}"'

    def switch(self) -> str:
        """The button that changes the language, for the page's head; its script shows it."""
        other = next(one for one in LANGUAGES if one != self.language)
        name = escaped(str(texts_of(other)["page.language"]))
        return (
            f'<button type="button" class="plain" id="language" lang="{other}" value="{other}" hidden>{name}</button>'
        )

    def _named(self, key: str, args: Mapping[str, Value]) -> str:
        return f' data-word="{key}"' + (f' data-args="{escaped(_packed(args))}"' if args else "")

    def known(self, prefix: str, name: str) -> Value:
        """The word for a name that others give (a check, a role), or the name itself."""
        return PageWord(f"{prefix}.{name}") if f"{prefix}.{name}" in self.texts else name

    def _pieces(self, key: str, args: Mapping[str, Value]) -> Iterator[tuple[str, bool, bool]]:
        """Pieces of a text: what it is, whether it is isolated from its neighbours, whether it is code."""
        text = self.texts[key]
        if not isinstance(text, str):
            number = args["n"]
            assert isinstance(number, int)
            text = text.get(PLURALS[self.language](number), text["other"])
        for at, part in enumerate(text.split("`")):
            for place, one in enumerate(_PLACE.split(part)):
                if place % 2 == 0:
                    if one:
                        yield one, False, at % 2 == 1
                    continue
                for said, isolated, code in self._value(args[one]):
                    yield said, isolated, code or at % 2 == 1

    def _value(self, value: Value) -> Iterator[tuple[str, bool, bool]]:
        if isinstance(value, str):
            yield value, True, False
        elif isinstance(value, int):
            yield f"{value:,}", False, False
        elif isinstance(value, PageWord):
            yield from self._pieces(value.key, value.args)
        else:
            for number, one in enumerate(value):
                if number:
                    yield str(self.texts["page.and"]), False, False
                yield from self._value(one)


def words_data(words: PageWords, *prefixes: str) -> dict[str, Any]:
    """What `words.js` needs: of each language the texts whose keys begin with these."""
    starts = tuple(f"{prefix}." for prefix in ("page", *prefixes))
    return {
        "given": words.given or "",
        "languages": {
            language: {key: text for key, text in texts_of(language).items() if key.startswith(starts)}
            for language in LANGUAGES
        },
    }
