"""Sentences in batches: by length, bounded, each once; and what becomes of an error."""

import asyncio
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from processors.errors import InputError
from processors.seq2seq.batches import Batch, Batcher, TokenIds, Translated, batches, width_of


def test_batches_are_of_one_width_and_attempt_bounded_and_hold_each_sentence_once() -> None:
    chance = random.Random(0)
    asked = [(tuple(range(chance.randint(1, 60))), chance.randint(0, 1)) for _ in range(500)]
    asked = list(dict.fromkeys(asked))
    made = list(batches(asked, 128))
    assert sorted((ids, one.attempt) for one in made for ids in one.sentences) == sorted(asked)
    for one in made:
        assert {width_of(len(ids)) for ids in one.sentences} == {one.width}
        assert len(one.sentences) == 1 or len(one.sentences) * one.width <= 128
    assert [one.width for one in made] == sorted((one.width for one in made), reverse=True)


def test_the_order_of_the_asking_does_not_change_the_batches() -> None:
    asked = [(tuple(range(n % 30 + 1)), 0) for n in range(30)]
    assert list(batches(asked, 64)) == list(batches(asked[::-1], 64))


class Model:
    """Turns the tokens round, and keeps what it was given."""

    def __init__(self, fails: TokenIds | None = None) -> None:
        self.seen: list[Batch] = []
        self.fails = fails

    def __call__(self, batch: Batch) -> Sequence[Translated]:
        self.seen.append(batch)
        if self.fails in batch.sentences:
            raise InputError("out of memory")
        return [Translated(" ".join(map(str, ids[::-1])), True, len(ids)) for ids in batch.sentences]


def test_whoever_asks_at_once_shares_a_batch_and_the_same_sentence_is_translated_once() -> None:
    model = Model()

    async def ask() -> list[Translated]:
        with ThreadPoolExecutor(1) as thread:
            batcher = Batcher(model, 64, thread)
            first = await asyncio.gather(*(batcher.translate((n % 5, 1), 0) for n in range(20)))
            await batcher.translate((0, 1), 1)
            return first

    found = asyncio.run(ask())
    assert [one.text for one in found[:2]] == ["1 0", "1 1"] and found[:5] == found[5:10]
    assert [(len(one.sentences), one.attempt) for one in model.seen] == [(5, 0), (1, 1)]


def test_an_error_reaches_everybody_who_waits() -> None:
    async def ask() -> list[BaseException | Translated]:
        with ThreadPoolExecutor(1) as thread:
            batcher = Batcher(Model(fails=(7,)), 8, thread)
            return await asyncio.gather(*(batcher.translate((n,), 0) for n in range(9)), return_exceptions=True)

    found = asyncio.run(ask())
    assert {type(one) for one in found[7:]} == {InputError}


def test_a_batch_of_more_than_the_bound_is_one_sentence() -> None:
    assert [len(one.sentences) for one in batches([(tuple(range(100)), 0), (tuple(range(99)), 0)], 16)] == [1, 1]


def test_a_caller_who_is_gone_leaves_the_others_their_translation() -> None:
    async def ask() -> str:
        with ThreadPoolExecutor(1) as thread:
            batcher = Batcher(Model(), 64, thread)
            gone = asyncio.create_task(batcher.translate((1, 2), 0))
            there = asyncio.create_task(batcher.translate((1, 2), 0))
            await asyncio.sleep(0)
            gone.cancel()
            with pytest.raises(asyncio.CancelledError):
                await gone
            return (await there).text

    assert asyncio.run(ask()) == "2 1"
