"""A stand-in for three batch APIs on the loopback: OpenAI's (files), Anthropic's (messages) and OpenRouter's (inline).

`python tests/standins/standin_batch.py` prints its address and serves all of them below /v1, and chats one by one. A
batch ends after `polls` looks at it. Its results come in another order than its requests, and by `POST /control` some
expire, fail, are refused, doubled or another's, by shares that are a function of the custom id. GET /stats tells of
each batch its custom ids, and how often each text was answered and so paid for.

With `--fault RATE` each kind of TRANSPORT meets that share of the requests, by their number; `--log FILE` gets a line
of JSON an answer: the question, when it came and went, whether it was in a batch.

`{"hold": "files" | "create" | "created" | "poll" | "results"}` leaves one kind of request without a response: before
the file is kept, before the batch is, after it is, and so on; `held` in the stats tells that one hangs there.
"""

import argparse
import asyncio
import json
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import time
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.standins.standin_llm import _MAP, Running, _read_request, _send, asked_text

# Instead of a response: a batch may have been created when the last two come.
TRANSPORT = ("429", "500", "503", "html", "drop", "late-drop", "late-half")
ONE_BY_ONE = ("/v1/chat/completions", "/v1/messages")
SHARES = ("expired", "failed", "refused", "doubled", "unknown", "wrong")


