"""What an OpenAI-compatible server's response means: an answer, or what went wrong and what to do about it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

from processors.clients.answer import Answer
from processors.clients.waits import ordered_wait
from processors.errors import SmolKalamError
from processors.scrub import excerpt, holds_key, scrub

Mode = Literal["chat", "completion", "classify", "prompt_logprobs"]
# busy: ask less, then again. fault: ask again. rejected: this request never works. denied: perhaps no request does.
# fatal: no request works.
Kind = Literal["busy", "fault", "rejected", "denied", "fatal"]

# 529: 'overloaded' at several providers. 503 is what servers say whose queue is full, or while they load a model.
_BUSY = frozenset({429, 503, 529})
# Timeout, conflict, too early: of the moment, though the number says that the request is wrong.
_FAULT = frozenset({408, 409, 425})
# The names that other servers give to the end of a whole answer, and to one cut off.
FINISH = {
    "eos_token": "stop",
    "eos": "stop",
    "stop_sequence": "stop",
    "end_turn": "stop",
    "max_tokens": "length",
    "model_length": "length",
}
# What nearly every answer ends with, and no key is: not worth the search for one.
PLAIN = frozenset({"stop", "length", *FINISH})
_TOO_LONG = re.compile(
    r"context.?(length|window|size)|max_model_len|maximum (input|prompt|number of tokens)|too many tokens"
    r"|(prompt|input|request) (is )?too (long|large)|reduce the length|must have less than \d+ tokens"
    r"|tokens?\b.{0,60}\bexceed|exceed\w*.{0,60}\btokens?",
    re.IGNORECASE,
)
_TGI_BUDGET = re.compile(r"`max_new_tokens` must be <= (\d+)\. Given: \d+ `inputs` tokens and (\d+) `max_new_tokens`")
_MODERATED = re.compile(r"moderation|flagged|content.?(filter|policy)|safety", re.IGNORECASE)
_NO_MODEL = re.compile(r"model.{0,80}(not|n't) (exist|found|available)|unknown model|model_not_found", re.IGNORECASE)


# The fault of a 429 which says that the account is empty.
NO_QUOTA = "429-quota"
# Of a server's words so many characters are shown, and so many bytes are looked through; of a reason so many kept.
SHOWN, MOST_BYTES, LONGEST_REASON = 200, 8000, 60


class RequestFailed(SmolKalamError):
    """One request failed for good: its document becomes a failed candidate with this reason, the run goes on."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A response that is no answer. `name` is short, for counting; `reason` is for people; `wait_s` is an order.

    `refused`: no server listens at the address.
    """

    kind: Kind
    name: str
    reason: str
    wait_s: float | None = None
    refused: bool = False


def read_response(
    status: int, headers: Mapping[str, str], body: bytes, mode: Mode, thoughts: bool = False
) -> Answer | Fault:
    """The answer in a response. `headers` has lower-case names.

    With `thoughts`, what a model thought beside its answer is put before it, between `<think>` and `</think>`.

    A request over the model's context comes back as an Answer with an empty text and finish_reason `length`, as an
    answer that was cut off does: the remedy, smaller chunks, is the same. The text of a `classify` answer is JSON: a
    list with the logits of each input; of a `prompt_logprobs` answer a list with {token id: log-probability} of each
    token of the prompt, null of its first.
    """
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        data = None
    if 200 <= status < 300:
        if not isinstance(data, dict):
            kind = excerpt(headers.get("content-type", "no content type").split(";")[0], 40)
            return Fault(
                "fault", "not_json", f"{status} with a body that is not JSON ({kind}): {_words(body)[:SHOWN]}"
            )
        if data.get("error"):
            # OpenRouter reports an upstream failure as 200 with the real status in the body.
            code = data["error"].get("code") if isinstance(data["error"], dict) else None
            if not (isinstance(code, int) and 400 <= code < 600):
                return Fault("fault", "error_body", f"{status} with an error in it: {_message(data, body)[:SHOWN]}")
            return _read_error(code, headers, data, body)
        return _read_answer(data, mode, thoughts)
    return _read_error(status, headers, data, body)


def _read_answer(data: dict[str, Any], mode: Mode, thoughts: bool) -> Answer | Fault:
    if mode == "classify":
        return _read_classes(data)
    if mode == "prompt_logprobs":
        return _read_prompt_logprobs(data)
    try:
        choice = data["choices"][0]
        text = choice["message"].get("content") if mode == "chat" else choice["text"]
        finish_reason = choice.get("finish_reason")
    except (KeyError, IndexError, TypeError, AttributeError):
        return Fault("fault", "no_choice", f"a response without a {mode} choice in it")
    if isinstance(text, list):
        text = "".join(part.get("text") or "" for part in text if isinstance(part, dict))
    if finish_reason == "error" or not isinstance(text, str | None):
        return Fault("fault", "error_body", "the server broke off the answer with an error")
    # What a model thought comes under either name, and is no translation.
    thought = mode == "chat" and (choice["message"].get("reasoning_content") or choice["message"].get("reasoning"))
    if thoughts and isinstance(thought, str) and "<think>" not in (text or ""):
        text, thought = f"<think>\n{thought.strip()}\n</think>\n\n{text or ''}", ""
    answer = Answer(
        well_formed(text or ""), finish(finish_reason), reasoned=bool(thought), **read_usage(data.get("usage"))
    )
    return without_key(answer)


class TokenCounts(TypedDict):
    """Fields of an Answer."""

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    reasoning_tokens: int


def read_usage(usage: Any) -> TokenCounts:
    """The tokens that a server counted, as fields of an Answer.

    OpenAI and OpenRouter count cached and reasoning tokens within the others and tell them in details, DeepSeek beside
    them; Anthropic's `input_tokens` are those that no cache had. Read in their references on 2026-11-28.
    """
    found: TokenCounts = {
        "prompt_tokens": _tokens(usage, "prompt_tokens"),
        "completion_tokens": _tokens(usage, "completion_tokens"),
        "cached_tokens": _tokens(usage, "prompt_tokens_details", "cached_tokens")
        or _tokens(usage, "prompt_cache_hit_tokens"),
        "reasoning_tokens": _tokens(usage, "completion_tokens_details", "reasoning_tokens"),
    }
    if _tokens(usage, "input_tokens") or _tokens(usage, "output_tokens"):
        cached = _tokens(usage, "cache_read_input_tokens")
        found = {
            "prompt_tokens": _tokens(usage, "input_tokens") + _tokens(usage, "cache_creation_input_tokens") + cached,
            "completion_tokens": _tokens(usage, "output_tokens"),
            "cached_tokens": cached,
            "reasoning_tokens": _tokens(usage, "output_tokens_details", "thinking_tokens"),
        }
    # Never more than what they are a part of: prices are differences.
    found["cached_tokens"] = min(found["cached_tokens"], found["prompt_tokens"])
    found["reasoning_tokens"] = min(found["reasoning_tokens"], found["completion_tokens"])
    return found


def finish(reason: Any) -> str:
    """Why an answer ended, in our words where we have any; `unknown` where the server does not say."""
    if reason in PLAIN:
        return FINISH.get(reason, reason)
    named = excerpt(str(reason), LONGEST_REASON) if reason else "unknown"
    return FINISH.get(named, named)


def without_key(answer: Answer) -> Answer | Fault:
    """The answer, or a fault where it quotes a key, as a gateway's error that passes for an answer may."""
    return Fault("fault", "quotes_key", "an answer with the key in it") if holds_key(answer.text) else answer


