"""A stand-in that quotes every secret it is sent, in every spelling and at every place of a response, for all engines.

`python tests/standins/standin_echo.py` prints its address and serves below `/<kind>/`: `mixed` answers every other
request and quotes with the rest, `401`, `402`, `403`, `404` and `307` refuse all. It speaks OpenAI's API, Anthropic's
messages, the batches of both and of OpenRouter, vLLM's /classify, TGI's /generate and LibreTranslate's /translate.
Which way and which spelling a request meets is a matter of its number, so that all are met. GET /stats tells how
often each way was.
"""

import asyncio
import base64
import html
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.standins.standin_batch import StandInBatches
from tests.standins.standin_libretranslate import in_arabic
from tests.standins.standin_llm import (
    Running,
    _head,
    _send,
    asked_text,
    classes,
    tgi_response,
)

SECRETS = ("authorization", "api-key", "x-api-key", "x-team-secret")
SPELLINGS: tuple[Callable[[str], str], ...] = (
    str,
    lambda key: quote(key, safe=""),
    lambda key: quote(quote(key, safe=""), safe=""),
    lambda key: json.dumps(json.dumps(key)),
    lambda key: json.dumps(key).replace("/", "\\/"),
    lambda key: "".join(f"\\u{ord(letter):04x}" for letter in key),
    lambda key: html.escape(html.escape(key)),
    lambda key: base64.b64encode(f"user:{key}".encode()).decode(),
    lambda key: base64.urlsafe_b64encode(key.encode()).decode(),
    lambda key: f"{key[:17]}\n{key[17:]}",
    lambda key: f"{key[:17]}\r\n\t{key[17:]}",
    lambda key: key[:30],
    lambda key: key[-20:],
)
# Words before a key, so that wherever a message is cut, a key straddles the cut.
BEFORE = (0, 10, 30, 45, 90, 140, 170, 185, 280)
REFUSALS = ("400", "408", "413", "422", "429", "500", "503", "529")
BODIES: tuple[Callable[[str], Any], ...] = (
    lambda said: {"error": {"message": said, "code": said}},
    lambda said: {"error": said, "error_type": said},
    lambda said: {"message": said, "type": said},
    lambda said: {"detail": [{"loc": ["header", said], "msg": said, "input": said}]},
    lambda said: {"error": {"code": 0, "metadata": {"raw": said, "headers": {"X-RateLimit-Reset": said, said: "0"}}}},
    lambda said: f"<html><head><title>{said}</title></head><body>{said}</body></html>",
)
WAYS = (
    *REFUSALS,
    "page",  # 200 with a web page
    "error200",
    "answer",  # what should be the translation
    "inside",  # a translation with the key in its middle
    "finish",  # why the answer ended
    "other",  # another API's response, with the key as its fields' names and values
    "headers",  # an error whose headers have it, Retry-After and Content-Type among them
    "coding",  # a Content-Encoding that is no coding, with the key in the bytes
    "status",  # the status line
    "no-http",
    "chunked",  # the length of a chunk
)


