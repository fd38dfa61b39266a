"""The first question to a model: what hangs at it is told of while it is waited for."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from builders.build import _greet
from builders.run_folder.stage_parts import StagePart


def test_a_first_question_that_hangs_is_told_of_and_one_that_is_answered_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("builders.build._SLOW_S", 0.01)
    said, told = list[str](), threading.Event()

    def warn(words: str) -> None:
        said.append(words)
        told.set()

    build: Any = SimpleNamespace(observer=SimpleNamespace(warn=warn))
    _greet(StagePart("score/judge_score", greet=lambda _: told.wait(60)), build)
    assert said == [
        "score/judge_score: a first short text is not answered within 0 s; it is waited for, and nothing begun"
    ]
    monkeypatch.setattr("builders.build._SLOW_S", 60.0)
    _greet(StagePart("score/likelihood", greet=lambda _: None), build)
    assert len(said) == 1 and threading.active_count() < 20
