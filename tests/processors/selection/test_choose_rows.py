import json
import random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from datatrove.data import Document
from hypothesis import given
from hypothesis import strategies as st

from processors.errors import CountError, InputError
from processors.selection.choose_rows import PlannedCut, choose_splits, has_han, plan_cut, sample_key, select_ids
from processors.selection.filters import CutFilter, HanFilter, RowProblemFilter

RATIO = {"code": 1, "science": 1, "math": 2}


def row(*contents: str, **kwargs: Any) -> dict[str, Any]:
    roles = ("user", "assistant")
    messages = [{"role": roles[i % 2], "content": content} for i, content in enumerate(contents)]
    return {"messages": messages, "chat_template_kwargs": kwargs, "source": "test"}


def cut_of(rows: list[tuple[str, str]], ratio: dict[str, int], total: int, seed: int = 0) -> PlannedCut:
    """The cut of rows given as (stratum, row id)."""
    ids: dict[str, list[str]] = {}
    for stratum, row_id in rows:
        ids.setdefault(stratum, []).append(row_id)
    keys = {s: np.array([sample_key(i, seed) for i in names], dtype=np.uint64) for s, names in ids.items()}
    return select_ids(keys, ids, ratio, total)


def taken(cut: PlannedCut, rows: list[tuple[str, str]], seed: int = 0) -> set[str]:
    return {row_id for stratum, row_id in rows if cut.wanted(stratum, sample_key(row_id, seed), row_id)}


def test_splits_by_pattern() -> None:
    names = ["OpenThoughts3_1.2M_think", "aya_dataset_Qwen3_32B_think", "smoltalk_multilingual8_Qwen3_32B_think"]
    choice = choose_splits(names, ["*_think", "table_gpt_no_think"], ["aya_*", "smoltalk_multilingual*"])
    assert choice.kept == ["OpenThoughts3_1.2M_think"]
    assert choice.dropped == ["aya_dataset_Qwen3_32B_think", "smoltalk_multilingual8_Qwen3_32B_think"]
    assert choice.missing == ["table_gpt_no_think"]
    assert choose_splits(names, [], []).kept == sorted(names)
    assert choose_splits(["A"], ["a"], []).kept == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The word 水 means water", "U+6C34 水 at character 9"),
        ("人々", "U+4EBA"),
        ("々", "U+3005"),
        ("⼀", "U+2F00"),
        ("\U00020000", "U+20000"),
        ("〇", "U+3007"),
        ("\uf900", "U+F900"),
    ],
)
def test_han_is_found(text: str, found: str) -> None:
    problem = has_han(row("What is it?", text))
    assert problem is not None
    assert problem.field == "messages[1].content"
    assert found in problem.detail


@pytest.mark.parametrize(
    "text",
    [
        "",
        "الماء",
        "「」、。・〜",
        "㊗️ 🎉",
        "ひらがなカタカナ",
        "한국어",
        "Ｆｕｌｌ　ｗｉｄｔｈ！",
        "𝑥² ∑ → ½",
        "\u200f\u202b",
    ],
)
def test_other_scripts_and_cjk_punctuation_are_not_han(text: str) -> None:
    assert has_han(row("What is it?", text)) is None


def test_han_in_instructions_and_tools() -> None:
    assert has_han(row("a", "b", custom_instructions="回答"))  # type: ignore[arg-type]
    problem = has_han(row("a", "b", xml_tools=["{}", '{"name": "天气"}'], custom_instructions=None))
    assert problem is not None
    assert problem.field == "chat_template_kwargs.xml_tools[1]"
    assert has_han({"messages": [], "chat_template_kwargs": None}) is None


def test_sample_key_is_stable_and_spread() -> None:
    # A changed key would silently change every published sample, so the value itself is fixed here.
    assert sample_key("OpenThoughts3_1.2M_think/0000000", 17) == 7360789984603877704
    keys = np.array([sample_key(f"s/{i:07}", 1) for i in range(20_000)], dtype=np.uint64)
    quarters = np.bincount((keys >> np.uint64(62)).astype(np.int64), minlength=4)
    assert quarters.min() > 4_700
    assert sample_key("s/1", 1) != sample_key("s/1", 2)


def test_the_papers_cuts_are_exact() -> None:
    there = {"code": 250_000, "science": 95_000, "math": 788_524}
    assert plan_cut(there, RATIO, 50_000).quotas == {"code": 12_500, "math": 25_000, "science": 12_500}
    plan = plan_cut({"code": 90_000, "science": 30_000, "math": 300_000}, RATIO, 180_000)
    assert plan.quotas == {"code": 50_000, "math": 100_000, "science": 30_000}
    assert plan.notes == [
        "science: 45,000 rows are wanted and only 30,000 are there.",
        "Taken instead of the missing 15,000: 5,000 more of code, 10,000 more of math.",
    ]


def test_a_split_that_is_too_small_is_taken_whole_and_said() -> None:
    plan = plan_cut({"math": 500}, RATIO, 50_000)
    assert plan.quotas == {"code": 0, "math": 500, "science": 0}
    assert plan.notes[0] == "50,000 rows are wanted and only 500 are there: all of them are taken, 49,500 fewer."
    assert "code: 12,500 wanted, 0 there." in plan.notes


