"""Writes down what an onlooker is told, by part and chunk, as JSON has it and without keys."""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any

from processors.onlooker import Place
from processors.protected.compare import Span
from processors.scrub import scrub

_PLACE: ContextVar[Place] = ContextVar("place")


class Recorder:
    """An `Onlooker` of one conversation: `parts()` has all that it was told, in the conversation's order.

    `say` is told at once of each response that is no answer: until a server answers again, nothing else is to be seen.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._parts: dict[Place, dict[str, Any]] = {}
        self._chunks: dict[Place, dict[str, Any]] = {}

    def parts(self) -> list[dict[str, Any]]:
        """The parts, each with its `chunks`, which have their `requests`."""
        for place in sorted(self._chunks):
            told = self._parts[(*place[:2], -1)]["chunks"]
            if self._chunks[place] not in told:
                told.append(self._chunks[place])
        return [self._parts[place] for place in sorted(self._parts)]

    def part(self, place: Place, part_type: str, text: str) -> None:
        told = {"message": place[0], "part": place[1], "type": part_type, "text": text, "origin": None}
        self._parts[place] = told | {"translation": None, "chunks": []}

    def pieces(self, place: Place, pieces: Sequence[tuple[str, str | None, str]]) -> None:
        origins = {origin for _, target, origin in pieces if target is not None}
        told = self._parts[place]
        if all(target is not None for _, target, _ in pieces):
            told["translation"] = "".join(target or "" for _, target, _ in pieces)
            told["origin"] = origins.pop() if len(origins) == 1 else "mixed"
        for number, (_, target, origin) in enumerate(pieces):
            if chunk := self._chunks.get((*place[:2], number)):
                chunk["translation"], chunk["origin"] = target, origin if target is not None else None

    def chunk(self, place: Place, text: str, spans: Sequence[Span]) -> None:
        _PLACE.set(place)
        protected = [{"text": text[span.start : span.end], "kind": span.kind} for span in spans]
        told = {"chunk": place[2], "text": text, "protected": protected, "origin": None, "translation": None}
        self._chunks[place] = told | {"failure": None, "requests": []}

    def chunk_failed(self, place: Place, failure: str) -> None:
        self._chunks[place]["failure"] = scrub(failure)

    def asking(self, text: str, attempt: int, problem: str) -> None:
        told = {"text": text, "attempt": attempt, "told": problem or None, "request": None, "faults": []}
        answer = {"answer": None, "finish_reason": None, "tokens": None, "stored": False}
        self._requests().append(told | answer | {"result": None, "unwrapped": [], "refused": None})

    def requested(self, request: dict[str, Any]) -> None:
        self._requests()[-1]["request"] = _without_keys(request)

    def fault(self, name: str, reason: str) -> None:
        told = f"{name}: {scrub(reason)}"
        self._requests()[-1]["faults"].append(told)
        self._say(f"no answer yet ({told})")

    def answered(self, text: str, finish_reason: str, tokens: tuple[int, int], cached: bool) -> None:
        told = {"answer": scrub(text), "finish_reason": finish_reason, "tokens": list(tokens), "stored": cached}
        self._requests()[-1].update(told)

    def judged(self, text: str, reason: str, unwrapped: Sequence[str]) -> None:
        told = {"result": scrub(text), "unwrapped": list(unwrapped), "refused": scrub(reason) or None}
        self._requests()[-1].update(told)

    def _requests(self) -> list[dict[str, Any]]:
        return self._chunks[_PLACE.get()]["requests"]


def _without_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_keys(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_without_keys(one) for one in value]
    return scrub(value) if isinstance(value, str) else value
