"""HTTP for the stand-in: requests with their bodies counted, answers with ranges, faults between the two."""

import json
import re
import socket
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from tests.standins.standin_hub.errors import HubError
from tests.standins.standin_hub.faults import Faults, Rule

_BLOCK = 1 << 18


@dataclass
class Answer:
    body: Any = b""  # bytes, a file's path, or what becomes JSON
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class Dropped(Exception):
    """The connection is to be closed without a word."""


class Route(NamedTuple):
    method: str
    kind: str  # the name under which requests are counted and faults are drawn
    path: re.Pattern[str]
    answer: Callable[..., Answer]


class Request:
    def __init__(self, handler: "Handler", kind: str) -> None:
        self.handler, self.kind = handler, kind
        self.headers = handler.headers
        parts = urlsplit(handler.path)
        self.path = parts.path
        self.query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        self._unread = True
        self.seconds = 0.0  # that reading the body takes

    @property
    def base(self) -> str:
        return f"http://{self.headers['Host']}"

    @property
    def storage(self) -> str:
        """The same server under its other name: to a client another host, as the Hub's storage is."""
        host, _, port = self.headers["Host"].partition(":")
        return f"http://{'localhost' if host == '127.0.0.1' else '127.0.0.1'}:{port}"

    @property
    def token(self) -> str:
        return self.headers.get("Authorization", "").removeprefix("Bearer ").strip()

    @property
    def length(self) -> int:
        return int(self.headers.get("Content-Length") or 0)

    def blocks(self) -> Iterator[bytes]:
        """The body as it arrives, every byte of it counted."""
        self._unread = False
        read = self.handler.rfile.read
        faults = self.handler.server.faults
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while size := int(self.handler.rfile.readline().split(b";")[0], 16):
                block = read(size)
                faults.count_received(self.kind, len(block))
                yield block
                self.handler.rfile.readline()
            self.handler.rfile.readline()
            return
        left = self.length
        while left:
            block = self.handler.rfile.read1(min(left, _BLOCK))
            if not block:
                raise Dropped
            left -= len(block)
            faults.count_received(self.kind, len(block))
            time.sleep(self.seconds * len(block) / self.length)
            yield block

    def body(self) -> bytes:
        return b"".join(self.blocks())

    def json(self) -> Any:
        return json.loads(self.body() or b"{}")

    def save(self, path: Path) -> int:
        """Write the body to a file; its size in bytes. A file cut short by the sender does not stay."""
        size = 0
        try:
            with path.open("wb") as file:
                for block in self.blocks():
                    size += file.write(block)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return size

    def drain(self) -> None:
        """Read what nobody wanted: the next request on this connection begins after it."""
        if self._unread:
            for _ in self.blocks():
                pass

    def lose_half(self) -> None:
        half, got = self.length // 2, 0
        for block in self.blocks():
            got += len(block)
            if got >= half:
                break


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, routes: list[Route], faults: Faults) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.routes, self.faults = routes, faults
        self.verbose = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        # Clients are killed on purpose: a broken connection is no news.
        if self.verbose:
            traceback.print_exc()


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        if self.server.verbose:
            super().log_message(format, *args)

    def _serve(self) -> None:
        raw = urlsplit(self.path).path
        method = "GET" if self.command == "HEAD" else self.command
        for route in self.server.routes:
            match = route.path.fullmatch(raw) if route.method == method else None
            if match:
                break
        else:
            request = Request(self, "unknown")
            request.drain()
            self._send("unknown", Answer({"error": f"Not Found: {self.command} {raw}"}, 404), None)
            return
        request = Request(self, route.kind)
        rule = None if route.kind == "admin" else self.server.faults.draw(route.kind, unquote(raw))
        try:
            answer = self._before(request, rule)
            if answer is None:
                parts = {name: unquote(part) for name, part in match.groupdict().items() if part is not None}
                answer = _guarded(route.answer, request, parts)
            request.drain()
            if rule and rule.fault == "drop-answer":
                raise Dropped
        except (Dropped, ConnectionError):
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._send(route.kind, answer, rule)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _serve

    def _before(self, request: Request, rule: Rule | None) -> Answer | None:
        if rule is None:
            return None
        if rule.fault == "slow":
            time.sleep(rule.seconds)
        elif rule.fault == "slow-body":
            request.seconds = rule.seconds
        elif rule.fault == "drop":
            raise Dropped
        elif rule.fault == "drop-half":
            request.lose_half()
            raise Dropped
        elif rule.fault == "429":
            return Answer({"error": "injected: too many requests"}, 429, {"Retry-After": f"{rule.seconds:g}"})
        elif rule.fault == "503":
            return Answer({"error": "injected: service unavailable"}, 503)
        elif rule.fault in ("403", "404"):
            return Answer({"error": f"injected: {rule.fault}"}, int(rule.fault))
        elif rule.fault == "412":
            return Answer({"error": "A commit has happened since. Please refresh and try again."}, 412)
        return None

    def _send(self, kind: str, answer: Answer, rule: Rule | None) -> None:
        body, headers = answer.body, dict(answer.headers)
        if not isinstance(body, (bytes, Path)):
            body = json.dumps(body, ensure_ascii=False).encode()
            headers.setdefault("Content-Type", "application/json; charset=utf-8")
        status, start, end = answer.status, 0, len(body) if isinstance(body, bytes) else body.stat().st_size
        if status == 200 and (wanted := self.headers.get("Range")):
            status, start, end = byte_range(wanted, end, headers)
        elif status == 200 and self.command in ("GET", "HEAD"):
            headers.setdefault("Accept-Ranges", "bytes")
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(end - start))
        if self.close_connection:
            self.send_header("Connection", "close")
        if self.command == "HEAD" or status in (204, 304):
            self.end_headers()
            self.server.faults.count_answer(kind, status, 0)
            return
        cut = rule is not None and rule.fault == "cut"
        stop = start + (end - start) // 2 if cut else end
        if isinstance(body, bytes):
            # One write: headers and body in one packet.
            self._headers_buffer.append(b"\r\n" + body[start:stop])  # type: ignore[attr-defined]
            self.flush_headers()
        else:
            self.end_headers()
            with body.open("rb") as file:
                self.connection.sendfile(file, start, stop - start) if stop > start else None
        self.server.faults.count_answer(kind, status, stop - start)
        if cut:
            self.close_connection = True


def _guarded(answer: Callable[..., Answer], request: Request, parts: dict[str, str]) -> Answer:
    try:
        return answer(request, **parts)
    except HubError as error:
        headers = {"X-Error-Message": error.message}
        if error.code:
            headers["X-Error-Code"] = error.code
        return Answer({"error": error.message}, error.status, headers)


def byte_range(wanted: str, size: int, headers: dict[str, str]) -> tuple[int, int, int]:
    """Status, start and end of one byte range; a range that makes no sense is ignored, as the standard says."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", wanted.strip())
    if not match or match.groups() == ("", ""):
        return 200, 0, size
    first, last = match.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(size, int(last) + 1) if first and last else size
    if start >= end:
        headers["Content-Range"] = f"bytes */{size}"
        return 416, 0, 0
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return 206, start, end
