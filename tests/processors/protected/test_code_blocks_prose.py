"""Sentences behind a fence that nobody closed are no code, whatever stands behind them: another fence, a list."""

import pytest

from processors.protected.code_blocks import code_blocks, fences, prose_in_code
from processors.texts.text import text_of

CODE = "```python\nprint(1)\n\nx = [1]"
PROSE = "I want to add a third number to the list, but I do not know how."
ARABIC = "أريد إضافة عدد ثالث إلى القائمة، لكنني لا أعرف كيف."


@pytest.mark.parametrize(
    "behind",
    ["", "\n\n- one\n- two", "\n\n| a | b |\n|---|---|", "\n\n    y = 2", "\n\n$x = 1$", "\n\n# Next Steps\n"],
)
@pytest.mark.parametrize("prose", [PROSE, ARABIC])
def test_an_unclosed_fence_ends_at_the_first_paragraph_of_sentences(prose: str, behind: str) -> None:
    text = f"{CODE}\n\n{prose}{behind}"
    assert [text[start:end] for start, end, _ in fences(text)] == [CODE]


@pytest.mark.parametrize("prose", [PROSE, ARABIC])
def test_another_fence_behind_the_sentences_closes_none_but_itself(prose: str) -> None:
    other = "```js\nlet a = 1;\n```"
    text = f"{CODE}\n\n{prose}\n\n{other}\n\n{prose}"
    assert [text[start:end] for start, end, _ in fences(text)] == [CODE, other]


@pytest.mark.parametrize(
    "block",
    [
        # A document's own sentences and fences are its code's.
        f"```markdown\n# Title\n\n{PROSE}\n\n```python\nx = 1\n```",
        # What a program says is its own.
        "```\nEnter a number: 5\nThe sum of the two is 12.\n```",
        f"```text\n{PROSE}\n$ pip install six\n```",
        f"```yaml\n{PROSE}\n```",
        # Sentences in a program are comments and strings.
        f"```python\ndef f():\n\n    # {PROSE}\n\n    return 1",
        f'```python\n"""Module.\n\n    {PROSE}\n"""\nx = 1',
    ],
)
def test_sentences_that_are_the_blocks_own_stay_in_it(block: str) -> None:
    assert [block[start:end] for start, end, _ in fences(block)] == [block]


@pytest.mark.parametrize("prose", [PROSE, ARABIC])
@pytest.mark.parametrize(
    ("block", "kept"),
    [
        ("```\nDear Sir,\n\n{}\n\nYours\n```", ["```", "```"]),
        ("~~~~ letter\n{}\n  ~~~~\n\nIs it good?", ["~~~~ letter", "~~~~"]),
        ("> ```text\n> {}\n> ```", ["```text", "```"]),
        ("- Say:\n  ```\n  {}\n  ```", ["```", "```"]),
        ("```\n{}\n\nGo on with the story in three sentences, please.", ["```"]),
    ],
)
def test_a_letter_or_story_in_a_fence_is_translated_and_its_fences_stay(
    block: str, kept: list[str], prose: str
) -> None:
    text = block.format(prose)
    assert [text[start:end] for start, end, _ in fences(text)] == kept
    assert prose_in_code(text_of(text)) == 1


def test_verses_in_a_fence_are_translated_and_what_a_program_says_is_not() -> None:
    verses = "```\nRoses are red\nThe printer is jammed\n```"
    assert [verses[start:end] for start, end, _ in fences(verses)] == ["```", "```"]
    for said in (
        "The sum is 5\nThe rest is 2 of them",
        "You have no permission to do this",
        "a: it is\nb: they are to be",
    ):
        text = f"```\n{said}\n```"
        assert [text[start:end] for start, end, _ in fences(text)] == [text]


def test_a_verse_whose_lines_end_as_statements_do_is_no_code() -> None:
    verse = "    I wake at six;\n    I eat at seven;\n    I leave at eight.\n\nIs this healthy?"
    assert code_blocks(verse) == []
    assert len(code_blocks("    int x = 1;\n    call(me);\n    return x;\n\nIs this right?")) == 1


def test_many_unclosed_fences_take_linear_time() -> None:
    # Each would look for the one end of all: some ten seconds without what was found before.
    text = f"```a\nx\n\n{PROSE}\n\n" * 3000 + "```\n"
    assert len(fences(text)) == 3000
