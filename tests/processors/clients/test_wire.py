"""A connection of our own: responses in any pieces, broken ones told as what they are, connections kept and closed."""

import asyncio
import gzip
import zlib
from collections.abc import Awaitable, Callable

import httpx
import pytest

from processors.clients.wire import ResponseReader, Wire, WireHead, WireResponse

BODY = '{"نص": "مرحبا"}'.encode()
DEFLATE = zlib.compressobj(wbits=-zlib.MAX_WBITS)
WHOLE = {
    "length": b"HTTP/1.1 200 OK\r\nContent-Type: json\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY),
    "chunked": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;x=y\r\n%b\r\n%X\r\n%b\r\n0\r\nT: a\r\n\r\n"
    % (BODY[:5], len(BODY) - 5, BODY[5:]),
    "line feeds alone": b"HTTP/1.1 200\nContent-Length: %d\n\n%b" % (len(BODY), BODY),
    "chunks with line feeds": b"HTTP/1.1 200 OK\ntransfer-encoding: Chunked\n\n%x\n%b\n0\n\n" % (len(BODY), BODY),
    "an interim response before": b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    b"HTTP/1.1 200 OK\r\ncontent-length:%d\r\n\r\n%b" % (len(BODY), BODY),
    "a folded header, and a length twice": b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: %d\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(BODY), len(BODY), BODY),
}
PACKED = {
    "gzip": gzip.compress(BODY),
    "deflate": zlib.compress(BODY),
    "Deflate": DEFLATE.compress(BODY) + DEFLATE.flush(),
}
NONE = {
    b"GARBAGE\r\n\r\n": "no HTTP response",
    b"HTTP/1.1 abc\r\n\r\n": "no status line",
    b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n": "header without a name",
    b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n": "content-length is no number",
    b"HTTP/1.1 200 OK\r\nContent-Length: 3, 4\r\n\r\nabcd": "content-length is no number",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n": "chunk of the response has no size",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n": "longer than its size",
    b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000: "head is longer than",
}


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("step", [1, 3, 10_000])
def test_a_response_is_read_in_whatever_pieces_it_comes(name: str, step: int) -> None:
    reader, data = ResponseReader(), WHOLE[name]
    found = [reader.feed(data[at : at + step]) for at in range(0, len(data), step)]
    assert found[:-1] == [None] * (len(found) - 1)
    assert (answer := found[-1]) and answer.content == BODY and answer.status_code == 200 and reader.reusable


@pytest.mark.parametrize("name", PACKED)
def test_what_is_packed_is_unpacked(name: str) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {name}\r\nContent-Length: {len(PACKED[name])}\r\n\r\n"
    answer = ResponseReader().feed(head.encode() + PACKED[name])
    assert answer and answer.content == BODY
    with pytest.raises(httpx.DecodingError):
        ResponseReader().feed(head.encode() + b"x" * len(PACKED[name]))
    with pytest.raises(httpx.DecodingError, match="not asked for"):
        ResponseReader().feed(head.replace(name, "br").encode() + PACKED[name])


@pytest.mark.parametrize("data", NONE, ids=list(NONE.values()))
def test_what_is_no_response_is_told(data: bytes) -> None:
    with pytest.raises(httpx.RemoteProtocolError, match=NONE[data]):
        ResponseReader().feed(data)


def test_the_connections_end_ends_a_body_without_a_length_alone() -> None:
    reader = ResponseReader()
    assert reader.feed(b"HTTP/1.0 200 OK\r\n\r\n" + BODY) is None
    assert reader.end().content == BODY and not reader.reusable
    for begun in [WHOLE["length"], WHOLE["chunked"]]:
        reader = ResponseReader()
        reader.feed(begun[:-3])
        with pytest.raises(httpx.RemoteProtocolError, match=r"closed after \d+"):
            reader.end()
    with pytest.raises(httpx.RemoteProtocolError, match="without a response"):
        ResponseReader().end()


Serve = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


def ask(
    serve: Serve, requests: int = 1, pause: float = 0.0
) -> tuple[list[WireResponse | httpx.HTTPError], int, bytes]:
    """What comes of so many requests over one wire, how many connections were made, and the last request's head."""
    made, heads = [0], [b""]

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made[0] += 1
        try:
            while True:
                heads[0] = await reader.readuntil(b"\r\n\r\n")
                length = int(heads[0].lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                await serve(await reader.readexactly(length), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def both() -> list[WireResponse | httpx.HTTPError]:
        found: list[WireResponse | httpx.HTTPError] = []
        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        url = httpx.URL(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/x?y=z")
        wire = Wire(url, WireHead(url, {"user-agent": "mine", "X-Key": "k"}), None)
        for _ in range(requests):
            try:
                found.append(await wire.request("POST", url.raw_path, BODY))
            except httpx.HTTPError as error:
                found.append(error)
        wire.close()
        server.close()
        return found

    return asyncio.run(both()), made[0], heads[0]


def test_requests_share_a_connection_until_it_is_closed() -> None:
    async def echo(body: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    async def closing(body: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    async def too_much(body: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%bHTTP/1.1 200 OK\r\n" % (len(body), body))

    for serve, connections in ((echo, 1), (closing, 3), (too_much, 3)):
        found, made, head = ask(serve, 3)
        assert [one.content for one in found if isinstance(one, WireResponse)] == [BODY] * 3 and made == connections
    first, *lines = head.split(b"\r\n")
    assert first == b"POST /v1/x?y=z HTTP/1.1" and b"X-Key: k" in lines and b"user-agent: mine" in lines
    assert sum(line.lower().startswith(b"user-agent") for line in lines) == 1


def test_a_connection_that_ends_is_a_fault_and_the_next_request_has_another() -> None:
    done: list[bytes] = []

    async def once(body: bytes, writer: asyncio.StreamWriter) -> None:
        done.append(body)
        if len(done) == 1:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        elif len(done) == 3:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            return
        writer.close()

    (half, nothing, good), made, _ = ask(once, 3)
    assert isinstance(half, httpx.RemoteProtocolError) and isinstance(nothing, httpx.RemoteProtocolError)
    assert isinstance(good, WireResponse) and good.content == b"ok" and made == 3


def test_nobody_who_listens_is_told_as_such() -> None:
    async def refused() -> None:
        for host in ("127.0.0.1", "localhost"):
            url = httpx.URL(f"http://{host}:9/v1")
            with pytest.raises(httpx.ConnectError) as raised:
                await Wire(url, WireHead(url, {}), None).request("GET", b"/v1/models")
            assert isinstance(raised.value.__cause__, ConnectionRefusedError)

    asyncio.run(refused())


def test_a_header_is_one_line_and_shown_to_nobody() -> None:
    url = httpx.URL("https://a.example/v1")
    with pytest.raises(httpx.LocalProtocolError) as raised:
        WireHead(url, {"Authorization": "Bearer secret\r\nX: y"})
    assert "secret" not in str(raised.value)
    assert "secret" not in repr(WireHead(url, {"Authorization": "Bearer secret"}))
