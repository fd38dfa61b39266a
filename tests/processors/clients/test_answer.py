"""The name of a question: what changes the answer changes it, and nothing else does."""

from typing import Any

from processors.clients.answer import request_key


def test_key_is_model_revision_and_request_and_nothing_volatile() -> None:
    payload = {"model": "m", "prompt": "مرحبا \ud800", "temperature": 0.7, "extra": {"a": 1, "b": 2}}
    same = {"extra": {"b": 2, "a": 1}, "temperature": 0.7, "prompt": "مرحبا \ud800", "user": "me", "stream": False}
    assert request_key("m", None, payload) == request_key("m", "", same)
    different = [
        request_key("m", None, payload),
        request_key("other", None, payload),
        request_key("m", "main", payload),
        request_key("m", None, {**payload, "temperature": 0.2}),
        request_key("m", None, {**payload, "prompt": "مرحبا"}),
        request_key("m", None, {**payload, "extra": {"a": 1}}),
    ]
    assert len(set(different)) == len(different)


def test_changing_who_serves_it_or_who_pays_asks_nothing_again() -> None:
    payload: dict[str, Any] = {"prompt": "x", "temperature": 0.7, "provider": {"quantizations": ["fp8"]}}
    routes = {
        "service_tier": "flex",
        "metadata": {"run": "7"},
        "provider": {"order": ["a", "b"], "sort": "price", "quantizations": ["fp8"]},
        "priority": 3,
        "safety_identifier": "me",
        "prompt_cache_key": "k",
    }
    assert request_key("m", None, payload | routes) == request_key("m", None, payload)
    others: list[dict[str, Any]] = [
        {"provider": {"quantizations": ["int4"]}},
        {"provider": {}},
        {"models": ["m", "n"]},
    ]
    assert len({request_key("m", None, payload | other) for other in [{}, *others]}) == 4
