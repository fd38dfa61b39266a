"""Free translations of real chats that were vetoed once, each beside the fault that it looks like."""

import pytest

from processors.checks.run import has_hard
from tests.processors.checks.cases import must_see, verdicts

TOOLS = (
    "The user asks for schools near a place. None of the tools seems to have a function for that. The tools are a"
    " dictionary, a calculator and a calendar. None of these are for location-based queries. I should apologize and"
    " explain it.",
    "يسأل المستخدم عن مدارس قريبة من مكان ما. ولا يبدو أن بين الأدوات دالة لذلك؛ فالأدوات قاموس وآلة حاسبة وتقويم،"
    " وليس فيها ما يصلح للاستعلام بحسب الموقع الجغرافي. فعليّ أن أعتذر وأوضح الأمر.",
)
CODE = "def binary_search(arr, target):\n    low = 0\n    high = len(arr) - 1"


def test_a_neighbour_that_is_long_for_its_text_holds_what_it_joined() -> None:
    source, free = TOOLS
    assert not has_hard(verdicts(source, free))
    gone = free.replace("، وليس فيها ما يصلح للاستعلام بحسب الموقع الجغرافي", "").replace(
        "؛ فالأدوات قاموس وآلة حاسبة وتقويم", ""
    )
    assert has_hard(verdicts(source, gone))


@pytest.mark.parametrize(
    ("source", "right", "wrong"),
    [
        ("Since .25 / .05 = 5, it costs .20 more.", "بما أن 0.25 / 0.05 = 5، فهو يكلّف 0.20 أكثر.",
         "بما أن 0.25 / 0.05 = 5، فهو يكلّف 0.02 أكثر."),
        ("A chance of (.75) is high.", "الاحتمال (0.75) مرتفع.", "الاحتمال (0.57) مرتفع."),
        (r"Save failed.\nThe disk is full.", r"تعذّر الحفظ.\nالقرص ممتلئ.", "تعذّر الحفظ. القرص ممتلئ."),
        (r"Print “Home\tAway” on top.", r"اطبع «المضيف\tالضيف» في الأعلى.", "اطبع «المضيف الضيف» في الأعلى."),
    ],
)  # fmt: skip
def test_decimals_without_their_zero_and_line_breaks_of_programs(source: str, right: str, wrong: str) -> None:
    must_see(source, right, wrong)


def test_a_number_said_twice_may_be_told_once_and_not_as_another() -> None:
    source = "The sides are 14, 13 and 15. Because 15 is the largest side, we look for the angle opposite of 15."
    right = "أطوال الأضلاع 14 و13 و15. ولما كان الضلع الذي طوله 15 هو الأكبر، نبحث عن الزاوية المقابلة له."
    assert not has_hard(verdicts(source, right))
    assert has_hard(verdicts(source, right.replace("طوله 15", "طوله 51")))


def test_a_table_set_to_the_right_is_the_same_table_and_one_with_fewer_columns_is_not() -> None:
    source = "| Day | Subject |\n|:---|:---|\n| Monday | History |"
    right = "| اليوم | المادة |\n|---:|---:|\n| الاثنين | التاريخ |"
    must_see(source, right, right.replace("|---:|---:|", "|---:|"))


def test_code_that_nobody_fenced_may_stay_as_a_whole_and_a_request_for_it_may_not() -> None:
    assert not has_hard(verdicts(CODE, CODE))
    for english in (
        f"Please explain to me what this function does:\n{CODE}",
        "Solve $x^2 - 5x + 6 = 0$ and give the sum of the squares of the roots in \\boxed{}.",
        "The number of half-lives that have passed is $17190 / 5730 = 3$.",
        "From the second equation, \\(y = x - 2 = 1\\).",
        "On this interval the line y = x lies above the parabola, so we integrate:\nA = 1/2 - 1/3",
    ):
        assert has_hard(verdicts(english, english))


def test_a_phrase_of_politeness_is_a_whole_message_and_no_helpers_first_word() -> None:
    assert not has_hard(verdicts("Any time!", "على الرحب والسعة!"))
    assert has_hard(verdicts("What is the tallest tree in the world?", "على الرحب والسعة! ما أطول شجرة في العالم؟"))


