"""How one row's way is printed: what was asked and answered, step by step."""

import json
from collections.abc import Iterator
from typing import Any

# Characters; the rules of a chat model's prompt are some 1,500.
LONG = 300


def lines(told: dict[str, Any]) -> Iterator[str]:
    """All that `run_try` knows, as lines."""
    yield f"{told['row']} of {told['recipe']}"
    for one in told["translators"]:
        yield f"\n{one['translator']}"
        seen: set[str] = set()
        for part in one["parts"]:
            yield f"  {part['message']}, part {part['part']}, {part['type']}: {part['origin'] or 'failed'}"
            if not part["chunks"]:
                yield from _block(part["translation"], "    ")
            for chunk in part["chunks"]:
                yield from _chunk(chunk, len(part["chunks"]), seen)
        yield f"  failed: {one['failure']}" if one["failure"] else "  came out whole"
        for check in one["checks"]:
            number = check["message"]
            place = told["places"][number] if "places" in told and number is not None else f"messages[{number}]"
            where = "" if number is None else f" ({place})"
            yield f"  {'veto' if check['hard'] else 'note'} {check['check']}{where}: {check['detail']}"
        scores = ", ".join(f"{name} {value:.4g}" for name, value in one["scores"].items() if value is not None)
        if scores:
            yield f"  scores: {scores}"
    yield ""
    for choice in told["choices"]:
        yield f"{choice['config']} takes {choice['translator'] or 'nothing'}: {choice['reason']}"


def _chunk(chunk: dict[str, Any], chunks: int, seen: set[str]) -> Iterator[str]:
    yield f"    chunk {chunk['chunk'] + 1} of {chunks}, {len(chunk['text'])} characters"
    yield from _block(chunk["text"], "      ")
    if chunk["protected"]:
        yield f"      protected: {', '.join(repr(span['text']) for span in chunk['protected'])}"
    for number, asked in enumerate(chunk["requests"], 1):
        again = f", told: {asked['told']}" if asked["told"] else ""
        yield f"      request {number}, try {asked['attempt'] + 1} of {len(asked['text'])} characters{again}"
        if request := asked["request"]:
            headers = ", ".join(f"{name}: {value}" for name, value in request["headers"].items())
            yield f"        {request['url']}{f' ({headers})' if headers else ''}"
            yield f"        {json.dumps(_once(request['body'], seen), ensure_ascii=False)}"
        for fault in asked["faults"]:
            yield f"        no answer: {fault}"
        if asked["answer"] is not None:
            stored = ", stored before" if asked["stored"] else ""
            into, out = asked["tokens"]
            yield f"        answer ({asked['finish_reason']}, {into} tokens in, {out} out{stored}):"
            yield from _block(asked["answer"], "          ")
        if asked["unwrapped"]:
            yield f"        taken off: {', '.join(asked['unwrapped'])}"
        yield f"        refused: {asked['refused']}" if asked["refused"] else "        good"
    if chunk["failure"]:
        yield f"      failed: {chunk['failure']}"
    elif chunk["translation"] is not None:
        yield f"      translation ({chunk['origin']}):"
        yield from _block(chunk["translation"], "        ")


def _once(value: Any, seen: set[str]) -> Any:
    """A request's body, in which a long text that was shown before, such as the prompt's rules, is cut short."""
    if isinstance(value, dict):
        return {name: _once(one, seen) for name, one in value.items()}
    if isinstance(value, list):
        return [_once(one, seen) for one in value]
    if not isinstance(value, str) or len(value) <= LONG:
        return value
    if value in seen:
        return f"{value[:40]}... (as before)"
    seen.add(value)
    return value


def _block(text: str | None, indent: str) -> Iterator[str]:
    for line in (text or "").splitlines():
        yield f"{indent}| {line}"
