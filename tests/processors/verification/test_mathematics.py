"""Whether an answer in words comes to the value of a reference."""

import importlib.util
import random

import pytest

from processors.verification import needs_library, same_value
from processors.verification.final import final_answers

RIGHT = [
    ("نجمع. الجواب هو: ٥ تفاحات.", "5"),
    ("الناتج = 12.5", "x=25/2=12.5"),
    ("\\boxed{1,234}", "1234"),
    ("بعد الحساب نجد أن العدد هو 7", "7"),
    ("أولا 3 + 4 = 7\nإذن الجواب 7", "7"),
    ("المجموع هو 3+4=7 والجواب النهائي هو 7 أقلام", "7"),
    ("40%", "0.4"),
    ("النسبة ٤٠٪", "0.4"),
    ("الإجابة: 40", "40%"),
    ("\\boxed{\\frac{3}{4}}", "0.75"),
    ("The answer is 3,5", "3.5"),
    ("الجواب: ٣٫٥", "3.5"),
    ("١٢٬٠٠٠ ريال", "12000"),
    ("-5", "-5"),
    ("الجواب: −5", "-5"),
    ("<think>6</think> الجواب 5", "5"),
    ("1/3", "0.333333"),
    ("#### 42", "42"),
    ("1 1/2", "1.5"),
    ("50 من 100", "50"),
    ("ثمن القلم 3 ريال، وثمن 4 أقلام هو 12 ريالا", "12"),
    ("لديه ٥ تفاحات و٣ برتقالات، فيكون المجموع ٨ فواكه.", "8"),
    ("**الجواب النهائي:** 18", "18"),
    ("So she has 4 left.", "9 - 5 = <<9-5=4>>4\n#### 4"),
]
WRONG = [
    ("الجواب هو 12", "21"),
    ("5", "-5"),
    ("<think>الجواب 5", "5"),
    ("الجواب: لا أعرف", "5"),
    ("", "5"),
    ("5", ""),
    ("الجواب 0.5", "5"),
    ("الجواب 1/0", "1"),
    ("\\boxed{6} وليس 5", "5"),
]


@pytest.mark.parametrize(("answer", "reference"), RIGHT)
def test_a_right_value_is_right_however_it_is_written(answer: str, reference: str) -> None:
    assert same_value(answer, reference)
    assert not needs_library(reference)


@pytest.mark.parametrize(("answer", "reference"), WRONG)
def test_another_value_or_none_is_wrong(answer: str, reference: str) -> None:
    assert not same_value(answer, reference)


@pytest.mark.skipif(importlib.util.find_spec("math_verify") is None, reason="needs the extra `verification`")
@pytest.mark.parametrize(
    ("answer", "reference", "same"),
    [
        ("$2\\sqrt{3}$", "\\boxed{\\sqrt{12}}", True),
        ("\\boxed{x+1}", "\\boxed{1+x}", True),
        ("$x+1$", "\\boxed{x-1}", False),
        ("\\boxed{(1,2)}", "\\boxed{(1, 2)}", True),
        ("\\boxed{\\pi/2}", "\\frac{\\pi}{2}", True),
        ("لا أعرف", "\\sqrt{12}", False),
    ],
)
def test_expressions_are_compared_by_what_they_mean(answer: str, reference: str, same: bool) -> None:
    assert same_value(answer, reference) is same


def test_no_text_raises_and_no_number_is_another() -> None:
    draw = random.Random(3)
    pieces = [
        "الجواب",
        ":",
        "=",
        "\\boxed{",
        "}",
        "٥",
        "3/0",
        "7%",
        "\u200f",
        "\ud800",
        "x",
        "\n",
        "1,2,3",
        ".",
        "<think>",
    ]
    for _ in range(2000):
        text = " ".join(draw.choices(pieces, k=draw.randrange(12)))
        assert isinstance(same_value(text, "5"), bool)
        final_answers(text)
    for _ in range(300):
        number, other = draw.sample(range(-5000, 5000), 2)
        assert same_value(f"الجواب هو {number}.", str(number))
        assert not same_value(f"الجواب هو {number}.", str(other)) or abs(number) == abs(other) * 100


def test_an_expression_without_the_library_is_told_and_not_wrong_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert needs_library("\\sqrt{12}")
    assert not needs_library("x=3*2.5=7.5")
