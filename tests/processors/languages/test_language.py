"""What is known of a language is found by its code and script; its words are in the spelling that checks look for."""

import re

import pytest

from processors.languages import ALPHABETS, DEFAULT, knowledge
from processors.languages.alphabets import ANY_LENGTHS
from processors.languages.arabic import ARABIC
from processors.languages.english import ENGLISH
from processors.languages.knowledge import LanguageKnowledge
from processors.languages.persian import PERSIAN

TARGETS = (ARABIC, PERSIAN)


def test_a_language_is_found_by_its_code_with_or_without_a_region() -> None:
    assert knowledge("ar") is knowledge("ar-EG") is knowledge(DEFAULT.code, DEFAULT.script) is ARABIC
    assert knowledge("fa", "Arab") is PERSIAN


def test_in_another_script_a_language_is_not_known() -> None:
    known = knowledge("ar", "Latn")
    assert known.numbers is known.units is known.dates is known.phrases is known.questions is None


def test_a_language_without_a_file_is_checked_by_its_script() -> None:
    assert knowledge("ur", "Arab").lengths is ALPHABETS["Arab"].lengths
    assert knowledge("am", "Ethi").lengths is ANY_LENGTHS
    assert knowledge("am", "Ethi").units is None


@pytest.mark.parametrize("known", TARGETS, ids=lambda known: known.name)
def test_words_are_in_the_spelling_in_which_they_are_looked_for(known: LanguageKnowledge) -> None:
    numbers, dates, units = known.numbers, known.dates, known.units
    assert numbers and dates and units and known.questions and known.questions.requests
    stems = [*numbers.stems.values(), *(stems for _, stems in numbers.scales), *known.questions.requests.values()]
    for word in [*numbers.forms, *stems, *dates.months.values(), *dates.days.values(), *units.words.values()]:
        assert known.normalise(word) == word


@pytest.mark.parametrize("known", TARGETS, ids=lambda known: known.name)
def test_names_of_months_days_and_units_are_those_of_the_source(known: LanguageKnowledge) -> None:
    assert ENGLISH.dates and ENGLISH.units and known.dates and known.units
    assert list(known.dates.months) == list(ENGLISH.dates.months)
    assert list(known.dates.days) == list(ENGLISH.dates.days)
    assert known.units.words.keys() <= ENGLISH.units.words.keys()


@pytest.mark.parametrize("known", TARGETS, ids=lambda known: known.name)
def test_each_word_of_a_number_is_found_as_its_value(known: LanguageKnowledge) -> None:
    words = known.numbers
    assert words
    ones = {value for kind, value in words.forms.values() if kind == "one"}
    assert ones == set(range(1, 10))
    assert {value for kind, value in words.forms.values() if kind == "tens"} == set(range(20, 100, 10))
    assert all(words.word.fullmatch(word) for word in words.forms)


def test_patterns_of_every_language_compile_with_those_of_english() -> None:
    for known in (*TARGETS, ENGLISH):
        phrases = known.phrases
        assert phrases
        for pattern in (phrases.echo, phrases.refusal, phrases.model):
            re.compile(pattern, re.I)
