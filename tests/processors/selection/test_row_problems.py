import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.selection.row_problems import row_problem
from tests.processors.rows import CALL, row, soup


@settings(max_examples=500)
@given(soup)
def test_no_row_makes_the_validation_fail(content: str) -> None:
    problem = row_problem(row("What is it?", content))
    if problem is not None:
        assert problem.field == "messages[1].content"
        assert "\n" not in str(problem)
        str(problem).encode("ascii")


@settings(max_examples=300)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda children: (
            st.lists(children, max_size=3)
            | st.dictionaries(
                st.sampled_from(["messages", "role", "content", "chat_template_kwargs", "source", "xml_tools"]),
                children,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_validation_answers_for_any_structure(value: Any) -> None:
    problem = row_problem({"messages": value, "chat_template_kwargs": value})
    assert problem is None or problem.reason.isidentifier()


def test_good_rows_pass() -> None:
    assert row_problem(row("Hi", f"<think>\nCall it.\n</think>\n{CALL}", "Thanks", "")) is None
    assert row_problem(row("What does <think> do? </think>", "It opens the reasoning.")) is None
    hermes = [{"role": "system", "content": "As follows:\n<tool_call>\n{'name': <function-name>}\n</tool_call>"}]
    assert row_problem(row(messages=hermes + row("Hi", "Hello")["messages"])) is None
    assert row_problem(row("Hi", "مرحبا 👋", chat_template_kwargs=None, source=None)) is None


@pytest.mark.parametrize(
    ("answer", "reason", "found"),
    [
        ("<think>\nnever closed", "unbalanced_think", "never closed"),
        ("Sure <think> and so on", "unbalanced_think", "<think> at character 5"),
        ("<think>\na\n</think>\nb\n</think>", "unbalanced_think", "</think> at character 21"),
        ("<think>\n<think>\na\n</think>\nb", "unbalanced_think", "<think> at character 8"),
        ('<tool_call>{"name": "f", "arguments": {</tool_call>', "unparsable_tool_call", "does not parse"),
        ("<tool_call>\nget_weather(Cairo)\n</tool_call>", "unparsable_tool_call", "get_weather(Cairo)"),
        ("<tool_call>7</tool_call>", "unparsable_tool_call", "'7'"),
        ('<tool_call>{"name": "f"}', "unbalanced_tool_call", "never closed"),
        ('{"name": "f"}</tool_call>', "unbalanced_tool_call", "</tool_call> at character 13"),
        ("a lone \ud83d surrogate", "invalid_unicode", "U+D83D at character 7"),
    ],
)
def test_a_bad_answer_is_named(answer: str, reason: str, found: str) -> None:
    problem = row_problem(row("Hi", answer))
    assert problem is not None
    assert (problem.reason, problem.field) == (reason, "messages[1].content")
    assert found in problem.detail
    assert "expected" in problem.detail


def replaced(path: list[Any], value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(row("Hi", "Hello"))
    target: Any = changed
    for step in path[:-1]:
        target = target[step]
    if value is KeyError:
        del target[path[-1]]
    else:
        target[path[-1]] = value
    return changed


@pytest.mark.parametrize(
    ("path", "value", "reason", "field"),
    [
        (["messages"], None, "no_messages", "messages"),
        (["messages"], [], "no_messages", "messages"),
        (["messages"], "text", "no_messages", "messages"),
        (["messages"], KeyError, "no_messages", "messages"),
        (["messages", 0], None, "wrong_message", "messages[0]"),
        (["messages", 1, "role"], KeyError, "missing_role", "messages[1].role"),
        (["messages", 1, "role"], None, "missing_role", "messages[1].role"),
        (["messages", 1, "role"], "gpt", "unknown_role", "messages[1].role"),
        (["messages", 1, "role"], ["user"], "unknown_role", "messages[1].role"),
        (["messages", 0, "content"], None, "null_content", "messages[0].content"),
        (["messages", 0, "content"], KeyError, "null_content", "messages[0].content"),
        (["messages", 0, "content"], b"\xff", "wrong_content", "messages[0].content"),
        (["messages", 1, "role"], "user", "no_assistant_message", "messages"),
        (["messages", 0, "role"], "system", "no_user_message", "messages"),
        (["source"], 5, "wrong_source", "source"),
        (["chat_template_kwargs"], "{}", "wrong_chat_template_kwargs", "chat_template_kwargs"),
        (
            ["chat_template_kwargs", "enable_thinking"],
            "true",
            "wrong_chat_template_kwargs",
            "chat_template_kwargs.enable_thinking",
        ),
        (
            ["chat_template_kwargs", "xml_tools"],
            "[]",
            "wrong_chat_template_kwargs",
            "chat_template_kwargs.xml_tools",
        ),
        (
            ["chat_template_kwargs", "python_tools"],
            [{"name": "f"}],
            "wrong_chat_template_kwargs",
            "chat_template_kwargs.python_tools",
        ),
        (
            ["chat_template_kwargs", "xml_tools"],
            ["{}", '{"name": "f"'],
            "unparsable_tool",
            "chat_template_kwargs.xml_tools[1]",
        ),
        (
            ["chat_template_kwargs", "custom_instructions"],
            "\udfff",
            "invalid_unicode",
            "chat_template_kwargs.custom_instructions",
        ),
    ],
)
def test_a_bad_field_is_named(path: list[Any], value: Any, reason: str, field: str) -> None:
    problem = row_problem(replaced(path, value))
    assert problem is not None
    assert (problem.reason, problem.field) == (reason, field)
