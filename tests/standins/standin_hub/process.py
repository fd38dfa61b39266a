"""Start, question, kill and restart the stand-in from a test."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

WRITE_TOKEN = "hf_standin_write"
READ_TOKEN = "hf_standin_read"
_ROOT = Path(__file__).resolve().parents[3]


class Hub:
    """A running stand-in: `with Hub(folder) as hub: subprocess.run(..., env=hub.environment(home))`.

    Args:
        folder: where its state lies; give the same one to start it again with what it knew.
        arguments: further command-line arguments, such as `--fault 503:lfs-*=0.1`.
    """

    def __init__(self, folder: Path, *arguments: str, port: int = 0) -> None:
        self.folder, self.arguments, self.port = folder, arguments, port
        self.process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "Hub":
        """Start it; after a kill it takes the port that it had."""
        command = [
            sys.executable,
            "-m",
            "tests.standins.standin_hub",
            "--port",
            str(self.port),
            "--folder",
            str(self.folder),
        ]
        self.process = subprocess.Popen([*command, *self.arguments], cwd=_ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        address = self.process.stdout.readline().strip()
        if not address.startswith("http://"):
            raise RuntimeError(f"the stand-in did not start: {address!r}, exit code {self.process.wait()}")
        self.port = int(address.rsplit(":", 1)[1])
        return self

    def kill(self) -> None:
        """As `kill -9` does: nothing is tidied up."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None

    def __enter__(self) -> "Hub":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def environment(self, home: Path, token: str | None = WRITE_TOKEN, *, xet: bool = True) -> dict[str, str]:
        """Environment variables for a client's process; its caches lie under `home`."""
        keep = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
        return {
            **keep,
            "HF_ENDPOINT": self.url,
            "HF_HOME": str(home),
            "HF_HUB_DISABLE_XET": "0" if xet else "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "NO_PROXY": "127.0.0.1,localhost",
            **({"HF_TOKEN": token} if token else {}),
        }

    def stats(self) -> dict[str, Any]:
        """Counters since the start or the last `reset`: see `faults.Faults.stats`."""
        return self._admin("stats")

    def faults(self, *rules: dict[str, Any], seed: int = 0) -> None:
        """Replace the fault rules by these; none ends all faults."""
        self._admin("faults", {"rules": list(rules), "seed": seed})

    def reset(self) -> None:
        """Set the counters to zero."""
        self._admin("reset", {})

    def _admin(self, what: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(urllib.request.Request(f"{self.url}/_standin/{what}", data=data), timeout=30) as answer:
            return json.loads(answer.read())
