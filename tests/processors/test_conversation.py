import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.conversation import (
    Part,
    join_parts,
    parse_tool_call,
    row_problem,
    split_parts,
)

CALL = '<tool_call>{"name": "circle_area", "arguments": {"radius": 1.5}}</tool_call>'
FRAGMENTS = [
    "<think>",
    "</think>",
    "<tool_call>",
    "</tool_call>",
    "<tool_response>",
    "</tool_response>",
    "<tools>",
    "</tools>",
    "<code>",
    "</code>",
    "\n",
    "\r\n",
    " ",
    "    ",
    "`",
    "``",
    "```",
    "~~~~",
    "```python\n",
    '{"name": "f"}',
    "{'a': 1}",
    "[",
    "$x^2$",
    "الشبكة العصبية",
    "\u200f",
    "\u202b",
    "👩‍🔬",
    "\ud800",
    "\x00",
    "\u2028",
    "| a | b |\n|---|---|\n",
    "/no_think",
    "Answer.",
]
soup = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=8), max_size=40).map("".join)


def types(content: str) -> list[str]:
    return [part.type for part in split_parts(content)]


def row(*contents: str, **changes: Any) -> dict[str, Any]:
    """A good row whose messages alternate user and assistant, with the given fields replaced."""
    roles = ("user", "assistant")
    kwargs = {"custom_instructions": "", "enable_thinking": False, "python_tools": [], "xml_tools": []}
    messages = [{"role": roles[i % 2], "content": content} for i, content in enumerate(contents)]
    return {"messages": messages, "chat_template_kwargs": kwargs, "source": "test"} | changes


@settings(max_examples=1500)
@given(soup)
def test_splitting_is_lossless_for_any_string(content: str) -> None:
    parts = split_parts(content)
    assert join_parts(parts) == content
    assert all(str(part) for part in parts)


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


def test_reasoning_and_answer_are_clean_parts() -> None:
    assert split_parts("<think>\nOkay, 6*2=12.\n</think>\n\nThe answer is **12**.\n") == [
        Part("think", "Okay, 6*2=12.", "<think>\n", "\n</think>\n\n"),
        Part("text", "The answer is **12**.", "", "\n"),
    ]


def test_reasoning_before_two_tool_calls() -> None:
    parts = split_parts(f"<think>\nI need two calls.\n</think>\n{CALL}\n{CALL}")
    assert [part.type for part in parts] == ["think", "tool_call", "tool_call"]
    assert parts[1].text == '{"name": "circle_area", "arguments": {"radius": 1.5}}'


def test_tool_response_and_hermes_tool_list() -> None:
    assert types('<tool_response>{"distance": 2448.5}</tool_response>\n<tool_response>[]</tool_response>') == [
        "tool_response",
        "tool_response",
    ]
    system = 'Signatures are within <tools></tools> tags: <tools> [{"name": "f"}] </tools> Call them as asked.'
    parts = split_parts(system)
    assert [part.type for part in parts] == ["text", "tools", "text"]
    assert parts[1].text == '[{"name": "f"}]'


def test_python_call_of_smolagents_but_not_inline_html() -> None:
    parts = split_parts("I will search first.\n<code>\n    hits = web_search('Cairo')\nprint(hits)\n</code>")
    assert [part.type for part in parts] == ["text", "python_call"]
    assert parts[1].text == "    hits = web_search('Cairo')\nprint(hits)"
    assert types("Write <code>print(1)</code> in HTML.\n<code>x</code> too") == ["text"]


@pytest.mark.parametrize(
    "content",
    [
        "Put your reasoning between `<think>` and `</think>`.",
        "```xml\n<think>\nx\n</think>\n```",
        "~~~~\n<tool_call>{}</tool_call>\n~~~\n~~~~",
        "The model writes <think> first and </think> last.",
        "Return JSON within <tool_call></tool_call> tags.",
    ],
)
def test_a_mentioned_tag_is_text(content: str) -> None:
    assert types(content) == ["text"]
    assert row_problem(row("How?", content)) is None


def test_closing_tag_in_code_does_not_end_the_reasoning() -> None:
    content = "<think>\nThe tag is:\n```\n</think>\n```\nand `</think>`, so done.\n</think>\nAnswer"
    parts = split_parts(content)
    assert parts[0].text.endswith("so done.")
    assert parts[1] == Part("text", "Answer")


def test_unclosed_fence_does_not_swallow_the_end_of_the_reasoning() -> None:
    content = "<think>\nTry this:\n```python\nx = 1\n</think>\nUse:\n```c\nint x;\n```"
    assert types(content) == ["think", "text"]
    assert row_problem(row("How?", content)) is None


def test_closing_tag_inside_a_json_string() -> None:
    content = '<tool_call>{"name": "say", "arguments": {"text": "</tool_call>"}}</tool_call> Done'
    assert types(content) == ["tool_call", "text"]
    assert row_problem(row("Say it", content)) is None


def test_indented_code_keeps_its_indent() -> None:
    assert split_parts("\n\n    int x = 0;\n")[0].text == "    int x = 0;"
    assert split_parts("</think>\n  two spaces")[0].type == "text"


def test_empty_and_blank() -> None:
    assert split_parts("") == []
    assert split_parts(" \n\t") == [Part("text", "", " \n", "\t")]
    assert split_parts("<think>\n\n</think>\n\n") == [Part("think", "", "<think>\n\n", "</think>\n\n")]


@pytest.mark.parametrize("unit", ["<think>", "</think>", "<code>\n", "<tool_call>{", "`<think>` ", "<think>\n```a\n"])
def test_huge_hostile_message_is_split(unit: str) -> None:
    content = unit * (1_000_000 // len(unit))
    assert join_parts(split_parts(content)) == content


def test_only_text_and_reasoning_are_translated() -> None:
    content = f"<think>\nفكّر جيدا\n</think>\n{CALL}\n12 + 5\n"
    assert [(part.type, part.translatable) for part in split_parts(content)] == [
        ("think", True),
        ("tool_call", False),
        ("text", True),
    ]


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


def test_tool_calls_in_json_and_in_python_literals() -> None:
    assert parse_tool_call("\n{'name': 'f', 'arguments': {'deep': True}}\n") == [
        {"name": "f", "arguments": {"deep": True}}
    ]
    assert parse_tool_call('[{"name": "f"}, {"name": "g"}]') == [{"name": "f"}, {"name": "g"}]
    assert parse_tool_call("[]") is None
    assert parse_tool_call("[" * 100_000) is None
    assert parse_tool_call("__import__('os')") is None
