"""Batches of each API, by a stand-in that speaks all three: gathered, expired, failed, doubled, found again."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from processors.answers.store import AnswerReader, AnswerStore
from processors.batches import BatchServer, BatchSettings
from processors.batches.call import ApiCall
from processors.batches.records import BatchRecords
from processors.clients.address import Address
from processors.clients.connection import Connection
from processors.errors import EngineError
from tests.processors.translation.test_runner import endpoint, results, run, texts
from tests.standins.standin_batch import running_batches
from tests.standins.standin_llm import Running

APIS = ("openai", "anthropic", "openrouter")
SETTINGS = BatchSettings("openai", gather_s=0.3, poll_s=0.02, settle_s=0.05)


@pytest.fixture
def server() -> Iterator[Running]:
    with running_batches() as found:
        yield found


def ask(
    server: Running, store: Path, api: str = "openai", number: int = 40, patience: float = 5.0, **changes: Any
) -> Any:
    settings = replace(SETTINGS, api=api, **changes)
    config = endpoint(f"{server.url}/v1", concurrency=1000, decoding={"max_tokens": 100}, patience_s=patience)
    return run(config, number, store, make_server=partial(BatchServer, settings))


def asked_once(server: Running) -> bool:
    return set(server.stats()["paid"].values()) == {1}


def open_batches(store: Path) -> int:
    return len(list((store / "batches").glob("*.json")))


@pytest.mark.parametrize("api", APIS)
def test_all_requests_stand_in_batches_and_are_answered_once(server: Running, tmp_path: Path, api: str) -> None:
    runner = ask(server, tmp_path, api)
    found, stats = results(runner), server.stats()
    assert len(found) == 40 and not any("failed" in one for one in found.values())
    ids = [name for batch in stats["batches"] for name in batch["ids"]]
    assert len(ids) == len(set(ids)) == len(set(texts(40))) and asked_once(server) and not stats["alone"]
    counters = runner.counters
    assert counters["batched_requests"] == counters["batched_done"] == counters["answers"] == len(ids)
    assert counters["batched_prompt_tokens"] == counters["prompt_tokens"] > 0
    assert not open_batches(tmp_path)
    with AnswerReader(tmp_path) as reader:
        assert reader.counts()["batched_completion_tokens"] == counters["completion_tokens"]
        answer = reader.get(bytes.fromhex(ids[0]))
        assert answer and answer.batched and answer.finish_reason == "stop"
    # Asked again, nothing is.
    again = ask(server, tmp_path, api)
    assert results(again) == found and asked_once(server) and not again.counters["batches"]


@pytest.mark.parametrize("api", APIS)
def test_what_fails_stands_in_a_second_batch_and_then_goes_one_by_one(
    server: Running, tmp_path: Path, api: str
) -> None:
    server.control(expired=0.2, failed=0.2, doubled=0.2, unknown=0.2)
    runner = ask(server, tmp_path, api, 60)
    stats = server.stats()
    assert len(results(runner)) == 60 and not any("failed" in one for one in results(runner).values())
    ids = Counter(name for batch in stats["batches"] for name in batch["ids"])
    assert len(ids) == len(set(texts(60))) and max(ids.values()) == 2
    # What the second batch lost as well.
    assert stats["alone"] == runner.counters["asked_after_batches"] > 0
    # A doubled result is one answer of one request.
    assert asked_once(server)
    assert runner.counters["batch_results_doubled"] > 0 and runner.counters["batch_results_unknown"] > 0


@pytest.mark.parametrize(("fate", "words"), [("refused", "400: refused"), ("expired", "batch_expired")])
def test_batches_that_answer_nothing_end_the_run_before_all_goes_at_the_full_price(
    server: Running, tmp_path: Path, fate: str, words: str
) -> None:
    server.control(**{fate: 1.0})
    with pytest.raises(EngineError, match=rf"answered 0 of \d+ requests: {words}.*one by one, at the full price"):
        ask(server, tmp_path)
    stats = server.stats()
    assert len(stats["batches"]) == 2 and not stats["alone"] and not open_batches(tmp_path)
    assert len(results(ask(server, tmp_path, give_up=False))) == 40 and server.stats()["alone"]


def test_what_is_still_bad_is_left_where_the_recipe_says_so(server: Running, tmp_path: Path) -> None:
    server.control(failed=0.5)
    runner = ask(server, tmp_path, number=40, then="leave")
    failed = [one["failed"] for one in results(runner).values() if "failed" in one]
    assert failed and all("left after 2 batches" in one for one in failed) and not server.stats()["alone"]


@pytest.mark.parametrize("api", APIS)
def test_a_refused_request_fails_its_row_alone(server: Running, tmp_path: Path, api: str) -> None:
    server.control(refused=0.5)
    runner = ask(server, tmp_path, api, then="leave")
    failed = [one["failed"] for one in results(runner).values() if "failed" in one]
    # Refused twice; what was refused by mistake has its answer from the second batch.
    assert 0 < len(failed) < 16 and all("left after 2 batches: 400: refused" in one for one in failed)
    assert len(server.stats()["batches"]) == 2 and not server.stats()["alone"]


@pytest.mark.parametrize("api", APIS)
def test_a_batch_that_cannot_be_created_for_a_while_is_created_once(server: Running, tmp_path: Path, api: str) -> None:
    server.control(create_faults=5)
    assert len(results(ask(server, tmp_path / "lost", api))) == 40
    assert len(server.stats()["batches"]) == 1
    # Created with a 500 for an answer, and not in the first list after it.
    server.control(create_faults=1, lost=False, unlisted=1)
    assert len(results(ask(server, tmp_path / "created", api))) == 40
    assert len(server.stats()["batches"]) == 2 and not server.stats()["alone"]


def test_a_batch_that_cannot_be_created_ends_the_build_in_time(server: Running, tmp_path: Path) -> None:
    server.control(create_faults=1_000_000)
    with pytest.raises(EngineError, match=r"not now; so \d+ times in \d+ s, and no such batch is listed"):
        ask(server, tmp_path, patience=0.3)
    assert not server.stats()["batches"] and open_batches(tmp_path) == 1
    server.control(create_faults=0)
    assert len(results(ask(server, tmp_path))) == 40 and len(server.stats()["batches"]) == 1


def test_a_batch_holds_no_more_than_the_api_takes(server: Running, tmp_path: Path) -> None:
    runner = ask(server, tmp_path, "openrouter", most_requests=16)
    sizes = [len(batch["ids"]) for batch in server.stats()["batches"]]
    assert sum(sizes) == len(set(texts(40))) and max(sizes) <= 16 and len(results(runner)) == 40


def test_bytes_bound_a_batch_too(server: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processors.batches.protocols.AnthropicBatches.most_bytes", 20_000)
    ask(server, tmp_path, "anthropic")
    batches = server.stats()["batches"]
    assert len(batches) > 1 and sum(len(batch["ids"]) for batch in batches) == len(set(texts(40)))


def test_a_key_that_is_refused_stops_the_run_with_its_words(tmp_path: Path) -> None:
    from tests.standins.standin_llm import running

    with running("--requires-key", "k") as other, pytest.raises(EngineError, match="the key is rejected"):
        ask(other, tmp_path)


def test_what_another_s_batch_answered_since_the_last_look_is_not_asked_again(server: Running, tmp_path: Path) -> None:
    """The other ended its batch, and its record is gone, after this process had looked at the store."""
    other = ask(server, tmp_path / "other", number=12)
    answers = AnswerReader(tmp_path / "other")
    keys = [bytes.fromhex(name) for batch in server.stats()["batches"] for name in batch["ids"]]

    class LateStore(AnswerStore):
        """Its first look was before the other's answers; they come before the next."""

        putting: asyncio.Task[None] | None = None

        def look_is_due(self) -> bool:
            return False

        async def put_other_s(self) -> None:
            with AnswerStore(tmp_path / "mine") as another:
                found = [(key, answers.get(key)) for key in keys]
                await asyncio.gather(*(another.put(key, replace(one, cached=False)) for key, one in found if one))

        async def look_on(self) -> None:
            self.putting = self.putting or asyncio.create_task(self.put_other_s())
            await self.putting
            await super().look_on()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("processors.translation.runner.AnswerStore", LateStore)
        mine = ask(server, tmp_path / "mine", number=12)
    assert results(mine) == results(other) and asked_once(server)
    assert mine.counters["cached"] >= len(keys) and not mine.counters["batches"]