def _read_classes(data: dict[str, Any]) -> Answer | Fault:
    try:
        found = sorted(data["data"], key=lambda row: row["index"])
        if [row["index"] for row in found] != list(range(len(found))):
            raise ValueError("one input twice")
        logits = [[float(value) for value in row["probs"]] for row in found]
    except (KeyError, TypeError, ValueError):
        return Fault("fault", "no_classes", "a response without classes in it")
    return Answer(json.dumps(logits), "stop", _tokens(data.get("usage") or {}, "prompt_tokens"))


def _read_prompt_logprobs(data: dict[str, Any]) -> Answer | Fault:
    try:
        choice = data["choices"][0]
        rows = choice.get("prompt_logprobs")
        if not rows:
            return Fault(
                "fatal",
                "no_prompt_logprobs",
                "returns no log-probabilities of the prompt, as llama.cpp's server does; vLLM does return them, and "
                "without base_url the model runs here",
            )
        found = [row and {str(token): round(float(of["logprob"]), 6) for token, of in row.items()} for row in rows]
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        return Fault("fault", "no_choice", "a response without log-probabilities of the prompt in it")
    return Answer(json.dumps(found), "stop", **read_usage(data.get("usage")))


def _read_error(status: int, headers: Mapping[str, str], data: Any, body: bytes) -> Answer | Fault:
    words, name = f"{status}: {_message(data, body)}", str(status)
    message = words if len(words) <= SHOWN else f"{words[:SHOWN]}…"
    if status == 429 and _without_credit(data):
        return Fault("fatal", NO_QUOTA, f"the account has no credit left ({message})", ordered_wait(headers))
    if status in _BUSY:
        return Fault("busy", name, message, ordered_wait({**_headers_within(data), **headers}))
    if status >= 500 or status in _FAULT:
        return Fault("fault", name, message, ordered_wait(headers) if "retry-after" in headers else None)
    if status == 401:
        return Fault("fatal", name, f"the key is rejected ({message})")
    if status == 402:
        return Fault("fatal", name, f"the account has no credit left ({message})")
    if 300 <= status < 400:
        target = excerpt(headers.get("location", "elsewhere").split("?")[0])
        return Fault("fatal", name, f"redirects to {target} ({status}); give that address as base_url")
    if status in (400, 413, 422) and (status == 413 or _TOO_LONG.search(words) or _over_tgi_s_budget(words)):
        return Answer("", "length", refusal=message)
    if status == 403 and _MODERATED.search(words):
        return Answer("", "content_filter", refusal=message)
    if status == 404 or (status == 400 and _NO_MODEL.search(words)):
        return Fault("denied", name, f"the model or the address is unknown there ({message})")
    if status == 403:
        return Fault("denied", name, f"the key may not do this ({message})")
    return Fault("rejected", name, message)


