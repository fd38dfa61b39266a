"""What a chunk's translation may cost, and what it is spent on when an answer is bad.

A bad answer is asked for again with another temperature and seed, then in halves, then the prose between the
protected spans alone; which of these comes next depends on what was wrong. A chunk may cost so many times its first
request (`budget`), by the characters sent, and as many requests; twice as many once a part of it has come out well,
for then the rest promises to. A model that always refuses so costs six requests a chunk and not 87.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, NamedTuple, Protocol

from processors.checks.pairs.verdict import Verdict
from processors.clients.answer import ORDINAL
from processors.conversations.chunking import Chunk
from processors.conversations.grounding import VALUE, grounded, values_of
from processors.onlooker import ONLOOKER
from processors.prompting import NO_HINTS, Hints
from processors.protected.compare import Span, protected_spans
from processors.translation.coroutines import aside
from processors.translation.mending import mend_entities
from processors.translation.unwrapping import Unwrapped, leave_wrapped

# What a chunk's requests may cost, by their texts' lengths, as a multiple of the first; the recipe's `retry_budget`.
RETRY_BUDGET = 6.0
# Tries of one text: of a whole chunk, of a part of one, and of what cannot be made smaller. Answers that lose
# protected spans or are cut off have a likely cause, which the smaller steps mend: so many tries of a chunk show
# whether it is chance.
WHOLE_TRIES, PART_TRIES, LAST_TRIES, CHANCE_TRIES = 3, 2, 5, 2
# Attempts are numbered on from here for each `--retry-failed`.
STRIDE = LAST_TRIES
# Tokens: half of a sentence is no text that a model translates better.
SMALLEST_SPLIT = 16
# Around each text, as characters: a request for half a text costs more than half.
PROMPT_CHARACTERS = 100
# Reasons that say that protected spans did not come through.
_LOST_SPANS = ("protected", "tool_grounding", "finish_reason: unknown_placeholder")


class Reply(NamedTuple):
    """What a backend answered to one request: `finish_reason` other than `stop` is a failed attempt.

    `refusal` has the server's words where it made no answer at all, because the text is too long for it. `lost` are
    the protected spans that the answer lacks, as the model saw them.
    """

    text: str
    finish_reason: str = "stop"
    refusal: str = ""
    lost: tuple[str, ...] = ()


class Backend(Protocol):
    """Where translations come from. `concurrent` says whether a conversation's requests may be sent at once."""

    concurrent: bool

    async def ask(
        self, text: str, spans: Sequence[Span], attempt: int, problem: str = "", hints: Hints = NO_HINTS
    ) -> Reply:
        """Translate `text`; `attempt` counts the tries for the same text, from 0.

        `problem` is what was wrong with the answer before, `hints` what went before the text; only who is said to take
        them is given them.
        """
        ...


class AnswerWatch(Protocol):
    """Who sees a translator's answers while it works, and may stop it by an error."""

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Wait until a chunk may be begun."""
        ...

    def refused(self, reason: str, source: str, answer: str) -> None:
        """An answer was not good: the check's name or how the answer ended, with the texts."""
        ...

    def ended(self, failure: str) -> None:
        """A chunk has come out (empty), or failed with this reason."""
        ...


class ChunkFailed(Exception):
    """A chunk for which the whole ladder failed."""


@dataclass(slots=True)
class Purse:
    """What a chunk may cost; `first` is its first request's length in characters."""

    budget: float
    first: int
    spent: float = 0.0
    requests: int = 0
    good: bool = False
    # Characters of the shortest text whose answers were cut off again and again.
    too_long: int | None = None

    def pay(self, text: str) -> bool:
        """Pay for a request, if it can be afforded."""
        cost = (len(text) + PROMPT_CHARACTERS) / (self.first + PROMPT_CHARACTERS)
        most = max(1.0, self.budget * (2 if self.good else 1))
        if self.requests and (self.requests + 1 > most or self.spent + cost > self.budget):
            return False
        self.spent += cost
        self.requests += 1
        return True


