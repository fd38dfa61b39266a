import doctest

import pytest

from processors.texts import text as module
from processors.texts.prose import filled_lines, sentences, visible_length, words
from processors.texts.text import Text, TextCache, estimated_bytes, text_of, view, view_by


def test_the_examples_are_right() -> None:
    assert doctest.testmod(module).failed == 0


def test_a_view_is_computed_once_a_text_and_shared() -> None:
    seen: list[str] = []

    @view
    def letters(text: Text) -> list[str]:
        seen.append(text.string)
        return list(text.string)

    first = letters(text_of("one text"))
    # An equal string that is another object, as each reading of a file makes it.
    assert letters(text_of("".join(["one ", "text"]))) is first
    assert letters(text_of("another")) != first
    assert seen == ["one text", "another"]


def test_a_view_may_be_none_and_is_still_computed_once() -> None:
    seen: list[str] = []

    @view
    def nothing(text: Text) -> None:
        seen.append(text.string)

    assert [nothing(text_of("silence")), nothing(text_of("silence"))] == [None, None]
    assert seen == ["silence"]


def test_a_view_by_a_value_is_computed_once_for_each() -> None:
    seen: list[tuple[str, str]] = []

    @view_by
    def count(text: Text, letter: str) -> int:
        seen.append((text.string, letter))
        return text.string.count(letter)

    text = text_of("banana")
    assert [count(text, "a"), count(text, "n"), count(text, "a")] == [3, 2, 3]
    assert seen == [("banana", "a"), ("banana", "n")]


def test_a_view_that_fails_raises_its_own_error_each_time() -> None:
    @view
    def broken(text: Text) -> int:
        raise KeyError(text.string)

    for _ in range(2):
        with pytest.raises(KeyError, match="broken text") as caught:
            broken(text_of("broken text"))
        assert caught.value.__context__ is None


def test_the_cache_stays_within_its_bytes() -> None:
    cache = TextCache(limit=1_000_000)
    for number in range(20_000):
        text = cache(f"a text of some words, number {number}")
        text.keep("words", tuple(text.string.split()))
    # 37 bytes of string, 400 of Text, and a tuple of 8 words of 50 bytes each: about 1,000 bytes a text.
    assert 300 < len(cache) < 1_500


def test_views_count_towards_the_limit_whatever_the_string() -> None:
    cache = TextCache(limit=1_000_000)
    for number in range(100):
        cache(str(number)).keep("large", tuple(range(10_000)))
    assert len(cache) < 10


def test_the_latest_texts_are_there_and_one_that_is_used_stays() -> None:
    cache = TextCache(limit=100_000)
    used = cache("used all the time")
    for number in range(5_000):
        text = cache(f"number {number}")
        assert cache(f"number {number}") is text
        assert cache("used all the time") is used
    assert cache("number 0").views == {}


def test_a_text_that_was_forgotten_keeps_its_views_while_it_is_in_use() -> None:
    cache = TextCache(limit=10_000)
    text = cache("held")
    text.keep("words", ("held",))
    cache.clear()
    assert text.views == {"words": ("held",)}
    assert cache("held") is not text and len(cache) == 1


def test_a_text_larger_than_the_limit_is_still_a_text() -> None:
    cache = TextCache(limit=1_000)
    text = cache("x" * 10_000)
    assert cache("x" * 10_000) is text


@pytest.mark.parametrize("string", ["", "\ud800", "\0", "نص", "a" * 100_000])
def test_any_string_will_do(string: str) -> None:
    assert text_of(string).string == string
    assert estimated_bytes(string) >= len(string)
    assert words(text_of(string)) == tuple(string.split())


def test_what_a_reader_sees_of_a_text() -> None:
    text = text_of("One.  Two words!\n\n***\nثَلاثـة")
    assert sentences(text) == ("One", "Two words", "ثَلاثـة")
    assert filled_lines(text) == 3
    assert visible_length(text) == len("One.Twowords!***ثلاثة")
