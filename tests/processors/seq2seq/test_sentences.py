"""Texts in sentences, without loss."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.protected.compare import protected_spans
from processors.seq2seq.sentences import Sentence, sentences_of, shorter
from tests.standins.processes import ROOT


def translated(text: str) -> list[str]:
    return [one.text for one in sentences_of(text) if one.translatable]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It rains. She reads!  Really?", ["It rains.", "She reads!", "Really?"]),
        ("Dr. Smith met J. Doe, e.g. here. Then he left.", ["Dr. Smith met J. Doe, e.g. here.", "Then he left."]),
        ('He said "No." Then he left.', ['He said "No."', "Then he left."]),
        ("version 1.2 is out. it works", ["version 1.2 is out. it works"]),
        ("你好。再见！", ["你好。", "再见！"]),
        ("# Title\n\n- one thing\n  1. another\n> quoted", ["Title", "one thing", "another", "quoted"]),
        ("| a cell | b. C |\n|---|---|\n| 12 | d |", ["a cell", "b. C", "d"]),
        ("Use `a. B` now. Go.", ["Use `a. B` now.", "Go."]),
        ("See https://x.org/a. And go.", ["See https://x.org/a.", "And go."]),
        ("```python\nx = 1. Then\n```\nDone.", ["Done."]),
        ("2 + 2 = 4\n---\n", []),
    ],
)
def test_a_text_is_cut_into_its_sentences(text: str, sentences: list[str]) -> None:
    assert translated(text) == sentences
    assert "".join(one.text for one in sentences_of(text)) == text


@given(st.text(alphabet='aB .!?\n`*|->#1("،。\t\r\u00a0é<>/$', max_size=80))
def test_nothing_is_lost_of_any_text(text: str) -> None:
    found = sentences_of(text)
    assert "".join(one.text for one in found) == text
    for one in found:
        assert not one.translatable or one.text == one.text.strip()
        assert "".join(part.text for part in one.between()) == one.text
        pieces = shorter(one, lambda piece: len(piece) <= 5)
        assert "".join(piece.text for piece in pieces) == one.text


def test_the_demo_s_messages_are_cut_without_loss_and_within_no_protected_span() -> None:
    lines = Path(ROOT / "builders/sample/rows.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    texts = [message["content"] or "" for row in rows for message in row["messages"]]
    assert len(texts) > 200
    for text in texts:
        position, inside = 0, {(span.start, span.end) for span in protected_spans(text)}
        for one in sentences_of(text):
            end = position + len(one.text)
            assert text[position:end] == one.text
            assert not one.translatable or not any(s < position < e or s < end < e for s, e in inside)
            assert all((position + span.start, position + span.end) in inside for span in one.spans)
            position = end
        assert position == len(text)


def test_a_sentence_too_long_is_cut_at_a_comma_else_at_a_space_and_not_in_a_span() -> None:
    sentence = sentences_of("One two three, four five six seven eight nine `code here` ten eleven.")[0]
    pieces = shorter(sentence, lambda text: len(text) < 20)
    assert [piece.text for piece in pieces if piece.translatable] == [
        "One two three,", "four five six", "seven eight", "nine `code here`", "ten eleven.",
    ]  # fmt: skip
    assert [piece.text for piece in shorter(Sentence("a" * 9, True), lambda text: len(text) < 4)] == [
        "aa", "aa", "aa", "aaa",
    ]  # fmt: skip
