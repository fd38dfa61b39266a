import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.checks.run import (
    VERDICTS,
    Verdict,
    check_chunk,
    check_conversation,
    check_pair,
    has_hard,
)
from processors.checks.step import ConversationChecker
from processors.errors import InputError

# Written for these tests: (English, a careful Arabic translation).
CLEAN = [
    ("What is the capital of France?", "ما عاصمة فرنسا؟"),
    ("The meeting on March 3, 2021 lasted 2 hours and cost $1,250.",
     "استمر اجتماع 3 مارس 2021 ساعتين وكلّف 1250 دولارًا."),
    ("In the 19th century, more than two-dozen ships sank.", "في القرن التاسع عشر غرقت أكثر من 24 سفينة."),
    ("She bought three apples and 5 oranges.", "اشترت ثلاث تفاحات وخمس برتقالات."),
    ("Both of them left at 7:30 p.m.", "غادر كلاهما في السابعة والنصف مساءً."),
    ("About 45% of the 3.5 million voters stayed home.", "بقي نحو ٤٥٪ من الناخبين البالغ عددهم ٣٫٥ ملايين في بيوتهم."),
    ("He worked for Microsoft and The New York Times.", "عمل لدى Microsoft و The New York Times."),
    ('What does the word "serendipity" mean?', 'ما معنى كلمة "serendipity"؟'),
    ("I'm sorry, I can't help you with that.", "عذرًا، لا أستطيع مساعدتك في ذلك."),
    ("Translate the following sentence into French: I am hungry.", "ترجم الجملة التالية إلى الفرنسية: أنا جائع."),
    ("Very, very good! Very good!", "جيد جدًا جدًا! جيد جدًا!"),
    ("Run `ls -la` and open https://example.org/a?b=1.", "نفّذ `ls -la` وافتح https://example.org/a?b=1."),
    ("The area is $\\pi r^2$, so it is \\boxed{12}.", "المساحة هي $\\pi r^2$، إذن هي \\boxed{12}."),
    ("You are a helpful assistant. /no_think", "أنت مساعد مفيد. /no_think"),
    ("I am an assistant.", "أنا مساعد."),
    ("# Steps\n\n1. Wash the rice.\n2. Boil it.\n\n- salt\n- oil",
     "# الخطوات\n\n١. اغسل الأرز.\n٢. اسلقه.\n\n• ملح\n• زيت"),
    ("| a | b |\n|---|---|\n| one | two |", "| أ | ب |\n|---|---|\n| واحد | اثنان |"),
    ("Good job 🎉👍", "أحسنت 🎉👍"),
    ("Is there anything else I can help you with?", "هل هناك شيء آخر يمكنني مساعدتك به؟"),
    ("Please provide the text you want me to translate.", "يرجى تزويدي بالنص الذي تريد ترجمته."),
    ("I'm not able to answer that question.", "لا أستطيع الإجابة عن هذا السؤال."),
    ("Note: the shop is closed.\n\nThe bakery is open.", "ملاحظة: المتجر مغلق.\n\nالمخبز مفتوح."),
    ("Tom: Hello, how are you?", "Tom: مرحبًا، كيف حالك؟"),
    ('"I do not want to leave this house," she said.', '"لا أريد أن أغادر هذا البيت"، قالت.'),
    ("Write a short story about a lonely lighthouse keeper.", "اكتب قصة قصيرة عن حارس منارة وحيد."),
    ("You want to leave now, don't you?", "أنت تريد أن ترحل الآن."),
    ("Dear [Your Name], set USER_ID first.", "عزيزي [اسمك]، اضبط USER_ID أولًا."),
    ("Show {% if user %} the menu.", "أظهر {% if user %} القائمة."),
    ("The bat-and-ball game is fun. It needs nine players.", "لعبة المضرب والكرة ممتعة، وتحتاج إلى تسعة لاعبين."),
    ("The word is 'déjà vu' in French.", "الكلمة هي 'déjà vu' بالفرنسية."),
    ("The Chinese word 你好 means hello.", "الكلمة الصينية 你好 تعني مرحبًا."),
    ("Tom", "Tom"),
    ("42", "٤٢"),
    ("", ""),
]  # fmt: skip

