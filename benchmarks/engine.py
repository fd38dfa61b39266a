"""Requests a second through the translation step, against a stand-in server on the loopback.

    python -m benchmarks.engine [--requests 4000] [--concurrency 64 1024]

Zero latency: the step with its store on, with it off, and the bare client (no datatrove, no store), in requests a
second. Fixed capacity: what the step gets out of a server that answers `--capacity` requests at a time in `--latency`
seconds each, as a share of what that server can give. The stand-in runs on the same machine and costs its share.
"""

import argparse
import asyncio
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.inference.run_inference import InferenceConfig

from processors.endpoint import EndpointConfig, HttpServer
from processors.engines import Ask, TranslationRunner
from processors.languages import Language
from processors.prompts import PromptConfig, build_payload

TEXT = "Sentence number {}: the quick brown fox jumps over the lazy dog, and then it writes a report about it. " * 4

PROMPT = PromptConfig(Language(code="ar", name="Arabic", script="Arab"), "chat")


class Discard:
    """A writer that only counts."""

    def __init__(self) -> None:
        self.documents = 0

    def __enter__(self) -> "Discard":
        return self

    def __exit__(self, *error: Any) -> None:
        pass

    def write(self, document: Document, rank: int = 0) -> None:
        self.documents += 1


async def one(document: Document, ask: Ask) -> dict[str, Any]:
    answer = await ask(document.text, 0)
    return {"text": answer.text}


def through_step(endpoint: EndpointConfig, number: int, store: str | None) -> float:
    """Requests a second of a whole run."""
    writer = Discard()
    runner = TranslationRunner(one, endpoint, writer, store_folder=store)
    begun = time.perf_counter()
    runner.run((Document(text=TEXT.replace("{}", str(i)), id=str(i)) for i in range(number)), rank=0)
    assert writer.documents == number
    return number / (time.perf_counter() - begun)


async def bare(endpoint: EndpointConfig, number: int) -> float:
    """Requests a second of the client alone, asked by as many loops as may be in flight."""
    config = InferenceConfig(server_type="endpoint", model_name_or_path=endpoint.model)
    counts: Counter[str] = Counter()
    async with HttpServer(config, endpoint, 0, lambda name, value: counts.update({name: value})) as server:
        texts = iter(range(number))

        async def loop() -> None:
            for i in texts:
                await server.ask(build_payload(endpoint.prompt, {}, TEXT.replace("{}", str(i))))

        begun = time.perf_counter()
        await asyncio.gather(*(loop() for _ in range(endpoint.concurrency)))
        return number / (time.perf_counter() - begun)


def main() -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
    from standin_llm import running

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=4000)
    parser.add_argument("--concurrency", type=int, nargs="*", default=[64, 1024])
    parser.add_argument("--capacity", type=int, default=50)
    parser.add_argument("--latency", type=float, default=0.25)
    options = parser.parse_args()
    for concurrency in options.concurrency:
        with running("--translation", "fast") as server, tempfile.TemporaryDirectory() as folder:
            endpoint = EndpointConfig(server.url, "stand-in", PROMPT, concurrency=concurrency)
            client = asyncio.run(bare(endpoint, options.requests))
            off = through_step(endpoint, options.requests, None)
            on = through_step(endpoint, options.requests, folder)
            again = through_step(endpoint, options.requests, folder)
        print(
            f"zero latency, {concurrency} at once: client {client:.0f}/s, step without store {off:.0f}/s, "
            f"with store {on:.0f}/s ({on / off:.2f}), replayed from the store {again:.0f}/s"
        )
        arguments = ("--translation", "fast", "--capacity", str(options.capacity), "--latency", str(options.latency))
        with running(*arguments) as server, tempfile.TemporaryDirectory() as folder:
            endpoint = EndpointConfig(server.url, "stand-in", PROMPT, concurrency=concurrency)
            got = through_step(endpoint, options.requests, folder)
        most = options.capacity / options.latency
        print(f"capacity {most:.0f}/s, {concurrency} at once: {got:.0f}/s, {got / most:.3f} of it")
    print(f"memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
