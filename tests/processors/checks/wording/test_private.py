import pytest

from processors.checks import check_pair
from processors.checks.wording.private import luhn, made_up, private
from processors.texts import text_of

CARD = "4539 1488 0343 6467"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("اكتب إلى sara.ali@example.com غدًا", "e-mail address"),
        ("اتصل بالرقم +20 101 234 5678.", "telephone number"),
        ("اتصل بالرقم (555) 123-4567", "telephone number"),
        ("هاتف: ٠٢٢ ١٢٣٤ ٥٦٧٨", "telephone number"),
        (f"البطاقة {CARD}", "card number"),
        ("البطاقة 4539148803436467،", "card number"),
        ("المفتاح sk-abcdEFGH1234567890abcdEFGH", "key"),
        ("AKIAIOSFODNN7EXAMPLE", "key"),
        ("-----BEGIN RSA PRIVATE KEY-----", "key"),
    ],
)
def test_what_is_private_by_its_form(text: str, kind: str) -> None:
    ((found, piece, at),) = private(text_of(text))
    assert found == kind and len(piece) <= len(text) - at


@pytest.mark.parametrize(
    "text",
    [
        "عام 2019 و2020 و2021", "3.14159265358979323846", "960397912423686", "4539 1488 0343 6468",
        "المليار 1,000,000,000", "12345678901234", "٢٠١٩-٢٠٢٠", "@الاسم", "a@b", "user@localhost",
        "https://example.com/4539148803436467", "x = 5551234567", "sk-short", "1 + 2345678 = 2345679",
    ],
)  # fmt: skip
def test_what_only_looks_like_it_is_not(text: str) -> None:
    assert not list(private(text_of(text)))


def test_what_the_source_has_is_the_source_s_in_whatever_digits_and_groups() -> None:
    source = "Write to Sara.Ali@example.com or call +1 (555) 123-4567; the card is 4539148803436467."
    target = "اكتب إلى sara.ali@example.com أو اتصل بالرقم +١ ٥٥٥ ١٢٣ ٤٥٦٧؛ والبطاقة 4539-1488-0343-6467."
    assert made_up(text_of(source), text_of(target)) == []
    assert [kind for kind, _, _ in made_up(text_of("Write to me."), text_of(target))] == [
        "e-mail address", "telephone number", "card number"
    ]  # fmt: skip


def test_a_check_digit() -> None:
    assert luhn("4539148803436467") and not luhn("4539148803436468")


def test_the_verdict_is_soft_and_does_not_repeat_it() -> None:
    told = [v for v in check_pair("Write to me tomorrow.", "اكتب إلي غدًا: sara@example.com") if v.check == "private"]
    assert [(v.hard, "example" in v.detail) for v in told] == [(False, False)]
    assert "e-mail address" in told[0].detail
