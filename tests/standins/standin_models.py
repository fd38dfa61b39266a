"""Several models behind one address that say what a test makes them say, and a reward model beside them.

`says` has for each model what it answers to a request's body: a text, or a status and the words of an error. `reward`
gives a list of token ids its reward at vLLM's `/classify`. `asked` has the bodies of all requests, in order; `hold`
lets so many be answered and keeps the others waiting until `go_on`, so that who asks can be killed there.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

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

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._send(200, {"data": []})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            found = standin.respond(self.path, body)
            # Who asked may have been killed meanwhile.
            with suppress(ConnectionError):
                self._send(*found)

        def _send(self, status: int, said: Any) -> None:
            content = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: Any) -> None:
            """Nothing on the terminal."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 512

    server = Server(("127.0.0.1", 0), Handler)
    standin.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield standin
    finally:
        standin.go_on()
        server.shutdown()
        server.server_close()
