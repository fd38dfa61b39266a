"""text-generation-inference's native API against a stand-in with TGI's answers, refusals and faults."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from processors.clients.endpoint import EndpointConfig
from processors.clients.prompts import PromptConfig, tgi_parameters
from processors.clients.responses import Fault, read_response
from processors.clients.tgi import TgiServer
from processors.errors import EngineError
from processors.languages.language import Language
from tests.processors.translation.test_runner import SECRET, endpoint, results, run, texts, until_whole
from tests.standins.standin_llm import running

SEED_X = PromptConfig(Language(code="ar", name="Arabic", script="Arab", prompt_tag="<ar>"), "seed-x")


def tgi(url: str, **changes: Any) -> EndpointConfig:
    return replace(endpoint(url, **({"decoding": {"max_tokens": 300}} | changes)), prompt=SEED_X)


def test_texts_are_answered_with_reason_and_tokens() -> None:
    with running("--translation", "fast") as server:
        runner = run(tgi(server.url), 24, make_server=TgiServer)
        stats = server.stats()
    assert len(results(runner)) == 24 and all(r["finish_reason"] == "stop" for r in results(runner).values())
    assert stats["asked"] == dict.fromkeys(texts(24), 1)
    words = sum(len(text.split()) for text in texts(24))
    assert runner.counters["prompt_tokens"] == words and runner.counters["completion_tokens"] > 0
    assert stats["keys"] == {"Bearer EMPTY": 24, "": 1}
    sent = stats["payloads"][0]
    assert sent["inputs"].startswith("Translate the following English sentence into Arabic:\n")
    assert sent["parameters"]["max_new_tokens"] == 300 and sent["parameters"]["details"] is True


@pytest.mark.parametrize("address", ["{}", "{}/", "{}/v1", "{}/generate"])
def test_any_form_of_its_address_will_do(address: str) -> None:
    with running("--translation", "fast") as server:
        assert len(results(run(tgi(address.format(server.url)), 3, make_server=TgiServer))) == 3


def test_the_hub_s_token_and_offline_switch_stay_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_must_not_leave")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setenv("TGI_KEY", SECRET)
    with running("--translation", "fast", "--requires-key", SECRET) as server:
        run(tgi(server.url, api_key_env="TGI_KEY"), 3, make_server=TgiServer)
        assert set(server.stats()["keys"]) == {f"Bearer {SECRET}"}
    with running("--translation", "fast") as server:
        run(tgi(server.url), 3, make_server=TgiServer)
        assert set(server.stats()["keys"]) == {"Bearer EMPTY", ""}


@pytest.mark.parametrize(
    "fault",
    ["429", "500", "529", "drop", "half", "html", "error200"],
)  # fmt: skip
def test_a_passing_fault_is_retried_and_counted(fault: str) -> None:
    with running("--translation", "fast", "--fault", f"{fault}=0.3", "--seed", "0") as server:
        runner = run(tgi(server.url), 24, make_server=TgiServer)
        stats = server.stats()
    assert all("text" in result for result in results(runner).values())
    assert stats["served"][fault] > 0 and stats["answered"] == dict.fromkeys(texts(24), 1)
    assert sum(n for name, n in runner.counters.items() if name.startswith("retry_")) == stats["served"][fault]


def test_the_wait_that_it_orders_is_kept() -> None:
    with running("--translation", "fast", "--fault", "429=0.1", "--retry-after", "0.4") as server:
        runner = run(tgi(server.url, concurrency=4), 24, make_server=TgiServer)
        assert server.stats()["served"]["429"] > 0
    assert runner.counters["retry_429"] > 0 and len(results(runner)) == 24


@pytest.mark.parametrize(("fault", "reason"), [("length", "length"), ("400-context", "length")])
def test_what_is_too_long_is_said(fault: str, reason: str) -> None:
    with running("--translation", "fast", "--fault", f"{fault}=1") as server:
        runner = run(tgi(server.url), 4, make_server=TgiServer)
    assert {result["finish_reason"] for result in results(runner).values()} == {reason}


def test_a_hang_ends_with_the_deadline() -> None:
    with running("--translation", "fast", "--fault", "hang=0.2", "--seed", "1") as server:
        runner = run(tgi(server.url, timeout_s=0.5), 16, make_server=TgiServer, translate=until_whole)
    assert all("text" in result for result in results(runner).values()) and runner.counters["retry_timeout"] > 0


def test_a_redirect_is_not_followed_and_a_bad_key_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TGI_KEY", SECRET)
    with running("--translation", "fast") as elsewhere:
        arguments = ("--translation", "fast", "--fault", "redirect=1", "--redirect-to", elsewhere.url)
        with running(*arguments) as server, pytest.raises(EngineError, match="redirects to"):
            run(tgi(server.url, api_key_env="TGI_KEY"), 4, make_server=TgiServer)
        assert elsewhere.stats()["keys"] == {}
    with running("--requires-key", "another") as server, pytest.raises(EngineError) as error:
        run(tgi(server.url, api_key_env="TGI_KEY"), 4, make_server=TgiServer)
    assert "the key is rejected" in str(error.value) and "TGI_KEY" in str(error.value)
    assert SECRET not in str(error.value) and "\n" not in str(error.value)


def test_what_it_does_not_know_is_refused_and_not_left_out() -> None:
    # huggingface_hub would ask again without the parameters, and never send them again.
    with running("--translation", "fast") as server:
        wrong = tgi(server.url, decoding={"max_tokens": 300, "temperature": 0.5, "top_k": -1})
        runner = run(wrong, 3, make_server=TgiServer)
        assert server.stats()["asked"] == {}
    assert all("`top_k` must be strictly positive" in result["failed"] for result in results(runner).values())


def test_an_answer_is_stored_under_what_was_asked_whatever_api_gave_it(tmp_path: Path) -> None:
    with running("--translation", "fast") as server:
        run(tgi(server.url), 6, tmp_path, make_server=TgiServer)
        assert run(tgi(server.url), 6, tmp_path).counters["cached"] == 6


@pytest.mark.parametrize(
    ("payload", "parameters"),
    [
        ({"temperature": 0.7, "top_p": 1.0, "seed": 3}, {"do_sample": True, "temperature": 0.7, "seed": 3}),
        ({"temperature": 0.0, "top_p": 0.9, "top_k": 5, "typical_p": 0.5, "seed": 3}, {"do_sample": False, "seed": 3}),
        ({"top_p": 0.9, "repetition_penalty": 1.2}, {"top_p": 0.9, "repetition_penalty": 1.2}),
        ({}, {}),
    ],
)
def test_decoding_in_tgi_s_terms(payload: dict[str, object], parameters: dict[str, object]) -> None:
    always = {"max_new_tokens": 9, "return_full_text": False}
    assert tgi_parameters({"prompt": "x", "max_tokens": 9, **payload}) == always | parameters


@pytest.mark.parametrize(
    ("message", "outcome"),
    [
        ("`inputs` must have less than 1024 tokens. Given: 1500", "length"),
        ("`inputs` tokens + `max_new_tokens` must be <= 2048. Given: 1800 `inputs` tokens and 512 `max_new_tokens`",
         "length"),
        ("`inputs` tokens + `max_new_tokens` must be <= 512. Given: 30 `inputs` tokens and 512 `max_new_tokens`",
         "rejected"),
        ("`temperature` must be strictly positive", "rejected"),
    ],
)  # fmt: skip
def test_refusals_by_whose_fault_they_are(message: str, outcome: str) -> None:
    body = f'{{"error": "Input validation error: {message}", "error_type": "validation"}}'.encode()
    found = read_response(422, {}, body, "completion")
    assert (found.kind if isinstance(found, Fault) else found.finish_reason) == outcome


def test_the_client_still_takes_the_parameters() -> None:
    from inspect import signature

    from huggingface_hub import AsyncInferenceClient

    from processors.clients.prompts import TGI_PARAMETERS

    ours = {"max_new_tokens", "do_sample", "temperature", "top_p", "top_k", "seed", "return_full_text", "details"}
    assert signature(AsyncInferenceClient.text_generation).parameters.keys() >= TGI_PARAMETERS | ours


def test_the_template_of_a_completion_is_filled_in_one_pass() -> None:
    from processors.clients.prompts import build_payload

    config = replace(SEED_X, style="completion", template='{"a": 1} {source}>{target} {tag}\n{text}\n')
    asked = build_payload(config, {}, "keep {tag} and {text} as they are")
    assert asked == {"prompt": '{"a": 1} English>Arabic <ar>\nkeep {tag} and {text} as they are\n'}
