"""The day of a month, "second", "hundreds", and numbers that changed places within a sentence of a text."""

import pytest

from tests.processors.checks.cases import must_see, verdicts

CHANGED = [
    ("She was born on 4 May 1987.", "وُلدت في 4 مايو 1987.", "وُلدت في 5 مايو 1987."),
    ("It opened on March 9th.", "افتُتح في 9 آذار.", "افتُتح في 8 آذار."),
    ("He came in second.", "حلّ في المركز الثاني.", "حلّ في المركز الثالث."),
    ("The second chapter is long.", "الفصل الثاني طويل.", "الفصل الخامس طويل."),
    ("It lasted hundreds of years.", "استمر مئات السنين.", "استمر آلاف السنين."),
    ("Birds came. In 2001 there were 40 shops, in 2015 only 12.",
     "جاءت الطيور. في عام 2001 كان هناك 40 متجرًا، وفي 2015 كان هناك 12 فقط.",
     "جاءت الطيور. في عام 2001 كان هناك 12 متجرًا، وفي 2015 كان هناك 40 فقط."),
]  # fmt: skip


@pytest.mark.parametrize(("source", "right", "wrong"), CHANGED)
def test_what_changed_is_vetoed(source: str, right: str, wrong: str) -> None:
    must_see(source, right, wrong)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("We met at a quarter to twenty-two hundred.", "التقينا الساعة العاشرة إلا ربعًا مساءً."),
        ("It was 2145 hours.", "كانت الساعة العاشرة إلا ربعًا مساءً."),
        ("The convoy left at thirteen hundred hours.", "غادرت القافلة في الواحدة ظهرًا."),
        ("From 4 to 6 May we were away.", "كنا غائبين من 4 إلى 6 مايو."),
        ("The trip took place on 4-6 May.", "جرت الرحلة في 4-6 مايو."),
        ("He left on the 4th of May and came back on the 7th.", "غادر في الرابع من مايو وعاد في السابع منه."),
        ("On May 5, 7 people came.", "في 5 مايو جاء 7 أشخاص."),
        ("7 people came on May 5.", "جاء 7 أشخاص في 5 مايو."),
        ("In May 20 trees fell.", "في مايو سقطت 20 شجرة."),
        ("It was May 12, at 9 in the morning.", "كان ذلك في 12 مايو في التاسعة صباحًا."),
        ("He waited a second and counted to three.", "انتظر ثانية وعدّ إلى ثلاثة."),
        ("It takes one second, then five more.", "تستغرق ثانية ثم خمسًا أخرى."),
        ("She sells second-hand books on three shelves.", "تبيع كتبًا مستعملة على ثلاثة رفوف."),
        ("Give him a second chance.", "امنحه فرصة أخرى."),
        ("On second thought, I will stay.", "بعد إعادة التفكير سأبقى."),
        ("The Second World War ended in 1945.", "انتهت الحرب العالمية الثانية عام 1945."),
        ("We meet there every second month.", "نلتقي هناك كل شهرين."),
        ("It is the second largest city after Cairo.", "هي ثاني أكبر مدينة بعد القاهرة."),
        ("Hundreds of people came.", "جاء المئات."),
        ("Hundreds of thousands of people came.", "جاء مئات آلاف الأشخاص."),
        ("Hundreds and thousands of stars.", "مئات وآلاف النجوم."),
        ("In 2015 only 12 of the 40 shops of 2001 were left.", "من متاجر عام 2001 الأربعين لم يبق سوى 12 في 2015."),
        ("He sold 12 of 40 boats. She bought 3.", "باع 12 قاربًا من أصل 40. واشترت هي 3."),
    ],
)
def test_right_translations_are_clean(source: str, target: str) -> None:
    assert not verdicts(source, target)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("I've told you hundreds of times!", "قلت لك ألف مرة!"),
        ("There are hundreds of ways to do it. One is enough.", "ثمة ألف طريقة لفعل ذلك. وواحدة تكفي."),
        ("I waited 90 minutes.", "انتظرت ساعة ونصف الساعة."),
        ("It lasts 40 minutes.", "يستغرق ثلثي ساعة."),
        ("The flight lasts 150 minutes. Boarding takes 30 minutes.", "تستغرق الرحلة ساعتين ونصفًا. والصعود نصف ساعة."),
        ("It lasts 18 months, then 6 months more.", "يستمر سنة ونصف السنة ثم نصف سنة أخرى."),
    ],
)
def test_right_translations_are_not_vetoed(source: str, target: str) -> None:
    assert not [verdict for verdict in verdicts(source, target) if verdict.hard]


@pytest.mark.parametrize(
    ("source", "target"),
    [("I waited 90 minutes.", "انتظرت نصف ساعة."), ("It lasts 40 minutes.", "يستغرق ربع ساعة.")],
)
def test_another_share_of_an_hour_is_vetoed(source: str, target: str) -> None:
    assert [verdict for verdict in verdicts(source, target) if verdict.hard]
