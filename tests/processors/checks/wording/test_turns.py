"""Messages whose translation stands at another message are told; right ones beside their like are not."""

import pytest

from processors.checks.run import check_conversation, has_hard
from processors.checks.wording.turns import Misplaced, misplaced
from processors.texts.text import text_of

CATS = [
    ("I have two cats. How often should I feed them?", "لدي قطتان. كم مرة يجب أن أطعمهما؟"),
    (
        "Feed adult cats twice a day. Kittens need four small meals.",
        "أطعم القطط البالغة مرتين يوميًا. تحتاج القطط الصغيرة إلى أربع وجبات صغيرة.",
    ),
    ("And what about water?", "وماذا عن الماء؟"),
    (
        "Keep fresh water available at all times, and clean the bowl every day.",
        "احرص على توفر الماء العذب في جميع الأوقات، ونظف الوعاء كل يوم.",
    ),
    ("Thank you, that helps a lot!", "شكرًا لك، هذا مفيد جدًا!"),
    ("You are welcome. Enjoy your time with the cats.", "على الرحب والسعة. استمتع بوقتك مع القطتين."),
]
# Right, and much like one another.
ALIKE = [
    [("Good night, Timmy!", "ليلة سعيدة يا تيمي."), ("Sleep well, Timmy.", "ليلة سعيدة يا تيمي.")],
    [
        ("You can have three tries.", "تستطيع المحاولة ثلاث مرات."),
        ("You can try three times.", "تستطيع المحاولة ثلاث مرات."),
    ],
    [("Wonderful!", "مذهل."), ("Awesome!", "رائع!"), ("Brilliant!", "متميز."), ("Terrific!", "رائع!")],
    [("Write a poem about rain.", "اكتب قصيدة عن المطر."), ("Write a poem about snow.", "اكتب قصيدة عن الثلج.")],
    [("Yes.", "نعم."), ("No.", "لا."), ("Yes.", "نعم."), ("OK", "حسنًا")],
    [("2 + 2 = 4", "2 + 2 = 4"), ("3 + 3 = 6", "3 + 3 = 6")],
    [("", ""), ("Hello there, my friend.", "مرحبًا يا صديقي."), ("", "")],
]  # fmt: skip


def found(pairs: list[tuple[str, str]], language: str = "ar") -> list[Misplaced]:
    return misplaced([(text_of(source), text_of(target)) for source, target in pairs], language)


def with_targets(order: list[int]) -> list[tuple[str, str]]:
    return [(source, CATS[place][1]) for (source, _), place in zip(CATS, order, strict=True)]


@pytest.mark.parametrize("pairs", [CATS, *ALIKE])
def test_right_conversations_are_clean(pairs: list[tuple[str, str]]) -> None:
    assert not found(pairs)


@pytest.mark.parametrize(
    ("order", "places"),
    [
        ([0, 3, 2, 1, 4, 5], {1, 3}),
        ([3, 1, 2, 0, 4, 5], {0, 3}),
        ([3, 0, 2, 1, 4, 5], {0, 1, 3}),
        ([5, 1, 2, 3, 4, 0], {0, 5}),
    ],
)
def test_exchanged_messages_are_told(order: list[int], places: set[int]) -> None:
    told = found(with_targets(order))
    assert {one.place for one in told} == places
    assert all(order[one.other] == one.place and not one.twice for one in told)


def test_a_translation_given_again_is_told_where_it_is_wrong() -> None:
    assert found(with_targets([0, 1, 2, 1, 4, 5])) == [Misplaced(3, 1, True)]
    assert found(with_targets([0, 3, 2, 3, 4, 5])) == [Misplaced(1, 3, True)]


def test_it_is_a_veto_of_the_message() -> None:
    source = [{"role": "user" if i % 2 == 0 else "assistant", "content": one[0]} for i, one in enumerate(CATS)]
    target = [
        {**message, "content": CATS[place][1]} for message, place in zip(source, [0, 3, 2, 1, 4, 5], strict=True)
    ]
    verdicts = check_conversation(source, target)
    assert has_hard(verdicts)
    # Its sentences are lost besides, and those of the other added.
    assert {("exchanged", 1), ("exchanged", 3)} <= {(v.check, v.message) for v in verdicts if v.hard}
    assert {v.message for v in verdicts if v.hard} == {1, 3}


def test_of_a_language_without_a_lexicon_nothing_is_said() -> None:
    assert not found(with_targets([0, 3, 2, 1, 4, 5]), "hi")
