"""Servers of other people's programs on the loopback, as somebody else would have started them."""

import os
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.standins.processes import wait_for


def free_port() -> int:
    """A port on which nobody listens now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def serving(command: list[str], log: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """The address of `command --host HOST --port PORT` once it says that it is healthy; killed with all it started."""
    port = free_port()
    command, address = [*command, "--host", "127.0.0.1", "--port", str(port)], f"http://127.0.0.1:{port}"
    with (
        log.open("w") as stream,
        subprocess.Popen(command, stdout=stream, stderr=stream, env=environment, start_new_session=True) as process,
    ):

        def healthy_or_ended() -> bool:
            return _healthy(address) or process.poll() is not None

        try:
            wait_for(healthy_or_ended, f"an answer of {address}, see {log}", seconds=600, every_s=0.5)
            assert process.poll() is None, log.read_text()[-3000:]
            yield address
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False