class StandInBatches:
    def __init__(self, fault: float = 0.0, seed: int = 0, log: Path | None = None) -> None:
        self.fault, self.seed, self.requests_seen = fault, seed, 0
        self.log = log.open("a") if log else None
        self.shares: dict[str, float] = dict.fromkeys(SHARES, 0.0)
        self.polls = 1
        self.hold = ""
        self.held: Counter[str] = Counter()
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.paid: Counter[str] = Counter()
        self.keys: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()
        self.alone = 0
        # Creations that are answered with 500 from now on, whether they are `lost`, and looks that miss the newest.
        self.create_faults = self.unlisted = 0
        self.lost = True
        self.pseudo = False
        self.fates: Counter[str] = Counter()
        self.came = 0.0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await _read_request(reader):
                if not await self.faulty(*request, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def faulty(self, method: str, path: str, headers: dict[str, str], body: bytes, writer: Any) -> bool:
        """Respond, or do what a server at fault does; whether the connection goes on."""
        fault = "" if path in ("/stats", "/control") else self.draw()
        if fault in ("429", "500", "503"):
            return await _send(writer, int(fault), {"error": {"message": f"injected {fault}"}}, {"Retry-After": "0"})
        if fault == "html":
            return await _send(writer, 200, "<html><body>Please wait</body></html>")
        if fault == "drop" or (fault and path in ONE_BY_ONE):
            # An answer that is lost on its way was paid for, which nobody can help.
            return False
        if not fault:
            await self.respond(method, path, headers, body, writer)
            return True
        whole = Response()
        await self.respond(method, path, headers, body, whole)
        if fault == "late-half":
            writer.write(bytes(whole.data[: len(whole.data) // 2]))
            await writer.drain()
        return False

    def draw(self) -> str:
        self.requests_seen += 1
        point = random.Random(f"{self.seed} {self.requests_seen}").random()
        place = int(point / self.fault) if self.fault else len(TRANSPORT)
        return TRANSPORT[place] if place < len(TRANSPORT) else ""

    async def waits(self, step: str) -> None:
        if self.hold == step:
            self.held[step] += 1
            # Who waits is answered later, but for what creates something: its process is gone.
            while self.hold == step or step in ("files", "create", "created"):
                await asyncio.sleep(0.02)

    async def respond(self, method: str, path: str, headers: dict[str, str], body: bytes, writer: Any) -> None:
        if path == "/stats":
            batches = [
                {"id": b["id"], "ids": [r["custom_id"] for r in b["requests"]], "first": b["requests"][0]}
                for b in self.batches.values()
            ]
            told = {"batches": batches, "paid": self.paid, "held": self.held, "keys": self.keys, "alone": self.alone}
            await _send(writer, 200, told | {"files": len(self.files), "fates": self.fates})
            return
        if path == "/control":
            change = json.loads(body)
            self.hold, self.polls = change.get("hold", self.hold), change.get("polls", self.polls)
            for name in ("pseudo", "create_faults", "lost", "unlisted"):
                setattr(self, name, change.get(name, getattr(self, name)))
            self.shares |= {name: change[name] for name in SHARES if name in change}
            await _send(writer, 200, {})
            return
        self.keys[headers.get("authorization", "") + headers.get("x-api-key", "")] += 1
        kind = "anthropic" if "/messages" in path else "openai"
        if path == "/v1/models":
            await _send(writer, 200, {"data": []})
        elif path in ONE_BY_ONE:
            self.alone += 1
            # One that can do nothing can do nothing alone either.
            self.came = time()
            await _send(
                writer, 200, self.answer(kind, json.loads(body), "wrong" if self.shares["wrong"] == 1 else "alone")
            )
        elif path == "/v1/files":
            await self.waits("files")
            self.files[name := f"file-{len(self.files)}"] = _uploaded(headers, body)
            await _send(writer, 200, {"id": name})
        elif path in ("/v1/batches", "/v1/messages/batches") and method == "POST":
            await self.create(kind, json.loads(body), writer)
        elif path in ("/v1/batches", "/v1/messages/batches"):
            found = [self.told(batch) for batch in reversed(self.batches.values()) if batch["kind"] == kind]
            if found and self.unlisted:
                self.unlisted -= 1
                del found[0]
            await _send(writer, 200, {"data": found, "has_more": False})
        else:
            await self.read(path, writer)

    async def create(self, kind: str, given: dict[str, Any], writer: Any) -> None:
        await self.waits("create")
        faulty = self.create_faults > 0
        self.create_faults -= faulty
        if faulty and self.lost:
            await _send(writer, 500, {"error": {"message": "not now"}})
            return
        requests = given.get("requests")
        if requests is None:
            requests = [json.loads(line) for line in self.files[given["input_file_id"]].splitlines()]
        name = f"batch-{len(self.batches)}"
        self.batches[name] = {
            "id": name,
            "kind": kind,
            "inline": "requests" in given,
            "model": given.get("model"),
            "requests": requests,
            "metadata": given.get("metadata"),
            "looks": 0,
            "results": None,
        }
        await self.waits("created")
        if faulty:
            await _send(writer, 500, {"error": {"message": "not now"}})
            return
        await _send(writer, 202 if "model" in given else 200, self.told(self.batches[name]))

    async def read(self, path: str, writer: Any) -> None:
        """A batch, its results, or a file of them."""
        name = (re.search(r"batch-\d+", path) or [""])[0]
        batch = self.batches[name]
        if path.endswith(("/content", "/results")):
            await self.waits("results")
            lines = [json.dumps(line) for line in batch["results"]["error" if "-errors" in path else "output"]]
            await _send(writer, 200, "\n".join(lines))
            return
        await self.waits("poll")
        batch["looks"] += 1
        if batch["looks"] >= self.polls and batch["results"] is None:
            self.work(batch)
        await _send(writer, 200, self.told(batch, whole=True))

    def told(self, batch: dict[str, Any], whole: bool = False) -> dict[str, Any]:
        total, done = len(batch["requests"]), batch["results"] is not None
        if batch["kind"] == "anthropic":
            counts = {"processing": 0 if done else total, "succeeded": total if done else 0}
            status = "ended" if done else "in_progress"
            return {"id": batch["id"], "processing_status": status, "request_counts": counts, "results_url": "x"}
        told: dict[str, Any] = {
            "id": batch["id"],
            "status": "completed" if done else "in_progress",
            "request_counts": {"total": total, "completed": total if done else 0, "failed": 0},
            "metadata": batch["metadata"],
        }
        if batch["inline"]:
            told["results"] = batch["results"]["output"] + batch["results"]["error"] if done and whole else None
        elif done:
            told |= {"output_file_id": f"{batch['id']}-output", "error_file_id": f"{batch['id']}-errors"}
        return told

    def work(self, batch: dict[str, Any]) -> None:
        output: list[Any] = []
        errors: list[Any] = []
        for request in batch["requests"]:
            fate = self.fate(request["custom_id"])
            line = self.line(batch, request, fate)
            (errors if fate in ("expired", "failed", "refused") else output).append(line)
            if fate == "doubled":
                output.append(line)
            if fate == "unknown":
                output.append(line | {"custom_id": "somebody-elses"})
        if batch["kind"] == "anthropic":
            output, errors = output + errors, []
        random.Random(batch["id"]).shuffle(output)
        batch["results"] = {"output": output, "error": errors}

    def line(self, batch: dict[str, Any], request: dict[str, Any], fate: str) -> dict[str, Any]:
        asked, name = request.get("params") or request["body"], {"custom_id": request["custom_id"]}
        if batch["kind"] == "anthropic":
            if fate == "expired":
                return name | {"result": {"type": "expired"}}
            if fate in ("failed", "refused"):
                error = {"type": "api_error" if fate == "failed" else "invalid_request_error", "message": fate}
                return name | {"result": {"type": "errored", "error": {"type": "error", "error": error}}}
            return name | {"result": {"type": "succeeded", "message": self.answer("anthropic", asked, fate)}}
        if fate == "expired":
            return name | {"response": None, "error": {"code": "batch_expired", "message": "not done in time"}}
        if fate in ("failed", "refused"):
            body, status = {"error": {"message": fate}}, 500 if fate == "failed" else 400
            return name | {"response": {"status_code": status, "body": body}, "error": None}
        body = self.answer("openai", asked, fate)
        return name | {"response": {"status_code": 200, "body": body}, "error": None}

    def fate(self, custom_id: str) -> str:
        """What becomes of a request, which is another thing when it is asked again."""
        self.seen[custom_id] += 1
        point = random.Random(f"{custom_id} {self.seen[custom_id]}").random()
        for name, share in self.shares.items():
            if point < share:
                self.fates[name] += 1
                return name
            point -= share
        return ""

    def answer(self, kind: str, payload: dict[str, Any], fate: str = "") -> dict[str, Any]:
        text = asked_text(payload)
        self.paid[question := json.dumps(payload, sort_keys=True)] += 1
        if self.log:
            told = {"question": question, "came": self.came, "answered": time(), "batched": fate != "alone"}
            print(json.dumps(told), file=self.log, flush=True)
        # A wrong answer is no translation, which a check refuses.
        answer = text if fate == "wrong" else self.translated(text)
        if kind == "anthropic":
            content = [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": answer}]
            usage = {"input_tokens": len(text.split()), "output_tokens": len(answer.split())}
            return {"content": content, "stop_reason": "end_turn", "usage": usage}
        usage = {"prompt_tokens": len(text.split()), "completion_tokens": len(answer.split())}
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": answer}}
        return {"choices": [choice], "usage": usage}

    def translated(self, text: str) -> str:
        if not self.pseudo:
            return text.lower().translate(_MAP)
        from processors.protected.compare import protected_spans
        from processors.translation.pseudo import pseudo_translate

        return pseudo_translate(text, protected_spans(text))


def _uploaded(headers: dict[str, str], body: bytes) -> bytes:
    boundary = headers["content-type"].partition("boundary=")[2].encode()
    for part in body.split(b"--" + boundary):
        head, _, content = part.partition(b"\r\n\r\n")
        if b"filename=" in head:
            return content.rstrip(b"\r\n")
    raise AssertionError("no file in the upload")


class Response:
    """A writer for a response that is not sent, or not whole."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> None:
        self.data += data

    async def drain(self) -> None:
        """Nobody waits."""


@contextmanager
def running_batches(*arguments: str) -> Iterator[Running]:
    """Start the stand-in in a process of its own, wait until it listens, end it afterwards."""
    with subprocess.Popen([sys.executable, __file__, *arguments], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield Running(process.stdout.readline().strip())
        finally:
            process.kill()


async def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--fault", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--log", type=Path)
    stand_in = StandInBatches(**vars(parser.parse_args()))
    server = await asyncio.start_server(stand_in.serve, "127.0.0.1", 0, limit=2**26)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main())
