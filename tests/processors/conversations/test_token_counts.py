"""Counting is the tokenizer's own counting, whatever the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.conversations.token_counts import count_tokens
from processors.conversations.tokenizers import load_tokenizer

TOKENIZER = load_tokenizer("approximate")
# A character of each class beside which another one may count differently.
BESIDE = st.sampled_from(
    ["a", "abcdefghi", "ب", "\u0301", "7", "-", " ", "\n", "\r\n", "\t", "\u00a0", "😀", "\u200d"]
)
SCALARS = [*range(0xD800), *range(0xE000, 0x110000)]


def encoded(texts: list[str]) -> list[int]:
    return [len(e) for e in TOKENIZER.encode_batch_fast(texts, add_special_tokens=False)]


def test_every_code_point_counts_as_the_tokenizer_counts_it() -> None:
    # In a run, behind a space, before a mark, a letter, a digit and a sign: no two classes agree on all of it.
    texts = []
    for first in range(0, len(SCALARS), 512):
        characters = map(chr, SCALARS[first : first + 512])
        texts.append("".join(f"{c * 9} {c}\u0301{c}a{c}1{c}-" for c in characters))
    assert count_tokens(TOKENIZER, texts) == encoded(texts)


@given(st.lists(BESIDE | st.characters(exclude_categories=["Cs"]), max_size=60).map("".join))
def test_any_text_counts_as_the_tokenizer_counts_it(text: str) -> None:
    assert count_tokens(TOKENIZER, [text]) == encoded([text])


@pytest.mark.parametrize(
    "text", ["", " " * 40, "\n" * 40, "\r\r\n\n", "ب\u0301\u0301\u0301\u0301\u0301\u0301ب", "ا" * 10_000]
)
def test_runs_are_cut_where_the_tokenizer_cuts_them(text: str) -> None:
    assert count_tokens(TOKENIZER, [text]) == encoded([text])


def test_a_lone_surrogate_counts_as_a_sign() -> None:
    assert count_tokens(TOKENIZER, ["a \ud800\udfff\ud800\udfff b"]) == encoded(["a \ufffd\ufffd\ufffd\ufffd b"])


def test_another_tokenizer_counts_by_itself() -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = Tokenizer(models.WordLevel({"<unk>": 0}, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    assert count_tokens(words, ["one two three", ""]) == [3, 0]