def _without_credit(data: Any) -> bool:
    """Whether a 429 is no limit a minute but the end of the money, as OpenAI says it: by its code or type, since
    Gemini has the same words ("You exceeded your current quota") for its limits a minute."""
    error = data.get("error") if isinstance(data, dict) else None
    return isinstance(error, dict) and "insufficient_quota" in (error.get("code"), error.get("type"))


def _headers_within(data: Any) -> dict[str, str]:
    """Headers in an error's metadata, with lower-case names: there OpenRouter tells when a limit ends."""
    found = data
    for name in ("error", "metadata", "headers"):
        found = found.get(name) if isinstance(found, dict) else None
    return {str(name).lower(): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def _over_tgi_s_budget(message: str) -> bool:
    """Whether TGI finds a text too long. A `max_new_tokens` that leaves no room for any text is no text's fault."""
    found = _TGI_BUDGET.search(message)
    return found is not None and int(found[2]) < int(found[1])


def _message(data: Any, body: bytes) -> str:
    """The server's own words, from the places where servers put them; one line, without a key, and not cut yet."""
    for name in ("error", "message", "detail"):
        if isinstance(data, dict) and data.get(name):
            found = data[name]
            if isinstance(found, dict):
                words = [found[key] for key in ("message", "code") if isinstance(found.get(key), str)]
                found = " ".join(words) or found
            return _words(str(found).encode("utf-8", "replace"))
    return _words(body)


def _words(body: bytes) -> str:
    return " ".join(scrub(body[:MOST_BYTES].decode("utf-8", "replace")).split()) or "no message"


def _tokens(usage: Any, *names: str) -> int:
    for name in names:
        usage = usage.get(name) if isinstance(usage, dict) else None
    return usage if isinstance(usage, int) and usage >= 0 else 0


def well_formed(text: str) -> str:
    """`text` without lone surrogates, which JSON can carry and neither UTF-8 nor Parquet can."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
