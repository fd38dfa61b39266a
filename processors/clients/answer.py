"""What a translator answers, and the name of what it was asked: under that the answer is stored."""

import json
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

# Fields of a request that do not change the answer: how it travels, who pays what for it, and for whose account.
VOLATILE = frozenset(
    {
        "stream",
        "stream_options",
        "user",
        "metadata",
        "request_id",
        "priority",
        # OpenAI, and who speaks as it does.
        "service_tier",
        "store",
        "safety_identifier",
        "prompt_cache_key",
        "prompt_cache_retention",
        # OpenRouter: which of a model's providers are asked, in what order, and what is told of it. Its `models` are
        # other models, whose answers are others.
        "provider",
        "route",
        "usage",
        "session_id",
        "trace",
        # vLLM.
        "cache_salt",
    }
)
# Of OpenRouter's `provider` this shapes the answer: the model's weights rounded to fewer bits.
SHAPING_ROUTES = frozenset({"quantizations"})


# The how-manieth request of its chunk is being asked, from 1, for clients that ask the first otherwise than the last.
# Between the retry ladder and the client nobody else needs to know.
ORDINAL: ContextVar[int] = ContextVar("ordinal", default=1)
# Whether it is of the chunks by which a translator is judged first, and so wanted at once.
ON_TRIAL: ContextVar[bool] = ContextVar("on_trial", default=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a translator said. Only a `finish_reason` of `stop` is a whole answer; `cached` ones cost nothing now.

    Of the prompt's tokens the server had `cached_tokens` in its own cache; of the completion's, `reasoning_tokens` are
    no part of the text. `batched`: asked in a batch, at its price. `reasoned`: its thoughts came beside the text and
    were left there; not stored.

    `refusal` has the server's words where it made none, for length or content; they are not stored.
    """

    text: str
    finish_reason: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached: bool = False
    refusal: str = ""
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    batched: bool = False
    reasoned: bool = False

    def counts(self) -> dict[str, int]:
        """What it is billed by, under the names that counters have everywhere (see `builders.recipes` Cost)."""
        tokens = {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "cached_tokens": self.cached_tokens,
        }
        counts = {"answers": 1, **tokens, "reasoning_tokens": self.reasoning_tokens}
        if self.batched:
            counts |= {f"batched_{name}": value for name, value in tokens.items()}
        return {name: value for name, value in counts.items() if value}


def request_key(model: str, revision: str | None, payload: Mapping[str, Any]) -> bytes:
    """20 bytes that name a request: BLAKE2b over model, revision and what in `payload` shapes the answer."""
    asked = {name: value for name, value in shaping(payload).items() if name != "model"}
    canonical = json.dumps([model, revision or "", asked], sort_keys=True, separators=(",", ":"))
    return blake2b(canonical.encode("ascii"), digest_size=20).digest()


def shaping(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a request's fields that shape its answer.

    >>> shaping({"seed": 7, "service_tier": "flex", "provider": {"sort": "price", "quantizations": ["fp8"]}})
    {'seed': 7, 'provider': {'quantizations': ['fp8']}}
    """
    kept = {name: value for name, value in fields.items() if name not in VOLATILE}
    routes = fields.get("provider")
    if isinstance(routes, Mapping) and (left := {k: v for k, v in routes.items() if k in SHAPING_ROUTES}):
        kept["provider"] = left
    return kept
