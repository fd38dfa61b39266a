"""Negations lost and added, and sentences that deny in other words."""

import pytest

from processors.checks.wording.negation import negation
from processors.languages.language import knowledge
from processors.texts.text import text_of
from tests.processors.checks.cases import verdicts

CHANGED = [
    ("The train is not red.", "القطار أحمر."),
    ("They haven't paid the rent.", "لقد دفعوا الإيجار."),
    ("You cannot park here.", "يمكنك الوقوف هنا."),
    ("This water isn't clean.", "هذا الماء نظيف."),
    ("The bridge was built in winter.", "لم يُبنَ الجسر في الشتاء."),
    ("This water is clean.", "هذا الماء غير نظيف."),
    ("You should take this medicine with food.", "يجب ألا تتناول هذا الدواء مع الطعام."),
    ("It is better to sleep early.", "يفضل ألا تنام مبكرًا."),
]
# What cannot be told, and what is said in other words.
RIGHT = [
    ("It's incredible.", "لا يُصدّق."),
    ("We're out of sugar.", "لم يعد لدينا سكر."),
    ("Darwin changed everything.", "غيّر داروين كل شيء."),
    ("You're welcome.", "لا شكر على واجب."),
    ("I warned him not to come.", "حذرته من المجيء."),
    ("Isn't it cold today?", "أليس الجو باردًا اليوم؟"),
    ("He studied for six days.", "درس لستة أيام."),
    ("I couldn't help laughing.", "لم أتمالك نفسي من الضحك."),
    ("He told me not to wait.", "طلب مني ألا أنتظر."),
    ("The shop is still open.", "لا يزال المتجر مفتوحًا."),
    ("Only five came.", "لم يأتِ إلا خمسة."),
    ("Rename the folder.", "غيّر اسم المجلد."),
    ("Please resize the window.", "من فضلك غيّر حجم النافذة."),
    ("The printer is offline.", "الطابعة غير متصلة."),
    ("You have insufficient rights.", "حقوقك غير كافية."),
    ("The request is malformed.", "الطلب غير صالح."),
    ("The wall is broken.", "الجدار غير سليم."),
    ("She turned down the offer.", "لم تقبل العرض."),
    ("I cannot open the door.", "لايمكنني فتح الباب."),
    ("A name has up to 30 letters.", "يجب ألا يزيد الاسم عن 30 حرفًا."),
]


@pytest.mark.parametrize(("source", "target"), CHANGED)
def test_a_changed_negation_is_noted(source: str, target: str) -> None:
    assert [(v.check, v.hard) for v in verdicts(source, target)] == [("negation", False)]


@pytest.mark.parametrize(("source", "target"), RIGHT)
def test_the_same_in_other_words_is_no_change(source: str, target: str) -> None:
    assert not [v for v in verdicts(source, target) if v.check == "negation"]


@pytest.mark.parametrize("mark", ["!", "؟", ". ", "!؟"])
def test_a_row_of_marks_takes_linear_time(mark: str) -> None:
    # Each of 200,000 marks was looked behind to the end: some twenty minutes.
    target = text_of("هذا هو المكان" + mark * 100_000)
    assert negation(text_of("This is the place."), target, knowledge("ar")) is None
