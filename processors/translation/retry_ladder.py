"""From a conversation to its translation: parts, chunks, requests, checks, the retry ladder, and back.

The ladder is the same for every backend. A chunk's answer must hold the same protected spans as
its source and pass the cheap checks; otherwise it is asked again at another temperature, then in halves, then the
prose between the protected spans alone. A chunk for which all of that fails fails its conversation: the source text is
never passed off as a translation, and a conversation is never half translated.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, Protocol

from processors.answers.question_claims import SHARED
from processors.checks.run import check_chunk
from processors.checks.verdict import Verdict
from processors.conversations.chunking import Chunk
from processors.conversations.parts import Part, join_parts, split_parts
from processors.languages.language import Language
from processors.memory.memory import Memory
from processors.protected.compare import Span, protected_spans

# Index of `chat_template_kwargs.custom_instructions` among the messages.
CUSTOM_INSTRUCTIONS = -1
SAME_CHUNK_ATTEMPTS = 2
SMALLEST_SPLIT = 16


class Reply(NamedTuple):
    """What a backend answered to one request: `finish_reason` other than `stop` is a failed attempt."""

    text: str
    finish_reason: str = "stop"


class Backend(Protocol):
    """Where translations come from. `concurrent` says whether a conversation's requests may be sent at once."""

    concurrent: bool

    async def ask(self, text: str, spans: Sequence[Span], attempt: int) -> Reply:
        """Translate `text`; `attempt` counts the tries for the same text, from 0."""
        ...


class ChunkPlace(NamedTuple):
    """Where a chunk belongs, and where its translation lies: enough to rebuild a conversation in any order.

    Offsets are code points in the message's content, of the source and of the translation.
    """

    role: str
    message: int
    part_type: str
    part: int
    chunk: int
    chunks: int
    origin: str
    source_start: int
    source_end: int
    target_start: int
    target_end: int


@dataclass(slots=True)
class Candidate:
    """One translator's whole conversation, or why there is none (`failure`, with the place)."""

    messages: list[dict[str, str]] | None
    custom_instructions: str = ""
    failure: str = ""
    chunks: list[ChunkPlace] = field(default_factory=list)
    counters: Counter[str] = field(default_factory=Counter)


class ChunkFailed(Exception):
    """A chunk for which the whole ladder failed."""


