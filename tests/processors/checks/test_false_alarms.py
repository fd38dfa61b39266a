"""Right translations that were vetoed or noted once, each for its kind; from software's catalogues and chats."""

import pytest

from processors.checks.run import check_chunk, check_conversation, check_pair
from tests.processors.checks.cases import verdicts

CALL = '<tool_call>\n{"name": "find", "arguments": {"has": ["chicken", "bell peppers", "rice"]}}\n</tool_call>'


def test_the_values_of_a_call_are_no_english_that_was_left() -> None:
    values = ["chicken", "bell peppers", "rice"]
    source, target = "I have chicken, bell peppers, and rice.", "لدي chicken، bell peppers، وrice."
    assert check_chunk(source, target) is not None
    assert check_chunk(source, target, values) is None
    assert check_pair(source, target, values) == []
    messages = [{"role": "user", "content": source}, {"role": "assistant", "content": CALL}]
    translated = [{"role": "user", "content": target}, {"role": "assistant", "content": CALL}]
    assert check_conversation(messages, translated) == []


def test_english_beside_the_values_of_a_call_is_seen() -> None:
    source = "I have chicken and rice, and I would like to cook something warm for my family tonight."
    target = "لدي chicken وrice، and I would like to cook something warm الليلة."
    assert check_chunk(source, target, ["chicken", "rice"]) is not None


# (English, a right translation) that nothing may be said of.
RIGHT = [
    # A word as long as the source's: a hashtag, pseudo-localised or run together.
    ("Follow #WomenInScienceCommunication and #WomenInTechnology for more.",
     "تابعوا #تواصلالعلومللنساءفيالعالمالعربي و#نساءفيالتقنية للمزيد."),
]  # fmt: skip


@pytest.mark.parametrize(("source", "target"), RIGHT)
def test_nothing_is_held_against_a_right_translation(source: str, target: str) -> None:
    assert not verdicts(source, target)
