"""The values of tool calls that a conversation says: found where they are said, and only names among them kept."""

import json
from typing import Any

import pytest

from processors.conversations.grounding import GroundedValue, grounded_values, with_values
from processors.protected.scan import Span


def conversation(said: str, arguments: Any, tag: str = "tool_call") -> list[dict[str, str]]:
    call = json.dumps({"name": "act", "arguments": arguments}) if tag == "tool_call" else f'act(x="{arguments}")'
    return [
        {"role": "user", "content": said},
        {"role": "assistant", "content": f"<{tag}>\n{call}\n</{tag}>"},
        {"role": "tool", "content": '{"city": "Oslo"}'},
    ]


@pytest.mark.parametrize(
    ("said", "arguments", "kept"),
    [
        ("Delete 'network222' now.", {"name": "network222"}, ["network222"]),
        ("Fly from Lyon to Oslo.", {"legs": [{"from": "Lyon"}, {"to": "Oslo"}]}, ["Lyon", "Oslo"]),
        ("Transfer 1500 to all.", {"amount": "1500", "to": "all", "n": 1500, "x": "T"}, []),
        ("The catalogue is here.", {"name": "cat"}, []),
        ("What is it like?", {"city": "Lyon"}, []),
    ],
)
def test_values_that_a_message_says(said: str, arguments: Any, kept: list[str]) -> None:
    assert grounded_values(conversation(said, arguments)) == [GroundedValue(0, value, True) for value in kept]


def test_a_text_is_noted_and_not_kept() -> None:
    text = "I am very happy to meet you"
    assert grounded_values(conversation(f"Tell her {text}.", {"text": text})) == [GroundedValue(0, text, False)]
    assert grounded_values(conversation("Lyon", {"city": "Lyon"})) == [GroundedValue(0, "Lyon", False)]


@pytest.mark.parametrize(
    ("said", "value", "kept"),
    [
        ('Open a ticket titled "Login page blank on Safari".', "Login page blank on Safari", True),
        ("Open a ticket titled “Login page blank on Safari.”", "Login page blank on Safari", True),
        ("Run this: SELECT name FROM elements WHERE mass > 200", "SELECT name FROM elements WHERE mass > 200", True),
        ("Run `ls -la /var/log --sort=size -r -h` for me.", "ls -la /var/log --sort=size -r -h", True),
        ("Note 'buy two pounds of green tea' for me.", "buy two pounds of green tea", True),
        ("Remind me that I have to call my mother.", "I have to call my mother", False),
        ('"Do you know the way to the old mill?"', "Do you know the way to the old mill?", False),
        ('Send "' + "a word or two " * 20 + '." to her', "a word or two " * 20 + ".", False),
        ("Post this:\n'One line of the text\nand another line'", "One line of the text\nand another line", False),
    ],
)
def test_what_stands_in_quotation_marks_and_queries_are_kept(said: str, value: str, kept: bool) -> None:
    assert grounded_values(conversation(said, {"text": value})) == [GroundedValue(0, value.strip(), kept)]


def test_a_python_call_has_values_too() -> None:
    assert grounded_values(conversation("How is Lyon today?", "Lyon", "code")) == [GroundedValue(0, "Lyon", True)]


def test_the_last_user_who_says_it_is_meant() -> None:
    earlier = [{"role": "user", "content": "I was in Lyon."}, {"role": "assistant", "content": "Lyon is nice."}]
    messages = [*earlier, *conversation("And in Lyon now?", {"city": "Lyon"})]
    assert grounded_values(messages) == [GroundedValue(2, "Lyon", True)]


def test_values_become_spans_outside_of_others() -> None:
    text = "Blue Moon, `Blue Moon` or Blue"
    assert with_values(text, [Span(11, 22, "code")], ["Blue", "Blue Moon"]) == (
        Span(0, 9, "value"), Span(11, 22, "code"), Span(26, 30, "value")
    )  # fmt: skip
