"""One HTTP/1.1 connection for requests of our own, one after the other, straight on asyncio.

httpx, httpcore, h11 and anyio took more than half of a request's processor time at this end (docs/benchmarks.md), for
what none of our requests needs: pools, redirects, cookies, streams, other event loops. Errors are httpx's, for whoever
tells them apart. Where a proxy stands between, `processors.clients.connection` takes httpx itself.
"""

import asyncio
import errno
import re
import ssl
import zlib
from collections.abc import Mapping
from typing import NamedTuple

import httpx

# A server that is there takes a connection in milliseconds; ten seconds let a lost packet or two be sent again.
CONNECT_S = 10.0
# An idle connection is kept so long: proxies close theirs after about a minute, and one more is cheap.
KEEP_ALIVE_S = 60.0
# More than this is no head of a response, nor a line of one.
MOST_HEAD = 2**16

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(r"HTTP/(\d\.\d) (\d{3})(?: .*)?")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;.*)?")
# What stands in no header's value; and statuses that have no body.
_BREAKS = re.compile(r"[\r\n\0]")
_BODILESS = (204, 304)


class WireResponse(NamedTuple):
    """A whole response; `headers` has lower-case names."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes


class WireHead:
    """What all requests to one server begin with, its key among it; shown to nobody."""

    def __init__(self, url: httpx.URL, headers: Mapping[str, str]) -> None:
        usual = {
            "Host": url.netloc.decode("ascii"),
            "Accept": "*/*",
            "Accept-Encoding": "gzip, deflate",
            "Connection": "keep-alive",
            "User-Agent": "smolkalam",
        }
        named = {name.lower(): (name, value) for name, value in {**usual, **headers}.items()}
        if any(_BREAKS.search(name + value) for name, value in named.values()):
            raise httpx.LocalProtocolError("a header's value is broken over lines")
        self._lines = "".join(f"{name}: {value}\r\n" for name, value in named.values()).encode("ascii")

    def __repr__(self) -> str:
        return "<headers>"

    def of(self, method: str, target: bytes, length: int) -> bytes:
        """The head of one request."""
        if method == "GET":
            return b"GET %b HTTP/1.1\r\n%b\r\n" % (target, self._lines)
        line = method.encode("ascii"), target, self._lines, length
        return b"%b %b HTTP/1.1\r\n%bContent-Length: %d\r\n\r\n" % line


class Wire:
    """Requests over one connection, which is made when it is first needed, and anew when it has ended.

    `socket` is the path of a Unix socket in the place of the URL's host and port.
    """

    def __init__(self, url: httpx.URL, head: WireHead, tls: ssl.SSLContext | None, socket: str | None = None) -> None:
        self._url = url
        self._head = head
        self._tls = tls
        self._socket = socket
        self._line: _Line | None = None

    async def request(self, method: str, target: bytes, body: bytes = b"") -> WireResponse:
        """One request, of which the whole response has come. Raises httpx's errors; whoever calls bounds the time."""
        line = self._line
        if line is None or not line.usable():
            self.close()
            line = self._line = await self._connect()
        whole = False
        try:
            response = await line.exchange(self._head.of(method, target, len(body)) + body)
            whole = True
            return response
        finally:
            if not whole:
                self.close()

    def close(self) -> None:
        """End the connection at once: a server that works for nobody may stop."""
        if self._line is not None:
            self._line.end()
            self._line = None

    async def _connect(self) -> "_Line":
        loop, url = asyncio.get_running_loop(), self._url
        try:
            async with asyncio.timeout(CONNECT_S):
                if self._socket is not None:
                    _, line = await loop.create_unix_connection(_Line, self._socket)
                    return line
                https = url.scheme == "https"
                _, line = await loop.create_connection(
                    _Line,
                    url.host,
                    url.port or (443 if https else 80),
                    ssl=self._tls if https else None,
                    happy_eyeballs_delay=0.25,
                )
                return line
        except TimeoutError as error:
            raise httpx.ConnectTimeout(str(error) or f"no connection within {CONNECT_S:g} s") from error
        except OSError as error:
            raise httpx.ConnectError(str(error)) from (_refused(error) or error)
        except UnicodeError as error:
            raise httpx.ConnectError(f"{url.host}: no name of a host ({error})") from None


