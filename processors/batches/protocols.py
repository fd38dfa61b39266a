"""The batch APIs of OpenAI, Anthropic and OpenRouter: how each takes requests, says how far it is, and answers.

Read on 2026-11-28, as stored copies have them. OpenAI (its reference of batches and files, with Azure's copy of it): a
JSONL file of at most 50,000 requests and 200 MB, `/v1/files`, then `/v1/batches` with metadata; an output and an error
file in any order. Anthropic (platform.claude.com/docs/en/build-with-claude/batch-processing and the reference beside
it): at most 100,000 requests and 256 MB; results as JSONL in any order, each `succeeded`, `errored`, `canceled` or
`expired`. OpenRouter (openrouter.ai/docs/batch-quickstart and its guide to the Batch API, beta): `requests` inline, at
most 5,000, after `endpoint` and `model`, for the body is parsed as it streams in; results stand in the finished batch.
All end within 24 hours and list the newest batch first; only OpenAI's keeps metadata. None was asked for this code.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from processors.batches.messages import as_message_request, read_message
from processors.batches.records import BatchRecord
from processors.clients.answer import Answer
from processors.clients.responses import Fault, Mode, read_response
from processors.errors import EngineError
from processors.scrub import excerpt

Outcome = Answer | Fault
MB = 1_000_000
# The name of the metadata with a batch's nonce.
OURS = "smolkalam"
PAGE = 100


class Call(Protocol):
    """One request to the API, tried again while the API or the way to it is at fault; its response's body.

    Raises EngineError where it is refused, or fails for longer than anybody waits; Unsure where a request that must
    not be made twice may have been received.
    """

    async def __call__(self, method: str, path: str, *, once: bool = False, **content: Any) -> bytes: ...


@dataclass(frozen=True, slots=True)
class BatchState:
    """How far a batch is. `ended` ones have results, or `why` there are none."""

    id: str
    ended: bool
    total: int
    done: int
    why: str = ""
    body: Mapping[str, Any] | None = None


class BatchApi:
    """One API, for one model. `call` sends the requests, by paths below the recipe's base_url."""

    most_requests: ClassVar[int]
    most_bytes: ClassVar[int]
    # Of its list, where a page goes on.
    cursor: ClassVar[str] = "after"
    path: ClassVar[str] = "/batches"

    def __init__(self, call: Call, model: str, mode: Mode) -> None:
        self.call = call
        self.model = model
        self.mode = mode
        self.endpoint = f"/v1/{'chat/completions' if mode == 'chat' else 'completions'}"

    def item(self, key: str, payload: Mapping[str, Any]) -> bytes:
        """A request as it stands in a batch."""
        raise NotImplementedError

    async def upload(self, record: BatchRecord, items: Sequence[bytes]) -> str | None:
        """What has to be there before a batch is created; its id."""
        return None

    async def submit(self, record: BatchRecord, items: Sequence[bytes]) -> str:
        """Create the batch; its id. Raises Unsure where it may have been created all the same."""
        raise NotImplementedError

    async def poll(self, batch: str) -> BatchState:
        return self.state(json.loads(await self.call("GET", f"{self.path}/{batch}")))

    def state(self, body: Mapping[str, Any]) -> BatchState:
        """What a batch's object says."""
        counts = body.get("request_counts") or {}
        status = str(body.get("status"))
        ended = status in ("completed", "failed", "expired", "cancelled")
        why = "" if status == "completed" else f"{status}{_why(body)}"
        done = int(counts.get("completed") or 0) + int(counts.get("failed") or 0)
        return BatchState(str(body["id"]), ended, int(counts.get("total") or 0), done, why, body)

    async def results(self, state: BatchState) -> list[tuple[str, Outcome]]:
        """What came of the requests, by custom id, in any order; some may be missing, doubled or another's."""
        raise NotImplementedError

    async def newest(self) -> str | None:
        """The newest batch of the account."""
        async for body in self._listed(1):
            return str(body["id"])
        return None

    async def find(self, record: BatchRecord, known: set[str]) -> str | None:
        """The batch that a record without an id may have become: one that is newer than the newest before it.

        `known` are those of other records. None where there is none.
        """
        async for body in self._listed(PAGE):
            state = self.state(body)
            if state.id == record.newest:
                break
            if state.id not in known and state.id not in record.others and self._is_ours(record, state):
                return state.id
        return None

    def _is_ours(self, record: BatchRecord, state: BatchState) -> bool:
        """Whether a batch may be the record's; its custom ids will tell."""
        return state.total == len(record.keys)

    async def _listed(self, limit: int) -> Any:
        after = ""
        while True:
            query = f"?limit={limit}" + (f"&{self.cursor}={after}" if after else "")
            page = json.loads(await self.call("GET", f"{self.path}{query}"))
            for body in page.get("data") or []:
                yield body
            after = str(page.get("last_id") or "")
            if not (page.get("has_more") and after):
                return


class OpenAiBatches(BatchApi):
    most_requests, most_bytes = 50_000, 200 * MB

    def item(self, key: str, payload: Mapping[str, Any]) -> bytes:
        body = {**payload, "model": self.model}
        return _json({"custom_id": key, "method": "POST", "url": self.endpoint, "body": body})

    async def upload(self, record: BatchRecord, items: Sequence[bytes]) -> str | None:
        file = (f"{OURS}-{record.nonce}.jsonl", b"\n".join(items) + b"\n", "application/jsonl")
        body = await self.call("POST", "/files", data={"purpose": "batch"}, files={"file": file})
        return str(json.loads(body)["id"])

    async def submit(self, record: BatchRecord, items: Sequence[bytes]) -> str:
        batch = {
            "input_file_id": record.file,
            "endpoint": self.endpoint,
            "completion_window": "24h",
            "metadata": {OURS: record.nonce},
        }
        return str(json.loads(await self.call("POST", self.path, once=True, content=_json(batch)))["id"])

    async def results(self, state: BatchState) -> list[tuple[str, Outcome]]:
        assert state.body
        found: list[tuple[str, Outcome]] = []
        for name in ("output_file_id", "error_file_id"):
            if file := state.body.get(name):
                lines = await self.call("GET", f"/files/{file}/content")
                found += [self._outcome(line) for line in _lines(lines)]
        return found

    def _outcome(self, line: Mapping[str, Any]) -> tuple[str, Outcome]:
        return str(line.get("custom_id")), _read_line(line, self.mode)

    def _is_ours(self, record: BatchRecord, state: BatchState) -> bool:
        return ((state.body or {}).get("metadata") or {}).get(OURS) == record.nonce


