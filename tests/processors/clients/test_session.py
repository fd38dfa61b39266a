"""Requests over aiohttp: odd responses read, broken ones told as what they are, connections kept and closed."""

import asyncio
import gzip
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from processors.clients.connection import HttpxClients
from processors.clients.session import Session, SessionHeaders, SessionResponse, TooLarge, nobody_listens
from processors.errors import EngineError
from processors.translation.runner import TranslationRunner
from tests.processors.translation.test_runner import Collect, documents, endpoint, once

BODY = '{"نص": "مرحبا"}'.encode()
OK = b"HTTP/1.1 200 OK\r\n"
WHOLE = {
    "length": OK + b"Content-Type: json\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY),
    "chunked": OK + b"transfer-encoding: chunked\r\n\r\n5;x=y\r\n%b\r\n%X\r\n%b\r\n0\r\nT: a\r\n\r\n"
    % (BODY[:5], len(BODY) - 5, BODY[5:]),
    "an interim response before": b"HTTP/1.1 100 Continue\r\n\r\n%bcontent-length:%d\r\n\r\n%b"
    % (OK, len(BODY), BODY),
    "a long header": OK + b"X: %b\r\nContent-Length: %d\r\n\r\n%b" % (b"a" * 30_000, len(BODY), BODY),
    "an end for a length": b"HTTP/1.0 200 OK\r\n\r\n" + BODY,
}  # fmt: skip
PACKED = {"gzip": gzip.compress(BODY), "deflate": zlib.compress(BODY)}
NONE = {
    b"GARBAGE\r\n\r\n": "no HTTP response",
    b"HTTP/1.1 abc\r\n\r\n": "no HTTP response",
    OK + b"no colon\r\n\r\n": "no HTTP response",
    OK + b"Content-Length: -1\r\n\r\n": "no HTTP response",
    OK + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd": "no HTTP response",
    OK + b"X: " + b"a" * 70_000 + b"\r\n\r\n": "no HTTP response",
    OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n": "",
    OK + b"Content-Length: 100\r\n\r\nhalf": "before the response was whole",
    OK + b"Transfer-Encoding: chunked\r\n\r\n8\r\nhalf": "before the response was whole",
    b"": "closed without a response",
}


Serve = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


