"""Every day that became every week, north that became south; the right ones stand in `right.txt`."""

import pytest

from processors.checks.run import has_hard
from tests.processors.checks.cases import joined, verdicts

CHANGED = [
    ("The committee meets every week.", "تجتمع اللجنة كل يوم."),
    ("Take one tablet every day after meals.", "تناول قرصًا واحدًا كل أسبوع بعد الوجبات."),
    ("The newsletter is sent monthly.", "تُرسل النشرة البريدية أسبوعيًا."),
    ("We met last year.", "التقينا الشهر الماضي."),
    ("He left in the spring of 1990.", "غادر في خريف عام 1990."),
    ("The village lies north of the river.", "تقع القرية جنوب النهر."),
    ("The red car belongs to my uncle.", "السيارة الزرقاء لعمي."),
    ("We reached the Red Sea before noon.", "وصلنا إلى البحر الأسود قبل الظهر."),
    ("Her sister is a judge.", "أخوها قاضٍ."),
    ("The door was open when we arrived.", "كان الباب مغلقًا عندما وصلنا."),
    ("The price increased last month.", "انخفض السعر الشهر الماضي."),
    # A brand that is a month too; one share of two.
    ("The Nissan was sold in April.", "بيعت التويوتا في نيسان."),
    ("Sales rose by 12% in spring and fell by 5% in summer.",
     "ارتفعت المبيعات بنسبة 12% في الربيع وانخفضت بمقدار 5 في الصيف."),
]  # fmt: skip


@pytest.mark.parametrize(("source", "wrong"), CHANGED)
def test_a_word_that_excludes_the_other_is_vetoed(source: str, wrong: str) -> None:
    assert has_hard(verdicts(source, wrong))


def test_and_within_a_text() -> None:
    before, behind = joined(1, 4), joined(5, 9)
    source = f"{before[0]} The bus stops north of the river. {behind[0]} The farms lie to the south."
    right = "{} تتوقف الحافلة شمال النهر. {} وتقع المزارع في الجنوب."
    assert not verdicts(source, right.format(before[1], behind[1]))
    assert has_hard(verdicts(source, right.replace("شمال", "جنوب").format(before[1], behind[1])))


def test_left_and_right_are_noted_since_windows_are_mirrored() -> None:
    found = verdicts("Turn right at the corner.", "انعطف يسارًا عند الزاوية.")
    assert found and not has_hard(found)
