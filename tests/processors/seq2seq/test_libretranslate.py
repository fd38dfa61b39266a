"""LibreTranslate's protocol: what is sent, what its answers and refusals mean, and where its key goes."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from processors.clients.address import Rates
from processors.clients.answer import Answer
from processors.clients.connection import EndpointConfig
from processors.clients.prompts import PromptConfig, build_payload
from processors.clients.responses import Fault
from processors.errors import InputError
from processors.languages.language import Language
from processors.seq2seq.libretranslate import LibreTranslateConnection
from tests.standins.standin_libretranslate import LibreTranslateStandIn, in_arabic, libretranslate

PROMPT = PromptConfig(Language(), "codes", codes=("en", "ar"))
KEY = "6f1c2a77-aaaa-bbbb-cccc-1234567890ab"


@pytest.fixture
def server() -> Iterator[LibreTranslateStandIn]:
    with libretranslate() as standin:
        yield standin


def connected(server: LibreTranslateStandIn, work: Any, variable: str | None = None, **changes: Any) -> Any:
    async def run() -> Any:
        endpoint = replace(EndpointConfig(server.url, "lt", PROMPT, api_key_env=variable), **changes)
        client = LibreTranslateConnection(endpoint.addresses[0], endpoint, "lt", lambda name, value: None)
        try:
            return await work(client)
        finally:
            await client.aclose()

    return asyncio.run(run())


def ask(server: LibreTranslateStandIn, text: str, attempt: int = 0, variable: str | None = None) -> Answer | Fault:
    payload = build_payload(PROMPT, {}, text, attempt)
    outcome: Answer | Fault = connected(server, lambda client: client.send(payload), variable)
    return outcome


def test_a_text_goes_as_an_array_of_sentences_and_comes_back_with_all_between_them(
    server: LibreTranslateStandIn,
) -> None:
    answer = ask(server, "# One\n\n- two words\n- three. Four!\n\n```\ncode\n```\n")
    said = f"# {in_arabic('One')}\n\n- {in_arabic('two words')}\n- {in_arabic('three.')} {in_arabic('Four!')}"
    assert isinstance(answer, Answer) and answer.text == f"{said}\n\n```\ncode\n```\n"
    assert server.asked == [
        {"q": ["One", "two words", "three.", "Four!"], "source": "en", "target": "ar", "format": "text"}
    ]
    # Priced by what was sent.
    assert (answer.prompt_tokens, answer.completion_tokens) == (len("Onetwo wordsthree.Four!"), 0)


def test_what_did_not_keep_its_protected_spans_goes_again_between_them(server: LibreTranslateStandIn) -> None:
    answer = ask(server, "Run `make it` now. Good.")
    assert isinstance(answer, Answer)
    assert answer.text == f"{in_arabic('Run')} `make it` {in_arabic('now.')} {in_arabic('Good.')}"
    assert [one["q"] for one in server.asked] == [["Run `make it` now.", "Good."], ["Run", "now."]]
    assert answer.prompt_tokens == sum(len(text) for one in server.asked for text in one["q"])


def test_another_attempt_takes_the_next_alternative(server: LibreTranslateStandIn) -> None:
    found = [ask(server, "One two.", attempt) for attempt in (0, 1, 2)]
    assert [answer.text for answer in found if isinstance(answer, Answer)] == [
        in_arabic("one two."), f"{in_arabic('one two.')} 1", f"{in_arabic('one two.')} 2",
    ]  # fmt: skip
    assert [one.get("alternatives") for one in server.asked] == [None, 1, 2]


def test_busy_is_busy_and_too_long_is_cut_smaller_by_the_ladder(server: LibreTranslateStandIn) -> None:
    server.busy = 1
    busy = ask(server, "One.")
    assert isinstance(busy, Fault) and (busy.kind, busy.name) == ("busy", "429") and "Slowdown" in busy.reason
    server.limit = 3
    long = ask(server, "Many words.")
    assert isinstance(long, Answer) and long.finish_reason == "length" and "text limit" in long.refusal


def test_the_key_goes_into_the_body_and_nowhere_else(
    server: LibreTranslateStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.key = KEY
    monkeypatch.setenv("LT_KEY", KEY)
    assert isinstance(ask(server, "One.", variable="LT_KEY"), Answer)
    monkeypatch.setenv("LT_KEY", KEY[::-1])
    denied = ask(server, "One.", variable="LT_KEY")
    assert isinstance(denied, Fault) and denied.kind == "denied"
    assert "Invalid API key" in denied.reason and KEY[::-1] not in denied.reason


def test_another_api_is_no_answer(server: LibreTranslateStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    for body in ({"choices": [{"text": "x", "finish_reason": "stop"}]}, {"translatedText": "no list"}, {}, []):
        monkeypatch.setattr(server, "translate", lambda asked, body=body: (200, body))
        outcome = ask(server, "One.")
        assert isinstance(outcome, Fault) and outcome.kind == "fault", body
    monkeypatch.setattr(server, "translate", lambda asked: (200, {"translatedText": ["one", "two"]}))
    outcome = ask(server, "One.")
    assert isinstance(outcome, Fault) and "2 translations of 1" in outcome.reason


def test_a_pair_that_the_server_lacks_is_one_line(server: LibreTranslateStandIn) -> None:
    connected(server, lambda client: client.check_languages())
    server.languages = [{"code": "en", "targets": ["de", "fr"]}]
    with pytest.raises(InputError, match="translates 'en' into de, fr and not into 'ar'; give target_code"):
        connected(server, lambda client: client.check_languages())
    server.languages = [{"code": "de", "targets": ["ar"]}]
    with pytest.raises(InputError, match="knows no language 'en', only de; give source_code"):
        connected(server, lambda client: client.check_languages())
    # One that does not say is believed.
    server.languages = {"error": "not here"}
    connected(server, lambda client: client.check_languages())


def test_the_address_is_taken_with_and_without_the_call_s_path(server: LibreTranslateStandIn) -> None:
    for end in ("", "/", "/translate"):
        found = connected(server, lambda client: asyncio.sleep(0, client.url), base_url=f"{server.url}{end}")
        assert found == f"{server.url}/translate"


def test_a_second_request_for_a_text_is_taken_from_the_told_rate(
    server: LibreTranslateStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    async def slept(seconds: float) -> None:
        waits.append(seconds)
        clock[0] += seconds

    clock = [100.0]
    monkeypatch.setattr("processors.clients.rates.time.monotonic", lambda: clock[0])
    monkeypatch.setattr("processors.clients.rates.asyncio.sleep", slept)
    text = build_payload(PROMPT, {}, "See `code` here.", 0)

    async def work(client: LibreTranslateConnection) -> Any:
        assert client.pacer.rate and not client.pacer.rate.wait_s()
        client.pacer.take()
        return await client.send(text)

    # One a minute: the first is there, the second comes a minute later.
    assert connected(server, work, rates=Rates(requests_per_minute=1)).finish_reason == "stop"
    assert len(server.asked) == 2 and sum(waits) == pytest.approx(60)
