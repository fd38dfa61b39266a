"""Words in one spelling, and their numbers, which an index in a file relies on."""

import numpy as np
import pytest

from processors.selection.decontamination.words import WordNumbers, grams, plain, words

NUMBERS = [
    3504087596655204709,
    4505084617629860148,
    11401795764291453048,
    17128801872778064401,
    1657316678316814225,
    11255072702732903380,
]
GRAMS = [5290828844340454682, 12798909591327200954]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("إِنَّ المَدْرَسَةَ كَبِيرَةٌ", "ان المدرسه كبيره"),
        ("الـعـربـيـة", "العربية"),
        ("مسؤول شيء", "مسوول شي"),
        ("عام ١٩٩٠ و۱۲", "عام 1990 و12"),
        ("The CAPITAL", "the capital"),
        ("وبالمدرسة للكتاب", "مدرسة كتاب"),
        ("ﻻ ﺗﺘﺮﻙ", "لا تترك"),
        ("مصطفى", "مصطفي"),
        ("کتابی", "كتابي"),
        ("(A) Paris B) London\nج) باريس 2. روما", "Paris London باريس روما"),
        ("cafe\u0301", "café"),
    ],
)
def test_two_spellings_of_a_text_are_the_same_words(one: str, other: str) -> None:
    assert [plain(word) for word in words(one)] == [plain(word) for word in words(other)]


@pytest.mark.parametrize("word", ["وجد", "الم", "بيت", "لان", "كتب"])
def test_a_short_word_keeps_its_first_letters(word: str) -> None:
    assert plain(word) == word


def test_different_words_stay_different() -> None:
    assert plain("كتاب") != plain("كاتب")
    assert plain("12") != plain("13")


def test_numbers_are_the_same_on_every_machine_and_of_every_version() -> None:
    numbers = WordNumbers().of(words("ما هي عاصمة فرنسا؟ Paris, 1990"))
    assert numbers.tolist() == NUMBERS
    assert grams(numbers, 5).tolist() == GRAMS


def test_grams_know_the_order_and_the_length() -> None:
    numbers = np.arange(1, 8, dtype=np.uint64)
    assert len(grams(numbers, 5)) == 3
    assert len(grams(numbers[:4], 5)) == 0
    assert grams(numbers, 5)[0] != grams(numbers[::-1], 5)[-1]
    assert not set(grams(numbers, 4).tolist()) & set(grams(numbers, 5).tolist())


def test_a_lone_surrogate_stops_nothing() -> None:
    assert len(WordNumbers().of(words("a\ud83d b \ud83d"))) == 2


def test_no_more_words_are_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processors.selection.decontamination.words._REMEMBERED", 3)
    numbers = WordNumbers()
    text = ["one", "two", "three", "four", "five", "one", "two"]
    assert numbers.of(text).tolist() == WordNumbers().of(text).tolist()
    assert len(numbers) <= 3
