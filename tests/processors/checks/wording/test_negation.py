"""Negations lost and added, and sentences that deny in other words."""

from pathlib import Path

import pytest

from processors.checks.run import check_conversation, check_pair, has_hard
from processors.checks.wording.negation import denied, denying, negation
from processors.languages.language import knowledge
from processors.texts.text import text_of
from tests.processors.checks.cases import SENTENCES, verdicts

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
    ("They didn't pay the rent.", "تخلفوا عن دفع الإيجار."),
    ("I don't have any money left.", "نفدت نقودي."),
    ("We don't accept credit cards.", "ندفع نقدًا فقط، وبطاقات الائتمان مرفوضة."),
    ("Don't cry, my child.", "كفاك بكاءً يا بني."),
    ("A name has up to 30 letters.", "يجب ألا يزيد الاسم عن 30 حرفًا."),
]


@pytest.mark.parametrize(("source", "target"), CHANGED)
def test_a_changed_negation_is_told(source: str, target: str) -> None:
    assert [v.check for v in verdicts(source, target)] == ["negation"]


def told(source: str, target: str) -> str:
    found = [v for v in verdicts(source, target) if v.check == "negation"]
    return "!" if any(v.hard for v in found) else "~" if found else "-"


def test_forty_pairs_right_beside_wrong() -> None:
    lines = Path(__file__).with_name("negations.txt").read_text(encoding="utf-8").splitlines()[1:]
    other = []
    for line in lines:
        source, right, wrong = line[2:].split(" | ")
        if told(source, right) != "-" or told(source, wrong) != line[0]:
            other.append(line)
    assert len(lines) == 40 and not other


LOST = ("Do not open the oven before noon.", "لا تفتح الفرن قبل الظهر.", "افتح الفرن قبل الظهر.")
ADDED = ("The bread is ready at noon.", "الخبز جاهز عند الظهر.", "الخبز ليس جاهزًا عند الظهر.")


@pytest.mark.parametrize("planted", [LOST, ADDED])
@pytest.mark.parametrize(("first", "end", "at"), [(0, 4, 1), (4, 8, 2), (0, 12, 7)])
def test_it_is_told_within_a_text(planted: tuple[str, str, str], first: int, end: int, at: int) -> None:
    source, right, wrong = planted
    chosen = SENTENCES[first:end]
    english, arabic = [s for s, _ in chosen], [t for _, t in chosen]
    english.insert(at, source)
    for inserted, expected in ((right, "-"), (wrong, "~")):
        texts = [*arabic[:at], inserted, *arabic[at:]]
        assert told(" ".join(english), " ".join(texts)).replace("!", "~") == expected


def test_and_in_a_conversation() -> None:
    asked = {"role": "user", "content": "Can I take my cat on the train?"}
    answer = {
        "role": "assistant",
        "content": "Sorry, pets aren't allowed on board. Guide dogs are the only exception.",
    }
    others = [
        {"role": "user", "content": "هل يمكنني اصطحاب قطتي في القطار؟"},
        {"role": "assistant", "content": "عذرًا، يُسمح باصطحاب الحيوانات الأليفة. وكلاب الإرشاد هي الاستثناء الوحيد."},
    ]
    assert [(v.check, v.message) for v in check_conversation([asked, answer], others)] == [("negation", 1)]
    others[1]["content"] = "عذرًا، لا يُسمح باصطحاب الحيوانات الأليفة. وكلاب الإرشاد هي الاستثناء الوحيد."
    assert not check_conversation([asked, answer], others)


def test_a_neighbour_may_take_it_over() -> None:
    # Both sentences of the target deny what one of the source does, and the other way round.
    source = "The lake is deep. It is not a place for children to swim."
    assert told(source, "البحيرة ليست ضحلة. إنها مكان خطر على الأطفال.") == "-"


def test_no_that_became_yes() -> None:
    assert told("Can I eat it raw?", "هل يمكنني أكله نيئًا؟") == "-"
    assert told("No, you should cook it first.", "نعم، ينبغي أن تطهوه أولًا.") == "~"


def test_a_denial_that_stays_in_english_is_not_lost() -> None:
    assert told('The log says: "could not open file".', 'يقول السجل: "could not open file".') == "-"


@pytest.mark.parametrize(("source", "target"), RIGHT)
def test_the_same_in_other_words_is_no_change(source: str, target: str) -> None:
    assert not [v for v in verdicts(source, target) if v.check == "negation"]


def test_questions_comparisons_and_opposites_may_be_told_without_their_negation() -> None:
    for source, target in (
        ("Isn't Tom coming to the party?", "هل سيأتي توم إلى الحفلة؟"),
        ("Hasn't the train arrived yet?", "هل وصل القطار؟"),
        ("He isn't as tall as his brother.", "أخوه أطول منه."),
        ("She doesn't run as fast as Tom.", "توم يركض أسرع منها."),
        ("The number is not even.", "العدد فردي."),
    ):
        assert not has_hard(verdicts(source, target)), source
    assert has_hard(verdicts("The server did not respond.", "استجاب الخادم."))


@pytest.mark.parametrize("mark", ["!", "؟", ". ", "!؟"])
def test_a_row_of_marks_takes_linear_time(mark: str) -> None:
    # Each of 200,000 marks was looked behind to the end: some twenty minutes.
    target = text_of("هذا هو المكان" + mark * 100_000)
    assert negation(text_of("This is the place."), target, knowledge("ar")) is None


def test_many_denials_are_counted_in_linear_time() -> None:
    many = 30_000
    assert denied(text_of("He is not here. " * many), knowledge("ar")) == many
    assert denying(text_of("ليس " * many), knowledge("ar")) == many


@pytest.mark.parametrize("language", ["en", "en-XA", "en-GB", "fr", "fa"])
def test_of_a_language_whose_denials_are_not_known_nothing_is_told(language: str) -> None:
    known = knowledge(language)
    source, target = text_of("We don't stop here."), text_of("[Ŵé đöñ't śţöþ ĥéŕé.]")
    assert negation(source, target, known) is None
    assert not denying(target, known)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("They were found guilty of graft.", "أُدينوا بالكسب غير المشروع."),
        ("He is investigated for trespassing.", "يُحقق معه بتهمة التعدي على ممتلكات الغير."),
        ("Asynchronous communication saves time.", "الاتصال غير المتزامن يوفر الوقت."),
        ("If using a drone, check the rules.", "إذا كنت تستخدم طائرة بدون طيار، فتحقق من القواعد."),
        ("She bought a cordless phone.", "اشترت هاتفًا بدون سلك."),
    ],
)
def test_words_whose_arabic_has_a_denial_add_none(source: str, target: str) -> None:
    assert "negation" not in {verdict.check for verdict in check_pair(source, target)}
