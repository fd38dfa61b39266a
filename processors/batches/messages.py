"""Anthropic's Messages API: a chat request and its answer in that form (platform.claude.com/docs/en/api/messages).

Read on 2026-11-28: the system prompt stands beside the messages, `max_tokens` is required, temperatures end at 1, and
there is no seed.
"""

import json
from collections.abc import Mapping
from typing import Any

from processors.clients.answer import Answer
from processors.clients.connection import Connection
from processors.clients.responses import Fault, Mode, finish, read_response, read_usage, well_formed, without_key

VERSION = {"anthropic-version": "2023-06-01"}
# Fields of an OpenAI-compatible request that the API does not know and would refuse.
_UNKNOWN = frozenset({"seed", "n", "frequency_penalty", "presence_penalty", "logit_bias", "response_format"})


def as_message_request(payload: Mapping[str, Any]) -> dict[str, Any]:
    """A chat's request as Anthropic takes it, without its model."""
    fields = {name: value for name, value in payload.items() if name not in _UNKNOWN}
    system = "\n\n".join(one["content"] for one in fields["messages"] if one["role"] == "system")
    fields["messages"] = [one for one in fields["messages"] if one["role"] != "system"]
    if system:
        fields["system"] = system
    if "stop" in fields:
        stop = fields.pop("stop")
        fields["stop_sequences"] = [stop] if isinstance(stop, str) else stop
    if fields.get("temperature") is not None:
        fields["temperature"] = min(1.0, fields["temperature"])
    return fields


def read_message(message: Mapping[str, Any]) -> Answer | Fault:
    """The answer in a message: the text of its blocks, and not what it thought."""
    blocks = message.get("content")
    if not isinstance(blocks, list):
        return Fault("fault", "no_choice", "a message without content in it")
    text = "".join(str(one.get("text") or "") for one in blocks if one.get("type") == "text")
    reason = message.get("stop_reason")
    answer = Answer(
        well_formed(text),
        "content_filter" if reason == "refusal" else finish(reason),
        reasoned=any(one.get("type") == "thinking" for one in blocks),
        **read_usage(message.get("usage")),
    )
    return without_key(answer)


class MessagesConnection(Connection):
    """Requests to Anthropic one by one, for what batches left."""

    fixed_headers = VERSION

    def route(self) -> tuple[str, Mode]:
        return f"{self.address.api_base}/messages", "chat"

    def body(self, payload: Mapping[str, Any]) -> bytes:
        return json.dumps(as_message_request(payload) | {"model": self.model}).encode("ascii")

    def read(self, status: int, headers: Mapping[str, str], content: bytes) -> Answer | Fault:
        if status != 200:
            return read_response(status, headers, content, self.mode)
        try:
            return read_message(json.loads(content))
        except (ValueError, AttributeError):
            return Fault("fault", "not_json", "200 with a body that is no message")
