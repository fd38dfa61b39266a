"""Requests and tokens a minute: kept by one process and by several together, and told by servers' headers."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from builders.engines import engine_of
from builders.recipes.load import load_recipe
from processors.clients import rates
from processors.clients.address import Address, Rates
from processors.clients.rates import BURST_S, QUIET_S, SharedRate
from processors.clients.responses import Fault, read_response
from processors.clients.waits import ordered_wait, spent_wait
from processors.errors import RecipeError
from tests.processors.translation.test_runner import endpoint, results, run
from tests.standins.standin_llm import running


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(rates, "time", found)
    monkeypatch.setattr("processors.leases.time", found)
    return found


def sent(clock: Clock, shared: list[SharedRate], seconds: float, tokens: int = 0) -> list[tuple[float, int]]:
    """Requests by time and process, when all of them always want to send."""
    found = []
    until = clock.now + seconds
    while clock.now < until:
        for place, rate in enumerate(shared):
            while not rate.wait_s():
                rate.take()
                if tokens:
                    rate.answered(tokens)
                found.append((clock.now, place))
        clock.now += 0.05
    return found


def most_in_a_minute(found: list[tuple[float, int]]) -> int:
    return max(sum(at <= other < at + 60 for other, _ in found) for at, _ in found)


def test_requests_a_minute_are_kept(clock: Clock) -> None:
    found = sent(clock, [SharedRate(Rates(600), None)], 180)
    assert most_in_a_minute(found) <= 600 + 600 / 60 * BURST_S + 1
    assert len(found) >= 0.99 * 3 * 600


def test_tokens_a_minute_are_kept_by_what_answers_really_take(clock: Clock) -> None:
    found = sent(clock, [SharedRate(Rates(None, 60_000), None)], 300, tokens=250)
    assert 0.95 * 5 * 240 <= len(found) <= 5 * 240 + 60_000 / 60 * BURST_S / 250 + 5


def test_processes_share_a_limit_and_newcomers_come_in_without_passing_it(tmp_path: Path, clock: Clock) -> None:
    shared = [SharedRate(Rates(600), tmp_path)]
    found = sent(clock, shared, 60)
    shared += [SharedRate(Rates(600), tmp_path), SharedRate(Rates(600), tmp_path)]
    more = sent(clock, shared, 120)
    assert most_in_a_minute(found + more) <= 600 + 600 / 60 * BURST_S + 5
    by = [sum(place == one for _, place in more) for one in range(3)]
    assert min(by) > 0.8 * max(by) and sum(by) >= 0.9 * 1200


def test_processes_that_begin_at_once_and_tasks_one_after_the_other_keep_it_too(tmp_path: Path, clock: Clock) -> None:
    """A build's process runs several tasks, and each of them asks anew."""
    found: list[tuple[float, int]] = []
    for _ in range(8):
        shared = [SharedRate(Rates(600, 600_000), tmp_path) for _ in range(2)]
        found += sent(clock, shared, 2, tokens=1000)
        for rate in shared:
            rate.close()
    # In 16 seconds what flows in, and what nobody used while they joined.
    assert 60 <= len(found) <= 16 * 10 + 600 / 60 * BURST_S


def test_who_is_gone_or_quiet_leaves_its_share(tmp_path: Path, clock: Clock) -> None:
    one, two, three = (SharedRate(Rates(600), tmp_path) for _ in range(3))
    sent(clock, [one, two, three], 30)
    two.close()
    # The third asks nothing for a while.
    clock.now += 0.1
    sent(clock, [one], QUIET_S + 3)
    found = sent(clock, [one], 60)
    assert len(found) >= 590


def test_a_slow_limit_lets_single_requests_through(clock: Clock) -> None:
    found = sent(clock, [SharedRate(Rates(2), None)], 179)
    assert len(found) == 6


def test_endpoints_are_told_apart_by_address_and_key() -> None:
    places = [Address("https://a.example/v1"), Address("https://a.example/v1", "K"), Address("https://b.example/v1")]
    assert len({place.slug for place in places}) == 3 and all("/" not in place.slug for place in places)


NOW = datetime(2026, 11, 28, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"}, 360.0),
        (
            {
                "anthropic-ratelimit-requests-remaining": "7",
                "anthropic-ratelimit-requests-reset": "2026-11-28T12:05:00Z",
                "anthropic-ratelimit-input-tokens-remaining": "0",
                "anthropic-ratelimit-input-tokens-reset": "2026-11-28T12:00:42Z",
            },
            42.0,
        ),
        ({"x-ratelimit-limit": "20", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1795867230000"}, 30.0),
        ({"anthropic-ratelimit-tokens-reset": "soon"}, None),
        ({"anthropic-ratelimit-tokens-remaining": "0", "anthropic-ratelimit-tokens-reset": "2026-11-28T11:00:00Z"}, 0),
    ],
)
def test_each_api_tells_in_headers_of_its_own_when_it_takes_more(headers: dict[str, str], wait: float | None) -> None:
    assert ordered_wait(headers, NOW) == wait


def test_openrouter_tells_it_in_the_errors_metadata() -> None:
    date = {"date": "Sat, 28 Nov 2026 12:00:00 GMT"}
    told = {"X-RateLimit-Limit": "20", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795867230000"}
    body = {"error": {"message": "Rate limit exceeded", "code": 429, "metadata": {"headers": told}}}
    for status in (429, 200):
        fault = read_response(status, date, json.dumps(body).encode(), "chat")
        assert isinstance(fault, Fault) and fault.kind == "busy" and fault.wait_s == 30.0


def test_an_answer_that_is_the_last_for_now_says_so() -> None:
    date = {"date": "Sat, 28 Nov 2026 12:00:00 GMT"}
    last = {
        "anthropic-ratelimit-requests-remaining": "0",
        "anthropic-ratelimit-requests-reset": "2026-11-28T12:00:09Z",
    }
    more = {"x-ratelimit-remaining-tokens": "12", "x-ratelimit-reset-tokens": "9s"}
    assert spent_wait(date | last) == 9.0 and spent_wait(date | more) == 0.0 and spent_wait(date) == 0.0


def test_a_run_asks_by_them(tmp_path: Path) -> None:
    with running("--translation", "fast") as server:
        config = replace(endpoint(server.url), rates=Rates(60_000, 10_000_000), rates_folder=tmp_path / "rates")
        runner = run(config, 40)
    assert len(results(runner)) == 40
    (folder,) = (tmp_path / "rates").iterdir()
    assert folder.name == config.addresses[0].slug and list(folder.glob("*.json"))


def test_a_recipe_tells_them_for_each_endpoint(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    text = "name: x\nsource: {path: here}\ntranslators:\n  - {name: a, backend: endpoint, model: m, MORE}\n"
    path.write_text(text.replace("MORE", "base_url: https://a/v1, requests_per_minute: 500, tokens_per_minute: 200"))
    engine = engine_of(load_recipe(str(path)).translators[0])
    assert [address.address().rates for address in engine.addresses()] == [Rates(500, 200)]
    assert not {"requests_per_minute", "tokens_per_minute"} & set(engine.shapes_answers())
    path.write_text(text.replace("MORE", "endpoints: [{base_url: https://a/v1}], requests_per_minute: 500"))
    with pytest.raises(RecipeError, match="go with base_url; give each of the endpoints its own"):
        load_recipe(str(path))
