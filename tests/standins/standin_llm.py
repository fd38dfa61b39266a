"""A stand-in for an LLM's API: an OpenAI-compatible server on the loopback, with faults on demand.

`python tests/standins/standin_llm.py --port 0 --fault 429=0.05 --fault hang=0.01 --seed 7` prints its address and
serves /v1/chat/completions, /v1/completions, /v1/models, vLLM's /classify and text-generation-inference's /generate.
Its translation is a function of the text; which of the requests for a text meet a fault is a function of seed, text
and count, whatever the order of arrival.

GET /stats tells what was asked and answered how often, and which keys were sent; POST /control with
{"faults": {...}, "latency": s, "capacity": n, "models": bool, "hold": bool, "answers": n} changes it while it runs;
what would be answered is kept waiting as long as "hold" is true, or after n more answers.
"""

import argparse
import asyncio
import html
import json
import math
import random
import re
import signal
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from time import time
from typing import Any
from urllib.parse import quote

FAULTS = (
    "429",  # with Retry-After in seconds
    "429-date",  # with Retry-After as a date
    "429-reset",  # with x-ratelimit-reset-requests
    "429-quota",  # as OpenAI says that the account is empty
    "500",
    "503",
    "529",
    "drop",  # the connection is closed without a response
    "hang",  # no response, ever
    "half",  # half of the body, then the connection is closed
    "html",  # 200 with a web page
    "error200",  # 200 with an error in its body
    "length",  # finish_reason length, half of the text
    "repetition",  # finish_reason repetition, as vLLM ends a loop
    "empty",  # finish_reason stop, no text
    "filter",  # finish_reason content_filter
    "400",
    "400-context",  # as vLLM says that the text is too long
    "401",
    "402",
    "403",
    "404",
    "redirect",
    "think",  # what a model thinks, and no translation
    "quoted",  # 200 with an answer that quotes the key
    "garbage",  # what is no HTTP
)
# Those that are a status and words for it.
REFUSALS = tuple(fault for fault in FAULTS if fault[:3].isdigit())
STATUS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests"}
SEED_X = re.compile(r"Translate the following [^\n]*:\n(.*) <[^<>\s]+>", re.DOTALL)
MARKED = re.compile(r"^<text>\n(.*)\n</text>$", re.DOTALL | re.MULTILINE)
_MAP = str.maketrans("abcdefghijklmnopqrstuvwxyz,;?", "ابصديفغهعجكلمنوحقرستطظضخىز،؛؟")


