"""English sentences with a formula, headings and cells that stayed, beside code and terms that may."""

import pytest

from processors.checks.run import has_hard
from tests.processors.checks.cases import must_see, verdicts

STAYED = [
    ("We start here.\nIf x = 5 then the square has an area of 25.\nWrite it down.",
     "نبدأ من هنا.\nإذا كان x = 5 فإن مساحة المربع 25.\nدوّن ذلك.",
     "نبدأ من هنا.\nIf x = 5 then the square has an area of 25.\nدوّن ذلك."),
    ("Look at this.\nThe speed of the car is v = 20 and it stays so.\nGood.",
     "انظر إلى هذا.\nسرعة السيارة v = 20 وتبقى كذلك.\nجيد.",
     "انظر إلى هذا.\nThe speed of the car is v = 20 and it stays so.\nجيد."),
    ("## Safety rules\nWear goggles.\n\n## Waste disposal\nPour acids into the bottle.",
     "## قواعد السلامة\nارتدِ النظارات الواقية.\n\n## التخلص من النفايات\nصُبّ الأحماض في القارورة.",
     "## قواعد السلامة\nارتدِ النظارات الواقية.\n\n## Waste disposal\nصُبّ الأحماض في القارورة."),
    ("## Growing tomatoes\nWater them daily.\n\n## Common problems\nLook for spots.",
     "## زراعة الطماطم\nاسقها يوميًا.\n\n## مشكلات شائعة\nابحث عن البقع.",
     "## زراعة الطماطم\nاسقها يوميًا.\n\n## Common problems\nابحث عن البقع."),
    ("- Fresh bread\n- Cold milk\n- Green apples", "- خبز طازج\n- حليب بارد\n- تفاح أخضر",
     "- خبز طازج\n- Cold milk\n- تفاح أخضر"),
    ("| Season | Activity |\n|---|---|\n| Spring | Long walks |\n| Winter | Ice fishing |",
     "| الفصل | النشاط |\n|---|---|\n| الربيع | نزهات طويلة |\n| الشتاء | صيد السمك تحت الجليد |",
     "| الفصل | النشاط |\n|---|---|\n| الربيع | نزهات طويلة |\n| الشتاء | Ice fishing |"),
]  # fmt: skip

KEPT = [
    ("Run this:\ntotal = price + tax\nThen stop.", "شغّل هذا:\ntotal = price + tax\nثم توقف."),
    ("Run this:\nx = 5  # this is the number of the cats\nThen stop.",
     "شغّل هذا:\nx = 5  # this is the number of the cats\nثم توقف."),
    ('Run this:\nprint("the value of x is", x)\nThen stop.', 'شغّل هذا:\nprint("the value of x is", x)\nثم توقف.'),
    ("Run this:\nfor (const item of items) { total += item; }\nThen stop.",
     "شغّل هذا:\nfor (const item of items) { total += item; }\nثم توقف."),
    ("Run this:\nlet y = f(x);\nThen stop.", "شغّل هذا:\nlet y = f(x);\nثم توقف."),
    ("The law:\nF = m * a\nThat is all.", "القانون:\nF = m * a\nهذا كل شيء."),
    ("The law:\ndistance = speed * time\nThat is all.", "القانون:\ndistance = speed * time\nهذا كل شيء."),
    ("If x = 5, stop.", "إذا كان x = 5 فتوقف."),
    ("## Git\nA tool.\n\n## Docker\nAnother tool.", "## Git\nأداة.\n\n## Docker\nأداة أخرى."),
    ("## Visual Studio Code\nAn editor.", "## Visual Studio Code\nمحرر."),
    ("## Harry Potter\nA wizard.", "## Harry Potter\nساحر."),
    ("- Windows\n- macOS\n- Other systems", "- Windows\n- macOS\n- أنظمة أخرى"),
    ("- Homo sapiens\n- Wolves\n- Bears", "- Homo sapiens\n- الذئاب\n- الدببة"),
    ("| Name | Kind |\n|---|---|\n| Python | Language |\n| Redis | Store |",
     "| الاسم | النوع |\n|---|---|\n| Python | لغة |\n| Redis | مخزن |"),
    ("| Film | Year |\n|---|---|\n| Home Alone | 1990 |\n| Cast Away | 2000 |",
     "| الفيلم | السنة |\n|---|---|\n| Home Alone | 1990 |\n| Cast Away | 2000 |"),
    ("Use `git push` to send it.", "استخدم `git push` لإرساله."),
    ("## Machine learning (ML)\nA field.", "## تعلّم الآلة (Machine learning)\nمجال."),
    ("## The `for` loop\nIt repeats.", "## حلقة `for`\nتكرر."),
    ("SELECT name FROM users WHERE age > 30;", "SELECT name FROM users WHERE age > 30;"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "right", "wrong"), STAYED)
def test_english_that_stayed_is_vetoed(source: str, right: str, wrong: str) -> None:
    must_see(source, right, wrong)


@pytest.mark.parametrize(("source", "target"), KEPT)
def test_code_names_and_terms_may_stay(source: str, target: str) -> None:
    assert not has_hard(verdicts(source, target)), verdicts(source, target)
