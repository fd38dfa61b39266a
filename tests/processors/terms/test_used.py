"""A term's translation counts in any of its forms, and only what is missing is told."""

import pytest

from processors.languages.language import knowledge
from processors.terms import Glossary, Term, check_terms, missing_terms

ARABIC = knowledge("ar", "Arab")


@pytest.mark.parametrize(
    ("translation", "target"),
    [
        ("خسارة", "تقلّ الخسارة كل يوم."),
        ("خسارة", "وبخسارتها انتهى الأمر."),
        ("خسارة", "كانت خسائر كبيرة."),
        ("نموذج", "ندرّب النماذج."),
        ("نموذج", "ونموذجنا كبير."),
        ("مدينة", "في المدن الكبيرة."),
        ("دالة الخسارة", "نحسب دالة الخسارة."),
        ("دالة الخسارة", "دالةٌ جديدة للخسارة."),
        ("تعلم الآلة", "في تَعَلُّم الآلة."),
        ("شبكة | شبكات", "الشبكات العصبية."),
    ],
)
def test_a_form_of_it_is_enough(translation: str, target: str) -> None:
    term = Term("x", tuple(one.strip() for one in translation.split("|")))
    assert missing_terms([term], target, ARABIC) == []


@pytest.mark.parametrize(
    ("translation", "target"),
    [
        ("خسارة", "يقلّ الفقدان كل يوم."),
        ("خسارة", ""),
        ("نموذج", "ندرّب الموديل."),
        ("دالة الخسارة", "دالة الهدف."),
        ("دالة الخسارة", "الخسارة كبيرة، وبعد ذلك بوقت طويل جدا جاءت دالة."),
    ],
)
def test_another_word_is_none(translation: str, target: str) -> None:
    term = Term("x", (translation,))
    assert missing_terms([term], target, ARABIC) == [term]


def test_the_english_term_may_stand_as_it_is() -> None:
    assert missing_terms([Term("GPU", ("معالج رسومي",))], "على GPU واحد.", ARABIC) == []


def test_a_language_without_rules_counts_how_a_word_begins() -> None:
    german = knowledge("de", "Latn")
    assert missing_terms([Term("loss", ("Verlust",))], "Die Verluste sinken.", german) == []
    assert missing_terms([Term("loss", ("Verlust",))], "Der Schaden sinkt.", german) != []


def test_a_message_has_one_verdict_and_calls_are_not_asked() -> None:
    terms = [Term(english, (said,)) for english, said in (("loss", "خسارة"), ("model", "نموذج"), ("city", "مدينة"))]
    source = [
        {"role": "user", "content": "The loss of a model in the city."},
        {"role": "tool", "content": "The loss."},
        {"role": "assistant", "content": '<think>The loss.</think>\n<tool_call>\n{"name": "loss"}\n</tool_call>'},
    ]
    target = [
        {"role": "user", "content": "ذلك في المدينة."},
        {"role": "tool", "content": "The loss."},
        {"role": "assistant", "content": '<think>الخسارة.</think>\n<tool_call>\n{"name": "loss"}\n</tool_call>'},
    ]
    (verdict,) = check_terms(source, target, Glossary(terms), ARABIC)
    assert (verdict.check, verdict.hard, verdict.message) == ("terms", False, 0)
    assert verdict.detail == "of the glossary is missing: 'loss' as 'خسارة', 'model' as 'نموذج'"
    many = Glossary(Term(word, ("س" * 5,)) for word in ("the", "loss", "of", "a", "model", "in", "city"))
    assert check_terms(source[:1], target[:1], many, ARABIC)[0].detail.endswith(" and 4 more")