class Translator:
    """A backend with its memory, chunking and language; without a backend only the memory is asked.

    `chunker` cuts a part's text within the budget, and `halve` cuts a chunk smaller; both are lossless. `check` is
    what an answer must pass (None), the memory's too; a caller that counts requests without sending them replaces it.
    """

    def __init__(
        self,
        backend: Backend | None,
        chunker: Callable[[str], list[Chunk]],
        halve: Callable[[Chunk], list[Chunk]],
        *,
        memory: Memory | None = None,
        language: Language,
    ) -> None:
        if backend is None and memory is None:
            raise ValueError("a translator needs a backend, a memory, or both")
        self.backend = backend
        self.concurrent = backend is not None and backend.concurrent
        self.chunker = chunker
        self.halve = halve
        self.memory = memory
        self.retries = 0
        self.check: Callable[[str, str], Verdict | None] = partial(
            check_chunk, script=language.script, language=language.code
        )

    async def translate(self, messages: Sequence[dict[str, str]], custom_instructions: str = "") -> Candidate:
        """Translate a conversation; never raises for a failed chunk but says so in `failure`."""
        candidate = Candidate([])
        texts = [
            (index, message["role"], message["content"], message["role"] != "tool")
            for index, message in enumerate(messages)
        ]
        if custom_instructions:
            texts.append((CUSTOM_INSTRUCTIONS, "system", custom_instructions, True))
        jobs = [self._message(candidate, *text) for text in texts]
        results = await _gather(jobs, self.concurrent)
        if candidate.failure:
            candidate.messages, candidate.chunks = None, []
            return candidate
        if custom_instructions:
            candidate.custom_instructions = results.pop()
        candidate.messages = [
            {"role": message["role"], "content": content} for message, content in zip(messages, results, strict=True)
        ]
        candidate.chunks.sort(key=lambda place: (place.message, place.part, place.chunk))
        return candidate

    async def _message(self, candidate: Candidate, index: int, role: str, content: str, prose: bool) -> str:
        if not prose:
            return content
        # System prompts stand in many rows, which several processes translate at the same moment.
        SHARED.set(role == "system")
        parts = split_parts(content)
        jobs = [self._part(candidate, part) for part in parts]
        try:
            translated = await _gather(jobs, self.concurrent)
        except ChunkFailed as failure:
            name = "custom_instructions" if index == CUSTOM_INSTRUCTIONS else f"messages[{index}]"
            # The first in the conversation's order, whatever the order of arrival: a rebuild gives the same bytes.
            candidate.failure = min(candidate.failure or f"{name}: {failure}", f"{name}: {failure}")
            return ""
        source_at = target_at = 0
        done: list[Part] = []
        for number, (part, pieces) in enumerate(zip(parts, translated, strict=True)):
            source_at += len(part.opening)
            target_at += len(part.opening)
            for position, (source, target, origin) in enumerate(pieces):
                candidate.chunks.append(
                    ChunkPlace(
                        role, index, part.type, number, position, len(pieces), origin,
                        source_at, source_at + len(source), target_at, target_at + len(target),
                    )
                )  # fmt: skip
                source_at += len(source)
                target_at += len(target)
            source_at += len(part.closing)
            target_at += len(part.closing)
            done.append(Part(part.type, "".join(p[1] for p in pieces), part.opening, part.closing))
        return join_parts(done)

    async def _part(self, candidate: Candidate, part: Part) -> list[tuple[str, str, str]]:
        """The part's pieces as (source, target, origin), in order."""
        if not part.text:
            return []
        if not part.translatable:
            return [(part.text, part.text, "verbatim")]
        spans = protected_spans(part.text)
        if not translatable(part.text, spans):
            return [(part.text, part.text, "verbatim")]
        if (target := self._remembered(candidate, part.text, spans)) is not None:
            return [(part.text, target, "memory")]
        jobs = [self._chunk(candidate, chunk) for chunk in self.chunker(part.text)]
        return await _gather(jobs, self.concurrent)

    async def _chunk(self, candidate: Candidate, chunk: Chunk) -> tuple[str, str, str]:
        candidate.counters["chunks"] += 1
        if not translatable(chunk.text, chunk.spans):
            return chunk.text, chunk.text, "verbatim"
        if (target := self._remembered(candidate, chunk.text, chunk.spans)) is not None:
            return chunk.text, target, "memory"
        if self.backend is None:
            raise ChunkFailed(f"not_in_memory: {self._missing(chunk)}")
        candidate.counters["chunks_asked"] += 1
        for retry in range(self.retries):
            try:
                return chunk.text, await self._piece(candidate, chunk, retry), "engine"
            except ChunkFailed as failure:
                if str(failure).startswith("request_failed"):
                    # No answer is not a bad answer.
                    raise
        return chunk.text, await self._piece(candidate, chunk, self.retries), "engine"

    async def _piece(self, candidate: Candidate, chunk: Chunk, retry: int) -> str:
        """A chunk's translation, with the rest of a span that was cut for its length set aside first.

        By itself the end of a fenced block reads as the beginning of another, and code and prose change places.
        """
        start, end = _without_fragments(chunk)
        spans = tuple(
            Span(s.start - start, s.end - start, s.kind) for s in chunk.spans if s.start >= start and s.end <= end
        )
        core = chunk.text[start:end]
        if not translatable(core, spans):
            return chunk.text
        share = chunk.tokens * len(core) // max(1, len(chunk.text))
        inner = Chunk(core, chunk.start + start, chunk.start + end, share, spans)
        return chunk.text[:start] + await self._ladder(candidate, inner, retry) + chunk.text[end:]

    def _remembered(self, candidate: Candidate, text: str, spans: Sequence[Span]) -> str | None:
        """The memory's translation, checked like any other; a faulty one is a miss, or fails a memory-only build."""
        if self.memory is None:
            return None
        answer = self.memory.translate(text, spans)
        if answer.text is None:
            return None
        verdict = self.check(text, answer.text)
        if verdict is None:
            candidate.counters["memory_hits"] += answer.hits
            return answer.text
        candidate.counters["memory_rejected"] += 1
        if self.backend is None:
            raise ChunkFailed(f"{verdict.check}: {verdict.detail} in {_shorten(text)!r}")
        return None

    def _missing(self, chunk: Chunk) -> str:
        assert self.memory is not None
        misses = self.memory.translate(chunk.text, chunk.spans).misses
        return f"{len(misses)} segments, the first {_shorten(misses[0])!r}"

    async def _ladder(self, candidate: Candidate, chunk: Chunk, retry: int) -> str:
        reasons = []
        for first in range(0, (retry + 1) * SAME_CHUNK_ATTEMPTS, SAME_CHUNK_ATTEMPTS):
            for attempt in range(first, first + SAME_CHUNK_ATTEMPTS):
                target, reason = await self._try(candidate, chunk.text, chunk.spans, attempt)
                if target is not None:
                    return target
                reasons.append(reason)
                if reason.startswith("finish_reason: length"):
                    break
        if chunk.tokens >= SMALLEST_SPLIT and len(halves := self.halve(chunk)) > 1:
            candidate.counters["retries_smaller"] += 1
            try:
                return "".join([await self._piece(candidate, half, retry) for half in halves])
            except ChunkFailed as failure:
                reasons.append(str(failure))
        if chunk.spans:
            candidate.counters["retries_span_by_span"] += 1
            target = await self._span_by_span(candidate, chunk, retry)
            if target is not None:
                return target
        candidate.counters["chunks_failed"] += retry == self.retries
        raise ChunkFailed(f"{reasons[0]} in {_shorten(chunk.text)!r}")

    async def _span_by_span(self, candidate: Candidate, chunk: Chunk, retry: int) -> str | None:
        pieces, position = [], 0
        for span in (*chunk.spans, Span(len(chunk.text), len(chunk.text), "end")):
            prose = chunk.text[position : span.start]
            if translatable(prose, ()):
                for attempt in range(0, (retry + 1) * SAME_CHUNK_ATTEMPTS, SAME_CHUNK_ATTEMPTS):
                    target, _ = await self._try(candidate, prose, (), attempt)
                    if target is not None:
                        break
                else:
                    return None
                prose = target
            pieces += [prose, chunk.text[span.start : span.end]]
            position = span.end
        target = "".join(pieces)
        return target if self.check(chunk.text, target) is None else None

    async def _try(
        self, candidate: Candidate, text: str, spans: Sequence[Span], attempt: int
    ) -> tuple[str | None, str]:
        """Ask once: the checked translation, or None and the reason."""
        core = text.strip()
        # Models drop the white space around a text; the source's is put back.
        lead = text[: len(text) - len(text.lstrip())]
        trail = text[len(lead) + len(core) :]
        inner = [Span(s.start - len(lead), s.end - len(lead), s.kind) for s in spans]
        inner = [
            Span(max(0, s.start), min(len(core), s.end), s.kind) for s in inner if s.start < len(core) and s.end > 0
        ]
        candidate.counters["requests"] += 1
        if attempt:
            candidate.counters["retries_same"] += 1
        assert self.backend is not None
        reply = await self.backend.ask(core, inner, attempt)
        if reply.finish_reason != "stop":
            return None, f"finish_reason: {reply.finish_reason}"
        verdict = self.check(core, reply.text)
        if verdict is not None:
            candidate.counters[f"rejected_{verdict.check}"] += 1
            return None, f"{verdict.check}: {verdict.detail}"
        return lead + reply.text.strip() + trail, ""


