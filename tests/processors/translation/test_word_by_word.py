"""The stand-in whose words checks take for a translation's."""

import pytest

from processors.checks.pairs.pair import Pair
from processors.checks.run import check_chunk, check_pair
from processors.errors import InputError
from processors.protected.compare import protected_spans
from processors.translation.pseudo import converted
from processors.translation.word_by_word import word_by_word

TEXT = (
    "Write a letter to the teacher, please. The teacher has three children, who learn history and music at school.\n"
    "The library of the town is open in the morning; it has 1,200 books about the sea, the mountains and the stars."
)


def test_the_checks_look_at_it_as_at_a_translation() -> None:
    made = word_by_word(0)(TEXT)
    pair = Pair.of(TEXT, made)
    assert pair.language == "ar" and pair.knowledge.numbers is not None
    # Words without their neighbours are not written as careful Arabic is.
    assert [one for one in check_pair(TEXT, made) if one.check != "arabic"] == []


def test_variants_differ_and_each_is_the_same_again() -> None:
    first, second = word_by_word(0)(TEXT), word_by_word(1)(TEXT)
    assert first != second
    assert first == word_by_word(0)(TEXT)
    assert len(first.split()) == len(second.split()) == len(TEXT.split())


def test_spans_stay() -> None:
    text = "Call `open(path)` first, then read https://example.org/a?b=c slowly."
    made = converted(text, protected_spans(text), word_by_word(1))
    assert "`open(path)`" in made and "https://example.org/a?b=c" in made
    assert check_chunk(text, made) is None


def test_without_a_lexicon_every_word_is_written_in_letters() -> None:
    assert word_by_word(0, "Cyrl", "ru")("a cab") == "а цаб"


def test_a_script_without_letters_is_refused() -> None:
    with pytest.raises(InputError, match="Hira"):
        word_by_word(0, "Hira", "ja")
