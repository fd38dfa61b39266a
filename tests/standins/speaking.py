"""A chat server on the loopback whose answers a test writes, and a panel of judges made of such."""

from collections.abc import Callable
from pathlib import Path

from tests.standins import loopback


class Speaking:
    """A chat server on the loopback that says `answer`, or what it makes of a request's last message."""

    def __init__(self) -> None:
        self.answer: str | Callable[[str], str] = ""
        self.requests = 0
        self.status = 200
        outer = self

        class Handler(loopback.Handler):
            def do_POST(self) -> None:
                asked = self.asked()["messages"][-1]["content"]
                outer.requests += 1
                answer = outer.answer if isinstance(outer.answer, str) else outer.answer(asked)
                choice = {"message": {"role": "assistant", "content": answer}, "finish_reason": "stop"}
                body = {"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 2}}
                self.send(outer.status, body if outer.status == 200 else {"error": {"message": "no"}})

            def do_GET(self) -> None:
                self.send(200, {"data": [{"id": "m"}, {"id": "n"}]})

        self._serving = loopback.serving(Handler)
        self.url = ""

    def __enter__(self) -> "Speaking":
        self.url = f"{self._serving.__enter__()}/v1"
        return self

    def __exit__(self, *error: object) -> None:
        self._serving.__exit__(None, None, None)


def panel_of(path: Path, *servers: Speaking) -> Path:
    """A panel's file with a judge a server: J, K, ..., each asked once."""
    judges = [
        f"  - {{name: {name}, base_url: '{server.url}', model: judge-{name}, attempts: 1}}\n"
        for name, server in zip("JKLM", servers, strict=False)
    ]
    path.write_text(f"judges:\n{''.join(judges)}")
    return path
