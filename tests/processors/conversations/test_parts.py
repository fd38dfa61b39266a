import pytest
from hypothesis import given, settings

from processors.conversations.parts import Part, join_parts, parse_tool_call, split_parts
from processors.selection.row_problems import row_problem
from tests.processors.rows import CALL, row, soup


def types(content: str) -> list[str]:
    return [part.type for part in split_parts(content)]


@settings(max_examples=1500)
@given(soup)
def test_splitting_is_lossless_for_any_string(content: str) -> None:
    parts = split_parts(content)
    assert join_parts(parts) == content
    assert all(str(part) for part in parts)


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


def test_tool_calls_in_json_and_in_python_literals() -> None:
    assert parse_tool_call("\n{'name': 'f', 'arguments': {'deep': True}}\n") == [
        {"name": "f", "arguments": {"deep": True}}
    ]
    assert parse_tool_call('[{"name": "f"}, {"name": "g"}]') == [{"name": "f"}, {"name": "g"}]
    assert parse_tool_call("[]") is None
    assert parse_tool_call("[" * 100_000) is None
    assert parse_tool_call("__import__('os')") is None
