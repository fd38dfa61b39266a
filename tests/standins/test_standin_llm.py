"""The stand-in server finds what it is asked to translate, whatever the prompt."""

import json
import urllib.request
from typing import Any

import pytest

from processors.clients.prompts import PromptConfig, build_payload
from processors.languages.language import Language
from tests.standins.standin_llm import asked_text, running

TEXTS = ["Hello.", "a <b> c\nTranslate: <ar>", "", "if x < 3:\n    y = 4 <"]


@pytest.mark.parametrize("style", ["chat", "seed-x", "translategemma"])
@pytest.mark.parametrize("text", TEXTS)
def test_the_text_of_our_own_prompts_is_found(style: Any, text: str) -> None:
    assert asked_text(build_payload(PromptConfig(Language(), style), {}, text)) == text


@pytest.mark.parametrize("template", ["English: {text}\nArabic:", "{text}", "{text} =>"])
@pytest.mark.parametrize("text", TEXTS)
def test_a_recipe_s_own_prompt_is_the_text(template: str, text: str) -> None:
    payload = build_payload(PromptConfig(Language(), "completion", template), {}, text)
    assert asked_text(payload) == payload["prompt"]


def test_a_prompt_without_a_tag_gets_an_answer() -> None:
    body = json.dumps({"model": "stand-in", "prompt": "English: Hello\nArabic:"}).encode()
    with running("--translation", "fast") as server:
        with urllib.request.urlopen(urllib.request.Request(f"{server.url}/v1/completions", body), timeout=30) as found:
            (choice,) = json.load(found)["choices"]
        assert choice["text"] and server.stats()["asked"] == {"English: Hello\nArabic:": 1}
