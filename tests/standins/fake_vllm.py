"""Behaves as vLLM's API server does at the edges of its process, with the stand-in's translation for a model.

`interpreter(folder)` writes a program that can be given as the interpreter of vLLM's environment. Like vLLM it is two
processes, an API server and an engine that is deaf to SIGTERM; unlike vLLM it starts in half a second. Variables:

FAKE_VLLM_JOURNAL   file that gets a line of JSON a start: arguments, pids, some of the environment
FAKE_VLLM_SAYS      what it prints at the start, with $NAME for what its environment has of that name
FAKE_VLLM_FAULT     the stand-in's fault that all of its answers have, such as `empty`
FAKE_VLLM_EXIT      exit code with which it ends then, before it is ready
FAKE_VLLM_LIVES     answers that each of its lives gives, such as `3,0`; it dies with the next request, and what is
                    not in the list lives on
FAKE_VLLM_DIES_OF   JSON, what it dies of in each of its lives: `{"text": "boom"}`, a request with that in its prompt;
                    `"seeded": true`, only of those with a seed; `"together": 4`, only of two such at once, and its
                    first life answers none of them before so many are there
"""

import asyncio
import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ENGINE = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"


def interpreter(folder: Path) -> Path:
    """An executable that takes an interpreter's arguments (`-m vllm....`)."""
    path = folder / "bin" / "python"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\nexec {sys.executable} {__file__} "$@"\n')
    path.chmod(0o755)
    return path


def starts(journal: Path) -> list[dict[str, Any]]:
    """What the journal says of each start so far."""
    return [json.loads(line) for line in journal.read_text().splitlines()] if journal.exists() else []


async def serve(arguments: list[str]) -> None:
    sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "standins")]
    from standin_llm import StandIn, _options, _send

    given = dict(pairwise(arguments))
    journal = Path(os.environ["FAKE_VLLM_JOURNAL"])
    engine = subprocess.Popen([sys.executable, "-c", ENGINE])
    shown = ("CUDA_VISIBLE_DEVICES", "PYTHONPATH", "VLLM_NO_USAGE_STATS", "PATH", "SMOLKALAM_TEST")
    start = {
        "arguments": arguments,
        "pid": os.getpid(),
        "engine": engine.pid,
        "supervisor": os.getppid(),
        "environment": {name: os.environ.get(name) for name in shown},
    }
    lives = [int(n) for n in os.environ.get("FAKE_VLLM_LIVES", "").split(",") if n]
    life = len(starts(journal))
    with journal.open("a") as file:
        file.write(json.dumps(start) + "\n")
    print(
        os.path.expandvars(
            os.environ.get("FAKE_VLLM_SAYS", "(APIServer pid=1) INFO 11-21 07:17:40 [api_utils.py:347] loading")
        ),
        flush=True,
    )
    if code := os.environ.get("FAKE_VLLM_EXIT"):
        os._exit(int(code))

    class Server(StandIn):
        async def respond(self, method: str, path: str, headers: dict[str, str], body: bytes, writer: Any) -> bool:
            if path == "/health":
                return await _send(writer, 200, {})
            if life < len(lives) and sum(self.answered.values()) >= lives[life]:
                die("CUDA error: lost")
            under_way.append(body)
            try:
                await suffer(body)
                return await super().respond(method, path, headers, body, writer)
            finally:
                under_way.remove(body)

    deadly = json.loads(os.environ.get("FAKE_VLLM_DIES_OF", "null"))
    under_way: list[bytes] = []

    def die(words: str) -> None:
        print(f"(EngineCore pid=2) ERROR 11-21 07:22:40 [core.py:1510] RuntimeError: {words}", flush=True)
        os._exit(1)

    async def suffer(body: bytes) -> None:
        """What such a request does to it."""
        asked = json.loads(body)
        if not deadly or deadly.get("text", "") not in str(asked.get("prompt") or asked["messages"]):
            return
        if deadly.get("seeded") and "seed" not in asked:
            return
        if "together" not in deadly or len(under_way) > (deadly["together"] - 1 if life == 0 else 1):
            die("CPU Generator does not use offset")
        if life == 0:
            await asyncio.Event().wait()

    fault = os.environ.get("FAKE_VLLM_FAULT")
    sys.argv[1:] = ["--model", given["--served-model-name"], *(["--fault", fault] if fault else [])]
    server = await asyncio.start_unix_server(Server(_options()).serve, given["--uds"], limit=2**24, backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1:]))