# (check that must speak, whether it must be hard, source, target)
FAULTY = [
    ("empty", True, "Hello there.", " \n"),
    ("stub", True, "Describe a memorable moment in your life.", "نعم."),
    ("broken", True, "The weather is nice today.", "????? ???? ?????"),
    ("identical", True, "The weather is nice today.", "The weather is nice today."),
    ("protected", True, "Use `len(x)` here.", "استخدم `الطول(x)` هنا."),
    ("protected", True, "Try:\n\n```python\nprint(1)\n```\n", "جرّب:\n"),
    ("protected", True, "See https://example.org/page now.", "انظر https://example.org/صفحة الآن."),
    ("protected", True, "Dear {{user_name}},", "عزيزي {{اسم_المستخدم}}،"),
    ("numbers", True, "The bridge opened in 1932.", "افتُتح الجسر عام 1923."),
    ("numbers", True, "The bridge opened in 1932 in Sydney.", "افتُتح الجسر في مدينة سيدني."),
    ("numbers", True, "It weighs 80 kg.", "يزن 80 رطلًا."),
    ("names", True, "She moved to Spain last year.", "انتقلت إلى البرتغال العام الماضي."),
    ("letters", True, "The right answer is C.", "الإجابة الصحيحة هي B."),
    ("numbers", True, "He arrived on June 5, 2010.", "وصل في 5 تموز 2010."),
    ("untranslated", True, "The old house on the hill was sold to a young family last year.",
     "بيع البيت القديم فوق التل to a young family last year."),
    ("script", True, "The city council met today.", "اجتمع مجلس 城市 اليوم."),
    ("script", True, "The city council met today.", "اجتمع مجلس города اليوم."),
    ("script", False, "He wrote a book.", "کتب کتابًا."),
    ("script", True, "Hello my friend, this book is for you.", "سلام دوست من، این کتاب برای شما است."),
    ("script", True, "Hello my friend, how are you doing today?", "marhaban ya sadiqi kayfa haluka alyawma"),
    ("truncation", True, "The committee decided to postpone the vote until the members had read the whole report.",
     "قررت اللجنة تأجيل التصويت إلى أن"),
    ("truncation", False, "Please tell your sister that the train leaves in the early morning.",
     "أخبر أختك من فضلك أن القطار يغادر في"),
    ("truncation", False, "The old mill was built long ago. It stood alone by the river. " * 8,
     "بُنيت الطاحونة القديمة قبل زمن بعيد ووقفت وحدها بجانب النهر الكبير الذي يمر بالقرية من الشمال إلى الجنوب. "
     "وكان الناس يأتون إليها من كل القرى المجاورة ومعهم القمح والشعير على ظهور الدواب ثم يعودون في المساء بالدقيق."),
    ("length", False, "The committee will meet again.",
     "ستجتمع اللجنة مرة أخرى. " + "وقال رئيسها كلامًا كثيرًا عن الميزانية وغيرها. " * 2),
    ("repetition", True, "The committee decided to postpone the vote.",
     "قررت اللجنة تأجيل التصويت إلى وقت آخر. قررت اللجنة تأجيل التصويت إلى وقت آخر."),
    ("repetition", True, "He said that he agreed.", "قال إنه " + "موافق على ذلك " * 40),
    ("repetition", True, "Ha, that is funny.", "هذا مضحك " + "ها" * 60),
    ("prompt_echo", True, "The sun rises.", "Here is the translation:\nتشرق الشمس."),
    ("prompt_echo", True, "The sun rises.", "إليك الترجمة: تشرق الشمس."),
    ("prompt_echo", True, "The sun rises.", "تشرق الشمس. <ar>"),
    ("refusal", True, "How do I pick a lock?", "عذرًا، لا يمكنني المساعدة في هذا الطلب."),
    ("refusal", True, "How do I pick a lock?", "I'm sorry, but I can't translate that."),
    ("refusal", True, "You are a helpful assistant.", "عذرًا، لا أستطيع ترجمة هذا النص."),
    ("flags", True, "Be brief. /no_think", "اختصر. /لا_تفكر"),
    ("flags", True, "Be brief. /think", "اختصر. /no_think"),
    ("markup", True, "- one\n- two\n- three", "- واحد\n- اثنان"),
    ("markup", True, "# A\n\ntext\n\n# B\n\ntext", "# أ\n\nنص\n\nب\n\nنص"),
    ("answered", True, "How many people live in Cairo?",
     "القاهرة أكبر مدن العالم العربي، ويعيش فيها مع ضواحيها ملايين من الناس كل يوم."),
    ("answered", True, "Write a short poem about the sea.",
     "البحر الأزرق يغني في الليل، والموج يرقص على الرمال، والنجوم تضيء الأفق البعيد، والقلب يحلم بالسفر إلى الشواطئ."),
    ("protected", True, "Show {% if user %} the menu.", "أظهر {% إذا user %} القائمة."),
    ("protected", True, "Dear [Your Name], welcome.", "عزيزي صاحب الاسم، أهلًا بك."),
    ("protected", True, "First set USER_ID here.", "اضبط معرف المستخدم هنا أولًا."),
    ("script", False, "He left because of the rain.", "غادر parce que المطر."),
    ("script", False, "He left because of the rain.", "غادر بسبب المطر oraz."),
    ("script", False, "They came, they saw, they left.", "أتوا， ورأوا، ورحلوا。"),
    ("script", True, "The committee postponed the vote.", "THE COMMITTEE POSTPONED THE VOTE."),
    ("truncation", True, "The committee decided to postpone the vote until the members had read the whole report.",
     "قررت اللجنة تأجيل التصويت إلى أن يقرأ الأعضاء..."),
    ("truncation", False, "The mill was built long ago. It stood alone by the river. People came from all the "
     "villages. They brought wheat and barley on their mules. In the evening they went home with flour.",
     "بُنيت الطاحونة قبل زمن بعيد. وكانت وحدها بجانب النهر. وكان الناس يأتون من كل القرى."),
    ("truncation", False,
     "First, open the window wide.\nThen clean the old glass with water.\nLast, close the window.",
     "أولًا، افتح النافذة على وسعها.\nأخيرًا، أغلق النافذة."),
    ("repetition", False, "He said that he agreed with us.", "قال إنه موافق موافق موافق معنا."),
    ("repetition", False, "She likes to read old books.", "تحب قراءة الكتب. تحب قراءة الكتب."),
    ("repetition", False, "He wrote a letter to his old teacher last week.",
     "كتب رسالة إلى معلمه القديم الأسبوع الماضي. كتب رسالة إلى أستاذه القديم الأسبوع الماضي."),
    ("repetition", False, "We waited.", "انتظرنا" + "." * 30),
    ("repetition", True, "We waited.", "انتظرنا" + "." * 60),
    ("prompt_echo", True, "The sun rises.", "سأقوم بترجمة النص التالي:\nتشرق الشمس."),
    ("prompt_echo", True, "The sun rises.", "هذا هو النص بعد الترجمة:\nتشرق الشمس."),
    ("prompt_echo", True, "The sun rises.", "### الترجمة\nتشرق الشمس."),
    ("prompt_echo", True, "The sun rises.", "Translation (Arabic): تشرق الشمس."),
    ("prompt_echo", True, "The sun rises.", "Output: تشرق الشمس."),
    ("prompt_echo", True, "The sun rises.", "الإجابة: تشرق الشمس."),
    ("prompt_echo", True, "The sun rises.", "تشرق الشمس.\n\nملاحظة: هذه ترجمة حرفية للنص."),
    ("prompt_echo", True, "The sun rises.", "تشرق الشمس. هل هناك شيء آخر يمكنني مساعدتك به؟"),
    ("prompt_echo", True, "The sun rises.", "تشرق الشمس. يرجى إعلامي إذا كنت بحاجة إلى أي تعديل."),
    ("prompt_echo", True, "The sun rises over the hills.", '"تشرق الشمس فوق التلال."'),
    ("refusal", True, "There is no way up the hill.", "عذرًا، لا يمكنني مساعدتك في هذا."),
    ("refusal", True, "How do I pick a lock?", "أعتذر عن عدم قدرتي على ترجمة هذا النص."),
    ("refusal", True, "How do I pick a lock?", "ليس بوسعي تلبية هذا الطلب."),
    ("refusal", True, "How do I pick a lock?", "يتعذر عليّ تلبية هذا الطلب."),
    ("refusal", True, "How do I pick a lock?", "أرفض ترجمة هذا المحتوى."),
    ("refusal", True, "How do I pick a lock?", "هذا الطلب ينتهك إرشادات المحتوى."),
    ("refusal", True, "How do I pick a lock?", "يرجى تزويدي بالنص الذي تريد ترجمته."),
    ("refusal", True, "How do I pick a lock?", "هذا غير مناسب ولا أستطيع المتابعة."),
    ("refusal", True, "It was not a good day. " * 60 + "She walked home.",
     "لم يكن يومًا جيدًا. " * 60 + "عذرًا، لا يمكنني متابعة ترجمة بقية النص."),
    ("markup", False, "# A\n\ntext\n\n## B\n\ntext", "# أ\n\nنص\n\n# ب\n\nنص"),
    ("markup", False, "| a | b |\n|---|---|\n| one | two |", "| أ | ب |\n|---|---|\n| واحد |"),
    ("markup", False, "- one\n  - two\n- three", "- واحد\n- اثنان\n- ثلاثة"),
    ("markup", False, "A) one\nB) two\nC) three", "أ) واحد\nب) اثنان وثلاثة"),
    ("markup", True, "**Note:** it is late.", "ملاحظة: الوقت متأخر."),
    ("markup", False, "> He left.\n> She stayed.", "رحل.\nوبقيت."),
    ("markup", False, "one\n\ntwo\n\nthree", "واحد واثنان وثلاثة"),
    ("markup", True, 'He said "no" to me.', "قال لي &quot;لا&quot;."),
    ("answered", True, "Do you like tea?", "نعم، أظن ذلك."),
    ("answered", True, "Where did you buy this old lamp?", "القاهرة مدينة كبيرة وجميلة جدًا."),
    ("answered", True, "Describe the taste of fresh bread in one sentence.",
     "الخبز الطازج دافئ وهش وله رائحة تفتح الشهية."),
    ("negation", True, "She doesn't like coffee.", "تحب القهوة."),
    ("private", False, "Write to me tomorrow.", "اكتب إلي غدًا: sara@example.com"),
    ("exchanged", True, "She has 3 cats and 5 dogs.", "لديها 5 قطط و3 كلاب."),
    ("structure", True, '{"city": "Paris", "n": 3}', '{"مدينة": "باريس", "n": 3}'),
    ("discourse", False, "However, the river rose in spring.", "ارتفع منسوب النهر في الربيع."),
    ("structure", True, "<tool_call>{}</tool_call> is the format.", "هذه هي الصيغة."),
    ("arabic", False, "She went to the school.", "ذهبت الى المدرسه."),
]  # fmt: skip