def _refused(error: OSError) -> OSError | None:
    """That nobody listens, where all of a host's addresses say so: asyncio's error of several is of no kind."""
    words = str(error)
    said = words.count("[Errno ")
    return ConnectionRefusedError(words) if said and said == words.count(f"[Errno {errno.ECONNREFUSED}]") else None


class _Line(asyncio.Protocol):
    """The connection itself: one response at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[WireResponse] | None = None
        self._reader = ResponseReader()
        self._open = False
        self._idle_since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._open = transport, True
        self._idle_since = self._loop.time()

    def usable(self) -> bool:
        return self._open and self._answer is None and self._loop.time() - self._idle_since < KEEP_ALIVE_S

    async def exchange(self, request: bytes) -> WireResponse:
        assert self._transport
        self._reader = ResponseReader()
        self._answer = self._loop.create_future()
        self._transport.write(request)
        return await self._answer

    def data_received(self, data: bytes) -> None:
        if self._answer is None:
            # Nobody has asked: what comes after a response belongs to none.
            self.end()
            return
        try:
            response = self._reader.feed(data)
        except httpx.HTTPError as error:
            self._fail(error)
            return
        if response is not None:
            self._done(response)

    def eof_received(self) -> None:
        self._open = False
        if self._answer is None:
            return
        try:
            self._done(self._reader.end())
        except httpx.HTTPError as error:
            self._fail(error)

    def connection_lost(self, error: Exception | None) -> None:
        self._open = False
        if error is None:
            self._fail(httpx.RemoteProtocolError("the connection was closed before the response was whole"))
        else:
            self._fail(httpx.ReadError(str(error)))

    def end(self) -> None:
        self._open = False
        if self._transport:
            self._transport.abort()

    def _done(self, response: WireResponse) -> None:
        answer, self._answer = self._answer, None
        self._idle_since = self._loop.time()
        if not self._reader.reusable:
            self.end()
        if answer and not answer.done():
            answer.set_result(response)

    def _fail(self, error: httpx.HTTPError) -> None:
        answer, self._answer = self._answer, None
        self.end()
        if answer and not answer.done():
            answer.set_exception(error)


class ResponseReader:
    """A response as it comes, in whatever pieces (RFC 9112). Raises httpx.RemoteProtocolError for what is none.

    `reusable`: the connection may carry another request once this one is whole.
    """

    def __init__(self) -> None:
        self.reusable = False
        self._data = bytearray()
        self._looked = 0
        self._status = 0
        self._headers: dict[str, str] = {}
        self._chunked = False
        self._length: int | None = None
        # What is left of a chunk with the line end behind it; None: its size comes next.
        self._chunk: int | None = None
        self._parts: list[bytes] = []

    def feed(self, data: bytes) -> WireResponse | None:
        """The response, once it is whole."""
        self._data += data
        while not self._status:
            if not self._read_head():
                return None
        if self._status in _BODILESS:
            self._length = 0
        elif self._chunked:
            return self._read_chunks()
        if self._length is None or len(self._data) < self._length:
            return None
        return self._whole(bytes(self._data[: self._length]), len(self._data) == self._length)

    def end(self) -> WireResponse:
        """The response, where the connection's end is its end too."""
        if not self._status:
            what = "a part of its head" if self._data else "a response"
            raise httpx.RemoteProtocolError(f"the connection was closed {'after' if self._data else 'without'} {what}")
        if self._chunked or self._length is not None:
            of = "" if self._length is None else f" of {self._length}"
            got = sum(map(len, self._parts)) + len(self._data)
            raise httpx.RemoteProtocolError(f"the connection was closed after {got}{of} bytes of the body")
        return self._whole(bytes(self._data), reusable=False)

    def _whole(self, body: bytes, reusable: bool) -> WireResponse:
        self.reusable = self.reusable and reusable
        return WireResponse(self._status, self._headers, _decoded(body, self._headers.get("content-encoding", "")))

    def _read_head(self) -> bool:
        """Whether a head was there; one of an interim response is passed over."""
        if self._data[:5] != b"HTTP/"[: len(self._data)]:
            raise httpx.RemoteProtocolError("what came is no HTTP response")
        found = _HEAD_END.search(self._data, self._looked)
        if found is None:
            self._looked = max(0, len(self._data) - 3)
            if len(self._data) > MOST_HEAD:
                raise httpx.RemoteProtocolError(f"the response's head is longer than {MOST_HEAD} bytes")
            return False
        first, *lines = self._data[: found.start()].decode("latin-1").replace("\r\n", "\n").split("\n")
        del self._data[: found.end()]
        self._looked = 0
        if not (told := _STATUS.fullmatch(first)):
            raise httpx.RemoteProtocolError("the response has no status line")
        status = int(told[2])
        if 100 <= status < 200:
            return True
        self._headers = _headers(lines)
        self._chunked = self._headers.get("transfer-encoding", "").lower().rpartition(",")[2].strip() == "chunked"
        if "transfer-encoding" not in self._headers and (length := self._headers.get("content-length")) is not None:
            self._length = _length(length)
        ends = "close" in self._headers.get("connection", "").lower()
        self.reusable = told[1] == "1.1" and not ends
        self._status = status
        return True

    def _read_chunks(self) -> WireResponse | None:
        while True:
            if self._chunk is None:
                line = self._line()
                if line is None:
                    return None
                if not (size := _SIZE.fullmatch(line)):
                    raise httpx.RemoteProtocolError("a chunk of the response has no size")
                # Behind the last, whose size is 0: trailers, to an empty line.
                self._chunk = int(size[1], 16) or -1
            elif self._chunk < 0:
                line = self._line()
                if line is None:
                    return None
                if not line:
                    return self._whole(b"".join(self._parts), not self._data)
            elif not self._read_chunk(self._chunk):
                return None

    def _read_chunk(self, size: int) -> bool:
        ends = b"\r\n" if self._data[size : size + 1] == b"\r" else b"\n"
        if len(self._data) < size + len(ends):
            return False
        if self._data[size : size + len(ends)] != ends:
            raise httpx.RemoteProtocolError("a chunk of the response is longer than its size")
        self._parts.append(bytes(self._data[:size]))
        del self._data[: size + len(ends)]
        self._chunk = None
        return True

    def _line(self) -> bytes | None:
        end = self._data.find(b"\n")
        if end < 0:
            if len(self._data) > MOST_HEAD:
                raise httpx.RemoteProtocolError("a chunk of the response has no size")
            return None
        line = bytes(self._data[:end]).removesuffix(b"\r")
        del self._data[: end + 1]
        return line


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    last = ""
    for line in lines:
        if line[:1] in (" ", "\t") and last:
            # A value that is folded, as old servers do.
            headers[last] += f" {line.strip()}"
            continue
        name, colon, value = line.partition(":")
        if not colon or not _NAME.fullmatch(name):
            raise httpx.RemoteProtocolError("the response has a header without a name")
        last, value = name.lower(), value.strip(" \t")
        headers[last] = f"{headers[last]}, {value}" if last in headers else value
    return headers


def _length(told: str) -> int:
    """A body's length, which some servers tell twice."""
    lengths = {one.strip() for one in told.split(",")}
    if len(lengths) != 1 or not (length := lengths.pop()).isascii() or not length.isdecimal() or len(length) > 16:
        raise httpx.RemoteProtocolError("the response's content-length is no number")
    return int(length)


def _decoded(body: bytes, encoding: str) -> bytes:
    """A body as it was before it was packed. Raises httpx.DecodingError for what was not asked for, and is damaged."""
    for one in reversed([name.strip().lower() for name in encoding.split(",")]):
        if one in ("", "identity") or not body:
            continue
        try:
            if one in ("gzip", "x-gzip"):
                body = zlib.decompress(body, 16 + zlib.MAX_WBITS)
            elif one == "deflate":
                # Meant with zlib's head, and often sent without.
                body = zlib.decompress(body, zlib.MAX_WBITS if body[0] & 15 == 8 else -zlib.MAX_WBITS)
            else:
                raise httpx.DecodingError("the response is packed in a way that was not asked for")
        except zlib.error as error:
            raise httpx.DecodingError(f"the response cannot be unpacked: {error}") from None
    return body
