"""Chunks: nothing lost, budgets kept, protected spans whole, good places to cut."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from processors.conversations.chunking import Chunk, chunk, chunk_lines, chunk_many, continues_cluster
from processors.conversations.tokenizers import load_tokenizer
from processors.protected.compare import protected_spans

SAMPLE = [
    "The quick brown fox jumps over the lazy dog. It costs $5, or 12% more?\n\n```python\nx = [1, 2]\n```\n",
    "تحتوي هذه الجملة على كلمات عربية، وعلى رابط https://example.org/a. ما رأيك؟ هذا رائع جداً!",
    "Let $x^2 + y^2 = z^2$ and \\[ \\frac{a}{b} \\] be given; 👨‍👩‍👧 and 🇪🇬 are emoji.",
]


def byte_level() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=600, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(SAMPLE * 3, trainer)
    tokenizer.add_special_tokens(["<|im_end|>"])
    return tokenizer


def unigram_without_words() -> Tokenizer:
    """As SentencePiece makes them: no cut at white space, so that tokens may reach over it."""
    vocabulary = [("<unk>", 0.0), ("▁", -2.0), ("the", -1.5), ("e", -2.0), ("▁t", -1.0), (".▁", -1.2), ("a", -2.0)]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=0, byte_fallback=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    return tokenizer


BYTES, UNIGRAM, APPROXIMATE = byte_level(), unigram_without_words(), load_tokenizer("approximate")
TOKENIZERS = {"bytes": BYTES, "unigram": UNIGRAM, "approximate": APPROXIMATE}

# What breaks chunkers, mixed with anything.
PIECES = st.one_of(
    st.text(st.characters(), max_size=12),
    st.text(st.characters(categories=["Cs"]), min_size=1, max_size=2),
    st.sampled_from(
        [
            "```",
            "~~~",
            "````",
            "`",
            "``",
            "$",
            "$$",
            "\\(",
            "\\)",
            "\\[",
            "\\]",
            "\\begin{a}",
            "\\end{a}",
            "\\boxed{",
            "{",
            "}",
            "{{",
            "}}",
            "<b>",
            "</b>",
            "<pre>",
            "</pre>",
            "<",
            ">",
            "https://x.org/a)",
            "a@b.co",
            "/usr/bin/x",
            "/think",
            "|",
            "|---|---|",
            "👨\u200d👩\u200d👧",
            "🇪🇬🇪",
            "👍🏽",
            "é́",
            "كِّتاب",
            "ﷺ",
            "؟",
            "،",
            "<|im_end|>",
            '{"a":',
            "[1,",
            '"b"]}',
            "%s",
            "<<1+1=2>>",
            "\u200f",
            "\r\n",
            "한국",
            "\u200d",
        ]
    ),
    st.sampled_from(
        ["\n", "\n\n", "\n    ", "\t", " ", "    ", "\n```py\n", "\n```\n", ". ", "؟ ", "the word ", "x" * 60]
    ),
)
TEXTS = st.lists(PIECES, max_size=60).map("".join)


def assert_whole(text: str, chunks: list[Chunk]) -> None:
    assert "".join(piece.text for piece in chunks) == text
    position = 0
    for piece in chunks:
        assert piece.text and piece.start == position and piece.end == position + len(piece.text)
        position = piece.end
        for span in piece.spans:
            assert 0 <= span.start < span.end <= len(piece.text)


def length(tokenizer: Tokenizer, text: str) -> int:
    readable = "".join("\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in text)
    return len(tokenizer.encode(readable, add_special_tokens=False))


@pytest.mark.parametrize("name", TOKENIZERS)
@settings(max_examples=150)
@given(text=TEXTS, max_tokens=st.integers(1, 60), window=st.integers(0, 60))
@example(text="", max_tokens=1, window=0)
@example(text="\ud800" * 40, max_tokens=5, window=2)
@example(text="🇪🇬" * 40, max_tokens=17, window=2)
def test_any_text_is_cut_without_loss_within_the_budget(name: str, text: str, max_tokens: int, window: int) -> None:
    tokenizer = TOKENIZERS[name]
    chunks = chunk(text, tokenizer=tokenizer, max_tokens=max_tokens, window=window)
    assert_whole(text, chunks)
    for piece in chunks:
        assert length(tokenizer, piece.text) <= max_tokens or len(piece.text) == 1
    for span in protected_spans(text):
        inside = [piece.start for piece in chunks if span.start < piece.start < span.end]
        if inside:
            # A cut inside is allowed only where the span (or its cut's first piece) does not fit alone.
            assert length(tokenizer, text[span.start : span.end]) + 1 >= max_tokens
            touching = [piece for piece in chunks if piece.start < span.end and piece.end > span.start]
            assert all(any(found.kind == span.kind for found in piece.spans) for piece in touching)


@settings(max_examples=150)
@given(text=TEXTS, lines=st.integers(1, 6))
def test_lines_are_cut_without_loss(text: str, lines: int) -> None:
    chunks = chunk_lines(text, lines=lines)
    assert_whole(text, chunks)
    for piece in chunks:
        assert piece.text.rstrip("\n").count("\n") < lines or piece.text.count("\n") <= lines
    for span in protected_spans(text):
        if any(span.start < piece.start < span.end for piece in chunks):
            assert text[span.start : span.end].count("\n") + 1 >= lines


@settings(max_examples=60)
@given(texts=st.lists(TEXTS, max_size=5))
def test_many_texts_give_what_each_gives_alone(texts: list[str]) -> None:
    together = chunk_many(texts, tokenizer=BYTES, max_tokens=20, window=5)
    assert together == [chunk(text, tokenizer=BYTES, max_tokens=20, window=5) for text in texts]


def test_more_texts_than_one_group_keep_their_order() -> None:
    texts = [f"Sentence number {number}. " * (number % 7) for number in range(1300)]
    results = chunk_many(texts, tokenizer=APPROXIMATE, max_tokens=12, window=3)
    assert ["".join(piece.text for piece in chunks) for chunks in results] == texts


def words(count: int) -> str:
    return " ".join(["word"] * count)


def test_a_paragraph_break_is_preferred_to_a_sentence_end_and_that_to_a_space() -> None:
    text = f"{words(70)}. {words(5)}.\n\n{words(8)}. {words(60)}"
    first = chunk(text, tokenizer=APPROXIMATE, max_tokens=100, window=20)[0]
    assert first.text == f"{words(70)}. {words(5)}.\n\n"
    text = text.replace("\n\n", " ")
    first = chunk(text, tokenizer=APPROXIMATE, max_tokens=100, window=20)[0]
    assert first.text == f"{words(70)}. {words(5)}. "
    text = words(200)
    first = chunk(text, tokenizer=APPROXIMATE, max_tokens=100, window=20)[0]
    assert first.text.endswith("word ") and 60 <= first.tokens <= 100


@pytest.mark.parametrize("end", [".", "?", "!", "؟", "۔", "…", '."'])
def test_sentence_ends_of_the_supported_languages(end: str) -> None:
    text = f"{words(75)}{end} {words(100)}"
    assert chunk(text, tokenizer=APPROXIMATE, max_tokens=100, window=20)[0].text == f"{words(75)}{end} "


def test_the_break_nearest_to_the_target_wins() -> None:
    text = "\n\n".join([words(10)] * 30)
    for piece in chunk(text, tokenizer=APPROXIMATE, max_tokens=100, window=20)[:-1]:
        assert piece.text.endswith("\n\n")
        assert 74 <= piece.tokens <= 86


def test_white_space_before_the_window_is_better_than_a_divided_word() -> None:
    text = words(20) + " " + "x" * 2000
    chunks = chunk(text, tokenizer=APPROXIMATE, max_tokens=100, window=10)
    assert chunks[0].text == words(20) + " "
    assert all(set(piece.text) == {"x"} for piece in chunks[1:])


def test_a_fence_that_fits_stays_whole() -> None:
    fence = "```python\n" + "value = compute(value)\n\n" * 10 + "```"
    text = f"{words(60)}\n\n{fence}\n\n{words(100)}"
    chunks = chunk(text, tokenizer=APPROXIMATE, max_tokens=120, window=30)
    assert sum(fence in piece.text for piece in chunks) == 1
    holder = next(piece for piece in chunks if fence in piece.text)
    assert [holder.text[span.start : span.end] for span in holder.spans] == [fence]


def test_a_fence_over_the_budget_is_cut_at_line_breaks_and_stays_marked() -> None:
    fence = "```python\n" + "value = compute(value)\n" * 100 + "```"
    chunks = chunk(f"Look:\n\n{fence}\n", tokenizer=APPROXIMATE, max_tokens=100, window=20)
    assert chunks[0].text == "Look:\n\n" and not chunks[0].spans
    assert len(chunks) > 4
    for piece in chunks[1:]:
        assert [span.kind for span in piece.spans] == ["fence"]
        assert piece.text.endswith("\n")


def test_no_cut_inside_a_cluster() -> None:
    family, flag, letter = "👨‍👩‍👧‍👦", "🇪🇬", "كِ"
    for cluster in (family, flag, letter, "e\u0301", "👍🏽", "\r\n"):
        text = cluster * 120
        chunks = chunk(text, tokenizer=BYTES, max_tokens=60, window=10)
        assert_whole(text, chunks)
        assert len(chunks) > 1
        assert all(len(piece.text) % len(cluster) == 0 for piece in chunks), repr(cluster)
    assert continues_cluster("e\u0301", 1) and not continues_cluster("ab", 1) and not continues_cluster("🇪🇬🇪🇬", 2)


def test_a_literal_special_token_is_text() -> None:
    text = "Stop at <|im_end|> or go on. " * 60
    chunks = chunk(text, tokenizer=BYTES, max_tokens=50, window=10)
    assert_whole(text, chunks)
    assert all(piece.text.count("<|im_end|>") == piece.text.count("im_end") for piece in chunks)


def test_empty_and_invalid() -> None:
    assert chunk("", tokenizer=APPROXIMATE) == [] == chunk_lines("")
    with pytest.raises(ValueError, match="max_tokens"):
        chunk("a", tokenizer=APPROXIMATE, max_tokens=0)
    with pytest.raises(ValueError, match="lines"):
        chunk_lines("a", lines=0)


def test_tokens_are_counted() -> None:
    chunks = chunk(SAMPLE[0] * 20, tokenizer=BYTES, max_tokens=80, window=20)
    for piece in chunks:
        assert abs(piece.tokens - length(BYTES, piece.text)) <= 3
    assert chunk("Short.", tokenizer=BYTES)[0].tokens == length(BYTES, "Short.")


def test_25_lines_a_chunk() -> None:
    text = "".join(f"line {number}\n" for number in range(60))
    assert [piece.text.count("\n") for piece in chunk_lines(text)] == [25, 25, 10]
    assert [piece.tokens for piece in chunk_lines(text)] == [0, 0, 0]


def test_a_fence_across_the_25th_line_moves_to_the_next_chunk() -> None:
    fence = "```\n" + "code\n" * 10 + "```\n"
    text = "prose\n" * 20 + fence + "prose\n" * 20
    chunks = chunk_lines(text)
    assert chunks[0].text == "prose\n" * 20
    assert chunks[1].text.startswith(fence)
    longer = "prose\n" * 20 + "```\n" + "code\n" * 60 + "```\n"
    chunks = chunk_lines(longer)
    assert [piece.text.count("\n") for piece in chunks] == [20, 25, 25, 12]
    assert [[span.kind for span in piece.spans] for piece in chunks] == [[], ["fence"], ["fence"], ["fence"]]


def test_long_lines_are_cut_by_the_token_budget_too() -> None:
    text = f"{words(300)}\nshort\n`a` {words(300)}\n"
    chunks = chunk_lines(text, tokenizer=APPROXIMATE, max_tokens=100)
    assert_whole(text, chunks)
    assert all(0 < piece.tokens <= 100 for piece in chunks)


@pytest.mark.parametrize(
    "text",
    [
        "x" * 1_000_000,
        "`" * 1_000_000,
        "$" * 1_000_000,
        "a\u0301" + "\u0301" * 300_000,
        "🇪" * 100_000,
        " " * 1_000_000,
        "\n" * 300_000,
        "`a` `" * 100_000,
        "```\n" + "word " * 150_000,
        "word. " * 150_000,
    ],
    ids=lambda text: repr(text[:5]),
)
def test_huge_texts(text: str) -> None:
    chunks = chunk(text, tokenizer=APPROXIMATE)
    assert_whole(text, chunks)
    assert_whole(text, chunk_lines(text))