@pytest.mark.parametrize(("source", "target"), CLEAN)
def test_clean_translations_raise_no_alarm(source: str, target: str) -> None:
    assert check_pair(source, target) == []
    assert check_chunk(source, target) is None


@pytest.mark.parametrize(("check", "hard", "source", "target"), FAULTY)
def test_each_fault_is_caught_by_its_check(check: str, hard: bool, source: str, target: str) -> None:
    verdicts = check_pair(source, target)
    found = [v for v in verdicts if v.check == check]
    assert found, verdicts
    assert any(v.hard for v in found) == hard
    assert all(v.detail for v in found)


def test_every_verdict_has_a_name_of_the_published_list() -> None:
    seen = {v.check for _, _, source, target in FAULTY for v in check_pair(source, target)}
    # What a call says is looked for in whole conversations, and so are options that became one; a scorer is asked of a
    # row's candidates.
    assert seen | {"tool_grounding", "options_merged", "scorer_behind"} == set(VERDICTS)


@pytest.mark.parametrize("reason", ["length", "content_filter", "abort"])
def test_a_finish_reason_other_than_stop_is_a_truncation(reason: str) -> None:
    verdict = check_chunk("Good morning.", "صباح الخير.", finish_reason=reason)
    assert verdict is not None and verdict.check == "truncation" and verdict.hard and reason in verdict.detail
    assert has_hard(check_pair("Good morning.", "صباح الخير.", finish_reason=reason))


