"""A server of several protocols that is of no use: it says the same of everything, or refuses, or is no API at all.

It speaks OpenAI's chats and completions, text-generation-inference's /generate and LibreTranslate's /translate, each
below whatever path. `says` makes an answer of a text, `refuses` is a status and the words of an error, `page` a web
page in place of every response. `asked` has the path of every request that came but those that only look around.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.standins import loopback
from tests.standins.standin_llm import asked_text, tgi_response

REFUSAL = "I'm sorry, but I can't help with that request."
REFUSAL_ARABIC = "عذرًا، لا يمكنني المساعدة في هذا الطلب."
PAGE = "<!doctype html><html><head><title>Welcome to nginx!</title></head><body>It works.</body></html>"
CONTEXT = "This model's maximum context length is 512 tokens. However, you requested 4096 tokens in the completion."


class UselessServer:
    """A running one; `url` is its address."""

    def __init__(self) -> None:
        self.says: Callable[[str], str] = lambda text: "Sorry."
        self.refuses: tuple[int, str] | None = None
        self.page = ""
        self.asked: list[str] = []
        self.url = ""

    def respond(self, path: str, asked: dict[str, Any] | None) -> tuple[int, Any]:
        """Status and body of the response to a request, whose body is None where it was a GET."""
        if self.page:
            return 200, self.page
        if asked is None:
            looks: dict[str, Any] = {"/health": {}, "/languages": [{"code": "en", "targets": ["ar"]}]}
            found = looks.get(path, {"data": []} if path.endswith("/models") else None)
            return (404, {"detail": "Not Found"}) if found is None else (200, found)
        if self.refuses:
            status, words = self.refuses
            flat = path.endswith(("/generate", "/translate"))
            return status, {"error": words if flat else {"message": words, "code": status}}
        if path.endswith("/translate"):
            return 200, {"translatedText": [self.says(text) for text in asked["q"]], "alternatives": []}
        said = self.says(asked_text(asked))
        if path.endswith("/generate"):
            return 200, tgi_response(said, "stop")
        chat = {"message": {"role": "assistant", "content": said}} if "messages" in asked else {"text": said}
        return 200, {"choices": [{"index": 0, "finish_reason": "stop"} | chat], "usage": {}}


@contextmanager
def useless() -> Iterator[UselessServer]:
    """One for as long as the block lasts."""
    standin = UselessServer()

    class Handler(loopback.Handler):
        def do_GET(self) -> None:
            self.send(*standin.respond(self.path, None))

        def do_POST(self) -> None:
            standin.asked.append(self.path)
            self.send(*standin.respond(self.path, self.asked()))

    with loopback.serving(Handler) as standin.url:
        yield standin
