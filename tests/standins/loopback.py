"""An HTTP server on the loopback for as long as a block lasts: what the servers that stand in for others share."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Handler(BaseHTTPRequestHandler):
    """A request whose body is JSON, and a response of JSON, of a page (a string) or of bytes as they are."""

    protocol_version = "HTTP/1.1"
    # Head and body are two writes: without this the second waits 40 ms for the first one's acknowledgement.
    disable_nagle_algorithm = True

    def read(self) -> bytes:
        """The request's body."""
        return self.rfile.read(int(self.headers["Content-Length"]))

    def asked(self) -> Any:
        """The request's body as JSON."""
        return json.loads(self.read())

    def send(self, status: int, said: Any, headers: Mapping[str, str] | None = None) -> None:
        """Answer; who asked may have been killed meanwhile."""
        content = said if isinstance(said, bytes) else (said if isinstance(said, str) else json.dumps(said)).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "text/html" if isinstance(said, str) else "application/json")
            self.send_header("Content-Length", str(len(content)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
        except ConnectionError:
            self.close_connection = True

    def log_message(self, *arguments: object) -> None:
        """Nothing on the terminal."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # The default, 5, refuses connections where many are opened at once.
    request_queue_size = 512


@contextmanager
def serving(handler: type[Handler]) -> Iterator[str]:
    """The server's address without a path, `http://127.0.0.1:PORT`."""
    server = _Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
