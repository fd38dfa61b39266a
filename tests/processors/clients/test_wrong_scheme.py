"""An address by the wrong scheme, or where nobody ever says a word: told in one line, by real sockets and real TLS."""

import asyncio
import shutil
import socket
import ssl
import struct
import subprocess
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from processors.clients import session
from processors.clients.pacing import Trouble
from processors.errors import EngineError
from processors.translation.runner import TranslationRunner
from tests.processors.translation.test_runner import Collect, documents, endpoint, once

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="makes a certificate with openssl")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
PLAIN_SENT_TO_TLS = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 4\r\nConnection: close\r\n\r\nhttp"


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processors.clients.session.HANDSHAKE_S", 0.5)


@pytest.fixture
def certificate(tmp_path: Path) -> ssl.SSLContext:
    key, made = tmp_path / "key.pem", tmp_path / "certificate.pem"
    curve: tuple[str, ...] = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
    command: list[str | Path] = [
        "openssl",
        "req",
        "-x509",
        *curve,
        "-nodes",
        "-keyout",
        key,
        "-out",
        made,
        "-subj",
        "/CN=localhost",
    ]
    subprocess.run(command, check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(made, key)
    return tls


def told(serve: Serve, scheme: str, folder: Path, tls: ssl.SSLContext | None = None, **settings: Any) -> str:
    """How a run of thirty documents ends at such a server."""

    async def both() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
        url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        settings_of_run = {"start_patience_s": 0.0, "backoff_s": 0.01} | settings
        runner = TranslationRunner(once, endpoint(url, **settings_of_run), Collect(), folder)
        async with server:
            await runner.run_async(documents(30))

    with pytest.raises(EngineError) as raised:
        asyncio.run(both())
    assert "\n" not in str(raised.value)
    return str(raised.value)


async def says_ok(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(OK)
    writer.close()


async def closes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.close()


async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(10)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def behind_tls(tls: ssl.SSLContext, to_plain: bytes) -> Serve:
    """A port of TLS that answers those who come without it by some bytes, and closes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (first := await reader.read(1)) == b"\x16":
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            shaking = tls.wrap_bio(incoming, outgoing, server_side=True)
            incoming.write(first)
            while True:
                try:
                    shaking.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    writer.write(outgoing.read())
                    if not (more := await reader.read(2**16)):
                        break
                    incoming.write(more)
        else:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(to_plain)
        writer.close()

    return serve


@needs_openssl
@pytest.mark.parametrize("to_plain", [b"", PLAIN_SENT_TO_TLS, b"\x15\x03\x01\x00\x02\x02\x46"])
def test_http_to_a_port_of_tls(to_plain: bytes, certificate: ssl.SSLContext, tmp_path: Path) -> None:
    said = told(behind_tls(certificate, to_plain), "http", tmp_path / "answers", start_patience_s=600)
    assert said.endswith(": takes no request by http, and speaks TLS; base_url is to begin with https://")


@needs_openssl
def test_http_to_a_server_that_ends_handshakes_of_others_itself(certificate: ssl.SSLContext, tmp_path: Path) -> None:
    said = told(says_ok, "http", tmp_path / "answers", certificate, start_patience_s=600)
    assert "speaks TLS; base_url is to begin with https://" in said


@needs_openssl
def test_a_certificate_that_nobody_knows(certificate: ssl.SSLContext, tmp_path: Path) -> None:
    said = told(says_ok, "https", tmp_path / "answers", certificate, start_patience_s=600)
    assert "its certificate is not trusted (self-signed certificate); SSL_CERT_FILE may name" in said


def test_https_to_a_port_without_tls(tmp_path: Path) -> None:
    async def bad_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(2**16)
        writer.write(PLAIN_SENT_TO_TLS)
        writer.close()

    said = told(bad_request, "https", tmp_path, start_patience_s=600)
    assert said.endswith(": no TLS is spoken there; does base_url begin with http:// and not https://?")


@pytest.mark.parametrize("serve", [closes, resets])
def test_who_never_says_a_word_is_left_when_the_patience_of_a_start_is_over(serve: Serve, tmp_path: Path) -> None:
    said = told(serve, "http", tmp_path)
    assert "ends every connection without a response (" in said and "check base_url" in said


def test_who_has_said_a_word_is_waited_for(tmp_path: Path) -> None:
    """A server whose workers crash answers some paths, and may answer all in a minute."""

    async def looks_well(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(OK if head.startswith(b"GET") else b"")
        writer.close()

    said = told(looks_well, "http", tmp_path, patience_s=1.0)
    assert "no usable answer for" in said


def test_paths_that_are_hung_up_on_say_nothing_of_the_others(tmp_path: Path) -> None:
    async def only_chats(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        body = b'{"choices": [{"message": {"content": "x"}, "finish_reason": "stop"}]}'
        if head.startswith(b"POST"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        writer.close()

    async def both() -> int:
        server = await asyncio.start_server(only_chats, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        runner = TranslationRunner(once, endpoint(url), Collect(), tmp_path)
        async with server:
            await runner.run_async(documents(30))
        return runner.counters["documents"]

    assert asyncio.run(both()) == 30


def test_who_takes_connections_and_says_nothing_is_told_on_the_bar(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("processors.clients.connection.CONNECT_S", 0.1)
    monkeypatch.setattr("processors.clients.pacing.SILENT_S", 0.2)
    seen: list[Trouble] = []

    async def waits(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def both() -> None:
        server = await asyncio.start_server(waits, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

        def progress(counters: Mapping[str, float], troubles: Sequence[Trouble]) -> None:
            seen.extend(troubles)

        settings = endpoint(url, timeout_s=1.0, patience_s=1.0)
        runner = TranslationRunner(once, settings, Collect(), tmp_path, progress=progress, progress_s=0.05)
        async with server:
            await runner.run_async(documents(3))

    with pytest.raises(EngineError):
        asyncio.run(both())
    assert any(one.reason == "takes connections and has answered nothing yet" for one in seen)


def test_a_handshake_is_no_request(tmp_path: Path) -> None:
    """Nobody is asked anything where a handshake fails."""
    came: list[bytes] = []

    async def listens(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.read(2**16))
        writer.close()

    async def both() -> bool:
        server = await asyncio.start_server(listens, "127.0.0.1", 0)
        url = session.httpx.URL(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1")
        async with server:
            return await session.speaks_tls(url)

    assert not asyncio.run(both())
    assert came and came[0][:1] == b"\x16"