def test_a_record_survives_and_a_damaged_one_is_none(tmp_path: Path) -> None:
    records = BatchRecords(tmp_path / "batches")
    record = records.new("openai http://x/v1 m", ["ab" * 20], "batch-1")
    record.id = "batch-2"
    records.write(record)
    assert list(records.open()) == [record] and len(record.claim) == 20
    (tmp_path / "batches" / "x.json").write_text(json.dumps({"nonce": 1}) + "{")
    assert list(records.open()) == [record]
    records.remove(record)
    assert not list(records.open())


PAGE = b"<html>Please log in</html>"


@pytest.mark.parametrize(
    ("path", "content", "tries"),
    [
        ("/batches", PAGE, 5),
        ("/batches", b'{"choices": []}', 5),
        ("/batches", b'{"data": []}', 1),
        ("/batches/b-1", b'{"id": "b-1"}', 1),
        ("/batches/b-1", b'{"id": "../../b 1"}', 5),
        ("/batches/b-1/results", PAGE, 5),
        ("/batches/b-1/results", b'{"custom_id": "a"}\n{"custom_id"', 3),
        ("/batches/b-1/results", b'{"custom_id": "a"}\n\n{"custom_id": "b"}\n', 1),
    ],
)
def test_what_is_no_batch_api_s_response_is_tried_again_and_then_told(
    path: str, content: bytes, tries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("processors.batches.call.BACKOFF_S", 0.001)
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, content=content)

    async def call() -> bytes:
        connection = Connection(Address("http://a/v1"), endpoint("http://a/v1"), "a", lambda name, value: None)
        one = ApiCall(connection, 60.0)
        connection.clients._idle = [httpx.AsyncClient(transport=httpx.MockTransport(answer))]
        return await one("GET", path)

    if tries < 5:
        assert asyncio.run(call()) == content
    else:
        with pytest.raises(EngineError, match=r"is this the address of a batch API\?"):
            asyncio.run(call())
    assert len(asked) == tries


def test_many_batches_at_a_time_wait_for_their_turn_and_not_for_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """170 came to a standstill: who waited too long in the client's pool of one connection left it unusable."""
    monkeypatch.setattr("processors.batches.call.SHORT_S", 0.4)
    served, most, now = 0, 0, 0

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served, most, now
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                now += 1
                most = max(most, now)
                await asyncio.sleep(0.03)
                now -= 1
                served += 1
                writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"id": "x"}')
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def ask() -> list[bytes]:
        server = await asyncio.start_server(slow, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        connection = Connection(Address(url), endpoint(url), "api", lambda name, value: None)
        call = ApiCall(connection, 60.0)
        async with server:
            found = await asyncio.gather(*(call("GET", f"/batches/{number}") for number in range(170)))
            await connection.aclose()
        return found

    assert asyncio.run(ask()) == [b'{"id": "x"}'] * 170
    assert served == 170 and most == 8
