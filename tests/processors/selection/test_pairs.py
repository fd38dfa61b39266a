"""Preference pairs as they are read: what is a pair, and what is shared of it."""

from typing import Any

import pytest
from datatrove.data import Document
from hypothesis import given
from hypothesis import strategies as st

from processors.conversations.sides import Sides
from processors.selection.filters import RowProblemFilter
from processors.selection.pairs import as_conversation, pair_problem

Message = dict[str, str]


def says(*contents: str, first: str = "user") -> list[Message]:
    roles = ("user", "assistant") if first == "user" else ("assistant", "user")
    return [{"content": content, "role": roles[n % 2]} for n, content in enumerate(contents)]


def made(chosen: Any, rejected: Any, prompt: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "chosen": chosen,
        "rejected": rejected,
        "prompt": prompt,
        "chat_template_kwargs": None,
        "source": None,
    } | more


def test_what_both_begin_with_stands_once() -> None:
    row = as_conversation(made(says("How?", "So", "Why?", "Yes"), says("How?", "So", "Why?", "No"), "How?"))
    assert [one["content"] for one in row["messages"]] == ["How?", "So", "Why?", "Yes", "No"]
    assert row["sides"] == {"prompt": 3, "chosen": 1}


def test_the_prompt_may_be_a_list_of_messages_with_answers_alone() -> None:
    explicit = made(says("Yes", first="assistant"), says("No", first="assistant"), says("How?"))
    both = made(says("How?", "Yes"), says("How?", "No"), says("How?"))
    assert as_conversation(explicit) == as_conversation(both)
    assert as_conversation(explicit)["sides"] == {"prompt": 1, "chosen": 1}


@pytest.mark.parametrize(
    ("chosen", "rejected", "prompt", "reason", "field"),
    [
        (says("How?", "Yes"), says("How?", "Yes"), "How?", "identical_sides", "chosen"),
        (says("How?", "Yes"), says("Why?", "Yes"), "How?", "no_shared_prompt", "rejected"),
        (says("How?", "Yes"), says("How?", "Yes", "And?", "No"), None, "no_answer", "chosen"),
        (says("A", "B", "How?", "Yes"), says("A", "B", "How? ", "No"), None, "prompts_differ", "chosen[2]"),
        (None, says("How?", "No"), None, "no_messages", "chosen"),
        (says("How?", "Yes"), [], None, "no_messages", "rejected"),
        (says("How?", "Yes"), says("How?"), None, "no_assistant_message", "rejected"),
        (says("How?", "Yes"), [{"role": "user", "content": None}], None, "null_content", "rejected[0].content"),
        (says("How?", "<think>"), says("How?", "No"), None, "unbalanced_think", "chosen[1].content"),
        (says("How?", "Yes"), says("How?", "No"), 7, "wrong_prompt", "prompt"),
    ],
)
def test_what_is_no_pair_is_told(chosen: Any, rejected: Any, prompt: Any, reason: str, field: str) -> None:
    row = made(chosen, rejected, prompt)
    problem = pair_problem(row)
    assert problem is not None and (problem.reason, problem.field) == (reason, field)
    read = as_conversation(row)
    assert read["messages"] is None and read["sides"] is None
    for metadata in (row, row | read):
        document = Document(text="", id="a/1", metadata=dict(metadata))
        assert RowProblemFilter().filter(document) == (False, reason)
        assert document.metadata["filter_detail"] == str(problem)


texts = st.sampled_from(["a", "b", "c"])


@given(st.lists(texts, max_size=3), st.lists(texts, min_size=1, max_size=3), st.lists(texts, min_size=1, max_size=3))
def test_the_sides_of_a_pair_come_back_as_they_were(shared: list[str], one: list[str], other: list[str]) -> None:
    before = says(*shared) if len(shared) % 2 else says(*shared, "q")
    chosen, rejected = (before + says(*texts, first="assistant") for texts in (one, other))
    row = as_conversation(made(chosen, rejected))
    if row["messages"] is None:
        assert pair_problem(made(chosen, rejected))
        return
    sides = Sides.of(row)
    assert sides is not None and sides.conversations(row["messages"]) == (chosen, rejected)
    assert not sides.alike(row["messages"])
    for side, whole in zip(("chosen", "rejected"), (chosen, rejected), strict=True):
        assert [row["messages"][sides.place(side, n)] for n in range(len(whole))] == whole
        assert {sides.side_of(sides.place(side, n)) for n in range(sides.prompt, len(whole))} == {side}


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=3) | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["role", "content"]), inner | st.sampled_from(["user", "assistant"]))
        ),
        max_leaves=8,
    ),
    st.none() | st.just("x") | st.lists(st.just({"role": "user", "content": "x"}), max_size=2),
)
def test_no_row_makes_the_reading_fail(value: Any, prompt: Any) -> None:
    row = made(value, value, prompt)
    problem = pair_problem(row)
    assert problem is not None and problem.reason.isidentifier() and as_conversation(row)["messages"] is None
