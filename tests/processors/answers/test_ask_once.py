"""A question is asked once and its answer kept, whoever still waits for it."""

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from datatrove.pipeline.inference.run_inference import InferenceConfig

from processors.answers.ask_once import AskedOnce
from processors.answers.store import AnswerStore
from processors.clients.answer import Answer, request_key
from processors.clients.endpoint import EndpointConfig, HttpServer
from processors.clients.prompts import PromptConfig
from processors.clients.responses import RequestFailed
from processors.errors import EngineError
from processors.languages.language import Language
from tests.standins.standin_llm import Running, running

QUESTION = {"messages": [{"role": "user", "content": "Explain how photosynthesis works."}]}
KEY = request_key("stand-in", None, QUESTION)


@asynccontextmanager
async def asking(server: Running, folder: Path) -> AsyncIterator[tuple[AskedOnce, Counter[str]]]:
    counts: Counter[str] = Counter()

    def count(name: str, value: int) -> None:
        counts[name] += value

    endpoint = EndpointConfig(server.url, "stand-in", PromptConfig(Language()))
    config = InferenceConfig(server_type="endpoint", model_name_or_path="stand-in")
    with AnswerStore(folder) as store:
        async with HttpServer(config, endpoint, 0, count) as client:
            yield AskedOnce(client, store, count), counts


async def arrived(server: Running) -> None:
    """Wait until the server has the question."""
    while not server.stats()["in_flight"]:
        await asyncio.sleep(0.01)


def stored(folder: Path) -> Answer | None:
    with AnswerStore(folder) as store:
        return store.get(KEY)


def test_two_who_ask_at_once_share_an_answer_that_later_comes_from_the_store(tmp_path: Path) -> None:
    async def ask(server: Running) -> tuple[list[Answer], Counter[str]]:
        async with asking(server, tmp_path) as (questions, counts):
            both = await asyncio.gather(*(questions.ask(KEY, QUESTION) for _ in range(2)))
            return [*both, await questions.ask(KEY, QUESTION)], counts

    with running("--translation", "fast") as server:
        answers, counts = asyncio.run(ask(server))
        assert sum(server.stats()["asked"].values()) == 1
    assert [answer.cached for answer in answers] == [False, True, True]
    assert len({answer.text for answer in answers}) == 1 and answers[0].text
    assert (counts["answers"], counts["cached"]) == (1, 2)


def test_what_is_asked_when_the_run_stops_already_waits_for_no_turn(tmp_path: Path) -> None:
    async def ask_late(server: Running) -> None:
        async with asking(server, tmp_path) as (questions, _):
            with pytest.raises(EngineError, match="the key is rejected"):
                await questions.ask(KEY, QUESTION)
            await questions.drain()
            other = request_key("stand-in", None, QUESTION | {"seed": 1})
            questions._server.stop()
            with pytest.raises(RequestFailed, match="not asked, the run stops"):
                await asyncio.wait_for(questions.ask(other, QUESTION | {"seed": 1}), 60)

    with running("--fault", "401=1") as server:
        asyncio.run(ask_late(server))
        assert sum(server.stats()["asked"].values()) == 1


def test_what_nobody_waits_for_any_more_is_stored_and_nothing_more_is_asked(tmp_path: Path) -> None:
    async def give_up(server: Running) -> None:
        async with asking(server, tmp_path) as (questions, _):
            asked = asyncio.create_task(questions.ask(KEY, QUESTION))
            await arrived(server)
            asked.cancel()
            draining = asyncio.create_task(questions.drain())
            await asyncio.sleep(0)
            with pytest.raises(RequestFailed, match="the run stops"):
                await questions.ask(b"another", QUESTION)
            server.control(hold=False)
            await draining

    with running("--translation", "fast") as server:
        server.control(hold=True)
        asyncio.run(give_up(server))
        assert sum(server.stats()["asked"].values()) == 1
    assert stored(tmp_path)


def test_an_answer_that_never_comes_is_waited_for_no_longer_than_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("processors.answers.ask_once.DRAIN_S", 0.1)

    async def give_up(server: Running) -> None:
        async with asking(server, tmp_path) as (questions, counts):
            asked = asyncio.create_task(questions.ask(KEY, QUESTION))
            await arrived(server)
            await questions.drain()
            with pytest.raises(asyncio.CancelledError):
                await asked
            assert counts["answers"] == 0

    with running("--translation", "fast") as server:
        server.control(hold=True)
        asyncio.run(give_up(server))
    assert stored(tmp_path) is None


def test_looking_for_others_answers_never_holds_up_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each look opens all logs anew: 64 of them on a share take as long as an answer."""
    looked: list[int] = []
    plain = AnswerStore.look

    def look(store: AnswerStore) -> bool:
        looked.append(threading.get_ident())
        return plain(store)

    async def ask(server: Running) -> None:
        async with asking(server, tmp_path) as (questions, counts):
            monkeypatch.setattr(AnswerStore, "look", look)
            monkeypatch.setattr(AnswerStore, "look_is_due", lambda store: True)
            keys = [bytes([number]) * 20 for number in range(20)]
            asked = (questions.ask(key, QUESTION | {"seed": key[0]}, shared=key[0] % 2 == 0) for key in keys)
            await asyncio.gather(*asked)
            assert counts["answers"] == 20

    with running("--translation", "fast") as server:
        asyncio.run(ask(server))
    # Those who ask at once share a look.
    assert looked and threading.get_ident() not in looked and len(looked) < 20
