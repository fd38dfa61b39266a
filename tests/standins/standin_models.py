"""Several models behind one address that say what a test makes them say, and a reward model beside them.

`says` has for each model what it answers to a request's body: a text, or a status and the words of an error. `reward`
gives a list of token ids its reward at vLLM's `/classify`. `asked` has the bodies of all requests, in order; `hold`
lets so many be answered and keeps the others waiting until `go_on`, so that who asks can be killed there.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.standins import loopback

Says = Callable[[dict[str, Any]], str | tuple[int, str] | dict[str, Any]]


class ModelsServer:
    """A running one; `url` is its address."""

    def __init__(self, says: Mapping[str, Says]) -> None:
        self.says = dict(says)
        self.reward: Callable[[list[int]], float] = lambda ids: float(len(ids))
        self.asked: list[dict[str, Any]] = []
        self.url = ""
        self._most: int | None = None
        self._going = threading.Event()

    def hold(self, after: int) -> None:
        """Answer no request but the first `after`, until `go_on`."""
        self._going.clear()
        self._most = after

    def go_on(self) -> None:
        """Answer those that wait, and all that come."""
        self._most = None
        self._going.set()

    def asked_of(self, model: str) -> list[dict[str, Any]]:
        """The requests to one model."""
        return [body for body in self.asked if body["model"] == model]

    def respond(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        """Status and body of the response to a request."""
        self.asked.append(body)
        if self._most is not None and len(self.asked) > self._most:
            self._going.wait()
        if path.endswith("/classify"):
            rows = [{"index": n, "probs": [self.reward(ids)]} for n, ids in enumerate(body["input"])]
            return 200, {"data": rows, "usage": {"prompt_tokens": 1}}
        if body["model"] not in self.says:
            return 404, {"error": {"message": f"no model {body['model']}"}}
        said = self.says[body["model"]](body)
        if isinstance(said, tuple):
            return said[0], {"error": {"message": said[1], "code": said[0]}}
        # A message with more than a text says itself what it is.
        message = said if isinstance(said, dict) else {"role": "assistant", "content": said}
        reason = message.pop("finish_reason", "stop")
        usage = {"prompt_tokens": 10, "completion_tokens": len(str(message.get("content")).split())}
        return 200, {"choices": [{"index": 0, "finish_reason": reason, "message": message}], "usage": usage}


def asked_last(body: Mapping[str, Any]) -> str:
    """The last message of a request."""
    text: str = body["messages"][-1]["content"]
    return text


@contextmanager
def models(**says: Says) -> Iterator[ModelsServer]:
    """A server of these models for as long as the block lasts."""
    standin = ModelsServer(says)

    class Handler(loopback.Handler):
        def do_GET(self) -> None:
            self.send(200, {"data": []})

        def do_POST(self) -> None:
            self.send(*standin.respond(self.path, self.asked()))

    with loopback.serving(Handler) as standin.url:
        try:
            yield standin
        finally:
            standin.go_on()