def test_a_letter_in_a_fence_is_translated() -> None:
    source = "Read this note:\n\n```\nMum, I went to the pool. Back at six. Please don't wait with dinner.\n```"
    right = "اقرأ هذه الملاحظة:\n\n```\nأمي، ذهبت إلى المسبح. سأعود في السادسة. من فضلك لا تنتظري بالعشاء.\n```"
    assert not has_hard(verdicts(source, right))
    # As it was before, and without its fences.
    assert has_hard(verdicts(source, right.split("```")[0] + "```" + source.split("```")[1] + "```"))
    assert has_hard(verdicts(source, right.replace("\n```", "")))


@pytest.mark.parametrize(
    ("source", "right", "wrong"),
    [
        ("Its clock stopped at ten to four.", "توقفت ساعته عند الثالثة وخمسين دقيقة.",
         "توقفت ساعته عند الرابعة وخمسين دقيقة."),
        ("We met at a quarter to six.", "التقينا في الخامسة وخمس وأربعين دقيقة.",
         "التقينا في السابعة وخمس وأربعين دقيقة."),
        ("We met at five to nine.", "التقينا في 8:55.", "التقينا في 8:50."),
        ("It is open from five to nine.", "يفتح من الخامسة إلى التاسعة.", "يفتح من الخامسة إلى العاشرة."),
        ("The 2.7-million-dollar grant is his.", "المنحة البالغة مليونين وسبعمئة ألف دولار له.",
         "المنحة البالغة 2.9 مليون دولار له."),
    ],
)  # fmt: skip
def test_what_is_left_of_the_hour_and_millions_with_a_hyphen(source: str, right: str, wrong: str) -> None:
    must_see(source, right, wrong)


def test_a_letter_s_greeting_may_be_longer_in_arabic_and_a_sentence_of_its_own_may_not() -> None:
    source = "Dear all,\n\nThe museum opens at nine on Monday.\n\nTickets cost ten dollars for adults."
    right = (
        "السادة والسيدات الكرام، تحية طيبة وبعد،\n\nيفتح المتحف في التاسعة يوم الاثنين.\n\n"
        "تبلغ تكلفة التذاكر عشرة دولارات للبالغين."
    )
    assert not has_hard(verdicts(source, right))
    assert has_hard(verdicts(source, f"{right}\n\nويقع المتحف قرب المحطة القديمة في وسط المدينة."))


def test_a_message_in_a_third_language_may_stay_and_one_in_english_may_not() -> None:
    romanian = "Întâlnirea, care urmărește să abordeze pregătirile pentru discuții, începe marți."
    english = "The meeting, which is to address the preparations for the talks, opens on Tuesday."
    assert not has_hard(verdicts(romanian, romanian))
    assert has_hard(verdicts(english, english))
    kept = f"{english}\n\nTranslate to Romanian"
    assert not has_hard(verdicts(kept, f"{english}\n\nترجم إلى الرومانية"))
    assert has_hard(verdicts("We open on Tuesday.", "نفتح يوم الأربعاء."))


