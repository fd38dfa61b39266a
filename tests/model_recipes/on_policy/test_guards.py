"""When rounds end, which pairs are made, and what of a plan is told before anything is run."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from model_recipes.on_policy.answers import SampledAnswer
from model_recipes.on_policy.guards import Watched, tripped, watch
from model_recipes.on_policy.pairs import best_and_worst
from model_recipes.on_policy.prompts import Prompt, divide, read_prompts
from model_recipes.on_policy.rewards import judge, look_at
from model_recipes.on_policy.sampling import read_answers
from model_recipes.on_policy.settings import (
    BenchmarkGuard,
    GuardSettings,
    InstructionReward,
    OnPolicyPlan,
    PromptRows,
)
from model_recipes.plans import load_plan
from processors.errors import InputError, RecipeError

START = Watched(0.5, 100, 0.0, {"english": 40.0})
GUARDS = GuardSettings(benchmarks=[BenchmarkGuard(suite="english", fall=1.0)])


def said(*texts: str, cut: bool = False) -> list[SampledAnswer]:
    return [SampledAnswer(text, len(text.split()), cut) for text in texts]


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (Watched(0.7, 120, 0.05, {"english": 39.5}), None),
        (Watched(0.47, 100, 0.0, {"english": 40.0}), "the reward fell"),
        (Watched(0.7, 151, 0.0, {"english": 40.0}), "answers grew"),
        (Watched(0.7, 100, 0.11, {"english": 40.0}), "cut off"),
        (Watched(0.7, 100, 0.0, {"english": 38.9}), "english fell"),
    ],
)
def test_a_guard_ends_the_rounds_for_its_own_reason_alone(now: Watched, why: str | None) -> None:
    found = tripped(GUARDS, START, [START], now)
    assert [why in one for one in found] == [True] if why else found == []


def test_a_reward_is_held_against_the_best_round_before_and_not_the_last() -> None:
    rounds = [START, Watched(0.8, 100, 0.0, {"english": 40.0}), Watched(0.785, 100, 0.0, {"english": 40.0})]
    [why] = tripped(GUARDS, START, rounds, Watched(0.77, 100, 0.0, {"english": 40.0}))
    assert "from 0.800 to 0.770" in why


def test_a_pair_is_the_largest_difference_and_of_like_length() -> None:
    answers = said("خطأ", "نعم نعم نعم نعم", "لا لا لا", "نعم نعم نعم")
    found = best_and_worst([Prompt([])], [answers], [[0.0, 1.0, 0.0, 1.0]], 0.1)
    assert found.rows[0]["chosen"][0]["content"] == "نعم نعم نعم"
    assert found.rows[0]["rejected"][0]["content"] == "لا لا لا"
    assert (found.rows[0]["chosen_reward"], found.rows[0]["rejected_reward"]) == (1.0, 0.0)


def test_prompts_whose_answers_are_alike_give_no_pair_and_are_counted() -> None:
    found = best_and_worst([Prompt([])] * 2, [said("a", "b")] * 2, [[0.5, 0.5], [0.5, 0.55]], 0.1)
    assert (found.rows, found.alike) == ([], 2)


def test_an_answer_that_is_cut_off_or_empty_is_worth_the_least() -> None:
    prompt = Prompt([], instructions=[("keywords:existence", {"keywords": ["نعم"]})])
    answers = [*said("نعم"), *said("نعم", cut=True), *said(" "), *said("لا")]
    assert judge(InstructionReward(kind="instructions"), [prompt], [answers]) == [[1.0, 0.0, 0.0, 0.0]]


def test_prompts_that_cannot_be_judged_are_one_line() -> None:
    with pytest.raises(InputError, match=r"1 of 2 cannot be judged by `reward.kind: instructions`: no instructions"):
        look_at(InstructionReward(kind="instructions"), [Prompt([], instructions=[("a", {})]), Prompt([])])


def test_means_are_over_all_answers() -> None:
    found = watch([said("a b", "c"), said("d", cut=True)], [[1.0, 0.0], [0.5]], {"english": 41.23456})
    assert found == Watched(0.5, 1.333, 0.333333, {"english": 41.2346})


def test_prompts_are_chats_up_to_the_answer_each_once(tmp_path: Path) -> None:
    chats: list[dict[str, Any]] = [
        {"messages": [{"role": "user", "content": "كم 2+3؟"}, {"role": "assistant", "content": "5"}], "answer": None},
        {
            "messages": [{"role": "user", "content": "كم 2+3؟"}, {"role": "assistant", "content": "خمسة"}],
            "answer": "5",
        },
        {"messages": [{"role": "user", "content": "كم 7؟"}], "answer": "7"},
        {"messages": [{"role": "assistant", "content": "مرحبا"}], "answer": "7"},
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in chats), encoding="utf-8")
    prompts, out = read_prompts([PromptRows(path=str(path))])
    assert [(one.messages[-1]["content"], one.reference) for one in prompts] == [("كم 2+3؟", "5"), ("كم 7؟", "7")]
    assert out == 2


def test_no_prompt_is_used_twice_before_all_were_and_none_that_is_held_back() -> None:
    held, rounds = divide([Prompt([])] * 50, 10, 15, 4, 3)
    used = [place for one in rounds for place in one]
    assert not set(held) & set(used)
    assert len(set(used[:40])) == 40
    assert all(len(set(one)) == 15 for one in rounds)


def test_half_a_line_that_a_kill_left_is_no_answer(tmp_path: Path) -> None:
    whole = json.dumps([[1, [["b", 1, False]]], [0, [["a", 1, False]]]]) + "\n"
    (tmp_path / "answers.jsonl").write_text(whole + '[[2, [["c", 1', encoding="utf-8")
    assert read_answers(tmp_path / "answers.jsonl") == [said("a"), said("b")]


@pytest.mark.parametrize(
    ("over", "told"),
    [
        ({"dpo_settings": ["seed=3"]}, "seed is set by each round"),
        ({"reward": {"kind": "answers"}}, "answers"),
        ({"sampling": {"sample": 3}}, "did you mean 'samples'"),
        ({"rounds": 0}, "rounds"),
        ({"prompts": []}, "prompts"),
    ],
)
def test_a_mistake_in_a_plan_is_a_line(tmp_path: Path, over: dict[str, Any], told: str) -> None:
    about = {"name": "rounds", "model": "user/model", "prompts": [{"path": "user/data"}], "dpo": "dpo.yaml"}
    path = tmp_path / "plan.yaml"
    path.write_text(yaml.safe_dump({**about, "reward": {"kind": "answer"}, **over}), encoding="utf-8")
    with pytest.raises(RecipeError, match=told):
        load_plan(path, OnPolicyPlan)


def test_prompts_are_also_texts_with_an_answer_beside_them(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"prompt": "كم 2+3؟", "answer": "5"}) + "\n", encoding="utf-8")
    prompts, _ = read_prompts([PromptRows(path=str(path))])
    assert prompts == [Prompt([{"role": "user", "content": "كم 2+3؟"}], "5")]
    path.write_text('{"question": "كم؟"}\n', encoding="utf-8")
    with pytest.raises(InputError, match="no column 'messages' or 'prompt'"):
        read_prompts([PromptRows(path=str(path))])
