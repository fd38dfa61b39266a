"""Rewards and log-probabilities as a server answers them: what is none of them is a fault, never a score."""

import json
from typing import Any

import pytest

from processors.clients.answer import Answer
from processors.clients.responses import read_response


def read(data: Any, mode: Any) -> Any:
    return read_response(200, {}, json.dumps(data).encode(), mode)


def test_rewards_in_any_order_are_those_of_their_inputs() -> None:
    found = read({"data": [{"index": n, "probs": [n / 2]} for n in (2, 0, 1)]}, "classify")
    assert isinstance(found, Answer) and json.loads(found.text) == [[0.0], [0.5], [1.0]]


@pytest.mark.parametrize(
    "rows",
    [
        [{"index": 0, "probs": [1.0]}, {"index": 0, "probs": [2.0]}],
        [{"index": 1, "probs": [1.0]}],
        [{"index": "0", "probs": [1.0]}],
        [{"index": 0, "probs": ["x"]}],
        [{"index": 0, "probs": [None]}],
        [{"index": 0, "probs": 1.0}],
        [{"index": 0}],
        {"index": 0},
        None,
    ],
)
def test_what_is_no_reward_is_a_fault(rows: Any) -> None:
    assert read({"data": rows}, "classify").name == "no_classes"


@pytest.mark.parametrize("rows", ["abc", [1, 2], [None, {"5": {"logprob": None}}], [None, {"5": 1}], 7])
def test_what_is_no_log_probability_is_a_fault(rows: Any) -> None:
    assert read({"choices": [{"text": "", "prompt_logprobs": rows}]}, "prompt_logprobs").name == "no_choice"
