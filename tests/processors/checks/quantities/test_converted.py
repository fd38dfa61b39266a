"""Units that were changed without their numbers; those that were converted stand in `right.txt`."""

import pytest

from processors.checks.run import has_hard
from tests.processors.checks.cases import verdicts


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ("Add 500 g of flour.", "أضف 5 كغ من الدقيق."),
        ("Add 500 g of flour.", "أضف كيلوغرامًا من الدقيق."),
        ("Add 500 g of flour.", "أضف ربع كيلوغرام من الدقيق."),
        ("The town is 5 miles from here.", "تبعد البلدة نحو 5 كيلومترات من هنا."),
        ("The town is 5 miles from here.", "تبعد البلدة نحو 18 كيلومترًا من هنا."),
        ("He weighs 180 pounds.", "يزن حوالي 180 كيلوغرامًا."),
        ("The oven should be at 350°F.", "يجب أن تكون حرارة الفرن 350 درجة مئوية."),
        ("It takes 48 hours.", "يستغرق الأمر ثلاثة أيام."),
        ("It takes 48 hours.", "يستغرق الأمر 48 يومًا."),
        ("Boil 750 ml of water.", "اغلِ نصف لتر من الماء."),
        ("The rope is 50 cm long.", "طول الحبل 50 مترًا."),
        ("She ran ten miles.", "ركضت عشرة كيلومترات."),
        # Each by as much, and of the other.
        ("Add 250 g of flour and 500 g of sugar.", "أضف نصف كيلو من الدقيق وربع كيلو من السكر."),
        ("Run 5 miles on Monday and 10 miles on Friday.", "اركض نحو 16 كيلومترا يوم الاثنين و8 كيلومترات يوم الجمعة."),
    ],
)
def test_another_unit_with_another_length_is_vetoed(source: str, wrong: str) -> None:
    assert has_hard(verdicts(source, wrong))


def test_what_is_rounded_between_systems_without_a_word_for_it_is_noted() -> None:
    found = verdicts("The town is 5 miles from here.", "تبعد البلدة 8 كيلومترات من هنا.")
    assert found and not has_hard(found)


def test_a_version_before_feet_and_inches_is_no_length() -> None:
    assert verdicts("The shelf is 1.2.3 feet 4 inches long.", "يبلغ طول الرف 2 متر.")
