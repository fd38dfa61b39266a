"""Stubs for a whole text, wrappings, answers, and money that is no mathematics: further members of each kind."""

import pytest

from processors.checks.run import has_hard
from tests.processors.checks.cases import verdicts

# A request of two sentences with a list: halves of it that became stubs, joined.
HARBOUR = "Describe the old harbour. Then explain why ships avoid it in winter.\n\n- ice\n- storms"
STUBS = [
    "I cannot",
    "Sorry",
    "...",
    "N/A",
    "Describe",
    "عذراً، لا أستطيع",
    "تم",
    "حسناً",
    "لا",
    "أعتذر",
    "نعم.",
    "OK",
    "[ترجمة]",
    "—",
    "؟",
    "Done.",
    "لا أستطيع. لا أستطيع.",
    "...\n\n...",
    "تم.\n\nتم.",
    "Sorry\n\nSorry",
    "النص المترجم",
    "none",
    "null",
    "عذراً",
]  # fmt: skip

BUS = "The bus stops near the school gate."
WRAPPED = [
    "```text\nتتوقف الحافلة قرب بوابة المدرسة.\n```",
    "<answer>تتوقف الحافلة قرب بوابة المدرسة.</answer>",
    "<translation>تتوقف الحافلة قرب بوابة المدرسة.</translation>",
    "Sure! Here's the translation:\n\nتتوقف الحافلة قرب بوابة المدرسة.",
    "الترجمة:\nتتوقف الحافلة قرب بوابة المدرسة.",
    "**الترجمة:** تتوقف الحافلة قرب بوابة المدرسة.",
    "<think>\nLet me translate this.\n\nتتوقف الحافلة قرب بوابة المدرسة.",
    "<think>ok</think>تتوقف الحافلة قرب بوابة المدرسة.",
    "{\"translation\": \"تتوقف الحافلة قرب بوابة المدرسة.\"}",
    "Arabic: تتوقف الحافلة قرب بوابة المدرسة.",
    "تتوقف الحافلة قرب بوابة المدرسة.\n\n(Translated by AI)",
    "تتوقف الحافلة قرب بوابة المدرسة.\n\nNote: I kept the tone.",
    "إليك الترجمة:\nتتوقف الحافلة قرب بوابة المدرسة.",
    "### الترجمة العربية\nتتوقف الحافلة قرب بوابة المدرسة.",
    "[AR] تتوقف الحافلة قرب بوابة المدرسة.",
    "تتوقف الحافلة قرب بوابة المدرسة.<|im_end|>",
    "`تتوقف الحافلة قرب بوابة المدرسة.`",
]  # fmt: skip

ANSWERED = [
    ("What is 15 percent of 80?", "15 في المئة من 80 هو 12."),
    ("Solve: $3x + 5 = 20$. Find x.", "نطرح 5 من الطرفين فنحصل على $3x = 15$، إذن $x = 5$."),
    ("Write a Python function that reverses a string.", "```python\ndef reverse(s):\n    return s[::-1]\n```"),
    ("List five fruits that grow in hot countries.", "1. المانجو\n2. الموز\n3. الأناناس\n4. البابايا\n5. الجوافة"),
    ("Give me three tips for sleeping well.", "نم مبكرًا، وأطفئ الهاتف، ولا تشرب القهوة مساءً."),
    ("Who wrote Hamlet?", "كتبها وليم شكسبير."),
    ("Tom has 3 apples and buys 4 more. How many does he have?", "لدى توم 7 تفاحات."),
    ("Is the earth round?", "نعم، الأرض كروية."),
    ("Summarize the following text: The cat sat on the mat all day.", "قضت القطة يومها على البساط."),
]  # fmt: skip

MONEY_AND_TAGS = [
    ("It costs $5–$10 a day.", "تكلفته من 5 إلى 10 دولارات في اليوم."),
    ("It costs $5–$10 a day.", "تكلفته $5–$10 في اليوم."),
    ("He paid US$30 and C$40.", "دفع 30 دولارًا أمريكيًا و40 دولارًا كنديًا."),
    ("The total is $1,000.50 with tax.", "المجموع 1000.50 دولار مع الضريبة."),
    ("Add the folder to `$PATH` and $HOME.", "أضف المجلد إلى `$PATH` و$HOME."),
    ("We get $$x = 3$$ in the end.", "نحصل على $$x = 3$$ في النهاية."),
    ("Let \\(x\\) be even and \\[y = 2x\\]", "ليكن \\(x\\) زوجيًا و\\[y = 2x\\]"),
    ("A ticket costs 5$", "ثمن التذكرة 5$"),
    ("A ticket costs 5$.", "ثمن التذكرة 5 دولارات."),
    ("It is \"$20/month\" for students.", "السعر \"20 دولارًا في الشهر\" للطلاب."),
    ("First line<br/>second line", "السطر الأول<br />السطر الثاني"),
    ("<p>Hello my friend</p>", "<p dir=\"rtl\">مرحبًا يا صديقي</p>"),
    ("<a class=\"x\" href=\"y.html\">Read more here</a>", "<a href=\"y.html\" class=\"x\">اقرأ المزيد هنا</a>"),
    ("Between $3 and $4 per kilo.", "بين 3 و4 دولارات للكيلو."),
    ("He owes $50, she owes $70; together $120.", "عليه 50 دولارًا وعليها 70؛ والمجموع 120 دولارًا."),
    ("The price fell from $2.5 million to $1.8 million.", "انخفض السعر من 2.5 مليون دولار إلى 1.8 مليون دولار."),
    ("Pay $20 now, or $x$ later.", "ادفع 20 دولارًا الآن، أو $x$ لاحقًا."),
    ("Is it worth $300? I doubt it.", "هل يستحق 300 دولار؟ أشك في ذلك."),
    ("If a pen costs $a and a book $b, the sum is $a+b$.", "إذا كان ثمن القلم $a وثمن الكتاب $b، فالمجموع هو $a+b$."),
]  # fmt: skip


@pytest.mark.parametrize("target", STUBS)
def test_a_stub_for_a_whole_text_is_a_veto(target: str) -> None:
    assert has_hard(verdicts(HARBOUR, target))


@pytest.mark.parametrize("target", WRAPPED)
def test_what_is_wrapped_around_a_translation_is_a_veto(target: str) -> None:
    assert has_hard(verdicts(BUS, target))


@pytest.mark.parametrize(("source", "target"), ANSWERED)
def test_an_answer_is_no_translation(source: str, target: str) -> None:
    assert has_hard(verdicts(source, target))


@pytest.mark.parametrize(("source", "target"), MONEY_AND_TAGS)
def test_money_and_tags_have_other_spellings(source: str, target: str) -> None:
    assert not verdicts(source, target)
