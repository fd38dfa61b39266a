"""A user's own prompt: each mistake is one line that says what to write, and no text is taken for a placeholder."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.errors import InputError
from processors.prompting import FIELDS, check_prompt, fill, has_field, read_prompt

VALUES = {"source": "Hello", "target_language": "Arabic", "problem": ""}


@pytest.mark.parametrize(
    ("prompt", "told"),
    [
        ("", "is empty"),
        (" \n ", "is empty"),
        ("Translate into Arabic.", "must contain {source} once"),
        ("{source}\n{source}", "must contain {source} once"),
        ("{{source}}", "must contain {source} once"),
        ("Text:\n{sorce}", "line 2: unknown placeholder {sorce}; did you mean {source}?"),
        ("{source} {text}", "line 1: unknown placeholder {text}; did you mean {source}?"),
        ("{source} {x}", "line 1: unknown placeholder {x}; there are {source}, {target_language}"),
        ("{source} {tone}", "{{tone}} is sent as {tone}"),
        ("{ source }", "line 1: { source } is no placeholder; write {source}"),
        ("{SOURCE}", "line 1: {SOURCE} is no placeholder; write {source}"),
    ],
)
def test_a_prompt_that_cannot_be_meant_is_one_line(prompt: str, told: str) -> None:
    with pytest.raises(InputError) as error:
        check_prompt(prompt)
    assert told in str(error.value) and "\n" not in str(error.value)


def test_braces_of_json_are_sent_as_they_are() -> None:
    prompt = 'Answer as {"translation": "...", "notes": []}, with {} for none and {{tone}} as it is.\n{source}'
    check_prompt(prompt)
    assert fill(prompt, VALUES) == (
        'Answer as {"translation": "...", "notes": []}, with {} for none and {tone} as it is.\nHello'
    )


def test_a_line_of_nothing_but_empty_placeholders_is_left_out() -> None:
    assert fill("Into {target_language}:\n\n{problem}\n{source}", VALUES) == "Into Arabic:\n\nHello"
    assert fill("a {problem}\n{source}", VALUES) == "a \nHello"
    assert has_field("a {problem}", "problem") and not has_field("a {{problem}}", "problem")


@given(st.text(), st.sampled_from(FIELDS))
def test_what_is_put_in_is_never_read_as_a_placeholder(text: str, field: str) -> None:
    source = f"{{{field}}}{text}{{{{source}}}}"
    assert fill("<{source}>", {"source": source, "problem": "no"}) == f"<{source}>"


def test_a_file_is_read_whatever_its_line_ends_and_mark(tmp_path: Path) -> None:
    file = tmp_path / "prompt.txt"
    file.write_bytes("\ufeffInto {target_language}:\r\n{source}\r\n".encode())
    assert read_prompt(file) == "Into {target_language}:\n{source}"


@pytest.mark.parametrize(
    ("raw", "told"),
    [(None, "cannot be read (No such file"), (b"\xff\xfe{source}", "is no UTF-8 text (byte 0)"), (b"{x}", "line 1:")],
)
def test_a_file_that_cannot_be_used_is_named(raw: bytes | None, told: str, tmp_path: Path) -> None:
    file = tmp_path / "prompt.txt"
    if raw is not None:
        file.write_bytes(raw)
    with pytest.raises(InputError) as error:
        read_prompt(file)
    assert str(error.value).startswith(f"prompt {file}: ") and told in str(error.value)
