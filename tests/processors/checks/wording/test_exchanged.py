"""What changed places, and what only comes in another order."""

import pytest

from tests.processors.checks.cases import must_see, verdicts

EXCHANGED = [
    ("She has three cats and five dogs.", "لديها ثلاث قطط وخمسة كلاب.", "لديها خمس قطط وثلاثة كلاب."),
    ("We sold three cars and seven books.", "بعنا ثلاث سيارات وسبعة كتب.", "بعنا ثلاثة كتب وسبع سيارات."),
    ("Tom bought 2 apples, 3 books and 4 chairs.", "اشترى توم تفاحتين و3 كتب و4 كراسي.",
     "اشترى توم 2 كتب و3 تفاحات و4 كراسي."),
    ("The farm has 40 cows. It has 12 horses and 90 chickens.", "في المزرعة 40 بقرة. وفيها 12 حصانًا و90 دجاجة.",
     "في المزرعة 40 بقرة. وفيها 90 حصانًا و12 دجاجة."),
    ("In 1960 it had 200 members, in 1980 it had 900.",
     "في عام 1960 كان لديه 200 عضو، وفي عام 1980 كان لديه 900.",
     "في عام 1960 كان لديه 900 عضو، وفي عام 1980 كان لديه 200."),
    ("| Animal | Legs |\n|---|---|\n| horse | four |\n| bird | two |",
     "| الحيوان | الأرجل |\n|---|---|\n| حصان | أربع |\n| طائر | اثنتان |",
     "| الحيوان | الأرجل |\n|---|---|\n| طائر | أربع |\n| حصان | اثنتان |"),
    ("| Name | Age | City |\n|---|---|---|\n| Sarah | 31 | London |\n| Karim | 27 | Paris |",
     "| الاسم | العمر | المدينة |\n|---|---|---|\n| سارة | 31 | لندن |\n| كريم | 27 | باريس |",
     "| الاسم | العمر | المدينة |\n|---|---|---|\n| سارة | 31 | باريس |\n| كريم | 27 | لندن |"),
    ("1. Open the door.\n2. Wash the dishes.\n3. Feed the cat.", "1. افتح الباب.\n2. اغسل الأطباق.\n3. أطعم القطة.",
     "1. اغسل الأطباق.\n2. افتح الباب.\n3. أطعم القطة."),
    ("Line A crosses line B above the river.", "يقطع الخط A الخط B فوق النهر.", "يقطع الخط B الخط A فوق النهر."),
]  # fmt: skip

IN_ANOTHER_ORDER = [
    ("She has three cats and five dogs.", "لديها ثلاث قطط وخمسة كلاب."),
    ("She has three cats and five dogs.", "لديها خمسة كلاب وثلاث قطط."),
    ("Of the 35 books 12 are new.", "12 كتابًا من أصل 35 جديدة."),
    ("Twenty-six states and four cities agreed.", "وافقت ست وعشرون ولاية وأربع مدن."),
    ("Call 555-0123 now.", "اتصل الآن على 0123-555."),
    ("Team A won 3 games; team B won 7.", "فاز الفريق B في 7 مباريات، والفريق A في 3."),
    ("| a | b |\n|---|---|\n| 1 | 2 |", "| أ | ب |\n|---|---|\n| 1 | 2 |"),
    ("In 1990 there were 400 pupils, in 2020 only 150.",
     "في عام 1990 كان هناك 400 تلميذ، وفي 2020 كان هناك 150 فقط."),
    ("Player A was beaten by player B.", "هزم اللاعب B اللاعب A."),
]  # fmt: skip


@pytest.mark.parametrize(("source", "right", "wrong"), EXCHANGED)
def test_what_changed_places_is_a_veto(source: str, right: str, wrong: str) -> None:
    must_see(source, right, wrong)


@pytest.mark.parametrize(("source", "target"), IN_ANOTHER_ORDER)
def test_another_order_is_none(source: str, target: str) -> None:
    assert not verdicts(source, target)
