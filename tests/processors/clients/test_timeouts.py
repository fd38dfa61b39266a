"""Requests that time out: their connections are closed, and they are counted, for the server may bill them."""

import asyncio
from pathlib import Path

from processors.translation.runner import TranslationRunner
from tests.processors.translation.test_runner import Collect, documents, endpoint, once


def test_a_request_that_times_out_is_counted_and_its_connection_closed(tmp_path: Path) -> None:
    closed: list[bool] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if b"/models" in head:
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        # Empty when the other side has closed: what vLLM ends a generation for.
        closed.append(await reader.read(1) == b"")
        writer.close()

    async def both() -> TranslationRunner:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        config = endpoint(f"http://127.0.0.1:{port}", timeout_s=0.2, attempts=2, patience_s=30.0)
        runner = TranslationRunner(once, config, Collect(), tmp_path)
        async with server:
            await runner.run_async(documents(1))
        return runner

    runner = asyncio.run(both())
    assert runner.counters["retry_timeout"] >= 2 and closed and all(closed)
    assert runner.counters["requests"] == runner.counters["retry_timeout"]
