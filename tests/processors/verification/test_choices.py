"""Which option an answer in words gives, and whether it is the one that a reference names."""

import pytest

from processors.verification import read_label, same_choice

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


@pytest.mark.parametrize(
    ("answer", "reference", "same"),
    [
        ("ب", "B", True),
        ("الإجابة: (ج) القاهرة", "3", True),
        ("ا", "أ", True),
        ("\\boxed{B}", "ب", True),
        ("\\boxed{\\text{د}}", "D", True),
        ("$\\boxed{\\textbf{(C)}}$", "ج", True),
        # What is boxed on the way is no answer.
        ("<think>\\boxed{A}</think>\nالجواب هو ب", "B", True),
        ("الجواب هو 2", "ب", True),
        ("**D**", "(د)", True),
        ("الخيار الصحيح هو ب", "ب.", True),
        ("ه", "E", True),
        ("A", "هـ", False),
        ("أ", "ب", False),
        ("لا أعرف", "A", False),
        ("", "A", False),
        ("أ أو ب", "ب", False),
        ("ب", "القاهرة", False),
    ],
)
def test_a_choice_is_the_reference_s_in_any_list_of_labels(answer: str, reference: str, same: bool) -> None:
    assert same_choice(answer, reference) is same