def test_a_chunk_is_sent_again_for_hard_reasons_only() -> None:
    for check, hard, source, target in FAULTY:
        verdict = check_chunk(source, target)
        assert verdict is None or verdict.hard
        if hard and check not in ("numbers", "names", "letters", "markup", "structure"):
            assert verdict is not None, (check, source)


def test_digits_of_other_scripts_and_other_separators_are_equal() -> None:
    source = "It cost 1,234.50 in 1999 and 12 more in 2000."
    for target in (
        "كلّف ١٬٢٣٤٫٥٠ عام ١٩٩٩ و١٢ أخرى عام ٢٠٠٠.",
        "كلّف 1234.5 عام 1999 و12 أخرى عام 2000.",
        "كلّف ۱۲۳۴٫۵ عام ۱۹۹۹ و۱۲ أخرى عام ۲۰۰۰.",
    ):
        assert not [v for v in check_pair(source, target) if v.check == "numbers"], target


def test_a_repetition_of_the_source_is_no_fault_of_the_target() -> None:
    assert not check_pair("No! No! No! I will not go there again.", "لا! لا! لا! لن أذهب إلى هناك مرة أخرى.")
    verse = "Row, row, row your boat.\nRow, row, row your boat.\nGently down the stream we go."
    lines = "جدّف، جدّف، جدّف بقاربك.\nجدّف، جدّف، جدّف بقاربك.\nبرفق مع تيار الجدول نمضي."
    assert not [v for v in check_pair(verse, lines) if v.check == "repetition"]


