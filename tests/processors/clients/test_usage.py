"""What an answer cost: cached and reasoning tokens in each API's form, on disk, and in dollars."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from builders.recipes.translator_base import Cost
from processors.answers.store import AnswerReader, AnswerStore
from processors.clients.answer import Answer
from processors.clients.responses import read_response, read_usage

OPENAI = {
    "prompt_tokens": 100,
    "completion_tokens": 60,
    "prompt_tokens_details": {"cached_tokens": 64, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 40},
}
OPENROUTER = OPENAI | {"cost": 0.95, "cost_details": {"upstream_inference_cost": None}, "is_byok": False}
ANTHROPIC = {
    "input_tokens": 30,
    "cache_read_input_tokens": 64,
    "cache_creation_input_tokens": 6,
    "output_tokens": 60,
    "output_tokens_details": {"thinking_tokens": 40},
}
DEEPSEEK = {
    "prompt_tokens": 100,
    "completion_tokens": 60,
    "prompt_cache_hit_tokens": 64,
    "prompt_cache_miss_tokens": 36,
    "completion_tokens_details": {"reasoning_tokens": 40},
}


@pytest.mark.parametrize("usage", [OPENAI, OPENROUTER, ANTHROPIC, DEEPSEEK])
def test_each_api_says_it_in_its_own_form(usage: dict[str, Any]) -> None:
    assert read_usage(usage) == {
        "prompt_tokens": 100,
        "completion_tokens": 60,
        "cached_tokens": 64,
        "reasoning_tokens": 40,
    }


@pytest.mark.parametrize(
    "usage", [None, [], "x", {"prompt_tokens": "7"}, {"prompt_tokens_details": None}, {"prompt_tokens": -1}]
)
def test_what_is_not_told_is_nothing(usage: Any) -> None:
    assert not any(read_usage(usage).values())


def test_a_part_is_never_more_than_the_whole() -> None:
    usage = read_usage({"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 64}})
    assert usage["cached_tokens"] == 5


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_beside_the_answer_is_left_out_and_counted(field: str) -> None:
    message = {"role": "assistant", "content": "مرحبا", field: "The user wants Arabic."}
    body = json.dumps({"choices": [{"message": message, "finish_reason": "stop"}], "usage": OPENAI}).encode()
    answer = read_response(200, {}, body, "chat")
    assert isinstance(answer, Answer) and answer.text == "مرحبا" and answer.reasoned
    assert (answer.cached_tokens, answer.reasoning_tokens) == (64, 40)
    # Whoever wants the thoughts has them before the answer.
    told = read_response(200, {}, body, "chat", thoughts=True)
    assert isinstance(told, Answer) and told.text == "<think>\nThe user wants Arabic.\n</think>\n\nمرحبا"


def test_it_survives_on_disk_and_is_added_up_once(tmp_path: Path) -> None:
    thought = Answer("x", "stop", 100, 60, cached_tokens=64, reasoning_tokens=40)
    batched = Answer("y", "length", 10, 6, batched=True)

    async def put() -> None:
        # As two processes at the same time may.
        with AnswerStore(tmp_path) as one, AnswerStore(tmp_path) as two:
            await asyncio.gather(one.put(b"a", thought), two.put(b"a", thought), one.put(b"b", batched))
            await one.put(b"c", Answer("z", "stop", 1, 1))

    asyncio.run(put())
    with AnswerReader(tmp_path) as reader:
        found = reader.get(b"a")
        assert found and (found.finish_reason, found.cached_tokens, found.reasoning_tokens) == ("stop", 64, 40)
        other = reader.get(b"b")
        assert other and other.batched and other.finish_reason == "length"
        counts = reader.counts()
    assert {name: value for name, value in counts.items() if value} == {
        "answers": 3,
        "prompt_tokens": 111,
        "completion_tokens": 67,
        "cached_tokens": 64,
        "reasoning_tokens": 40,
        "batched_prompt_tokens": 10,
        "batched_completion_tokens": 6,
    }


def test_dollars_are_by_what_the_recipe_prices() -> None:
    counts = {"prompt_tokens": 3_000_000, "completion_tokens": 2_000_000, "cached_tokens": 1_000_000}
    plain = Cost(usd_per_million_input=1.0, usd_per_million_output=4.0)
    cached = Cost(usd_per_million_input=1.0, usd_per_million_output=4.0, usd_per_million_cached_input=0.1)
    assert plain.bill(counts) == pytest.approx(11.0)
    assert cached.bill(counts) == pytest.approx(10.1)
    half = {f"batched_{name}": value for name, value in counts.items()}
    assert cached.bill(counts | half) == pytest.approx(5.05)
    assert cached.bill(counts | {"batched_completion_tokens": 1_000_000}) == pytest.approx(8.1)