@dataclass(slots=True)
class ChunkLadder:
    """The steps for one chunk. `retry` is the how-manieth time all of it is tried: attempts go on from the last."""

    backend: Backend
    halve: Callable[[Chunk], list[Chunk]]
    check: Callable[[str, str, Sequence[str]], Verdict | None]
    counters: Counter[str]
    purse: Purse
    retry: int = 0
    watch: AnswerWatch | None = None
    unwrap: Callable[[str, str], Unwrapped] = leave_wrapped
    # Whether the second try of a text says what was wrong with the first. The others are blind: a model that was told
    # once and errs again may do better by chance than by being told the same.
    feedback: bool = False
    # What went before the chunk. It is told once, with the chunk's first request: it may itself be what led the model
    # astray, and it belongs to no part of the chunk. Others' candidates of the chunk are told with each try of all of
    # it, for without them it would be another task, and with no part of it, of which they are no translations.
    hints: Hints = NO_HINTS
    reasons: list[str] = field(default_factory=list)

    async def climb(self, chunk: Chunk) -> str:
        """The chunk's translation. Raises ChunkFailed with the first reason."""
        try:
            return await self._piece(chunk, WHOLE_TRIES)
        except _Failed:
            raise ChunkFailed(f"{self.reasons[0]} in {shorten(chunk.text)!r}") from None

    async def _piece(self, chunk: Chunk, tries: int) -> str:
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
        return chunk.text[:start] + await self._core(inner, tries) + chunk.text[end:]

    async def _core(self, chunk: Chunk, tries: int) -> str:
        # Most chunks come out at the first request, and are never cut: it is the tokenizer's work.
        halves = cache(partial(self._halves, chunk))
        target = await self._again(chunk, tries, lambda: len(halves()) > 1)
        if target is not None:
            return target
        # In a part the spans themselves are the likelier cause: what lies between them goes before smaller parts.
        first = tries < WHOLE_TRIES and self._lost_spans()
        if first and (target := await self._between_spans(chunk)) is not None:
            return target
        if len(halves()) > 1 and self._affords():
            self.counters["retries_smaller"] += 1
            if (target := await self._in_halves(chunk, halves())) is not None:
                return target
        if not first and (target := await self._between_spans(chunk)) is not None:
            return target
        raise _Failed

    def _halves(self, chunk: Chunk) -> list[Chunk]:
        halves = self.halve(chunk) if chunk.tokens >= SMALLEST_SPLIT else []
        if values := values_of(chunk.text, chunk.spans):
            halves = [grounded(half, values) for half in halves]
        return halves

    async def _again(self, chunk: Chunk, tries: int, smaller: Callable[[], bool]) -> str | None:
        """The same text, until an answer is good, no more tries are left, or something else promises more.

        `smaller` says whether the chunk can be cut.
        """
        length, limit = len(chunk.text), self.purse.too_long
        if limit and length > 0.9 * limit and smaller():
            return None
        number, problem = 0, ""
        while number == 0 or number < (tries if chunk.spans or smaller() else LAST_TRIES):
            target, reply = await self._ask(chunk.text, chunk.spans, number, problem, tries == WHOLE_TRIES)
            if target is not None or reply is None:
                return target
            problem = self._problem(reply) if number == 0 else ""
            chance = number + 1 < CHANCE_TRIES
            if (reply.refusal or (reply.finish_reason == "length" and not chance)) and smaller():
                self.purse.too_long = length
                return None
            if chunk.spans and self._lost_spans() and not (chance and tries == WHOLE_TRIES):
                return None
            number += 1
        return None

    async def _in_halves(self, chunk: Chunk, halves: Sequence[Chunk]) -> str | None:
        """Half by half, and then looked at as one: what says nothing passes for a text that is short enough."""
        try:
            target = "".join([await self._piece(half, PART_TRIES) for half in halves])
        except _Failed:
            return None
        verdict = await self._checked(chunk.text, target, values_of(chunk.text, chunk.spans))
        if verdict is None:
            return target
        self.counters["joins_refused"] += 1
        self.reasons.append(f"{verdict.check}: {verdict.detail}")
        return None

    async def _between_spans(self, chunk: Chunk) -> str | None:
        if not chunk.spans or not self._affords():
            return None
        self.counters["retries_span_by_span"] += 1
        pieces, position = [], 0
        for span in (*chunk.spans, Span(len(chunk.text), len(chunk.text), "end")):
            prose = chunk.text[position : span.start]
            if translatable(prose, ()):
                target, problem = None, ""
                for number in range(PART_TRIES):
                    target, reply = await self._ask(prose, (), number, problem)
                    if target is not None or reply is None:
                        break
                    problem = self._problem(reply)
                if target is None:
                    return None
                prose = target
            pieces += [prose, chunk.text[span.start : span.end]]
            position = span.end
        whole = "".join(pieces)
        verdict = await self._checked(chunk.text, whole, values_of(chunk.text, chunk.spans))
        return whole if verdict is None else None

    async def _checked(self, source: str, target: str, values: Sequence[str]) -> Verdict | None:
        return await aside(self.check, source, target, values, characters=len(source))

    def _problem(self, reply: Reply) -> str:
        """What to say of an answer that was refused; nothing where it was cut off: it may have been good so far."""
        if not self.feedback or reply.finish_reason not in ("stop", "unknown_placeholder"):
            return ""
        if reply.lost and self._lost_spans():
            return f"missing: {', '.join(reply.lost)}"
        return "a mark that the text does not have" if reply.finish_reason != "stop" else self.reasons[-1]

    async def _ask(
        self, text: str, spans: Sequence[Span], number: int, problem: str = "", whole: bool = False
    ) -> tuple[str | None, Reply | None]:
        """Ask once: the checked translation or None, and the reply; no reply where it cannot be afforded.

        `whole`: the text is all of the chunk.
        """
        core = text.strip()
        if not self.purse.pay(core):
            return None, None
        # Models drop the white space around a text; the source's is put back.
        lead = text[: len(text) - len(text.lstrip())]
        trail = text[len(lead) + len(core) :]
        inner = [Span(s.start - len(lead), s.end - len(lead), s.kind) for s in spans]
        inner = [
            Span(max(0, s.start), min(len(core), s.end), s.kind) for s in inner if s.start < len(core) and s.end > 0
        ]
        attempt = self.retry * STRIDE + number
        self.counters["requests"] += 1
        if attempt:
            self.counters["retries_same"] += 1
        ORDINAL.set(self.purse.requests)
        if onlooker := ONLOOKER.get():
            onlooker.asking(core, attempt, problem)
        told: dict[str, Any] = {}
        if problem:
            self.counters["retries_told"] += 1
            told["problem"] = problem
        hints = self.hints if whole else self.hints._replace(candidates=())
        self.hints = NO_HINTS._replace(candidates=self.hints.candidates)
        if hints != NO_HINTS:
            told["hints"] = hints
        reply = await self.backend.ask(core, inner, attempt, **told)
        text, wrapped = self.unwrap(core, reply.text)
        text, entities = mend_entities(core, text)
        reply = reply._replace(text=text)
        reason = await self._reason(core, inner, reply)
        if onlooker:
            onlooker.judged(reply.text, reason, wrapped)
        if not reason:
            self.purse.good = True
            self.counters.update(f"unwrapped_{kind}" for kind in wrapped)
            if entities:
                self.counters["entities_mended"] += entities
            return lead + reply.text.strip() + trail, reply
        self.reasons.append(reason)
        if self.watch:
            name = reason.removeprefix("finish_reason: ").partition(":")[0].partition(" (")[0]
            self.watch.refused(name, core, reply.text or reply.refusal)
        return None, reply

    async def _reason(self, source: str, spans: Sequence[Span], reply: Reply) -> str:
        """Why a reply is not good; empty where it is."""
        if reply.finish_reason != "stop":
            return f"finish_reason: {reply.finish_reason}" + (f" ({reply.refusal})" if reply.refusal else "")
        values = values_of(source, spans)
        verdict = await self._checked(source, reply.text, values)
        if verdict is None:
            lost = next((value for value in values if value not in reply.text), None)
            if lost is None:
                return ""
            verdict = Verdict("tool_grounding", True, f"missing: '{shorten(lost)}'")
        self.counters[f"rejected_{verdict.check}"] += 1
        return f"{verdict.check}: {verdict.detail}"

    def _lost_spans(self) -> bool:
        return self.reasons[-1].startswith(_LOST_SPANS)

    def _affords(self) -> bool:
        purse = self.purse
        return purse.spent < purse.budget and purse.requests < purse.budget * (2 if purse.good else 1)


class _Failed(Exception):
    """A piece did not come out; the reasons are the ladder's."""


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
    recognised |= {(span.start, span.end) for span in chunk.spans if span.kind == VALUE}
    if first.start == 0 and (first.start, first.end) not in recognised:
        start = first.end
    if last.end == end and last.start >= start and (last.start, last.end) not in recognised:
        end = last.start
    return start, end


def shorten(text: str, width: int = 60) -> str:
    """The beginning of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"
