"""Which option an answer in words gives."""

import pytest

from model_recipes.evaluation.asked.generated import labels, read_label

ARABIC = ["أ", "ب", "ج", "د"]


@pytest.mark.parametrize(
    ("answer", "options", "label"),
    [
        ("ب", ARABIC, "ب"),
        (" **ب** ", ARABIC, "ب"),
        ("ب.", ARABIC, "ب"),
        ("(ج) لأن الماء يتجمد", ARABIC, "ج"),
        ("الإجابة الصحيحة هي: د", ARABIC, "د"),
        ("الجواب: أ. باريس", ARABIC, "أ"),
        ("لنفكر: أ خطأ، ب خطأ.\nالإجابة: ج", ARABIC, "ج"),
        ("<think>ربما أ أو ب</think>\nد", ARABIC, "د"),
        ("هـ", [*ARABIC, "هـ"], "هـ"),
        ("ه", [*ARABIC, "هـ"], "هـ"),
        ("٣", ["1", "2", "3"], "3"),
        ("The answer is B.", ["A", "B"], "B"),
        ("Answer: (A)", ["A", "B"], "A"),
        ("صح", ["صح", "خطأ"], "صح"),
        ("أو ب", ARABIC, "ب"),
        ("أ أو ب", ARABIC, None),
        ("لا أعرف", ARABIC, None),
        ("", ARABIC, None),
        ("<think>أ", ARABIC, "أ"),
        ("باريس عاصمة فرنسا", ARABIC, None),
        ("12", ["1", "2"], None),
    ],
)
def test_the_label_that_an_answer_gives(answer: str, options: list[str], label: str | None) -> None:
    assert read_label(answer, options) == label


def test_long_options_are_asked_for_by_number() -> None:
    assert labels(["Paris is it", "London"]) == ["1", "2"]
    assert labels(["(A)", "(B)"]) == ["(A)", "(B)"]
    assert labels(["yes", "no", "not known"]) == ["1", "2", "3"]
