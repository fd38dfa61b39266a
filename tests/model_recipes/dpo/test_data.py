"""The forms that a preference pair comes in, read without a model."""

from typing import Any

import pytest

from model_recipes.dpo.data import NO_ASSISTANT, NO_PAIR, NO_PROMPT, SAME, split_pair

USER = {"role": "user", "content": "ما عاصمة مصر؟"}
MORE = {"role": "user", "content": "والسودان؟"}
GOOD = {"role": "assistant", "content": "القاهرة."}
BAD = {"role": "assistant", "content": "Cairo."}


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": [USER], "chosen": [GOOD], "rejected": [BAD]},
        {"chosen": [USER, GOOD], "rejected": [USER, BAD]},
        {"prompt": None, "chosen": [USER, GOOD], "rejected": [USER, BAD]},
        {"prompt": [], "chosen": [USER, GOOD], "rejected": [USER, BAD]},
        {"prompt": [USER], "chosen": [USER, GOOD], "rejected": [USER, BAD]},
        # SmolTalk2's: the question as text, and the whole conversation on both sides.
        {"prompt": USER["content"], "chosen": [USER, GOOD], "rejected": [USER, BAD]},
        {"prompt": USER["content"], "chosen": [GOOD], "rejected": [BAD]},
    ],
)
def test_all_forms_of_a_pair_are_one(row: dict[str, Any]) -> None:
    assert split_pair(row) == ([USER], [GOOD], [BAD], "")


def test_a_prompt_reaches_to_where_the_sides_part() -> None:
    row = {"chosen": [USER, GOOD, MORE, GOOD], "rejected": [USER, GOOD, MORE, BAD]}
    assert split_pair(row) == ([USER, GOOD, MORE], [GOOD], [BAD], "")
    # A side that ends where the other goes on still has its last turn.
    row = {"chosen": [USER, GOOD, MORE, GOOD], "rejected": [USER, GOOD]}
    assert split_pair(row) == ([USER], [GOOD, MORE, GOOD], [GOOD], "")


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"prompt": [USER], "chosen": [GOOD], "rejected": [GOOD]}, SAME),
        ({"prompt": [USER], "chosen": [], "rejected": [GOOD]}, NO_PAIR),
        ({"prompt": [USER], "chosen": None, "rejected": [GOOD]}, NO_PAIR),
        ({"prompt": "text", "chosen": "text", "rejected": "other"}, NO_PAIR),
        ({"prompt": [USER], "chosen": [GOOD], "rejected": [MORE]}, NO_ASSISTANT),
        ({"chosen": [GOOD], "rejected": [BAD]}, NO_PROMPT),
    ],
)
def test_what_is_no_pair_says_why(row: dict[str, Any], why: str) -> None:
    assert split_pair(row)[3] == why
