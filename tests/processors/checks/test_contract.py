"""What a line in CHECKS says is what happens."""

from typing import Any

import pytest

from processors.checks import run
from processors.checks.pairs.pair import Pair
from processors.checks.pairs.verdict import Verdict
from processors.checks.run import CHECKS, Check, check_chunk, check_pair
from processors.texts.text import text_of


def hard(name: str, seen: list[str] | None = None) -> Any:
    def look(pair: Pair) -> list[Verdict]:
        if seen is not None:
            seen.append(name)
        return [Verdict(name, True, pair.target.string)]

    return look


def test_names_and_places_on_chunks_are_taken_once() -> None:
    names = [check.name for check in CHECKS]
    places = [check.on_chunks for check in CHECKS if check.on_chunks]
    assert len(set(names)) == len(names) and len(set(places)) == len(places)
    assert all(name in names for check in CHECKS for name in check.silences or ())


def test_a_check_sees_both_texts_and_is_told_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    def look(pair: Pair) -> list[Verdict]:
        assert pair.source is text_of("one") and (pair.language, pair.script) == ("ur", "Arab")
        return [Verdict("mine", False, pair.target.string)]

    monkeypatch.setattr(run, "CHECKS", (Check("other", hard("other")), Check("mine", look)))
    found = check_pair("one", "two", language="ur")
    assert [(v.check, v.detail) for v in found] == [("other", "two"), ("mine", "two")]


def test_a_check_of_some_languages_is_asked_for_those_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "CHECKS", (Check("arabic", hard("arabic"), languages=("ar",)),))
    assert check_pair("one", "two") and not check_pair("one", "two", language="ur")


def test_what_a_check_silences_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    some = (
        Check("first", hard("first", seen), silences=("second",)),
        Check("second", hard("second", seen)),
        Check("third", hard("third", seen), silences=None),
        Check("fourth", hard("fourth", seen)),
    )
    monkeypatch.setattr(run, "CHECKS", some)
    check_pair("one", "two")
    assert seen == ["first", "third"]


def test_a_chunk_hears_the_most_telling_reason_and_no_more_is_looked_for() -> None:
    # Also far too short, and in the wrong script.
    verdict = check_chunk(
        "The cat sat on the mat and looked at the birds outside.", "I'm sorry, I can't translate that."
    )
    assert verdict is not None and verdict.check == "refusal"
