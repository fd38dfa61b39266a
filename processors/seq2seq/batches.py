"""Sentences of many texts in batches by length, one batch after the other in a thread of its own.

A batch holds sentences of one step of lengths, which are padded to that step's end and not to the longest: what a
sentence is translated with then depends on the others by their number alone, and by no length of theirs.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

# Lengths are rounded up to a multiple of this.
STEP = 8
# So many sentences are looked at to make batches of like lengths.
WINDOW = 1024

TokenIds = tuple[int, ...]


class Translated(NamedTuple):
    """One sentence's translation; `whole` is false where it was cut off, `tokens` are those that were generated."""

    text: str
    whole: bool
    tokens: int


class Batch(NamedTuple):
    """What goes through the model at once: `width` tokens each, padding included; `attempt` from 0."""

    sentences: list[TokenIds]
    width: int
    attempt: int


Generate = Callable[[Batch], Sequence[Translated]]


def width_of(length: int) -> int:
    """A sentence's length with its padding.

    >>> width_of(1), width_of(8), width_of(9)
    (8, 8, 16)
    """
    return -(-length // STEP) * STEP


def batches(sentences: Sequence[tuple[TokenIds, int]], batch_tokens: int) -> Iterator[Batch]:
    """The sentences, each with its attempt, in batches of at most `batch_tokens`, the longest first.

    What does not fit the memory shows at once, and not after hours.
    """
    ordered = sorted(sentences, key=lambda one: (-width_of(len(one[0])), one[1], one[0]))
    start = 0
    while start < len(ordered):
        (ids, attempt), end = ordered[start], start
        width = width_of(len(ids))
        most = max(1, batch_tokens // width)
        while end < len(ordered) and end - start < most:
            if (width_of(len(ordered[end][0])), ordered[end][1]) != (width, attempt):
                break
            end += 1
        yield Batch([one for one, _ in ordered[start:end]], width, attempt)
        start = end


class Batcher:
    """Takes sentences from many coroutines and hands them to `generate`; the same one twice is translated once."""

    def __init__(self, generate: Generate, batch_tokens: int, thread: ThreadPoolExecutor) -> None:
        self._generate = generate
        self._batch_tokens = batch_tokens
        self._thread = thread
        self._waiting: dict[tuple[TokenIds, int], asyncio.Future[Translated]] = {}
        self._worker: asyncio.Task[None] | None = None

    async def translate(self, ids: TokenIds, attempt: int) -> Translated:
        """One sentence's translation. Raises what `generate` raises."""
        key = (ids, attempt)
        future = self._waiting.get(key)
        if future is None:
            future = self._waiting[key] = asyncio.get_running_loop().create_future()
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await asyncio.shield(future)

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        # Whoever is about to ask asks first: a batch of what is there now would hold one sentence.
        await asyncio.sleep(0)
        while self._waiting:
            taken = dict(list(self._waiting.items())[:WINDOW])
            for batch in batches(list(taken), self._batch_tokens):
                keys = [(ids, batch.attempt) for ids in batch.sentences]
                try:
                    done = await loop.run_in_executor(self._thread, self._generate, batch)
                except Exception as error:
                    # Whoever waits is told, whatever it is; nothing that waits could be translated either.
                    for future in self._waiting.values():
                        if not future.done():
                            future.set_exception(error)
                            future.exception()
                    self._waiting.clear()
                    return
                for key, translated in zip(keys, done, strict=True):
                    future = self._waiting.pop(key)
                    if not future.done():
                        future.set_result(translated)
