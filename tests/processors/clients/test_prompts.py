"""The requests: each prompt's exact form, the language as data, retries that differ, nothing changed in place."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.clients.answer import request_key
from processors.clients.prompts import PromptConfig, build_payload
from processors.languages.language import Language

ARABIC = Language(code="ar", name="Arabic", script="Arab")
AMHARIC = Language(code="am", name="Amharic", script="Ethi")
BEAM = {"use_beam_search": True, "n": 4, "max_tokens": 512, "temperature": 0.0}


def test_seed_x_is_a_completion_with_its_tag_last() -> None:
    payload = build_payload(PromptConfig(ARABIC, "seed-x"), {"max_tokens": 512}, "Good morning.\nHow are you?")
    assert payload == {
        "prompt": "Translate the following English sentence into Arabic:\nGood morning.\nHow are you? <ar>",
        "max_tokens": 512,
    }
    other = build_payload(PromptConfig(AMHARIC, "seed-x"), {}, "Hello")
    assert other["prompt"] == "Translate the following English sentence into Amharic:\nHello <am>"
    assert PromptConfig(ARABIC, "seed-x").mode == "completion"


def test_translategemma_has_one_structured_entry_and_no_system_message() -> None:
    payload = build_payload(PromptConfig(AMHARIC, "translategemma"), {}, "Hello")
    assert payload["messages"] == [
        {
            "role": "user",
            "content": [{"type": "text", "source_lang_code": "en", "target_lang_code": "am", "text": "Hello"}],
        }
    ]
    assert payload["chat_template_kwargs"] == {"source_lang_code": "en", "target_lang_code": "am"}
    assert PromptConfig(AMHARIC, "translategemma").mode == "chat"


def test_chat_names_the_language_and_sends_the_text_alone() -> None:
    payload = build_payload(PromptConfig(AMHARIC), {"temperature": 0.7}, "Write a {poem} {{name}}")
    system, user = payload["messages"]
    assert (system["role"], user["role"]) == ("system", "user")
    assert user["content"] == "Write a {poem} {{name}}"
    assert "Amharic" in system["content"] and "Arabic" not in system["content"]
    assert "{" not in system["content"]
    for demand in ("placeholders", "Markdown", "line breaks", "translation only"):
        assert demand in system["content"]
    assert payload["temperature"] == 0.7


def test_hunyuan_mt_is_one_user_s_message_in_its_card_s_words() -> None:
    payload = build_payload(PromptConfig(ARABIC, "hunyuan-mt"), {"top_k": 20, "top_p": 0.6}, "Hello\nyou")
    words = "Translate the following segment into Arabic, without additional explanation.\n\nHello\nyou"
    assert payload == {"messages": [{"role": "user", "content": words}], "top_k": 20, "top_p": 0.6}


@pytest.mark.parametrize("style", ["chat", "seed-x", "translategemma", "hunyuan-mt"])
@pytest.mark.parametrize("decoding", [{}, {"temperature": 0.7}, {"temperature": 0.0, "seed": 41}, BEAM])
def test_every_attempt_asks_something_else(style: Any, decoding: dict[str, Any]) -> None:
    payloads = [build_payload(PromptConfig(ARABIC, style), decoding, "Hello", attempt) for attempt in range(10)]
    assert len({request_key("m", None, payload) for payload in payloads}) == 10
    first = {name: value for name, value in payloads[0].items() if name in decoding}
    assert first == decoding and "seed" not in payloads[0].keys() - decoding.keys()
    for payload in payloads[1:]:
        assert payload["temperature"] != decoding.get("temperature")
        assert payload["seed"] > decoding.get("seed", 0)
        assert "use_beam_search" not in payload and "n" not in payload
        assert payload.get("max_tokens") == decoding.get("max_tokens")


@given(st.text(), st.integers(0, 5))
def test_any_text_travels_whole_and_nothing_is_changed_in_place(text: str, attempt: int) -> None:
    decoding = dict(BEAM)
    for style in ("chat", "seed-x", "translategemma"):
        payload = build_payload(PromptConfig(ARABIC, style), decoding, text, attempt)
        if style == "seed-x":
            found = payload["prompt"]
            assert found.startswith("Translate") and found.endswith(f"\n{text} <ar>")
        else:
            content = payload["messages"][-1]["content"]
            assert (content if style == "chat" else content[0]["text"]) == text
        assert json.loads(json.dumps(payload)) == payload
    assert decoding == BEAM


def test_the_length_of_a_text_bounds_its_answer_and_is_not_sent_as_such() -> None:
    decoding = BEAM | {"max_tokens_per_character": 1.5}
    for text, most in (("", 32), ("Hi", 35), ("a" * 100, 182), ("س" * 10_000, 512)):
        for attempt in (0, 1):
            payload = build_payload(PromptConfig(ARABIC, "seed-x"), decoding, text, attempt)
            assert payload["max_tokens"] == most and "max_tokens_per_character" not in payload
    assert decoding["max_tokens"] == 512


def test_a_chat_model_is_told_what_was_wrong_and_no_other_is() -> None:
    problem = "protected: missing: '`len(x)`' {and} braces"
    plain, told = (build_payload(PromptConfig(ARABIC), {}, "Hello {x}", 1, said) for said in ("", problem))
    assert told["messages"][1:] == plain["messages"][1:] and told["seed"] == plain["seed"]
    before, after = (payload["messages"][0]["content"] for payload in (plain, told))
    assert after.startswith(before) and problem in after and problem not in before
    assert request_key("m", None, plain) != request_key("m", None, told)
    long = build_payload(PromptConfig(ARABIC), {}, "Hello", 1, "x" * 5000)["messages"][0]["content"]
    assert len(long) < len(before) + 700
    for style in ("seed-x", "translategemma", "hunyuan-mt", "completion"):
        prompt = PromptConfig(ARABIC, style, "{text}")  # type: ignore[arg-type]
        assert build_payload(prompt, {}, "Hello", 1, problem) == build_payload(prompt, {}, "Hello", 1)