class Echo(StandInBatches):
    def __init__(self) -> None:
        super().__init__()
        self.ways: Counter[str] = Counter()
        self.requests: Counter[str] = Counter()
        self.said = 0

    def words(self, secrets: list[str]) -> str:
        """Words that quote the secrets, in the next spelling behind the next number of words."""
        self.said += 1
        spell, before = SPELLINGS[self.said % len(SPELLINGS)], BEFORE[self.said % len(BEFORE)]
        return f"{'x' * before} {' '.join(map(spell, secrets))} !"

    async def faulty(self, method: str, path: str, headers: dict[str, str], body: bytes, writer: Any) -> bool:
        if path in ("/stats", "/control"):
            if path == "/stats":
                return await _send(writer, 200, {"ways": self.ways, "requests": self.requests})
            return await _send(writer, 200, {})
        secrets = [headers[name].removeprefix("Bearer ") for name in SECRETS if name in headers]
        if body[:1] == b"{":
            secrets += [found] if isinstance(found := json.loads(body).get("api_key"), str) else []
        kind, _, rest = path[1:].partition("/")
        self.requests[kind] += 1
        said = self.words(secrets)
        if kind == "307":
            return await _send(writer, 307, {}, {"Location": f"/{quote(said)}?key={quote(said)}"})
        if kind.isdigit():
            message = f"{said} moderation" if self.said % 3 == 0 and kind == "400" else said
            return await _send(writer, int(kind), BODIES[self.said % len(BODIES)](message))
        rest = f"/{rest}"
        if rest == "/languages":
            return await _send(writer, 200, [{"code": "en", "targets": ["ar"]}, {"code": said, "targets": [said]}])
        if rest == "/v1/models":
            return await _send(writer, 404, BODIES[0](said))
        if self.requests[kind] % 2 and not (kind == "batch" and "batches" not in rest):
            way = WAYS[self.requests[kind] // 2 % len(WAYS)]
            # What ends a run is not for here, nor a batch that may be there or not, thrice.
            if not (rest.endswith("/batches") and method == "POST" and way not in ("429", "500", "503", "529")):
                self.ways[way] += 1
                return await self.quoting(way, said, rest, body, writer)
        if kind == "batch":
            self.secrets = secrets
            await self.respond(method, rest, headers, body, writer)
            return True
        return await _send(writer, 200, response(rest, json.loads(body), None, "stop"))

    async def quoting(self, way: str, said: str, path: str, body: bytes, writer: Any) -> bool:
        line = re.sub(r"[\r\n\t]+", " ", said)
        if way.isdigit():
            return await _send(writer, int(way), BODIES[self.said % len(BODIES)](said), {"Retry-After": "0"})
        if way == "page":
            return await _send(writer, 200, f"<html>{said}</html>")
        if way == "error200":
            return await _send(writer, 200, {"error": {"message": said, "code": 502}})
        if way in ("answer", "inside", "finish") and body[:1] == b"{" and "batches" not in path:
            given = {"answer": said, "inside": f"نص {said} نص", "finish": None}[way]
            return await _send(
                writer, 200, response(path, json.loads(body), given, said if way == "finish" else "stop")
            )
        if way == "headers":
            named = {"Retry-After": line, "x-ratelimit-reset-requests": line, "Set-Cookie": line, "X-Echo": line}
            raw = said.encode()
            writer.write(_head(429, len(raw), named, line) + raw)
        elif way == "coding":
            raw = said.encode()
            writer.write(_head(200, len(raw), {"Content-Encoding": "gzip"}) + raw)
        elif way == "status":
            writer.write(f"HTTP/1.1 {line}\r\nContent-Length: 0\r\n\r\n".encode())
        elif way == "no-http":
            writer.write(f"{line}\r\n\r\n".encode())
        elif way == "chunked":
            writer.write(f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{line}\r\n{line}\r\n".encode())
        else:
            return await _send(writer, 200, {"object": said, "model": said, said: {said: said}})
        await writer.drain()
        return False

    def line(self, batch: dict[str, Any], request: dict[str, Any], fate: str) -> dict[str, Any]:
        """A result of a batch, of which every other quotes."""
        whole = super().line(batch, request, fate)
        said = self.words(self.secrets)
        way = self.said % 8
        name = {"custom_id": request["custom_id"]}
        if way % 2 == 0:
            return whole
        error = {"code": said, "type": said, "message": said}
        if batch["kind"] == "anthropic":
            message = {"content": [{"type": "text", "text": said}], "stop_reason": said, "usage": {}}
            result = [
                {"type": "errored", "error": {"type": "error", "error": error}},
                {"type": said},
                {"type": "succeeded", "message": message},
                {"type": "errored", "error": {"type": "invalid_request_error", "message": said}},
            ][way // 2]
            return name | {"result": result}
        choice = {"index": 0, "finish_reason": said, "message": {"content": said}}
        results: list[dict[str, Any]] = [
            {"response": {"status_code": 400, "body": {"error": error}}, "error": None},
            {"response": None, "error": error},
            {"response": {"status_code": 200, "body": {"choices": [choice]}}, "error": None},
            {"response": None, "error": None, said: said},
        ]
        return name | results[way // 2]


def response(path: str, payload: dict[str, Any], given: str | None, finish_reason: str) -> Any:
    """What a server of that path answers; `given` in place of the translation."""
    if path.endswith("/classify"):
        found = classes(payload)
        return (
            found if given is None and finish_reason == "stop" else found | {"data": [{"index": 0, "probs": [given]}]}
        )
    if path.endswith("/translate"):
        texts = [given or in_arabic(text) for text in payload["q"]]
        return {"translatedText": texts, "alternatives": [[text] * 9 for text in texts]}
    text = asked_text(payload)
    answer = in_arabic(text) if given is None else given
    if path.endswith("/generate"):
        return tgi_response(answer, finish_reason)
    if path.endswith("/messages"):
        return {"content": [{"type": "text", "text": answer}], "stop_reason": finish_reason, "usage": {}}
    chat = path.endswith("/chat/completions")
    choice = {"message": {"content": answer, "reasoning": finish_reason}} if chat else {"text": answer}
    usage = {"prompt_tokens": len(text.split()), "completion_tokens": finish_reason if given else 3}
    return {"id": finish_reason, "choices": [choice | {"finish_reason": finish_reason}], "usage": usage}


@contextmanager
def echoing() -> Iterator[Running]:
    """Start the stand-in in a process of its own, wait until it listens, end it afterwards."""
    with subprocess.Popen([sys.executable, __file__], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield Running(process.stdout.readline().strip())
        finally:
            process.kill()


async def _main() -> None:
    server = await asyncio.start_server(Echo().serve, "127.0.0.1", 0, limit=2**26)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main())
