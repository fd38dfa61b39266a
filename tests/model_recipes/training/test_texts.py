"""Each shape of a row is the text, with the loss, that docs/training_texts.md shows."""

import re
from typing import Any

import pytest

from tests.model_recipes.training.texts import ASK, CONVERSATIONS, PAGE, conversation, page, templates

pytest.importorskip("trl", reason="needs the extra `train`")


def test_the_page_shows_what_the_encoders_make() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it: python -m tests.model_recipes.training.texts"


@pytest.mark.parametrize("name", ["SmolLM3", "Qwen3", "ChatML"])
def test_the_end_of_every_turn_of_the_assistant_s_has_a_loss_and_nothing_of_another_s(name: str) -> None:
    template = templates(marked=True)[name]
    for shape, row in CONVERSATIONS.items():
        [text] = conversation(template, row)
        if shape == "no assistant turn" or (shape == "tools of Python" and name != "SmolLM3"):
            assert text.startswith("(left out: ")
            continue
        ends = text.count("<|im_end|>\n»") + text.count("<|im_end|>»")
        assert ends == text.count("«") == sum(m["role"] == "assistant" for m in row["messages"])
        assert not re.search("«[^»]*(عاصمة|الطقس؟|كن موجزًا)", text)
        assert ("كن موجزًا." in text) is (
            shape in ("custom instructions", "system prompt", "tools")
        ) or name == "ChatML"


@pytest.mark.parametrize("name", ["SmolLM3", "Qwen3", "ChatML"])
def test_custom_instructions_that_a_template_does_not_know_are_the_system_prompt(name: str) -> None:
    def text(**row: Any) -> list[str]:
        return conversation(templates(marked=True)[name], row)

    given = {"custom_instructions": "كن موجزًا."}
    prompt = {"role": "system", "content": "أجب شعرًا."}
    as_prompt = text(messages=[{"role": "system", "content": given["custom_instructions"]}, *ASK])
    assert text(messages=ASK, chat_template_kwargs=given) == as_prompt
    # Beside a system prompt SmolLM3's template does not show them.
    assert text(messages=[prompt, *ASK], chat_template_kwargs=given) == text(messages=[prompt, *ASK])
