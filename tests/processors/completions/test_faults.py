"""A completion's faults: what is sure is told by name, and what is an answer is left alone."""

import pytest

from processors.completions import Completion, fault_of, letter_share
from processors.languages.language import Language

ARABIC = "عاصمة مصر هي القاهرة، وهي أكبر مدنها وأكثرها سكانًا، وتقع على ضفاف نهر النيل."
REASONS = range(20)


@pytest.mark.parametrize(
    ("text", "finish_reason", "found"),
    [
        (ARABIC, "stop", None),
        (ARABIC, "length", "cut"),
        (ARABIC, "content_filter", "unfinished"),
        ("", "stop", "empty"),
        ("  \n", "stop", "empty"),
        ("عذرًا، لا يمكنني المساعدة في هذا الطلب.", "stop", "refusal"),
        ("I'm sorry, but I can't help with that request.", "stop", "refusal"),
        ("أعتذر، لا أستطيع تقديم هذه المعلومات لأنها تخالف سياستي.", "stop", "refusal"),
        # It says what it cannot and goes on at length: an answer.
        (
            "لا يمكنني الإجابة بيقين، لكن " + " ".join(f"وهذا سبب رقم {n} ينبغي النظر فيه." for n in range(20)),
            "stop",
            None,
        ),
        (f"{ARABIC} " + "ثم قال له اذهب إلى السوق " * 6, "stop", "loop"),
        (f"{ARABIC} " + "نعم " * 20, "stop", "loop"),
        ("لا لا لا، ليس الأمر كذلك: " + ARABIC, "stop", None),
        ("The capital of Egypt is Cairo, its largest city.", "stop", "language"),
        ("埃及的首都是开罗，也是埃及最大的城市，坐落在尼罗河畔。", "stop", "language"),
        # Code and mathematics are of no language.
        ("الدالة المطلوبة:\n```python\ndef total(values):\n    return sum(values)\n```", "stop", None),
        ("الجواب هو $x = \\frac{a}{b}$", "stop", None),
        ("42", "stop", None),
        ("B", "stop", None),
    ],
)
def test_what_is_wrong_with_a_completion(text: str, finish_reason: str, found: str | None) -> None:
    fault = fault_of(Completion(text, finish_reason))
    assert (fault and fault[0]) == found
    assert fault is None or fault[1]


def test_the_language_is_the_one_that_was_asked_for() -> None:
    english = Language(code="en", name="English", script="Latn")
    assert fault_of(Completion("The capital of Egypt is Cairo.", language=english)) is None
    assert fault_of(Completion(ARABIC, language=english)) == ("language", "0% of its letters are English")


def test_a_share_needs_letters() -> None:
    assert letter_share("x = 3", "Arab") is None
    assert letter_share("عاصمة مصر هي Cairo القاهرة", "Arab") == pytest.approx(17 / 22, abs=0.05)