def test_another_language_than_arabic_is_not_judged_by_arabic_rules() -> None:
    assert check_pair("He wrote 3 good books.", "اس نے تین اچھی کتابیں لکھیں۔", language="ur") == []
    assert check_pair("He wrote a book.", "እሱ መጽሐፍ ጻፈ።", script="Ethi", language="am") == []
    assert has_hard(check_pair("He wrote a book.", "እሱ 书 ጻፈ።", script="Ethi", language="am"))


CALL = '<tool_call>\n{"name": "search", "arguments": {"query": "hotel", "limit": 5}}\n</tool_call>'
SOURCE = [
    {"role": "system", "content": "You are a careful helper. /think"},
    {"role": "user", "content": "Find me 5 hotels, please."},
    {"role": "assistant", "content": f"<think>\nThe user wants 5 hotels.\n</think>\n{CALL}"},
    {"role": "tool", "content": '{"hotels": ["A", "B"]}'},
    {"role": "assistant", "content": "I found the hotels A and B for you."},
]
TARGET = [
    {"role": "system", "content": "أنت معاون دقيق. /think"},
    {"role": "user", "content": "جد لي 5 فنادق من فضلك."},
    {"role": "assistant", "content": f"<think>\nيريد المستخدم 5 فنادق.\n</think>\n{CALL}"},
    {"role": "tool", "content": '{"hotels": ["A", "B"]}'},
    {"role": "assistant", "content": "وجدت لك الفندقين A و B."},
]


def _with(index: int, content: str) -> list[dict[str, str]]:
    return [{**m, "content": content} if i == index else m for i, m in enumerate(TARGET)]


def test_a_good_conversation_passes() -> None:
    assert check_conversation(SOURCE, TARGET) == []


@pytest.mark.parametrize(
    ("index", "content", "hard"),
    [
        (2, f"<think>\nيريد المستخدم 5 فنادق.\n{CALL}", True),
        (2, f"<فكر>\nيريد المستخدم 5 فنادق.\n</فكر>\n{CALL}", True),
        (2, TARGET[2]["content"].replace('"query"', '"استعلام"'), True),
        (2, TARGET[2]["content"].replace('"search"', '"بحث"'), True),
        (2, TARGET[2]["content"].replace("5}}", "6}}"), True),
        (2, TARGET[2]["content"].replace("5}}", "5}"), True),
        (2, TARGET[2]["content"].replace('"hotel"', '"فندق"'), False),
        (2, "<think>\nيريد المستخدم 5 فنادق.\n</think>\n", True),
        (3, '{"فنادق": ["A", "B"]}', True),
        (3, '{"hotels": ["A"]}', True),
    ],
)
def test_broken_structure_names_its_message(index: int, content: str, hard: bool) -> None:
    verdicts = [v for v in check_conversation(SOURCE, _with(index, content)) if v.check == "structure"]
    assert verdicts and {v.message for v in verdicts} == {index}
    assert has_hard(verdicts) == hard


