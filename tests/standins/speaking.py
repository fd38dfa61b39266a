"""A chat server on the loopback whose answers a test writes, and a panel of judges made of such."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class Speaking:
    """A chat server on the loopback that says `answer`, or what it makes of a request's last message."""

    def __init__(self) -> None:
        self.answer: str | Callable[[str], str] = ""
        self.requests = 0
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["messages"][-1]["content"]
                outer.requests += 1
                answer = outer.answer if isinstance(outer.answer, str) else outer.answer(asked)
                choice = {"message": {"role": "assistant", "content": answer}, "finish_reason": "stop"}
                body = {"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 2}}
                self._say(body if outer.status == 200 else {"error": {"message": "no"}}, outer.status)

            def do_GET(self) -> None:
                self._say({"data": [{"id": "m"}, {"id": "n"}]})

            def _say(self, body: dict[str, Any], status: int = 200) -> None:
                raw = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *words: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> "Speaking":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def panel_of(path: Path, *servers: Speaking) -> Path:
    """A panel's file with a judge a server: J, K, ..., each asked once."""
    judges = [
        f"  - {{name: {name}, base_url: '{server.url}', model: judge-{name}, attempts: 1}}\n"
        for name, server in zip("JKLM", servers, strict=False)
    ]
    path.write_text(f"judges:\n{''.join(judges)}")
    return path
