"""Stands between a build and a real model's server: counts what was answered, and lets so many answers through.

What is kept waiting was not passed on, so a process that is killed meanwhile has paid for what it was answered alone.
"""

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from tests.standins import loopback


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

    class Handler(loopback.Handler):
        def do_GET(self) -> None:
            self.send(*proxy.passed_on(self.path, None))

        def do_POST(self) -> None:
            body = self.read()
            if not proxy.may_pass():
                self.close_connection = True
                return
            status, content = proxy.passed_on(self.path, body)
            if status == 200:
                proxy.answered.append((self.path, body))
            self.send(status, content)

    with loopback.serving(Handler) as proxy.url:
        try:
            yield proxy
        finally:
            proxy.allow(None)
