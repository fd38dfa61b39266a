"""What a translator answers, and the name of what it was asked: under that the answer is stored."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

# Fields of a request that do not change the answer.
VOLATILE = frozenset({"stream", "stream_options", "user", "metadata", "request_id", "priority"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a translator said. Only a `finish_reason` of `stop` is a whole answer; `cached` ones cost nothing now.

    `refusal` has the server's words where it made none, for length or content; they are not stored.
    """

    text: str
    finish_reason: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached: bool = False
    refusal: str = ""


def request_key(model: str, revision: str | None, payload: Mapping[str, Any]) -> bytes:
    """20 bytes that name a request: BLAKE2b over model, revision and what in `payload` shapes the answer."""
    asked = {name: value for name, value in payload.items() if name not in VOLATILE and name != "model"}
    canonical = json.dumps([model, revision or "", asked], sort_keys=True, separators=(",", ":"))
    return blake2b(canonical.encode("ascii"), digest_size=20).digest()
