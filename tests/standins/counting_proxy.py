"""Stands between a build and a real model's server: counts what was answered, and lets so many answers through.

What is kept waiting was not passed on, so a process that is killed meanwhile has paid for what it was answered alone.
"""

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class CountingProxy:
    """A running one; `url` is its address, `answered` has the path and body of each request that was answered."""

    def __init__(self, server: str) -> None:
        self.server = server
        self.url = ""
        self.answered: list[tuple[str, bytes]] = []
        self._left: int | None = 0
        self._round = 0
        self._change = threading.Condition()

    def allow(self, answers: int | None) -> None:
        """Let so many more through, None: all; but nobody who waits now: a process that was killed."""
        with self._change:
            self._left = answers
            self._round += 1
            self._change.notify_all()

    def may_pass(self) -> bool:
        """Wait for a place; whether there is one."""
        with self._change:
            came = self._round
            self._change.wait_for(lambda: self._round != came or self._left is None or self._left > 0)
            if self._round != came:
                return False
            if self._left is not None:
                self._left -= 1
        return True

    def passed_on(self, path: str, body: bytes | None) -> tuple[int, bytes]:
        """Status and body of the server's response."""
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.server}{path}", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=600) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


@contextmanager
def counting(server: str) -> Iterator[CountingProxy]:
    """One before `server` for as long as the block lasts; what still waits then is let go."""
    proxy = CountingProxy(server)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._send(*proxy.passed_on(self.path, None))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if not proxy.may_pass():
                self.close_connection = True
                return
            status, content = proxy.passed_on(self.path, body)
            if status == 200:
                proxy.answered.append((self.path, body))
            self._send(status, content)

        def _send(self, status: int, content: bytes) -> None:
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except ConnectionError:
                self.close_connection = True

        def log_message(self, *arguments: object) -> None:
            """Nothing on the terminal."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    listening = Server(("127.0.0.1", 0), Handler)
    proxy.url = f"http://127.0.0.1:{listening.server_address[1]}"
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.allow(None)
        listening.shutdown()
        listening.server_close()
