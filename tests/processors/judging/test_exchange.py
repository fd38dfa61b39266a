from hypothesis import given
from hypothesis import strategies as st

from processors.judging.exchange import (
    conversation_text,
    read_conversation,
    read_prompt,
    translation_answer,
    translation_prompt,
)

MESSAGE = st.fixed_dictionaries(
    {
        "content": st.text(st.sampled_from("ab \n[]userهذا"), max_size=30),
        "role": st.sampled_from(["user", "assistant"]),
    }
)


@given(st.lists(MESSAGE, min_size=1, max_size=4))
def test_what_is_read_back_says_the_same(messages: list[dict[str, str]]) -> None:
    text = translation_answer(messages)[0]["content"]
    found = read_conversation(text)
    assert found is None or conversation_text(found) == text
    if not any("[" in message["content"] for message in messages):
        assert found == messages


def test_a_prompt_is_read_back() -> None:
    source = [{"content": "Be brief.", "role": "system"}, {"content": "كيف\n\nحالك؟", "role": "user"}]
    assert read_prompt(translation_prompt(source, "Arabic")[0]["content"]) == (source, "Arabic")
    with_instructions = translation_prompt(source[1:], "Urdu", "Be brief.")[0]["content"]
    assert read_prompt(with_instructions) == (source, "Urdu")


def test_another_prompt_is_none() -> None:
    assert read_prompt("Which is the longest river?") is None
    assert read_prompt("Translate the following conversation into Arabic.\n\nno role") is None
    assert read_conversation("") is None
