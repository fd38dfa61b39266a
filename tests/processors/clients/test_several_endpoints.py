"""Several endpoints of one translator: shared by weight, left aside when they fail, no part of an answer's key."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from datatrove.data import Document
from hypothesis import given
from hypothesis import strategies as st

from processors.clients.endpoint import Address, EndpointConfig
from processors.clients.pacing import Pacer, Trouble
from processors.clients.turns import Turns
from processors.errors import EngineError
from processors.translation.runner import Ask, TranslationRunner
from tests.processors.translation.test_runner import SECRET, Collect, documents, endpoint, results, run, said, texts
from tests.standins.foreign_server import free_port
from tests.standins.standin_llm import Running, running

__all__ = ["said"]

OTHER = "sk-another-secret-987"


@contextmanager
def servers(*options: tuple[str, ...]) -> Iterator[list[Running]]:
    with ExitStack() as stack:
        yield [stack.enter_context(running("--translation", "fast", *given)) for given in options]


def several(first: Running, *others: Running, weights: tuple[float, ...] = (), **changes: Any) -> EndpointConfig:
    weights = weights or (1.0,) * (len(others) + 1)
    addresses = tuple(Address(o.url, weight=w) for o, w in zip(others, weights[1:], strict=True))
    return replace(endpoint(first.url, **changes), weight=weights[0], others=addresses)


def answered(server: Running) -> int:
    return sum(server.stats()["answered"].values())


def port(server: Running) -> str:
    return server.url.rpartition(":")[2]


# ---- by weight


def test_requests_are_shared_out_by_weight() -> None:
    with servers((), (), ()) as found:
        runner = run(several(*found, weights=(6.0, 3.0, 1.0), concurrency=64), 100)
        shares = [answered(server) for server in found]
    assert sum(shares) == 100 and len(results(runner)) == 100
    assert all(abs(share - wanted) <= 1 for share, wanted in zip(shares, (60, 30, 10), strict=True))
    for server, share in zip(found, shares, strict=True):
        assert runner.counters[f"answers@127.0.0.1:{port(server)}"] == share


def test_a_slow_endpoint_holds_nobody_up_and_concurrency_is_each_one_s() -> None:
    with servers(("--latency", "0.3"), ()) as (slow, fast):
        run(several(slow, fast, weights=(9.0, 1.0), concurrency=2), 60)
        assert answered(slow) + answered(fast) == 60 and answered(fast) > answered(slow)
        assert slow.stats()["most_in_flight"] == 2 and fast.stats()["most_in_flight"] <= 2


@given(st.lists(st.integers(1, 20), min_size=1, max_size=5), st.integers(1, 200))
def test_any_weights_are_kept_at_every_moment(weights: list[int], requests: int) -> None:
    async def exercise() -> None:
        turns = Turns([Pacer(str(i), 1000, 60.0, 6) for i in range(len(weights))], [float(w) for w in weights])
        got: Counter[int] = Counter()
        for number in range(1, requests + 1):
            got[(await turns.acquire())[0]] += 1
            for place, weight in enumerate(weights):
                assert abs(got[place] - number * weight / sum(weights)) <= len(weights)

    asyncio.run(exercise())


def test_who_was_away_gets_its_share_and_no_more() -> None:
    async def exercise() -> None:
        pacers = [Pacer("a", 1000, 60.0, 6), Pacer("b", 1000, 60.0, 6)]
        turns = Turns(pacers, [1.0, 1.0])
        pacers[0].limit = 0
        assert [(await turns.acquire())[0] for _ in range(50)] == [1] * 50
        pacers[0].limit = 1000
        back = [(await turns.acquire())[0] for _ in range(20)]
        assert abs(back.count(0) - 10) <= 1

    asyncio.run(exercise())


def test_a_retry_goes_elsewhere_where_it_can() -> None:
    async def exercise() -> None:
        pacers = [Pacer("a", 10, 60.0, 6), Pacer("b", 10, 60.0, 6)]
        turns = Turns(pacers, [1.0, 1.0])
        assert {(await turns.acquire(avoid=0))[0] for _ in range(5)} == {1}
        pacers[1].close("gone")
        assert (await turns.acquire(avoid=0))[0] == 0

    asyncio.run(exercise())


# ---- left aside


def test_trouble_is_told_while_it_lasts_and_measured_from_its_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("processors.clients.pacing.loop_time", lambda: clock[0])
    pacer = Pacer("a", 4, 900.0, 6)
    pacer.busy(pacer.take(), "429: slow down", 2.0)
    assert pacer.trouble() is None
    pacer.busy(pacer.take(), "429: quota", 60.0)
    clock[0] += 10
    # One that was on its way: the others wait all the same.
    pacer.succeeded()
    assert pacer.trouble() == Trouble("a", "429: quota", 10.0, left_aside=False)
    clock[0] += 50
    assert pacer.trouble() is None
    pacer.trip("a: cannot be reached (refused)")
    assert pacer.trouble() == Trouble("a", "cannot be reached (refused)", 0.0, left_aside=False)
    clock[0] += 30
    pacer.failed("503: overloaded")
    assert pacer.trouble() == Trouble("a", "1 failures in a row, last: 503: overloaded", 30.0, left_aside=False)
    pacer.close("a, model 'm': 402: no credit left")
    clock[0] += 1
    assert pacer.trouble() == Trouble("a", "model 'm': 402: no credit left", 31.0, left_aside=True)
    pacer = Pacer("a", 4, 900.0, 6)
    pacer.trip("503")
    pacer.succeeded()
    assert pacer.trouble() is None
    # Busy, and nothing else: no breaker opens, and no answer comes.
    for second in range(4):
        pacer.busy(pacer.take(), f"503: overloaded {second}", None)
        assert pacer.trouble() is None
        clock[0] += 1.5
    assert pacer.trouble() == Trouble("a", "503: overloaded 3", 6.0, left_aside=False) and not pacer.open
    pacer.succeeded()
    assert pacer.trouble() is None


def test_one_that_dies_in_the_middle_costs_no_row(said: list[str]) -> None:
    with servers((), ()) as (stays, dies):
        config = several(stays, dies, concurrency=4)
        dies.control(faults={"drop": 1.0})
        runner = run(config, 120)
        assert answered(dies) == 0 and answered(stays) == 120
        asked = sum(dies.stats()["asked"].values())
    assert all("text" in result for result in results(runner).values())
    # The breaker has opened: only now and then is it looked at again.
    assert asked <= 40
    assert any("failures in a row" in line or "left aside" in line for line in said) or asked < 30


def test_one_that_comes_back_is_used_again() -> None:
    with servers((), ()) as (stays, returns):
        returns.control(faults={"503": 1.0})

        async def slowly(document: Any, ask: Any) -> dict[str, Any]:
            if document.id.endswith("00040"):
                returns.control(faults={})
            answer = await ask(document.text, 0)
            await asyncio.sleep(0.05)
            return {"text": answer.text}

        runner = run(several(stays, returns, concurrency=2), 150, translate=slowly)
        assert answered(returns) > 10
    assert all("text" in result for result in results(runner).values())


def test_one_that_is_not_there_at_the_start_is_left_aside(unused_port: int, said: list[str]) -> None:
    with servers(()) as (there,):
        config = several(there)
        config = replace(config, others=(Address(f"http://127.0.0.1:{unused_port}"),))
        runner = run(config, 40)
        assert answered(there) == 40
    assert all("text" in result for result in results(runner).values())
    assert sum("left aside until it answers" in line for line in said if "WARNING" in line) <= 1


@pytest.mark.parametrize("status", ["401", "402", "404", "redirect"])
def test_one_that_refuses_us_is_left_aside_with_one_warning(
    status: str, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY_A", SECRET)
    monkeypatch.setenv("KEY_B", OTHER)
    with servers((), ("--fault", f"{status}=1")) as (good, bad):
        config = replace(
            endpoint(good.url, api_key_env="KEY_A"), others=(Address(bad.url, api_key_env="KEY_B", weight=3.0),)
        )
        told: list[list[Trouble]] = []
        runner = run(config, 50, progress=lambda _, troubles: told.append(list(troubles)))
        assert answered(good) == 50
        (trouble,) = told[-1]
        assert trouble.left_aside and trouble.where == f"127.0.0.1:{port(bad)}" and OTHER not in repr(trouble)
        assert trouble.reason.startswith("model 'stand-in': ") and trouble.reason.endswith("key comes from KEY_B")
        assert f"Bearer {OTHER}" not in good.stats()["keys"] and f"Bearer {SECRET}" not in bad.stats()["keys"]
    assert all("text" in result for result in results(runner).values())
    (warning,) = [line for line in said if line.startswith("WARNING") and "left aside, 1 others go on" in line]
    assert f"127.0.0.1:{port(bad)}" in warning and "KEY_B" in warning and OTHER not in "".join(said)
    assert runner.counters["endpoints_left_aside"] == 1


def test_two_keys_of_one_host_are_two_endpoints(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY_A", SECRET)
    monkeypatch.setenv("KEY_B", OTHER)
    with servers(("--requires-key", OTHER)) as (server,):
        config = replace(endpoint(server.url, api_key_env="KEY_A"), others=(Address(server.url, "KEY_B"),))
        told: list[list[Trouble]] = []
        assert len(results(run(config, 30, progress=lambda _, troubles: told.append(list(troubles))))) == 30
    (warning,) = [line for line in said if "left aside" in line]
    # The server quotes the key.
    (trouble,) = told[-1]
    assert trouble.where.endswith("(KEY_A)") and "the key is rejected" in trouble.reason and SECRET not in repr(told)
    assert "(KEY_A)" in warning and "the key is rejected" in warning and SECRET not in "".join(said)


def test_one_that_refuses_what_others_take_is_left_aside(said: list[str]) -> None:
    with servers((), ("--fault", "400=1")) as (good, picky):
        runner = run(several(good, picky), 80)
        assert answered(good) == 80 and sum(picky.stats()["asked"].values()) <= 20 + 16
    assert all("text" in result for result in results(runner).values())
    assert any("refuses every request" in line for line in said)


def test_a_request_that_a_working_endpoint_refuses_is_not_passed_around() -> None:
    with servers((), ()) as found:
        config = several(*found)
        run(config, 20)
        for server in found:
            server.control(faults={"400": 1.0})

        async def twice(document: Any, ask: Any) -> dict[str, Any]:
            return {"text": (await ask(document.text, 1)).text}

        before = sum(sum(server.stats()["asked"].values()) for server in found)
        runner = run(config, 1, translate=twice)
        assert sum(sum(server.stats()["asked"].values()) for server in found) - before == 2
    assert "refuses the request" in next(iter(results(runner).values()))["failed"]


def test_when_none_is_left_the_run_stops_with_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY_A", SECRET)
    with (
        servers(("--requires-key", "x"), ("--fault", "402=1"), ("--fault", "404=1")) as (first, second, third),
        pytest.raises(EngineError) as error,
    ):
        others = (Address(second.url), Address(third.url))
        run(replace(endpoint(first.url, api_key_env="KEY_A"), others=others), 60)
    line = str(error.value)
    for reason in ("the key is rejected", "no credit left", "model or the address is unknown", "KEY_A"):
        assert reason in line
    assert "\n" not in line and SECRET not in line and "what was answered is stored" in line


def test_a_quota_of_one_leaves_the_rest_to_the_others(said: list[str]) -> None:
    with servers((), ("--fault", "429=1", "--retry-after", "86400")) as (good, spent):
        runner = run(several(good, spent), 40)
        assert answered(good) == 40 and sum(spent.stats()["asked"].values()) <= 16
    assert all("text" in result for result in results(runner).values())
    assert any("asks to wait 86400 s" in line and "left aside for 86400 s" in line for line in said)


# ---- the same answers


def test_whoever_answers_the_key_is_the_same(tmp_path: Path) -> None:
    with servers((), ("--model", "its-own-name")) as (first, second):
        one = run(endpoint(first.url), 30, tmp_path)
        both = replace(
            endpoint(first.url, concurrency=64), others=(Address(second.url, model="its-own-name", weight=5.0),)
        )
        again = run(both, 30, tmp_path)
        assert again.counters["cached"] == 30 and answered(second) == 0
        fresh = run(both, 30, tmp_path / "fresh")
        assert answered(second) == 25
    assert results(one) == results(again) == results(fresh) and len(texts(30)) == 30


@pytest.fixture
def unused_port() -> int:
    return free_port()


# ---- a hiccup is no end


def test_one_refusal_of_one_endpoint_does_not_lose_a_row_that_others_serve() -> None:
    with servers((), ()) as (good, picky):
        picky.control(faults={"400": 0.3})
        runner = run(several(good, picky), 150)
        assert picky.stats()["served"]["400"] > 5 and answered(picky) > 20
    assert all("text" in result for result in results(runner).values())
    assert not runner.counters["endpoints_left_aside"]


def test_a_refusal_now_and_then_of_the_only_endpoint_loses_few_rows() -> None:
    with servers(("--fault", "400=0.3")) as (server,):
        runner = run(endpoint(server.url), 200)
    assert sum("text" in result for result in results(runner).values()) >= 190


@pytest.mark.parametrize("status", ["401", "402"])
def test_a_key_that_has_worked_is_tried_thrice_and_then_left_with_the_others_going_on(
    status: str, said: list[str]
) -> None:
    def warnings() -> list[str]:
        return [line for line in said if line.startswith("WARNING") and "left aside, 1 others go on" in line]

    with servers((), ()) as (good, bad):

        async def breaking(document: Any, ask: Any) -> dict[str, Any]:
            if document.id.endswith("00060"):
                bad.control(faults={status: 1.0})
            answer = await ask(document.text, 0)
            # The others may be through before the denied endpoint's rest is over: the last row asks until it is.
            for number in count() if document.id.endswith("00299") else ():
                if warnings():
                    break
                await ask(f"{document.text} {number}", 0)
            return {"text": answer.text}

        runner = run(several(good, bad, concurrency=4), 300, translate=breaking)
        assert bad.stats()["served"][status] >= 3 and answered(bad) >= 10
        assert bad.stats()["served"][status] <= 40
    assert all("text" in result for result in results(runner).values())
    (warning,) = warnings()
    assert f"127.0.0.1:{port(bad)}" in warning


@pytest.mark.parametrize("status", ["401", "402"])
def test_one_denial_of_a_key_that_has_worked_ends_no_run(status: str) -> None:
    with servers(()) as (server,):

        async def once_denied(document: Any, ask: Any) -> dict[str, Any]:
            if document.id.endswith("00060"):
                server.control(faults={status: 0.2})
            return {"text": (await ask(document.text, 0)).text}

        runner = run(endpoint(server.url, concurrency=4), 120, translate=once_denied)
        assert server.stats()["served"][status] >= 1
    assert all("text" in result for result in results(runner).values())


@pytest.mark.parametrize("status", ["401", "402"])
def test_a_key_that_works_no_more_ends_the_run_after_a_few_tries(status: str) -> None:
    with servers(()) as (server,):

        async def breaking(document: Any, ask: Any) -> dict[str, Any]:
            if document.id.endswith("00030"):
                server.control(faults={status: 1.0})
            return {"text": (await ask(document.text, 0)).text}

        with pytest.raises(EngineError, match=r"key is rejected|no credit"):
            run(endpoint(server.url, concurrency=4), 120, translate=breaking)
        assert 3 <= server.stats()["served"][status] <= 30


def test_an_account_without_credit_that_is_told_as_a_limit_ends_the_run_at_once() -> None:
    with servers(("--fault", "429-quota=1")) as (server,):
        with pytest.raises(EngineError, match=r"no credit left \(429: .* insufficient_quota\)"):
            run(endpoint(server.url, concurrency=2), 60)
        assert server.stats()["served"]["429-quota"] <= 4


def test_a_limit_a_minute_with_the_code_of_an_empty_account_is_waited_for_where_answers_came() -> None:
    with servers(()) as (server,):

        async def limited(document: Any, ask: Any) -> dict[str, Any]:
            if document.id.endswith("00030"):
                server.control(faults={"429-quota": 0.5})
            return {"text": (await ask(document.text, 0)).text}

        runner = run(endpoint(server.url, concurrency=4), 60, translate=limited)
        assert server.stats()["served"]["429-quota"] >= 3
    assert all("text" in result for result in results(runner).values())


def test_an_address_that_is_no_api_ends_the_run_in_seconds() -> None:
    with (
        servers(("--fault", "html=1")) as (server,),
        pytest.raises(EngineError, match="is this the address of an API"),
    ):
        run(endpoint(server.url, backoff_s=0.5), 60)


async def all_at_once(document: Document, ask: Ask) -> dict[str, Any]:
    """As the ladder asks for the chunks of a row: it waits for all, whatever becomes of one."""
    answers = await asyncio.gather(*(ask(f"{document.text} {part}", 0) for part in range(6)), return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return {}


def test_a_row_whose_other_requests_wait_for_their_turn_hears_that_none_comes() -> None:
    with servers(("--fault", "401=1")) as (server,), pytest.raises(EngineError, match="401"):
        asyncio.run(asyncio.wait_for(run_async(endpoint(server.url, concurrency=1), all_at_once), 30))


async def run_async(config: EndpointConfig, translate: Any) -> None:
    await TranslationRunner(translate, config, Collect()).run_async(documents(2))


def test_a_server_that_never_answers_is_told_within_the_first_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [50.0]
    monkeypatch.setattr("processors.clients.pacing.loop_time", lambda: clock[0])
    pacer = Pacer("a", 4, 900.0, 6)
    pacer.take()
    clock[0] += 19
    pacer.take()
    assert pacer.trouble() is None
    clock[0] += 1
    assert pacer.trouble() == Trouble("a", "no answer yet", 20.0, left_aside=False)
    # One answer, however late, and slow ones are no trouble.
    pacer.succeeded()
    pacer.release()
    clock[0] += 100
    assert pacer.trouble() is None