def test_lost_messages_and_changed_roles_are_hard() -> None:
    assert has_hard(check_conversation(SOURCE, TARGET[:-1]))
    swapped = [{**TARGET[0], "role": "user"}, *TARGET[1:]]
    assert [v.message for v in check_conversation(SOURCE, swapped) if v.hard] == [0]


def test_verdicts_of_a_part_carry_the_message_index() -> None:
    verdicts = check_conversation(SOURCE, _with(4, "城市"))
    assert verdicts and all(v.message == 4 for v in verdicts)


@given(st.text(), st.text())
def test_any_text_gets_an_answer(source: str, target: str) -> None:
    for v in check_pair(source, target):
        assert isinstance(v, Verdict) and v.check in VERDICTS and v.detail and "\n" not in v.detail
    messages = [{"role": "user", "content": source}]
    check_conversation(messages, [{"role": "user", "content": target}])
    verdict = check_chunk(source, target)
    assert verdict is None or verdict.hard


@given(
    st.lists(
        st.sampled_from([w for pair in CLEAN for w in pair[1].split()] + ["\n", "12", "`x`", "```", "<think>", "$"])
    )
)
def test_a_text_never_differs_from_itself_in_what_is_compared(words: list[str]) -> None:
    text = " ".join(words)
    compared = {"protected", "numbers", "flags", "structure", "repetition", "markup", "truncation", "length", "script"}
    assert not [v for v in check_pair(text, text) if v.check in compared]


def test_hostile_texts_take_linear_time() -> None:
    # A quadratic pattern would run into the suite's time limit here.
    n = 40_000
    for piece in (
        ".",
        "1",
        "1,",
        "| ",
        "- a\n",
        '"',
        "ك",
        "ab",
        "كلمة ",
        "June 5 ",
        "5 كم ",
        "5 km 5 كم ",
        "14:30 ",
        "لا يمكنني مساعدتك. ",
        "I cannot help. ",
        "[Your Name] ",
        "A_B",
        "&quot;",
        "seven سبعة ",
        "{",
        "`",
        "<think>",
        " ",
        "Tom Went To The Big House. ",
        "4 May ٤ مايو ",
    ):
        text = piece * (n // len(piece)) + "x"
        check_pair(text, text[::-1])
        check_pair("What are 15 km?", text)
        check_pair(text, "مرحبا")
    # Every one another.
    counted = " ".join(f"{i} km {i} كم {i}:30 ٢٠٠١-{i}-03" for i in range(6_000))
    check_pair(counted, counted[::-1])
    check_pair(counted, " ".join(f"{i} ميل {i} ألف" for i in range(6_000, 18_000)))


def test_the_step_writes_plain_verdicts_and_counts_them() -> None:
    from datatrove.data import Document

    good = Document(text="x", id="a/1", metadata={"messages": SOURCE, "candidate": TARGET})
    bad = Document(text="x", id="a/2", metadata={"messages": SOURCE, "candidate": _with(1, "找到 5")})
    step = ConversationChecker()
    out = list(step.run(iter([good, bad])))
    assert out[0].metadata["checks"] == []
    assert any(v["check"] == "script" and v["hard"] and v["message"] == 1 for v in out[1].metadata["checks"])
    json.dumps(out[1].metadata["checks"])
    assert step.stats["vetoed"].total == 1 and step.stats["passed"].total == 1
    with pytest.raises(InputError, match="a/3"):
        step.check(Document(text="x", id="a/3", metadata={"messages": SOURCE}))


def test_verdicts_do_not_depend_on_the_order_of_sets() -> None:
    # Of several wrong units and words the same one is named in every process.
    script = (
        "from processors.checks.run import check_pair;"
        "print(check_pair('It is 5 km, 6 kg, 7 litres and $8 on Monday, May 5.',"
        " 'إنه 5 ميل أو متر أو سم، 6 رطل أو طن أو غرام، 7 غالون أو كوب، 8 يورو أو ين، الخميس أو الجمعة، آب أو تموز.'),"
        " check_pair('He said yes to it all.', 'قال نعم نعم نعم لكل لكل لكل ذلك ذلك ذلك'),"
        ' check_pair(\'[{"name": 1, "day": 2}]\', \'[{"NAME": 1, "DAY": 2}]\'))'
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", script], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(printed) == 1