def test_strata_without_a_share_come_last() -> None:
    assert plan_cut({"code": 5, "other": 100}, {"code": 1}, 5).quotas == {"code": 5, "other": 0}
    plan = plan_cut({"code": 5, "other": 100}, {"code": 1}, 8)
    assert plan.quotas == {"code": 5, "other": 3}
    assert plan.notes[-1] == "Taken instead of the missing 3: 3 more of other."


def test_no_ratio_means_no_stratification() -> None:
    assert plan_cut({"all": 7}, {}, 3).quotas == {"all": 3}
    assert plan_cut({"all": 7}, {}, 3).notes == []
    assert plan_cut({}, {}, 3).quotas == {}


@pytest.mark.parametrize(
    ("counts", "ratio", "total"), [({"a": -1}, {"a": 1}, 1), ({"a": 1}, {"a": -1}, 1), ({"a": 1}, {"a": 0}, 1)]
)
def test_impossible_plans_are_refused(counts: dict[str, int], ratio: dict[str, int], total: int) -> None:
    with pytest.raises(InputError):
        plan_cut(counts, ratio, total)


strata = st.sampled_from(["code", "science", "math", "other"])


@given(
    st.dictionaries(strata, st.integers(0, 10**7)),
    st.dictionaries(strata, st.integers(1, 9)),
    st.integers(0, 10**7),
)
def test_quotas_always_add_up(counts: dict[str, int], ratio: dict[str, int], total: int) -> None:
    plan = plan_cut(counts, ratio, total)
    assert sum(plan.quotas.values()) == min(total, sum(counts.values()))
    assert all(0 <= quota <= counts.get(s, 0) for s, quota in plan.quotas.items())
    enough = sum(counts.values()) >= total and all(counts.get(s, 0) >= plan.wanted[s] for s in plan.wanted)
    assert bool(plan.notes) == (not enough)
    if enough and ratio:
        whole = sum(ratio.values())
        assert all(abs(plan.quotas[s] - total * ratio.get(s, 0) / whole) < 1 for s in plan.quotas)


@given(
    st.lists(
        st.tuples(strata, st.integers(0, 10**6).map(lambda n: f"x/{n:07}")), max_size=60, unique_by=lambda x: x[1]
    ),
    st.integers(0, 70),
    st.randoms(use_true_random=False),
)
def test_the_sample_is_exact_and_does_not_depend_on_the_order(
    rows: list[tuple[str, str]], total: int, rng: random.Random
) -> None:
    cut = cut_of(rows, RATIO, total)
    chosen = taken(cut, rows)
    assert len(chosen) == min(total, len(rows))
    shuffled = rng.sample(rows, len(rows))
    again = cut_of(shuffled, RATIO, total)
    assert again == cut
    assert taken(PlannedCut.from_json(json.loads(json.dumps(again.as_json()))), shuffled) == chosen


def test_a_smaller_sample_is_part_of_a_larger_one() -> None:
    rows = [("math", f"x/{i:05}") for i in range(1_000)]
    assert taken(cut_of(rows, {}, 100), rows) < taken(cut_of(rows, {}, 300), rows)
    assert taken(cut_of(rows, {}, 100), rows) != taken(cut_of(rows, {}, 100, seed=1), rows, seed=1)


def test_equal_keys_are_told_apart_by_id() -> None:
    keys = {"math": np.array([9, 5, 5, 5, 2], dtype=np.uint64)}
    ids = {"math": ["x/4", "x/3", "x/1", "x/2", "x/0"]}
    cut = select_ids(keys, ids, {}, 3)
    chosen = [i for key, i in zip(keys["math"], ids["math"], strict=True) if cut.wanted("math", int(key), i)]
    assert chosen == ["x/1", "x/2", "x/0"]


def test_lost_ids_are_noticed() -> None:
    with pytest.raises(CountError):
        select_ids({"math": np.zeros(2, dtype=np.uint64)}, {"math": ["x/1"]}, {}, 1)


def test_datatrove_filters() -> None:
    good = Document(text="x", id="s/1", metadata=row("Hi", "Hello") | {"domain": "math"})
    bad = Document(text="x", id="s/2", metadata=row("Hi", "<think>\nnever"))
    han = Document(text="x", id="s/3", metadata=row("Hi", "你好"))
    assert RowProblemFilter().filter(good) is True
    assert RowProblemFilter().filter(bad) == (False, "unbalanced_think")
    assert "never closed" in bad.metadata["filter_detail"]
    assert [doc.id for doc in HanFilter().run([good, han])] == ["s/1"]
    cut = cut_of([("math", "s/1")], {}, 1)
    assert CutFilter(cut, seed=0).filter(good) is True
    assert CutFilter(cut_of([], {}, 1), seed=0).filter(good) == (False, "not_sampled")


def test_row_ids_may_be_an_arrow_column() -> None:
    ids = pa.chunked_array([["x/0", "x/1"], ["x/2"]])
    cut = select_ids({"math": np.array([7, 3, 3], dtype=np.uint64)}, {"math": ids}, {}, 1)
    assert cut.wanted("math", 3, "x/1")
    assert not cut.wanted("math", 3, "x/2")
