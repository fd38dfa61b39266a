"""A stand-in for a LibreTranslate server on the loopback: `POST /translate`, `GET /languages`, and its refusals.

It says what it is told in Arabic letters, code and addresses too, as such models do. `asked` has every body that came;
`busy` requests get 429 before the next is answered; a `key` is wanted where one is set; texts over `limit` characters
are refused.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.standins import loopback

FAULTS = ("429", "500", "503", "400", "page", "error200", "same", "empty")
ARABIC = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ابصديفغهعجكلمنوحقرستطظضخىز")


def in_arabic(text: str) -> str:
    """What it says of a text."""
    return text.lower().translate(ARABIC)


class LibreTranslateStandIn:
    """A running one; `url` is its address."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.busy = 0
        self.key = ""
        self.limit = 2000
        self.says: Callable[[str], str] = in_arabic
        # The how-manieth alternative of a translation.
        self.other: Callable[[str, int], str] = lambda said, number: f"{said} {number}"
        # What goes wrong by chance, one of FAULTS, with what share of requests.
        self.fault, self.rate = "", 0.0
        self.times: Counter[str] = Counter()
        self.languages: Any = [{"code": "en", "name": "English", "targets": ["ar", "en"]}, {"code": "ar", "name": "A"}]
        self.url = ""

    def draw(self, texts: list[str]) -> str:
        """The fault of this request: a function of its texts and of how often they came."""
        self.times[key := "\0".join(texts)] += 1
        return self.fault if random.Random(f"{key} {self.times[key]}").random() < self.rate else ""

    def translate(self, asked: dict[str, Any]) -> tuple[int, Any]:
        """Status and body, as LibreTranslate 1.6 gives them."""
        self.asked.append(asked)
        if self.busy > 0:
            self.busy -= 1
            return 429, {"error": "Slowdown: 30 per 1 minute"}
        if self.key and asked.get("api_key") != self.key:
            return 403, {"error": f"Invalid API key: {asked.get('api_key')}"}
        texts = asked["q"] if isinstance(asked["q"], list) else [asked["q"]]
        if (fault := self.draw(texts)).isdigit():
            return int(fault), {"error": f"injected {fault}"}
        if fault in ("page", "error200"):
            return 200, "<html>Please wait</html>" if fault == "page" else {"error": "upstream failed"}
        if (size := max(map(len, texts))) > self.limit:
            return 400, {"error": f"Invalid request: request ({size}) exceeds text limit ({self.limit})"}
        said = [text if fault == "same" else "" if fault == "empty" else self.says(text) for text in texts]
        answer: dict[str, Any] = {"translatedText": said if isinstance(asked["q"], list) else said[0]}
        if more := asked.get("alternatives"):
            answer["alternatives"] = [[self.other(text, number) for number in range(1, more + 1)] for text in said]
        return 200, answer


@contextmanager
def libretranslate() -> Iterator[LibreTranslateStandIn]:
    """One for as long as the block lasts."""
    standin = LibreTranslateStandIn()

    class Handler(loopback.Handler):
        def do_GET(self) -> None:
            self.send(200 if self.path == "/languages" else 404, standin.languages)

        def do_POST(self) -> None:
            status, body = standin.translate(self.asked())
            self.send(status, body, {"Retry-After": "0"} if status == 429 else None)

    with loopback.serving(Handler) as standin.url:
        yield standin
