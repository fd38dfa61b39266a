"""Careful translations that a check may not veto: the half of the benchmark's pairs that is not held back."""

from typing import Any

import pytest

from benchmarks.checks.pairs import ChatPair, read_chat_pairs
from processors.checks.run import has_hard
from tests.processors.checks.cases import verdicts

# Vetoed or noted today. Whoever mends a kind takes its ids away.
VETOED: dict[str, str] = {
    "story-4": "numbers",
    "outline-16": "another_text",
}  # fmt: skip
NOTED: dict[str, str] = {
    "story-8": "repetition",
    "english_kept-10": "untranslated",
    "machine_output-10": "untranslated",
}  # fmt: skip


def cases(*failing: dict[str, str]) -> list[Any]:
    reasons = {key: reason for table in failing for key, reason in table.items()}
    return [
        pytest.param(
            pair,
            id=pair.id,
            marks=[pytest.mark.xfail(strict=True, reason=reasons[pair.id])] if pair.id in reasons else [],
        )
        for pair in read_chat_pairs()
        if not pair.held
    ]


@pytest.mark.parametrize("pair", cases(VETOED))
def test_a_careful_translation_is_not_vetoed(pair: ChatPair) -> None:
    assert not has_hard(verdicts(pair.source, pair.target))


@pytest.mark.parametrize("pair", cases(VETOED, NOTED))
def test_nothing_is_held_against_a_careful_translation(pair: ChatPair) -> None:
    assert not verdicts(pair.source, pair.target)


def test_the_pairs_have_ids_of_their_kinds_and_none_twice() -> None:
    pairs = read_chat_pairs()
    assert len({pair.id for pair in pairs}) == len(pairs)
    assert all(pair.id.rpartition("-")[0] == pair.kind for pair in pairs)