@pytest.mark.parametrize(
    ("source", "right", "wrong"),
    [
        # What a name tells the day of, and its neighbour.
        ("The shops reopen on Boxing Day.", "تعيد المتاجر فتح أبوابها في 26 ديسمبر.",
         "تعيد المتاجر فتح أبوابها في 29 ديسمبر."),
        ("We close on New Year’s Eve.", "نغلق أبوابنا يوم 31 ديسمبر.", "نغلق أبوابنا يوم 21 ديسمبر."),
        # Groups of a telephone number, written together or parted otherwise.
        ("Order 2 cakes: ring 020 7946 0123.", "لطلب كعكتين اتصل بالرقم 02079460123.",
         "لطلب كعكتين اتصل بالرقم 02079460132."),
        ("Call +1 (555) 010-4477 before 5 p.m.", "اتصل بالرقم ‎+1 555 010 4477 قبل الخامسة مساءً.",
         "اتصل بالرقم ‎+1 555 010 7744 قبل الخامسة مساءً."),
        # Courtesies have their own.
        ("I was so sorry to hear about your uncle. He taught half our street to play chess. Nobody ever beat him.",
         "آلمني نبأ وفاة عمك. لقد علّم نصف أهل شارعنا لعب الشطرنج. وما غلبه أحد قط.",
         "آلمني نبأ وفاة عمك. وما غلبه أحد قط."),
        ("15% of 80 is 12. The baker sells thirteen loaves for the price of twelve.",
         "خمسة عشر بالمئة من ثمانين تساوي اثني عشر. ويبيع الخباز ثلاثة عشر رغيفًا بثمن اثني عشر.",
         "ستة عشر بالمئة من ثمانين تساوي اثني عشر. ويبيع الخباز ثلاثة عشر رغيفًا بثمن اثني عشر."),
        # Ten to midnight, half a kilogram beside whole ones, coins by what they are worth.
        ("We land at 11:40 a.m. with two children.", "نهبط قبل الظهر بعشرين دقيقة ومعنا طفلان.",
         "نهبط قبل الظهر بخمس دقائق ومعنا طفلان."),
        ("Buy 2 kg of flour and 250 g of butter.", "اشترِ كيلوغرامين من الدقيق وربع كيلو من الزبدة.",
         "اشترِ كيلوغرامين من الدقيق ونصف كيلو من الزبدة."),
        ("A quarter and a nickel lie on the table.", "على الطاولة قطعة من فئة 25 سنتًا وأخرى من فئة 5 سنتات.",
         "على الطاولة قطعة من فئة 25 سنتًا وأخرى من فئة 8 سنتات وقطعة من فئة 12 سنتًا."),
        # A score in words beside one in digits.
        ("We lost 3-0 at home but won the second game four to one.",
         "خسرنا على أرضنا بثلاثة أهداف دون رد، لكننا فزنا في المباراة الثانية 4-1.",
         "خسرنا على أرضنا بثلاثة أهداف دون رد، لكننا فزنا في المباراة الثانية 5-1."),
        # What a machine reports, within a sentence.
        ("I get fatal: refusing to merge unrelated histories when I run it. What now?",
         "تظهر لي الرسالة fatal: refusing to merge unrelated histories عند تنفيذه. ما العمل؟",
         "تظهر لي الرسالة fatal: refusing to merge unrelated histories when I run it. ما العمل؟"),
        # A request without small words below a fence that nobody closed.
        ("```python\nfor i in range(3):\n    print(i)\n\nRewrite this loop with while and explain each line.",
         "```python\nfor i in range(3):\n    print(i)\n\nأعد كتابة هذه الحلقة باستخدام while واشرح كل سطر.",
         "```python\nfor i in range(3):\n    print(i)\n\nRewrite this loop with while and explain each line."),
        # Initials told in full.
        ("RSVP ASAP, FYI the CFO is OOO till EOD.",
         "يُرجى تأكيد الحضور في أقرب وقت ممكن، وللعلم فإن المدير المالي خارج المكتب حتى نهاية يوم العمل.", "لا."),
        ("TL;DR: it's the cache. It's always the cache.",
         "الخلاصة: السبب هو ذاكرة التخزين المؤقت. إنها السبب دائمًا.",
         "الخلاصة: السبب هو ذاكرة التخزين المؤقت. إنها السبب دائمًا. وقد كتبت أمي هذا المقال في الصيف الماضي."),
    ],
)  # fmt: skip
def test_days_telephones_courtesies_and_initials(source: str, right: str, wrong: str) -> None:
    assert not has_hard(verdicts(source, right))
    assert has_hard(verdicts(source, wrong))


@pytest.mark.parametrize(
    ("source", "right"),
    [
        ("Pop round for a cuppa whenever you like!", "مُرّ بنا لنشرب كوبًا من الشاي متى شئت، فأهلًا وسهلًا بك!"),
        ("Would you be so kind as to let me know if you can?", "هلّا تفضلت بإعلامي إن كان ذلك بوسعك؟"),
        # A work's words that are asked about stay.
        ('Who sang the line "Hello darkness my old friend"?', 'من غنّى عبارة "Hello darkness my old friend"؟'),
    ],
)
def test_courtesies_and_songs_are_not_vetoed(source: str, right: str) -> None:
    assert not has_hard(verdicts(source, right))


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ("Let me know when the train arrives.", "تباع الكتب القديمة في السوق."),
        ("Thank you for the five books.", "تباع الملابس القديمة في السوق."),
        ("Scores: 10 20 30 40.", "النتائج: 1 02 03 040."),
        ("The shop is open on Boxing Day.", "المتجر مفتوح يوم 12 ديسمبر."),
    ],
)
def test_what_looks_like_these_and_is_none_is_vetoed(source: str, wrong: str) -> None:
    assert has_hard(verdicts(source, wrong))
