"""Which answer is best, and which pair differs most: against all pairs, and where nothing is good."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.arbitrage.choose import choose
from builders.arbitrage.people import Said
from builders.arbitrage.recipe import ArbitrageRecipe
from processors.judging.votes import Votes

NAMES = ("A", "B", "C", "D")
WORDS = (
    "القمر يدور حول الأرض في شهر",
    "السوق مزدحمة اليوم جدًا يا صديقي",
    "كتب الطالب درسه ثم نام مبكرًا",
    "تسقط الأمطار شتاءً على الجبال",
)


def recipe_with(**more: Any) -> ArbitrageRecipe:
    pool = [
        {"name": name, "backend": "endpoint", "model": name, "base_url": "http://localhost:1/v1"} for name in NAMES
    ]
    given = {"name": "r", "source": {"path": "p.jsonl"}, "pool": pool, "reward": {"model": "m"}}
    return ArbitrageRecipe.model_validate(given | more)


JUDGES = {"judges": [{"name": "j", "model": "j", "base_url": "http://localhost:1/v1"}]}


def row(*scores: tuple[float | None, float | None], texts: tuple[str, ...] = WORDS) -> dict[str, Any]:
    answers = [
        {"model": name, "sample": 0, "text": text, "reward": reward, "mark": mark}
        for name, text, (reward, mark) in zip(NAMES, texts, scores, strict=False)
    ]
    return {"id": "train/1", "answers": answers}


numbers = st.floats(-5, 5).map(lambda value: round(value, 4))
marks = st.integers(2, 10).map(lambda value: value / 2)


@given(st.lists(st.tuples(numbers, marks), min_size=1, max_size=4))
def test_no_other_pair_differs_by_more(scores: list[tuple[float, float]]) -> None:
    """Of all ordered pairs whose better side may be chosen; and the better side is the best of these."""
    recipe, given = recipe_with(panel=JUDGES), row(*scores)
    chosen = choose(given, recipe)
    fit = [one for one in given["answers"] if one["mark"] >= 3.0]
    if not fit:
        assert chosen.best is None and chosen.why == "below_mark"
        return
    assert chosen.best is not None and chosen.best["reward"] == max(one["reward"] for one in fit)
    pairs = [a["reward"] - b["reward"] for a, b in permutations(given["answers"], 2) if a in fit]
    largest = max(pairs, default=0.0)
    if largest > 0:
        assert chosen.worse is not None and chosen.difference == pytest.approx(largest, abs=1e-6)
        assert chosen.best["reward"] - chosen.worse["reward"] == pytest.approx(largest, abs=1e-9)
    else:
        assert chosen.worse is None and chosen.why in ("tie", "one_answer")


@pytest.mark.parametrize(
    ("scores", "more", "why"),
    [
        ([(1.0, 2.0), (2.0, 2.5)], {"panel": JUDGES}, "below_mark"),
        ([(1.0, None), (2.0, None)], {"panel": JUDGES}, "not_judged"),
        ([(1.0, 5.0), (-3.0, 5.0)], {"panel": JUDGES, "choose": {"least_reward": 2.0}}, "below_reward"),
        ([(3.0, 1.0), (1.0, 5.0)], {"panel": JUDGES, "choose": {"least_reward": 2.0}}, "all_bad"),
    ],
)
def test_where_nothing_is_good_the_reason_is_told(scores: Any, more: dict[str, Any], why: str) -> None:
    found = choose(row(*scores), recipe_with(**more))
    assert found.best is None and found.why == why


def test_what_says_the_same_is_no_pair_and_the_next_one_is() -> None:
    texts = (WORDS[0], f"{WORDS[0]}.", WORDS[0].replace("القمر", "القَمَر"), WORDS[3])
    found = choose(row((3.0, None), (2.0, None), (-4.0, None), (1.0, None), texts=texts), recipe_with())
    assert found.best is not None and found.worse is not None
    assert (found.best["model"], found.worse["model"], found.difference) == ("A", "D", 2.0)
    alike = choose(row((3.0, None), (-4.0, None), texts=(WORDS[0], WORDS[0])), recipe_with())
    assert alike.worse is None and alike.why == "near_duplicate"
    small = recipe_with(choose={"least_difference": 2.5})
    assert choose(row((3.0, None), (1.0, None)), small).why == "small_difference"


def test_what_people_said_decides() -> None:
    votes = Votes(list(NAMES))
    votes.add("train/1", "B", "A", "one", 1)
    found = choose(row((9.0, 1.0), (1.0, 1.0), (0.0, 1.0)), recipe_with(panel=JUDGES), Said(votes))
    assert found.best is not None and found.worse is not None
    assert (found.best["model"], found.worse["model"], found.by) == ("B", "A", "people")
    assert (
        choose({**row((9.0, 4.0), (1.0, 4.0)), "id": "train/2"}, recipe_with(panel=JUDGES), Said(votes)).by == "reward"
    )