class StandIn:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.faults: dict[str, float] = dict(options.fault)
        self.latency: float = options.latency
        self.capacity: int = options.capacity
        self.models = not options.no_models
        self.pairs: dict[str, str] = json.loads(options.pairs.read_text("utf-8")) if options.pairs else {}
        self.key = ""
        self.random = random.Random(options.seed)
        self.asked: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.served: Counter[str] = Counter()
        self.keys: Counter[str] = Counter()
        self.in_flight = self.most_in_flight = self.connections = 0
        self.busy = 0
        self.going = asyncio.Event()
        self.going.set()
        self.answers_left: int | None = None
        self.queue: list[asyncio.Future[None]] = []
        self.payloads: list[dict[str, Any]] = []
        self.log = options.log.open("a") if options.log else None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while request := await _read_request(reader):
                if not await self.respond(*request, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def respond(self, method: str, path: str, headers: dict[str, str], body: bytes, writer: Any) -> bool:
        """Answer one request; whether the connection goes on."""
        if path == "/stats":
            return await _send(writer, 200, self.stats())
        if path == "/control":
            self.control(json.loads(body))
            return await _send(writer, 200, {})
        key = headers.get("authorization", "")
        self.keys[key] += 1
        self.key = key.removeprefix("Bearer ")
        if self.options.requires_key and key != f"Bearer {self.options.requires_key}":
            # As careless servers do: the key is quoted.
            return await _send(writer, 401, {"error": {"message": f"Incorrect API key provided: {key}"}})
        if path == "/v1/models" and method == "GET":
            if not self.models:
                return await _send(writer, 404, {"error": {"message": "Not Found"}})
            return await _send(writer, 200, {"object": "list", "data": [{"id": self.options.model}]})
        if path not in ("/v1/chat/completions", "/v1/completions", "/classify", "/generate") or method != "POST":
            return await _send(writer, 404, {"detail": "Not Found"})
        payload = json.loads(body)
        if path == "/generate":
            if refusal := tgi_refusal(payload):
                return await _send(writer, 422, {"error": refusal, "error_type": "validation"})
        elif payload.get("model") != self.options.model:
            message = f"The model `{payload.get('model')}` does not exist."
            return await _send(writer, 404, {"error": {"message": message, "code": "model_not_found"}})
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            return await self.complete(path, payload, writer)
        finally:
            self.in_flight -= 1

    async def complete(self, path: str, payload: dict[str, Any], writer: Any) -> bool:
        text, came = asked_text(payload), time()
        if self.options.no_response_format and "response_format" in payload:
            message = "Unrecognized request argument supplied: response_format"
            return await _send(writer, 400, {"error": {"message": message}})
        self.asked[text] += 1
        if len(self.payloads) < 1000:
            self.payloads.append(payload)
        fault = self.draw(text, payload)
        self.served[fault or "answer"] += 1
        if (going_on := await self.instead(fault, path, writer)) is not None:
            return going_on
        await self.work()
        if path == "/classify":
            self.answered[text] += 1
            return await _send(writer, 200, classes(payload))
        answer, finish_reason = self.spoilt(fault, text)
        extra = {}
        if path == "/generate":
            response: Any = tgi_response(answer, finish_reason)
            extra = {"x-prompt-tokens": str(len(text.split()))}
        else:
            response = self.completion(path, payload, text, answer, finish_reason)
        if fault == "half":
            raw = json.dumps(response).encode()
            writer.write(_head(200, len(raw), extra) + raw[: len(raw) // 2])
            await writer.drain()
            return False
        going_on = await _send(writer, 200, response, extra)
        self.answered[text] += 1
        if self.log:
            question = json.dumps(payload, sort_keys=True)
            print(json.dumps({"question": question, "came": came, "answered": time()}), file=self.log, flush=True)
        return going_on

    async def instead(self, fault: str | None, path: str, writer: Any) -> bool | None:
        """What a server with this fault does where an answer would be; None where one comes."""
        if fault in REFUSALS:
            return await _send(writer, *self.refusal(fault, path))
        if fault == "redirect":
            quoted = f"/{quote(self.key, safe='')}" if self.options.quotes_key else ""
            return await _send(writer, 307, {}, {"Location": f"{self.options.redirect_to}{quoted}{path}"})
        if fault == "drop":
            return False
        if fault == "garbage":
            writer.write(f"{self.quoting('no HTTP')}\r\n\r\n".encode())
            await writer.drain()
            return False
        if fault == "html":
            return await _send(writer, 200, self.quoting("<html><body>Bad gateway, please wait</body></html>"))
        if fault == "error200":
            return await _send(writer, 200, {"error": {"message": self.quoting("upstream failed"), "code": 502}})
        if fault == "hang":
            await asyncio.sleep(3600)
        return None

    def refusal(self, fault: str, path: str) -> tuple[int, Any, dict[str, str]]:
        """Status, body and further headers of a refusal, as a server of this path words it."""
        if fault == "400-context" and path == "/generate":
            message = "Input validation error: `inputs` must have less than 1024 tokens. Given: 1100"
            return 422, {"error": message, "error_type": "validation"}, {}
        if fault == "400-context":
            message = "This model's maximum context length is 512 tokens. However, you requested 900 tokens."
            return 400, {"error": {"message": message, "type": "BadRequestError", "code": 400}}, {}
        wait, status = self.options.retry_after, int(fault[:3])
        extra = {
            "429": {"Retry-After": f"{wait:g}"},
            "429-date": {"Retry-After": formatdate(time() + wait, usegmt=True), "Date": formatdate(usegmt=True)},
            "429-reset": {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": f"{wait:g}s"},
        }.get(fault, {})
        message = self.quoting(f"injected {status}")
        if path == "/generate":
            return status, {"error": message, "error_type": "overloaded" if status == 429 else "generation"}, extra
        code = "insufficient_quota" if fault == "429-quota" else status
        return status, {"error": {"message": message, "code": code}}, extra

    def spoilt(self, fault: str | None, text: str) -> tuple[str, str]:
        """The answer and its finish reason, with what the fault makes of them."""
        answer = self.translate(text)
        if fault == "length":
            return answer[: len(answer) // 2], self.quoting("length")
        if fault == "repetition":
            return answer[:8] * 5, "repetition"
        if fault == "think":
            return f"<think>The user wants me to translate a text. It begins with the word {text.split()[0]}.", "stop"
        if fault in ("empty", "filter"):
            return "", "stop" if fault == "empty" else "content_filter"
        return self.quoting(answer) if fault == "quoted" else answer, "stop"

    def completion(
        self, path: str, payload: dict[str, Any], text: str, answer: str, finish_reason: str
    ) -> dict[str, Any]:
        choice: dict[str, Any] = {"index": 0, "finish_reason": finish_reason}
        if path.endswith("/chat/completions"):
            choice["message"] = {"role": "assistant", "content": answer}
        else:
            choice["text"] = answer
            if "prompt_logprobs" in payload and not self.options.no_prompt_logprobs:
                choice["prompt_logprobs"] = prompt_logprobs(payload["prompt"])
        usage = {"prompt_tokens": len(text.split()), "completion_tokens": len(answer.split())}
        return {"id": "x", "object": "completion", "model": payload["model"], "choices": [choice], "usage": usage}

    def quoting(self, message: str) -> str:
        """`message`, and as careless servers do the key in all its spellings, somewhere around where it may be cut."""
        if not self.options.quotes_key:
            return message
        spellings = [self.key, quote(self.key, safe=""), json.dumps(json.dumps(self.key)), html.escape(self.key)]
        self.random.shuffle(spellings)
        return f"{message} {'x' * self.random.randint(40, 190)} {' '.join(spellings)}"

    async def work(self) -> None:
        """`latency` seconds, `capacity` requests at a time, first come first served, once nothing is held."""
        while not self.going.is_set():
            await self.going.wait()
        if self.answers_left is not None:
            self.answers_left -= 1
            if not self.answers_left:
                self.going.clear()
        if self.capacity:
            if self.busy >= self.capacity:
                turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self.queue.append(turn)
                await turn
            else:
                self.busy += 1
        if self.latency:
            await asyncio.sleep(self.latency)
        if self.capacity:
            if self.queue:
                self.queue.pop(0).set_result(None)
            else:
                self.busy -= 1

    def draw(self, text: str, payload: dict[str, Any]) -> str | None:
        if not self.faults:
            return None
        which = json.dumps(payload, sort_keys=True) if self.options.steady else self.asked[text]
        point = random.Random(f"{self.options.seed}\0{text}\0{which}").random()
        if self.options.heeds and "was refused by a check" in str(payload.get("messages")):
            # It does better as often as that, whatever it did before.
            told = random.Random(f"{self.options.seed}\0{text}\0told").random()
            if told < self.options.heeds:
                return None
        for name, rate in self.faults.items():
            if point < rate:
                return name
            point -= rate
        return None

    def translate(self, text: str) -> str:
        if self.options.judge:
            from tests.standins.standin_judge import judge

            return judge(self.options.judge, text, self.options.marker)
        if self.pairs:
            return "\n".join(self.pairs.get(line) or line.lower().translate(_MAP) for line in text.split("\n"))
        if self.options.translation == "fast":
            return text.lower().translate(_MAP)
        from processors.protected.compare import protected_spans
        from processors.translation.pseudo import pseudo_translate

        return pseudo_translate(text, protected_spans(text))

    def stats(self) -> dict[str, Any]:
        return {
            "asked": self.asked,
            "answered": self.answered,
            "served": self.served,
            "keys": self.keys,
            "connections": self.connections,
            "in_flight": self.in_flight,
            "most_in_flight": self.most_in_flight,
            "payloads": self.payloads,
        }

    def control(self, change: dict[str, Any]) -> None:
        self.faults = change.get("faults", self.faults)
        self.latency = change.get("latency", self.latency)
        self.capacity = change.get("capacity", self.capacity)
        self.models = change.get("models", self.models)
        if "hold" in change or "answers" in change:
            self.answers_left = change.get("answers")
            if change.get("hold") or self.answers_left == 0:
                self.going.clear()
            else:
                self.going.set()


def classes(payload: dict[str, Any]) -> dict[str, Any]:
    """A reward for each list of token ids, as vLLM answers for a model with one label: a function of the ids."""
    logits = [reward_of(ids) for ids in payload["input"]]
    probs = logits if payload.get("use_activation") is False else [1 / (1 + math.exp(-value)) for value in logits]
    data = [{"index": i, "label": "LABEL_0", "probs": [p], "num_classes": 1} for i, p in enumerate(probs)]
    tokens = sum(map(len, payload["input"]))
    return {"object": "list", "data": data[::-1], "usage": {"prompt_tokens": tokens, "total_tokens": tokens}}


def reward_of(ids: list[int]) -> float:
    """What the stand-in thinks of a text."""
    return (sum(i * (place + 1) for place, i in enumerate(ids)) % 1009) / 100 - 5


def asked_text(payload: dict[str, Any]) -> str:
    """The text to translate within a request of any of the project's prompts; all of a prompt of a recipe's own.

    Of a chat prompt of a recipe's own what stands between <text> and </text>, each on a line of its own.
    """
    if "input" in payload:
        return json.dumps(payload["input"])
    if "messages" not in payload:
        prompt = payload["prompt"] if "prompt" in payload else payload["inputs"]
        if isinstance(prompt, list):
            return json.dumps(prompt)
        seed_x = SEED_X.fullmatch(prompt)
        return seed_x[1] if seed_x else prompt
    content = payload["messages"][-1]["content"]
    if not isinstance(content, str):
        return content[0]["text"]
    marked = MARKED.search(content)
    return marked[1] if marked else content


def prompt_logprobs(ids: list[int]) -> list[dict[str, Any] | None]:
    """As vLLM tells them, by a model that expects what it has read before."""
    seen = [ids[:place].count(one) > 0 for place, one in enumerate(ids)]
    told = [{str(one): {"logprob": -1.0 if known else -5.0, "rank": 1}} for one, known in zip(ids, seen, strict=True)]
    return [None, *told[1:]]


def tgi_refusal(payload: dict[str, Any]) -> str:
    """What text-generation-inference (router/src/validation.rs) says of parameters that it does not take."""
    given = payload.get("parameters", {})
    for name, wrong, rule in (
        ("temperature", lambda value: value <= 0, "strictly positive"),
        ("top_p", lambda value: not 0 < value < 1, "> 0.0 and < 1.0"),
        ("top_k", lambda value: value <= 0, "strictly positive"),
    ):
        if given.get(name) is not None and wrong(given[name]):
            return f"Input validation error: `{name}` must be {rule}"
    return "" if given.get("details") and not payload.get("stream") else "this stand-in gives details and no streams"


def tgi_response(answer: str, finish_reason: str) -> dict[str, Any]:
    reason = {"stop": "eos_token", "content_filter": "stop_sequence"}.get(finish_reason, finish_reason)
    details = {"finish_reason": reason, "generated_tokens": len(answer.split()), "prefill": [], "tokens": []}
    return {"generated_text": answer, "details": details | {"seed": None}}


async def _read_request(reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str], bytes] | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    return method, path.split("?")[0], headers, await reader.readexactly(int(headers.get("content-length", 0)))


def _head(status: int, length: int, extra: dict[str, str], kind: str = "application/json") -> bytes:
    lines = [
        f"HTTP/1.1 {status} {STATUS.get(status, 'Whatever')}",
        f"Content-Type: {kind}",
        f"Content-Length: {length}",
    ]
    lines += [f"{name}: {value}" for name, value in extra.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def _send(writer: Any, status: int, body: Any, extra: dict[str, str] | None = None) -> bool:
    kind = "text/html" if isinstance(body, str) else "application/json"
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    writer.write(_head(status, len(raw), extra or {}, kind) + raw)
    await writer.drain()
    return True


@dataclass(frozen=True)
class Running:
    """A stand-in in a process of its own, for tests."""

    url: str
    process: int = 0

    def stats(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}/stats") as response:
            return json.load(response)

    def control(self, **change: Any) -> None:
        request = urllib.request.Request(f"{self.url}/control", json.dumps(change).encode())
        with urllib.request.urlopen(request) as response:
            response.read()


@contextmanager
def running(*arguments: str) -> Iterator[Running]:
    """Start `python tests/standins/standin_llm.py *arguments`, wait until it listens, end it afterwards."""
    command = [sys.executable, __file__, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            url = process.stdout.readline().strip()
            assert url, f"the stand-in did not start: {command}"
            yield Running(url, process.pid)
        finally:
            process.kill()


def _fault(value: str) -> tuple[str, float]:
    name, _, rate = value.partition("=")
    if name not in FAULTS:
        raise argparse.ArgumentTypeError(f"one of {', '.join(FAULTS)}, not {name}")
    return name, float(rate or 1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--model", default="stand-in")
    parser.add_argument("--fault", type=_fault, action="append", default=[], help="NAME=RATE, may be repeated")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steady", action="store_true", help="the same request meets the same fault each time")
    parser.add_argument(
        "--heeds", type=float, default=0, help="share of the texts that it does well when told why not"
    )
    parser.add_argument("--retry-after", type=float, default=0.05, help="seconds that a 429 orders")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds an answer takes")
    parser.add_argument("--capacity", type=int, default=0, help="answers made at the same time; 0: any number")
    parser.add_argument("--requires-key", default="")
    parser.add_argument("--quotes-key", action="store_true", help="the key stands in every message, in many spellings")
    parser.add_argument("--no-models", action="store_true", help="GET /v1/models is 404, as at many remote endpoints")
    parser.add_argument("--redirect-to", default="")
    parser.add_argument("--log", type=Path, help="a line of JSON an answer: question, when it came and went")
    parser.add_argument("--translation", choices=["pseudo", "fast"], default="pseudo")
    parser.add_argument("--pairs", type=Path, help="JSON of lines and their translations, for those that it has")
    parser.add_argument("--no-prompt-logprobs", action="store_true", help="leave them out, as llama.cpp does")
    parser.add_argument("--judge", default="", help="judge translations, in one of standin_judge.MODES")
    parser.add_argument("--marker", default="،", help="of which an honest judge wants more")
    parser.add_argument("--no-response-format", action="store_true", help="structured output is refused with 400")
    return parser.parse_args()


async def _main() -> None:
    options = _options()
    stand_in = StandIn(options)
    server = await asyncio.start_server(stand_in.serve, "127.0.0.1", options.port, limit=2**24, backlog=2048)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    asyncio.run(_main())