def ask(
    serve: Serve, requests: int = 1, pause: float = 0.0, *, by_httpx: bool = False
) -> tuple[list[SessionResponse | httpx.HTTPError], int, bytes]:
    """What comes of so many requests over one session, how many connections were made, and the last request's head."""
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

    async def both() -> list[SessionResponse | httpx.HTTPError]:
        found: list[SessionResponse | httpx.HTTPError] = []
        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        url = httpx.URL(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/x?y=z")
        session: Session | HttpxClients = Session(url, SessionHeaders({"user-agent": "mine", "X-Key": "k"}), None)
        clients: list[httpx.AsyncClient] = []
        if by_httpx:
            # As where a proxy stands between.
            clients.append(httpx.AsyncClient(trust_env=False))
            session = HttpxClients(clients.pop, url)
        for _ in range(requests):
            try:
                found.append(await session.request("POST", url.raw_path, BODY))
            except httpx.HTTPError as error:
                found.append(error)
        await session.aclose()
        server.close()
        return found

    return asyncio.run(both()), made[0], heads[0]


def answering(response: bytes, closes: bool = True) -> Serve:
    async def serve(body: bytes, writer: asyncio.StreamWriter) -> None:
        # In two pieces, the second of which begins somewhere in the head.
        writer.write(response[:20])
        await writer.drain()
        await asyncio.sleep(0)
        writer.write(response[20:])
        if closes:
            writer.close()

    return serve


@pytest.mark.parametrize("name", WHOLE)
def test_a_response_is_read_however_it_is_told(name: str) -> None:
    [answer], *_ = ask(answering(WHOLE[name]))
    assert isinstance(answer, SessionResponse) and answer.content == BODY and answer.status_code == 200


@pytest.mark.parametrize("name", PACKED)
def test_what_is_packed_is_unpacked(name: str) -> None:
    head = OK + f"Content-Encoding: {name}\r\nContent-Length: {len(PACKED[name])}\r\n\r\n".encode()
    [answer], *_ = ask(answering(head + PACKED[name]))
    assert isinstance(answer, SessionResponse) and answer.content == BODY
    [damaged], *_ = ask(answering(head + b"x" * len(PACKED[name])))
    assert isinstance(damaged, httpx.DecodingError)


@pytest.mark.parametrize("data", NONE, ids=range(len(NONE)))
def test_what_is_no_response_is_told(data: bytes) -> None:
    [told], *_ = ask(answering(data))
    assert isinstance(told, httpx.RemoteProtocolError) and NONE[data] in str(told)


def test_requests_share_a_connection_until_it_is_closed() -> None:
    async def echo(body: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    async def closing(body: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    async def too_much(body: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body) * 2)

    for serve, connections in ((echo, 1), (closing, 3), (too_much, 3)):
        found, made, head = ask(serve, 3)
        assert [one.content for one in found if isinstance(one, SessionResponse)] == [BODY] * 3 and made == connections
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
    assert isinstance(good, SessionResponse) and good.content == b"ok" and made == 3


def test_a_server_of_another_protocol_ends_the_run_in_seconds(tmp_path: Path) -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        await reader.read()
        writer.close()

    async def both() -> None:
        server = await asyncio.start_server(greet, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server:
            await TranslationRunner(once, endpoint(url), Collect(), tmp_path).run_async(documents(30))

    with pytest.raises(EngineError, match=r"is this the address of an API\?.* no HTTP response.*SSH-2.0"):
        asyncio.run(both())


@pytest.mark.parametrize("exempt", ["", "127.0.0.1"])
def test_a_proxy_that_is_not_there_is_told_without_its_password(
    exempt: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://user:password@127.0.0.1:9")
    monkeypatch.setenv("no_proxy", exempt)
    runner = TranslationRunner(once, endpoint("http://127.0.0.1:9", start_patience_s=0.0), Collect(), tmp_path)
    with pytest.raises(EngineError) as raised:
        asyncio.run(runner.run_async(documents(1)))
    proxy = "" if exempt else "through the proxy 127.0.0.1:9 that the environment names "
    assert str(raised.value).startswith(f"127.0.0.1:9: cannot be reached {proxy}(ConnectError")


def test_nobody_who_listens_is_told_as_such() -> None:
    async def refused() -> None:
        for host in ("127.0.0.1", "localhost"):
            url = httpx.URL(f"http://{host}:9/v1")
            session = Session(url, SessionHeaders({}), None)
            with pytest.raises(httpx.ConnectError) as raised:
                await session.request("GET", b"/v1/models")
            await session.aclose()
            assert nobody_listens(raised.value)

    asyncio.run(refused())


def test_a_header_is_one_line_and_shown_to_nobody() -> None:
    with pytest.raises(httpx.LocalProtocolError) as raised:
        SessionHeaders({"Authorization": "Bearer secret\r\nX: y"})
    assert "secret" not in str(raised.value)
    assert "secret" not in repr(SessionHeaders({"Authorization": "Bearer secret"}))


def test_a_kept_connection_that_is_closed_already_costs_no_answer() -> None:
    async def unannounced(body: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        writer.close()

    found, _, _ = ask(unannounced, 20)
    assert [one.content for one in found if isinstance(one, SessionResponse)] == [BODY] * 20


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("by_httpx", [False, True])
def test_a_response_without_end_is_broken_off(packed: bool, by_httpx: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processors.clients.session.MOST_BODY", 2**20)
    much = zlib.compress(bytes(2**26)) if packed else b"x" * 2**16
    written = [0]

    async def endless(body: bytes, writer: asyncio.StreamWriter) -> None:
        encoding = b"Content-Encoding: deflate\r\n" if packed else b""
        writer.write(b"HTTP/1.1 200 OK\r\n%bTransfer-Encoding: chunked\r\n\r\n" % encoding)
        for _ in range(1 if packed else 1000):
            writer.write(b"%x\r\n%b\r\n" % (len(much), much))
            written[0] += len(much)
            await writer.drain()

    [told], *_ = ask(endless, by_httpx=by_httpx)
    assert isinstance(told, TooLarge) and str(told) == "a response of more than 1 MiB, broken off"
    assert written[0] < 2**25


def test_a_client_of_httpx_goes_on_only_after_a_whole_request() -> None:
    async def use() -> None:
        clients = HttpxClients(lambda: httpx.AsyncClient(trust_env=False), httpx.URL("http://a"))
        async with clients.one() as first, clients.one() as second:
            assert first is not second
        with pytest.raises(TimeoutError):
            async with clients.one() as broken, asyncio.timeout(0):
                await asyncio.sleep(1)
        assert broken.is_closed and {broken} < {first, second}
        async with clients.one() as again, clients.one() as another:
            assert {again, another} & {first, second} == {first, second} - {broken}
            assert not again.is_closed and not another.is_closed
        await clients.aclose()
        assert all(one.is_closed for one in (first, second, again, another))

    asyncio.run(use())
