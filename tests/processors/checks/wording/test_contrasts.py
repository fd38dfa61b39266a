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
    ("You need at most five people.", "تحتاج إلى خمسة أشخاص على الأقل."),
    ("You need at least 20 points to pass.", "تحتاج إلى 20 نقطة على الأكثر للنجاح."),
    ("Choose no more than three colours.", "اختر ثلاثة ألوان على الأقل."),
    ("More than 200 people came.", "حضر أقل من 200 شخص."),
    ("The trip takes less than an hour.", "تستغرق الرحلة أكثر من ساعة."),
    ("Call me after the meeting.", "اتصل بي قبل الاجتماع."),
    ("Shake the bottle before use.", "رجّ الزجاجة بعد الاستعمال."),
    ("He doubled his income.", "ضاعف دخله ثلاث مرات."),
    ("The maximum speed is 90.", "السرعة الدنيا 90."),
    ("A dime is worth ten cents.", "تساوي قطعة الخمسة سنتات عشرة سنتات."),
    ("He paid with four quarters.", "دفع أربع قطع من فئة عشرة سنتات."),
    ("Rent is $1,200 a month.", "الإيجار 1200 دولار سنويًا."),
    ("He scored twice in the first half.", "سجل هدفين في الشوط الثاني."),
    ("It was her second novel.", "كانت روايتها الأولى."),
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


def test_what_happens_before_something_else_happens_may_be_told_the_other_way_round() -> None:
    found = verdicts("Wash your hands before you eat.", "اغسل يديك بعد أن تأكل.")
    assert found and not has_hard(found)
