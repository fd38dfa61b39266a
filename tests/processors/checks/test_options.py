"""Options of a question stay apart in its translation, and what is no option is not compared."""

import pytest

from processors.checks.run import check_conversation

Messages = list[dict[str, str]]


def messages(*pairs: tuple[str, str]) -> Messages:
    return [{"role": role, "content": content} for role, content in pairs]


def merged(source: Messages, *targets: str) -> list[tuple[int | None, bool]]:
    target = [{"role": one["role"], "content": said} for one, said in zip(source, targets, strict=True)]
    found = check_conversation(source, target)
    return [(verdict.message, verdict.hard) for verdict in found if verdict.check == "options_merged"]


def test_two_options_that_became_one_are_a_hard_fault_of_the_later_one() -> None:
    source = messages(("question", "Which is it?"), ("choices[0]", "The bank"), ("choices[1]", "The shore"))

    assert merged(source, "أيّها؟", "الضفة", "الضفة.") == [(2, True)]
    assert merged(source, "أيّها؟", "المصرف", "الضفة") == []


@pytest.mark.parametrize(
    "roles",
    [
        ("choices[A]", "choices[B]"),
        ("parts[0].options[0].text", "parts[0].options[1].text"),
        ("choices[0] = answer", "choices[1]"),
    ],
)
def test_options_are_the_entries_of_one_list_or_struct(roles: tuple[str, str]) -> None:
    assert merged(messages((roles[0], "The bank"), (roles[1], "The shore")), "الضفة", "الضفة")


@pytest.mark.parametrize(
    "roles", [("question", "answer"), ("parts[0].options[0]", "parts[1].options[0]"), ("user", "assistant")]
)
def test_texts_of_other_fields_may_be_translated_alike(roles: tuple[str, str]) -> None:
    assert not merged(messages((roles[0], "The bank"), (roles[1], "The shore")), "الضفة", "الضفة")


def test_options_that_the_source_tells_apart_by_case_only_may_be_one() -> None:
    assert not merged(messages(("choices[0]", "The bank"), ("choices[1]", "the bank.")), "الضفة", "الضفة")


def test_a_field_without_a_word_has_to_stay_as_it_is() -> None:
    source = messages(("question", "Which is it?"), ("choices[0]", "A"), ("choices[1]", "42"))
    kept = [{"role": one["role"], "content": one["content"]} for one in source]
    kept[0]["content"] = "أيّها؟"

    assert check_conversation(source, kept) == []
    kept[1]["content"] = "أ"
    assert [(v.check, v.hard, v.message) for v in check_conversation(source, kept)] == [("structure", True, 1)]
