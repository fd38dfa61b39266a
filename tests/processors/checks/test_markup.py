"""Markdown that broke, was lost or came from nowhere, beside right translations that look like it."""

import pytest

from processors.checks.run import has_hard
from tests.processors.checks.cases import must_see, verdicts

BROKEN = [
    ("Press **Start** to begin.", "اضغط **ابدأ** للبدء.", "اضغط **ابدأ* للبدء."),
    ("Press **Start** to begin.", "اضغط **ابدأ** للبدء.", "اضغط **ابدأ للبدء."),
    ("Press **Start** to begin.", "اضغط **ابدأ** للبدء.", "اضغط ابدأ** للبدء."),
    ("Press **Start** to begin.", "اضغط **ابدأ** للبدء.", "اضغط *ابدأ** للبدء."),
    ("**Warning:** keep it away from fire.", "**تحذير:** أبقِه بعيدًا عن النار.", "تحذير: أبقِه بعيدًا عن النار."),
    ("**Warning:** keep it away from fire.", "**تحذير:** أبقِه بعيدًا عن النار.",
     "**تحذير: أبقِه بعيدًا عن النار."),
    ("1. **Soak** the beans.\n2. **Rinse** them twice.", "1. **انقع** الفاصولياء.\n2. **اشطفها** مرتين.",
     "1. **انقع** الفاصولياء.\n2. **اشطفها مرتين."),
    ("# Opening hours\n\nWe are open every day.", "# ساعات العمل\n\nنفتح أبوابنا كل يوم.",
     "ساعات العمل\n\nنفتح أبوابنا كل يوم."),
    ("# Opening hours\n\nWe are open every day.", "# ساعات العمل\n\nنفتح أبوابنا كل يوم.",
     "**ساعات العمل**\n\nنفتح أبوابنا كل يوم."),
    ("Two rivers:\n\n- Nile\n- Jordan", "نهران:\n\n- النيل\n- الأردن", "نهران:\n\n- النيل\n- الأردن\n- الفرات"),
    ("Two rivers:\n\n1. Nile\n2. Jordan", "نهران:\n\n1. النيل\n2. الأردن", "نهران:\n\n1. النيل\n2. الأردن\n3. الفرات"),
    ("Two rivers:\n\n- Nile\n- Jordan", "نهران:\n\n- النيل\n- الأردن", "نهران:\n\nالنيل\nالأردن"),
    ('He said "come in" and left.', 'قال "ادخل" وغادر.', "قال &quot;ادخل&quot; وغادر."),
    ("It is Layla's book.", "إنه كتاب ليلى.", "إنه كتاب &#39;ليلى&#39;."),
    ("Wait 5 minutes.", "انتظر 5 دقائق.", "انتظر&nbsp;5 دقائق."),
    ("Salt & pepper", "ملح & فلفل", "ملح &amp; فلفل"),
    ("He came home late.", "عاد إلى البيت متأخرًا.", "عاد إلى البيت متأخرًا.\\n"),
    ("He came home late.", "عاد إلى البيت متأخرًا.", "عاد إلى البيت \\\"متأخرًا\\\"."),
]  # fmt: skip

RIGHT = [
    ("The **red** car is **mine**.", "السيارة **الحمراء** **لي**."),
    ("It is **not** allowed.", "هذا **غير مسموح** به."),
    ("2**3 is 8 in Python.", "2**3 تساوي 8 في بايثون."),
    ("# Footer", "تذييل #"),
    ("# Rules\n\nBe kind.", "# القواعد\n\nكن لطيفًا."),
    ("Fish &amp; chips cost more than &quot;before&quot;.", "السمك &amp; البطاطس أغلى من &quot;ذي قبل&quot;."),
    ("<p>He said \"no\".</p>", "<p>قال &quot;لا&quot;.</p>"),
    ("AT&T sells phones.", "تبيع AT&T الهواتف."),
    ("Use \\n to break the line.", "استخدم \\n لكسر السطر."),
    ("- Nile\n- Jordan", "* النيل\n* الأردن"),
    ("1. Nile\n2. Jordan", "1) النيل\n2) الأردن"),
    ("1. Nile\n2. Jordan", "١. النيل\n٢. الأردن"),
    ("She asked: where?\n\nHe said: here.", "سألت: أين؟\n\nفقال: هنا."),
    ("**Note**: call first.", "**ملاحظة:** اتصل أولًا."),
    ("**One** and **two**.", "**واحد** و**اثنان**."),
    ("***Very*** good.", "***جيد جدًا***."),
    ("## Steps\n\n1. Cut.\n2. Fold.", "## الخطوات\n\n1. قُصّ.\n2. اطوِ."),
    ("| a | b |\n|---|---|\n| tea | milk |", "| أ | ب |\n|---|---|\n| شاي | حليب |"),
    ("Say **hello** and **goodbye**.", "قل **مرحبًا ووداعًا**."),
    ("- one line\n- another line", "- سطر واحد\n- سطر آخر"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "right", "wrong"), BROKEN)
def test_markup_that_broke_is_vetoed(source: str, right: str, wrong: str) -> None:
    must_see(source, right, wrong)


@pytest.mark.parametrize(("source", "target"), RIGHT)
def test_markup_of_another_form_is_not_vetoed(source: str, target: str) -> None:
    assert not has_hard(verdicts(source, target)), verdicts(source, target)
