"""Each kind of finding: what is found, where, and what is left alone because it may be right."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.checks.arabic import KINDS, check_arabic, verify
from processors.checks.pairs.pair import Pair

# (kind, text, what is found, what is expected)
WRONG = [
    ("hamza", "ذهبت الى السوق.", "الى", "إلى"),
    ("hamza", "وكان ايضا مريضا.", "ايضا", "أيضا"),
    ("hamza", "هذه اسباب كثيرة.", "اسباب", "أسباب"),
    ("hamza", "رأيت الاطفال.", "الاطفال", "الأطفال"),
    ("hamza", "كان الإستخدام سهلا.", "الإستخدام", "الاستخدام"),
    ("hamza", "حضرنا الإجتماع.", "الإجتماع", "الاجتماع"),
    ("hamza", "ما إسمك؟", "إسمك", "اسمك"),
    ("hamza", "هاذا كتاب.", "هاذا", "هذا"),
    ("ta_marbuta", "دخلت المدرسه.", "المدرسه", "المدرسة"),
    ("ta_marbuta", "بقيت هناك ثلاثه أيام.", "ثلاثه", "ثلاثة"),
    ("ta_marbuta", "قرأت هذة الرسالة.", "هذة", "هذه"),
    ("alif_maqsura", "نحن فى البيت.", "فى", "في"),
    ("alif_maqsura", "زرت المستشفي.", "المستشفي", "المستشفى"),
    ("alif_maqsura", "الشعب العربى كريم.", "العربى", "العربي"),
    ("tanwin", "قرأت كتاباَ.", "اَ", "اً"),
    ("tanwin", "شكرأ لك.", "شكرأ", "شكراً"),
    ("tanwin", "هذا الكتابٌ جديد.", "الكتابٌ", "no tanwin with the article"),
    ("tatweel", "هذا جميــل.", "جميــ", "no tatweel"),
    ("diacritics", "هذا كتاب ُ جديد.", "ُ", "a letter before the mark"),
    ("diacritics", "كتبََ الولد.", "ََ", "the mark once"),
    ("letters", "هذا کتاب.", "کتاب", "كتاب"),
    ("number_noun", "عندي ثلاثة كرسي.", "ثلاثة كرسي", "ثلاثة كراسي"),
    ("number_noun", "في القرية ثلاث بيوت.", "ثلاث بيوت", "ثلاثة بيوت"),
    ("number_noun", "مع خمسة سيارات.", "خمسة سيارات", "خمس سيارات"),
    ("number_noun", "جاء ثلاثة مهندسون.", "ثلاثة مهندسون", "ثلاثة مهندسين"),
    ("number_noun", "مضى أحد عشر يوم.", "أحد عشر يوم", "أحد عشر يوما"),
    ("number_noun", "مضت ثلاثة عشرة ليلة.", "ثلاثة عشرة ليلة", "ثلاث عشرة ليلة"),
    ("number_noun", "مضى إحدى عشر شهرا.", "إحدى عشر شهرا", "أحد عشر شهرا"),
    ("number_noun", "غرس خمسة وعشرين شجرة.", "خمسة وعشرين شجرة", "خمس وعشرين شجرة"),
    ("number_noun", "بعد عشرين أيام.", "عشرين أيام", "عشرين يوما"),
    ("number_noun", "بعد مئة سنوات.", "مئة سنوات", "مئة سنة"),
    ("number_noun", "جاء اثنان مهندس.", "اثنان مهندس", "مهندسان / مهندسين"),
    ("number_noun", "جاء مع سيارة واحد.", "سيارة واحد", "سيارة واحدة"),
    ("number_noun", "في الدار 7 باب.", "7 باب", "7 أبواب"),
    ("number_noun", "في الدار 25 أبواب.", "25 أبواب", "25 بابا"),
    ("agreement", "هذا السيارة جديدة.", "هذا السيارة", "هذه السيارة"),
    ("agreement", "وهذه البيت جديد.", "وهذه البيت", "وهذا البيت"),
    ("agreement", "هذا الكتب قديمة.", "هذا الكتب", "هذه الكتب"),
    ("agreement", "نزلت من السيارة الجديد.", "الجديد", "الجديدة"),
    ("agreement", "دخلت إلى البيت القديمة.", "القديمة", "القديم"),
    ("agreement", "قال المرأة لا.", "قال المرأة", "قالت المرأة"),
    ("language", "نحسب المساحة first ثم نضربها.", "first", "Arabic"),
    ("language", "نريد أن نجد الحل. So let me check again.", "So let me check again", "Arabic"),
    ("language", "هذه مسألة 简单 جدا.", "简单", "Arabic"),
    ("language", "وهذا ответ صحيح.", "ответ", "Arabic"),
    ("language", "يعيش في city كبيرة.", "city", "Arabic"),
    ("punctuation", "جاء الولد, ثم خرج.", ",", "،"),
    ("punctuation", "أين البيت?", "?", "؟"),
    ("punctuation", "جاء الولد ، ثم خرج.", " ،", "،"),
    ("punctuation", "جاء الولد،، ثم خرج.", "،،", "،"),
]


@pytest.mark.parametrize(("kind", "text", "found", "expected"), WRONG)
def test_an_error_is_found_at_its_place(kind: str, text: str, found: str, expected: str) -> None:
    assert [(one.kind, one.found, one.expected) for one in verify(text)] == [(kind, found, expected)]


@pytest.mark.parametrize("text", [text for _, text, _, _ in WRONG])
def test_places_are_of_the_text_as_it_stands(text: str) -> None:
    shifted = f"`الى` <think>\n{text}\n</think>"
    (one,) = verify(shifted)
    assert shifted[one.start : one.end] == one.found and one.kind in KINDS


def test_correct_sentences_are_left_alone() -> None:
    sentences = Path(__file__).with_name("correct.txt").read_text(encoding="utf-8").splitlines()
    assert len(sentences) >= 60
    assert [(sentence, verify(sentence)) for sentence in sentences if verify(sentence)] == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "`No Arabic`, $x, y$; 12?",
        "اكتب اسمك هنا ثم افتح الباب.",
        "جاء علي مع والديه.",
        "وصلت المياه إلى الوجه.",
        "القيمة 3,5 أو [أ, ب] في `قائمه`.",
        "في سنة 1445 هـ وفي الـ20 من عمره.",
        "كان واحد كامل واضح.",
        "مُدَرِّسٌ كتابًا كتاباً شيءٍ",
    ],
)
def test_what_may_be_right_is_left_alone(text: str) -> None:
    assert verify(text) == ()


def test_a_text_in_another_language_is_told_as_a_whole() -> None:
    (one,) = verify("<think>\nThe user wants the sum of both numbers\n</think>")
    assert one.kind == "language" and one.found == "The user wants the sum of both numbers"


@pytest.mark.parametrize(
    "text",
    [
        "فيلم The Lord of the Rings طويل.",
        "المسافة 5 km والوزن 3 kg والزاوية sin x.",
        "يعمل في Google وفي New York Times.",
        "استخدم max_length أو utils.py أو npm install.",
        "كلمة 'serendipity' جميلة، ومعنى «hello there» مرحبا.",
        "الاحتمال (probability) هو α، والسرعة هي v.",
    ],
)
def test_names_terms_units_and_quotations_may_be_foreign(text: str) -> None:
    assert verify(text) == ()


def test_letters_for_letters_are_no_arabic() -> None:
    source = "the old school is near the river and the city has a new bridge"
    letters = str.maketrans("abcdefghilnoprstvwy", "ابتثجحخدذرزسشصضطظعغ")
    assert check_arabic(Pair.of(source, source.translate(letters))) == []
    (verdict,) = check_arabic(Pair.of(source, "ذهبت الى المدرسه الى"))
    assert verdict.detail == "2 hamza, 1 ta_marbuta; first 'الى' for 'إلى'" and not verdict.hard


def test_both_orders_of_shadda_and_vowel_in_a_text_are_told_once() -> None:
    assert [one.kind for one in verify("مدّ\u064eرس معل\u064eّم")] == ["diacritics"]
    assert verify("مدّ\u064eرس معلّ\u064eم") == ()


@given(st.text(alphabet=st.sampled_from("اأإآبتةهىيوفلكمن ًَّـ،,?`<>12\n")))
def test_any_text_gets_findings_in_order(text: str) -> None:
    found = verify(text)
    assert [one.start for one in found] == sorted(one.start for one in found)
    assert all(text[one.start : one.end] == one.found for one in found)