class OpenRouterBatches(BatchApi):
    # Bytes are not told; the text of 5,000 chunks is far less.
    most_requests, most_bytes = 5_000, 100 * MB

    def item(self, key: str, payload: Mapping[str, Any]) -> bytes:
        return _json({"custom_id": key, "body": payload})

    async def submit(self, record: BatchRecord, items: Sequence[bytes]) -> str:
        head = _json({"endpoint": self.endpoint, "model": self.model})
        content = head[:-1] + b', "requests": [' + b",".join(items) + b"]}"
        return str(json.loads(await self.call("POST", self.path, once=True, content=content))["id"])

    async def results(self, state: BatchState) -> list[tuple[str, Outcome]]:
        assert state.body
        found = state.body.get("results")
        if found is None and not state.why:
            found = [line async for line in self._pages(state.id)]
        return [(str(line.get("custom_id")), _read_line(line, self.mode)) for line in found or []]

    async def _pages(self, batch: str) -> Any:
        cursor = ""
        while True:
            page = json.loads(await self.call("GET", f"{self.path}/{batch}/results{cursor}"))
            for line in page.get("results") or page.get("data") or []:
                yield line
            if not page.get("next_cursor"):
                return
            cursor = f"?cursor={page['next_cursor']}"


class AnthropicBatches(BatchApi):
    most_requests, most_bytes = 100_000, 256 * MB
    cursor, path = "after_id", "/messages/batches"

    def item(self, key: str, payload: Mapping[str, Any]) -> bytes:
        return _json({"custom_id": key, "params": as_message_request(payload) | {"model": self.model}})

    async def submit(self, record: BatchRecord, items: Sequence[bytes]) -> str:
        content = b'{"requests": [' + b",".join(items) + b"]}"
        return str(json.loads(await self.call("POST", self.path, once=True, content=content))["id"])

    def state(self, body: Mapping[str, Any]) -> BatchState:
        counts = {name: int(number or 0) for name, number in (body.get("request_counts") or {}).items()}
        total = sum(counts.values())
        ended = body.get("processing_status") == "ended"
        return BatchState(str(body["id"]), ended, total, total - counts.get("processing", 0), "", body)

    async def results(self, state: BatchState) -> list[tuple[str, Outcome]]:
        # By the batch's own path and not by `results_url`: the key is for the recipe's host alone.
        lines = _lines(await self.call("GET", f"{self.path}/{state.id}/results"))
        return [(str(line.get("custom_id")), _read_result(line.get("result") or {})) for line in lines]


APIS: dict[str, type[BatchApi]] = {
    "openai": OpenAiBatches,
    "anthropic": AnthropicBatches,
    "openrouter": OpenRouterBatches,
}
# What Anthropic's errors would be as responses.
_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "overloaded_error": 529,
}


class Unsure(EngineError):
    """A batch that may have been created or not."""


def _read_line(line: Mapping[str, Any], mode: Mode) -> Outcome:
    """A line of OpenAI's files or OpenRouter's results."""
    response, error = line.get("response"), line.get("error")
    if isinstance(response, Mapping) and isinstance(response.get("body"), Mapping):
        return read_response(int(response.get("status_code") or 200), {}, _json(response["body"]), mode)
    if isinstance(error, Mapping):
        code = str(error.get("code") or error.get("type") or "error")
        status = _STATUS.get(code, 500)
        outcome = read_response(status, {}, _json({"error": {"message": error.get("message") or code}}), mode)
        return (
            outcome if status != 500 else Fault("fault", excerpt(code, 40), excerpt(f"{code}: {error.get('message')}"))
        )
    return Fault("fault", "no_result", "a result with neither a response nor an error in it")


def _read_result(result: Mapping[str, Any]) -> Outcome:
    """A result of Anthropic's."""
    kind = str(result.get("type"))
    if kind == "succeeded" and isinstance(result.get("message"), Mapping):
        return read_message(result["message"])
    if kind == "errored":
        error = result.get("error") or {}
        error = error["error"] if isinstance(error.get("error"), Mapping) else error
        return read_response(_STATUS.get(str(error.get("type")), 500), {}, _json({"error": error}), "chat")
    return Fault("fault", excerpt(kind, 40), f"the request is {excerpt(kind, 40)}")


def _why(body: Mapping[str, Any]) -> str:
    """The API's own words for a batch that came to nothing."""
    errors = body.get("errors") or {}
    words = [one.get("message") for one in (errors.get("data") or []) if isinstance(one, Mapping)]
    if isinstance(body.get("error"), Mapping):
        words.append(body["error"].get("message"))
    said = "; ".join(str(word) for word in words if word)
    return f": {excerpt(said)}" if said else ""


def _lines(content: bytes) -> Iterator[Mapping[str, Any]]:
    """The objects of a JSONL file; what is none is passed over, and so is asked again."""
    for line in content.splitlines():
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            yield found


def _json(value: Any) -> bytes:
    return json.dumps(value).encode("ascii")
