"""From a conversation to its translation: parts, chunks, requests, checks, the retry ladder, and back.

The ladder is the same for every backend. A chunk's answer must hold the same protected spans as its source and pass
the cheap checks; otherwise more is tried (`processors.translation.chunk_ladder`). A chunk for which all of that fails
fails its conversation: the source text is never passed off as a translation, and a conversation is never half
translated, so no more is asked for it. Unless it is kept as a donor (`Translator.donates`): then its other chunks are
asked for all the same, for what is good in it may stand where another translator failed, and the other way round.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from processors.answers.question_claims import SHARED
from processors.checks.once import ConversationChecks, rules_digest
from processors.conversations.chunking import Chunk
from processors.conversations.field_texts import is_asked
from processors.conversations.grounding import grounded, grounded_values, values_of
from processors.conversations.parts import Part, join_parts, split_parts
from processors.conversations.sides import Sides
from processors.languages.language import Language, knowledge
from processors.memory.memory import Memory
from processors.onlooker import ONLOOKER
from processors.prompting import NO_HINTS, Hints
from processors.protected.compare import Span, protected_spans
from processors.terms import Glossary, check_terms
from processors.translation.candidate import CUSTOM_INSTRUCTIONS, TRANSLATED, Candidate, ChunkPlace, DonorChunk
from processors.translation.chunk_ladder import (
    RETRY_BUDGET,
    AnswerWatch,
    Backend,
    ChunkFailed,
    ChunkLadder,
    Purse,
    Reply,
    shorten,
    translatable,
)
from processors.translation.context import INSTRUCTIONS, ContextWanted, SaidBefore, name_of, place_of
from processors.translation.coroutines import aside, gather
from processors.translation.offers import Offers
from processors.translation.unwrapping import unwrap

__all__ = ["Backend", "Candidate", "ChunkFailed", "Reply", "Translator", "translatable"]

# Why a pair fails whose sides came out as the same text.
ALIKE = "identical_sides"
# What is said of a chunk that is not asked for any more, for one before it has failed.
LEFT = "left"

# A chunk's place in the order of reasons: the message's name, the part, the chunk (-1: the part as a whole).
Key = tuple[str, int, int]


class _Made(NamedTuple):
    """A piece of a part and what became of it: `target` is None for a chunk that failed, `origin` then the failure."""

    source: str
    target: str | None
    origin: str


@dataclass(slots=True)
class _Row:
    """A conversation while it is translated: what each chunk counts, and which failed.

    The failure that is told is the first in the order of keys, and so are the counters of a failed row, whatever the
    order of arrival: what stands before it goes on, what stands after it is left.
    """

    concurrent: bool
    checks: ConversationChecks
    donates: bool = False
    before: SaidBefore | None = None
    counters: defaultdict[Key, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    chunks: int = 0
    failures: dict[str, str] = field(default_factory=dict)
    tasks: "dict[Key, asyncio.Task[Any] | None]" = field(default_factory=dict)
    left: set[Key] = field(default_factory=set)
    # What calls say that a message says, by the message's index: it stays as it is.
    values: defaultdict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    failed: Key | None = None

    def behind(self, key: Key) -> bool:
        """Whether a chunk before this one has failed, so that nobody wants it any more."""
        if self.failed is None:
            return False
        return self.before is not None or (self.concurrent and key > self.failed)

    def fail(self, key: Key) -> None:
        if not (self.concurrent or self.before) or self.donates or self.behind(key):
            return
        self.failed = key
        for other, task in self.tasks.items():
            if other > key and task and other not in self.left:
                self.left.add(other)
                task.cancel()

    def came_out(self, key: Key, source: str, target: str, origin: str) -> _Made:
        if self.before:
            self.before.add(key[0], source, target)
        return _Made(source, target, origin)

    def counted(self) -> Counter[str]:
        total = Counter({"chunks": self.chunks} if self.chunks else {})
        for key in sorted(self.counters):
            # One after the other, what was counted was asked before.
            if self.before or not self.behind(key):
                total += self.counters[key]
        return total


class Translator:
    """A backend with its memory, chunking and language; without a backend only the memory is asked.

    `chunker` cuts a part's text within the budget, and `halve` cuts a chunk smaller; both are lossless. `checks`
    makes the checks of a conversation of its messages: what each answer must pass, the memory's too, and what is told
    of the whole candidate; a caller that counts requests without sending them replaces it. `glossary`: the terms that
    the check `terms` asks for, whoever was told them. `context`: each chunk is told of those before it, which are
    then waited for, so that nothing of a conversation is asked at once (`concurrent` is to be off). `donates`: a
    conversation that fails is translated to its end, for its good chunks (`Candidate.donor`). `offers`: what others
    made of the conversation, which is told chunk by chunk.
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
        self.context: ContextWanted | None = None
        self.chunker = chunker
        self.halve = halve
        self.memory = memory
        self.retries = 0
        self.donates = self.feedback = False
        self.retry_budget = RETRY_BUDGET
        self.watch: AnswerWatch | None = None
        self.known = knowledge(language.code, language.script)
        self.glossary: Glossary | None = None
        self.offers: Offers | None = None
        self.unwrap = partial(unwrap, known=self.known)
        self.checks: Callable[[Any], ConversationChecks] = partial(ConversationChecks, language.script, language.code)

    async def translate(
        self, messages: Sequence[dict[str, str]], custom_instructions: str = "", sides: Sides | None = None
    ) -> Candidate:
        """Translate a conversation, or a pair (`sides`); never raises for a failed chunk but says so in `failure`."""
        before = SaidBefore(self.context, messages, custom_instructions, sides) if self.context else None
        candidate, row = Candidate([]), _Row(self.concurrent, self.checks(messages), self.donates, before)
        texts = [
            (index, message["role"], message["content"], is_asked(message["role"], message["content"]))
            for index, message in enumerate(messages)
        ]
        if custom_instructions:
            texts.append((CUSTOM_INSTRUCTIONS, "system", custom_instructions, True))
        for found in grounded_values(messages, sides):
            if found.kept:
                row.values[found.message].append(found.value)
        jobs = [self._message(candidate, row, *text) for text in texts]
        results = await gather(jobs, self.concurrent)
        candidate.counters = row.counted()
        if row.failures:
            # The first in the conversation's order, whatever the order of arrival: a rebuild gives the same bytes.
            name, failure = min(row.failures.items(), key=lambda found: f"{found[0]}: {found[1]}")
            candidate.failure = f"{place_of(name, messages)}: {failure}"
            candidate.messages, candidate.chunks = None, []
            candidate.donor.sort(key=lambda chunk: chunk[:3])
            if not any(chunk.origin in TRANSLATED for chunk in candidate.donor):
                candidate.donor = []
            return candidate
        candidate.donor = []
        if custom_instructions:
            candidate.custom_instructions = results.pop()
        candidate.messages = [
            {"role": message["role"], "content": content} for message, content in zip(messages, results, strict=True)
        ]
        if sides and sides.alike(candidate.messages):
            return _collapsed(candidate)
        characters = sum(len(text) for _, _, text, asked in texts if asked)
        candidate.verdicts = await aside(
            row.checks.whole, list(messages), candidate.messages, sides, characters=characters
        )
        if self.glossary:
            candidate.verdicts += check_terms(messages, candidate.messages, self.glossary, self.known)
        candidate.checked_by = rules_digest(row.checks.script, row.checks.language)
        candidate.chunks.sort(key=lambda place: (place.message, place.part, place.chunk))
        return candidate

    async def _message(self, candidate: Candidate, row: _Row, index: int, role: str, content: str, prose: bool) -> str:
        if not prose:
            return content
        # System prompts stand in many rows, which several processes translate at the same moment.
        SHARED.set(role == "system")
        parts = split_parts(content)
        name = INSTRUCTIONS if index == CUSTOM_INSTRUCTIONS else name_of(index)
        values = row.values.get(index, [])
        jobs, at = [], 0
        for number, part in enumerate(parts):
            jobs.append(self._part(row, (name, number, -1), part, values, at + len(part.opening)))
            at += len(part.opening) + len(part.text) + len(part.closing)
        try:
            translated = await gather(jobs, self.concurrent)
        except ChunkFailed as failure:
            if not (row.before and str(failure) == LEFT):
                row.failures[name] = str(failure)
            return ""
        if row.donates:
            candidate.donor += _donated(index, parts, translated)
        if any(piece.target is None for pieces in translated for piece in pieces):
            row.failures[name] = next(p.origin for pieces in translated for p in pieces if p.target is None)
            return ""
        source_at = target_at = 0
        done: list[Part] = []
        for number, (part, pieces) in enumerate(zip(parts, translated, strict=True)):
            source_at += len(part.opening)
            target_at += len(part.opening)
            for position, (source, target, origin) in enumerate(pieces):
                assert target is not None
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
            done.append(Part(part.type, "".join(p.target or "" for p in pieces), part.opening, part.closing))
        return join_parts(done)

    async def _part(self, row: _Row, key: Key, part: Part, values: Sequence[str], at: int) -> list[_Made]:
        """The part's pieces, in order. Its text begins at this place of the message."""
        if not part.text:
            return []
        onlooker = ONLOOKER.get()
        if onlooker is None:
            return await self._pieces(row, key, part, values, at)
        onlooker.part(key, part.type, part.text)
        pieces = await self._pieces(row, key, part, values, at)
        onlooker.pieces(key, pieces)
        return pieces

    async def _pieces(self, row: _Row, key: Key, part: Part, values: Sequence[str], at: int) -> list[_Made]:
        if not part.translatable:
            return [_Made(part.text, part.text, "verbatim")]
        spans = protected_spans(part.text)
        if not translatable(part.text, spans):
            return [_Made(part.text, part.text, "verbatim")]
        try:
            target = await self._remembered(row, key, part.text, spans)
        except ChunkFailed as failure:
            if not row.donates:
                raise
            return [_Made(part.text, None, str(failure))]
        if target is not None:
            return [row.came_out(key, part.text, target, "memory")]
        cut = self.chunker(part.text)
        if self.offers:
            cut = self.offers.cut(key[0], at, part.text, cut)
        jobs = []
        for place, chunk in enumerate(cut):
            ends = at + chunk.start, at + chunk.end
            told = self.offers.texts(key[0], *ends, chunk.text) if self.offers else ()
            jobs.append(self._chunk(row, (*key[:2], place), grounded(chunk, values), told))
        return await gather(jobs, self.concurrent)

    async def _chunk(self, row: _Row, key: Key, chunk: Chunk, offered: tuple[str, ...]) -> _Made:
        row.chunks += 1
        if row.behind(key):
            raise ChunkFailed(LEFT)
        if onlooker := ONLOOKER.get():
            onlooker.chunk(key, chunk.text, chunk.spans)
        row.tasks[key] = asyncio.current_task() if self.concurrent else None
        try:
            return await self._translated(row, key, chunk, offered)
        except ChunkFailed as failure:
            if onlooker:
                onlooker.chunk_failed(key, str(failure))
            if row.donates:
                return _Made(chunk.text, None, str(failure))
            row.fail(key)
            raise
        except asyncio.CancelledError:
            if key in row.left:
                raise ChunkFailed(LEFT) from None
            raise
        finally:
            del row.tasks[key]

    async def _translated(self, row: _Row, key: Key, chunk: Chunk, offered: tuple[str, ...]) -> _Made:
        if not translatable(chunk.text, chunk.spans):
            return _Made(chunk.text, chunk.text, "verbatim")
        if (target := await self._remembered(row, key, chunk.text, chunk.spans)) is not None:
            return row.came_out(key, chunk.text, target, "memory")
        if self.backend is None:
            raise ChunkFailed(f"not_in_memory: {self._missing(chunk)}")
        counters = row.counters[key]
        counters["chunks_asked"] += 1
        hints = (row.before.hints(key[0]) if row.before else NO_HINTS)._replace(candidates=offered)
        if self.watch is None:
            target = await self._asked(row.checks, counters, chunk, hints)
        else:
            async with self.watch.turn():
                try:
                    target = await self._asked(row.checks, counters, chunk, hints)
                except ChunkFailed as failure:
                    self.watch.ended(str(failure))
                    raise
                self.watch.ended("")
        if offered:
            counters["chunks_fused"] += 1
            counters["chunks_taken_over"] += target.strip() in offered
        return row.came_out(key, chunk.text, target, "engine")

    async def _asked(self, checks: ConversationChecks, counters: Counter[str], chunk: Chunk, hints: Hints) -> str:
        """The backend's translation, by the retry ladder, which is climbed once more for each of `retries`."""
        assert self.backend is not None
        for retry in range(self.retries + 1):
            purse = Purse(self.retry_budget, len(chunk.text))
            ladder = ChunkLadder(
                self.backend, self.halve, checks.chunk, counters, purse, retry, self.watch, self.unwrap,
                self.feedback, hints,
            )  # fmt: skip
            try:
                return await ladder.climb(chunk)
            except ChunkFailed as failure:
                if str(failure).startswith("request_failed"):
                    # No answer is not a bad answer.
                    raise
                if retry == self.retries:
                    counters["chunks_failed"] += 1
                    raise
        raise AssertionError("unreachable")

    async def _remembered(self, row: _Row, key: Key, text: str, spans: Sequence[Span]) -> str | None:
        """The memory's translation, checked like any other; a faulty one is a miss, or fails a memory-only build."""
        if self.memory is None:
            return None
        answer = self.memory.translate(text, spans)
        if answer.text is None:
            return None
        counters, values = row.counters[key], values_of(text, spans)
        verdict = await aside(row.checks.chunk, text, answer.text, values, characters=len(text))
        if verdict is None:
            counters["memory_hits"] += answer.hits
            return answer.text
        counters["memory_rejected"] += 1
        if self.backend is None:
            raise ChunkFailed(f"{verdict.check}: {verdict.detail} in {shorten(text)!r}")
        return None

    def _missing(self, chunk: Chunk) -> str:
        assert self.memory is not None
        misses = self.memory.translate(chunk.text, chunk.spans).misses
        return f"{len(misses)} segments, the first {shorten(misses[0])!r}"


def _collapsed(candidate: Candidate) -> Candidate:
    """A pair of which both sides came out alike."""
    failure = f"chosen and rejected: {ALIKE}: they are another in the source, and the same in the translation"
    return Candidate(None, failure=failure, counters=candidate.counters)


def _donated(message: int, parts: Sequence[Part], translated: Sequence[Sequence[_Made]]) -> list[DonorChunk]:
    """A message's pieces by their places in its source."""
    chunks, start = [], 0
    for part, pieces in zip(parts, translated, strict=True):
        start += len(part.opening)
        for source, target, origin in pieces:
            known = "" if target is None else origin
            chunks.append(DonorChunk(message, start, start + len(source), known, target))
            start += len(source)
        start += len(part.closing)
    return chunks