def translatable(text: str, spans: Sequence[Span]) -> bool:
    """Whether a letter stands outside the protected spans."""
    position = 0
    for span in spans:
        if any(map(str.isalpha, text[position : span.start])):
            return True
        position = span.end
    return any(map(str.isalpha, text[position:]))


def _without_fragments(chunk: Chunk) -> tuple[int, int]:
    """Where the chunk begins and ends without spans at its edges that cannot be recognised in it any more."""
    start, end = 0, len(chunk.text)
    if not chunk.spans or not (chunk.spans[0].start == 0 or chunk.spans[-1].end == end):
        return start, end
    recognised = {(span.start, span.end) for span in protected_spans(chunk.text)}
    first, last = chunk.spans[0], chunk.spans[-1]
    if first.start == 0 and (first.start, first.end) not in recognised:
        start = first.end
    if last.end == end and last.start >= start and (last.start, last.end) not in recognised:
        end = last.start
    return start, end


async def _gather(jobs: Sequence[Coroutine[Any, Any, Any]], concurrent: bool) -> list[Any]:
    if concurrent:
        results = await asyncio.gather(*jobs, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return list(results)
    done = []
    for position, job in enumerate(jobs):
        try:
            done.append(await job)
        except BaseException:
            for rest in jobs[position + 1 :]:
                rest.close()
            raise
    return done


def run_now(awaitable: Awaitable[Any]) -> Any:
    """Run a coroutine that never waits for anything, without an event loop (the memory and pseudo backends)."""
    try:
        awaitable.__await__().__next__()
    except StopIteration as stop:
        return stop.value
    raise RuntimeError("the coroutine waits for something; it needs an event loop")


def _shorten(text: str, width: int = 60) -> str:
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"
