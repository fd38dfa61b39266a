"""What stands in a translation's place: nothing, letters that broke, a stub, an answer, something else."""

import pytest

from processors.checks.run import has_hard
from tests.processors.checks.cases import must_see, verdicts

SCHOOL = ("Welcome to the big school near the river.", "مرحبًا بكم في المدرسة الكبيرة بالقرب من النهر.")
MOMENT = (
    "Describe a memorable moment in your life and say what you learned from it",
    "صف لحظة لا تُنسى من حياتك واذكر ما تعلمته منها",
)
HELLO = ("Hello to all of you.", "مرحبًا بكم جميعًا.")
RULES = (
    "Read the rules before you start. The game takes an hour.",
    "اقرأ القواعد قبل أن تبدأ. تستغرق اللعبة ساعة.",
)
LIST_FILES = ("Run `ls -la` to list the files in the folder.", "شغّل الأمر `ls -la` لسرد الملفات في المجلد.")
PLAIN = ("Boil the water and add the tea leaves.", "اغلِ الماء وأضف أوراق الشاي.")
FRANCE = ("What is the capital of France?", "ما عاصمة فرنسا؟")

BROKEN_SCRIPT = [
    (*SCHOOL, "????? ??? ?? ???????"),
    (*HELLO, "Ù…Ø±Ø­Ø¨Ø§ Ø¨ÙƒÙ…"),
    (*HELLO, "مرحبا ب\ufffdم جميعا."),
    (*SCHOOL, "■■■■■ ■■■ ■■ ■■■■■■■ ■■■■■■■ ■■■■■■ ■■ ■■■■■"),
    (*SCHOOL, "ãÑÍÈÇ Èßã Ýí ÇáãÏÑÓÉ ÇáßÈíÑÉ"),
    (*SCHOOL, "مرحبا بكم في المدرسة ?????? بالقرب من ?????."),
    (*SCHOOL, "<0xD9><0x85><0xD8><0xB1>حبًا بكم في المدرسة الكبيرة بالقرب من النهر."),
    (*SCHOOL, "▁مرحبًا▁بكم▁في▁المدرسة▁الكبيرة▁بالقرب▁من▁النهر."),
    (*SCHOOL, "\u202bمرحبًا بكم في المدرسة الكبيرة بالقرب من النهر.\u202c"),
    (*SCHOOL, "\u202eرهنلا نم برقلاب ةريبكلا ةسردملا يف مكب ابحرم.\u202c"),
    (*SCHOOL, "به مدرسه بزرگ نزدیک رودخانه خوش آمدید."),
    ("Thank you for your help!", "شكرا على مساعدتك!", "از کمک شما سپاسگزارم."),
    ("Where is the station?", "أين المحطة؟", "ایستگاه کجاست؟"),
    ("The weather is nice today.", "الطقس جميل اليوم.", "آج موسم اچھا ہے۔"),
    (*SCHOOL, "ةريبكلا ةسردملا يف مكب ابحرم"),
    ("My father works in a bank.", "يعمل أبي في بنك.", ".كنب يف يبأ لمعي"),
    ("Thank you for your help!", "شكرا على مساعدتك!", "!كتدعاسم ىلع اركش"),
    ("Cats sleep most of the day.", "تنام القطط معظم اليوم.", ".مويلا مظعم ططقلا مانت"),
    (*SCHOOL, "ﻣﺮﺣﺒًﺎ ﺑﻜﻢ ﻓﻲ ﺍﻟﻤﺪﺭﺳﺔ ﺍﻟﻜﺒﻴﺮﺓ ﺑﺎﻟﻘﺮﺏ ﻣﻦ ﺍﻟﻨﻬﺮ."),
    (*SCHOOL, "م\u200bر\u200bح\u200bب\u200bا بكم في المدرسة الكبيرة بالقرب من النهر."),
    (*SCHOOL, "\\u0645\\u0631\\u062d\\u0628\\u0627 \\u0628\\u0643\\u0645"),
    (*SCHOOL, "&#1605;&#1585;&#1581;&#1576;&#1575; &#1576;&#1603;&#1605;"),
    (*SCHOOL, "م ر ح ب ا   ب ك م   ف ي   ا ل م د ر س ة   ا ل ك ب ي ر ة"),
    (*SCHOOL, "1234567890 1234567890 1234567890"),
    (*SCHOOL, "🏫🌊👋 🏫🌊👋 🏫🌊👋"),
]  # fmt: skip

STUB = [
    (*MOMENT, "-"),
    (f"{MOMENT[0]}.", f"{MOMENT[1]}.", "Sorry."),
    (*MOMENT, "..."),
    (*MOMENT, "…"),
    (*MOMENT, "N/A"),
    (*MOMENT, "نعم"),
    (*MOMENT, "آسف."),
    (*MOMENT, "[ترجمة]"),
    (*MOMENT, "I cannot"),
    (*MOMENT, "I cannot."),
    (*RULES, "حسنًا."),
    (*RULES, "تمت الترجمة."),
    (*RULES, "\"\""),
    (*RULES, "null"),
    (*RULES, "None"),
    (*RULES, "،"),
    (*RULES, "# "),
]  # fmt: skip

WRAPPED = [
    (*SCHOOL, f"Certainly! {SCHOOL[1]}"),
    (*SCHOOL, f"Sure, {SCHOOL[1]}"),
    (*SCHOOL, f"النص العربي:\n{SCHOOL[1]}"),
    (*SCHOOL, f"===\n{SCHOOL[1]}\n==="),
    (*SCHOOL, f"[[{SCHOOL[1]}]]"),
    (*LIST_FILES, f"```arabic\n{LIST_FILES[1]}\n```"),
    (*LIST_FILES, f"```\n{LIST_FILES[1]}\n```"),
    (*LIST_FILES, f"~~~\n{LIST_FILES[1]}\n~~~"),
    (*LIST_FILES, f"```text\n{LIST_FILES[1]}"),
    (*PLAIN, f"```arabic\n{PLAIN[1]}\n```"),
    (*PLAIN, f"```markdown\n{PLAIN[1]}\n```"),
    (*PLAIN, f"<think>\nThe user wants a translation into Arabic.\n</think>\n\n{PLAIN[1]}"),
    (*PLAIN, f"<think>يريد المستخدم ترجمة.</think>\n{PLAIN[1]}"),
    (*PLAIN, f"<thinking>Let me translate.</thinking>\n{PLAIN[1]}"),
    (*PLAIN, f"Okay, the user wants Arabic.\n</think>\n\n{PLAIN[1]}"),
    (*PLAIN, f"Here is the translation:\n\n{PLAIN[1]}"),
    (*PLAIN, f"Sure! Here's the Arabic version of your text:\n{PLAIN[1]}"),
    (*PLAIN, f"<translation>{PLAIN[1]}</translation>"),
    (*PLAIN, f'{{"translation": "{PLAIN[1]}"}}'),
    (*PLAIN, f"Arabic translation: {PLAIN[1]}"),
    (*PLAIN, f"النص المترجم:\n{PLAIN[1]}"),
    (*PLAIN, f"{PLAIN[0]}\n\n{PLAIN[1]}"),
    (*PLAIN, f"`{PLAIN[1]}`"),
    (*PLAIN, f"**Translation**\n\n{PLAIN[1]}"),
    (*PLAIN, f"**الترجمة**:\n{PLAIN[1]}"),
    (*PLAIN, f"بالتأكيد! {PLAIN[1]}"),
    (*PLAIN, f"بكل سرور.\n\n{PLAIN[1]}"),
    (*PLAIN, f"بالطبع، إليك الترجمة:\n\n{PLAIN[1]}"),
    (*PLAIN, f"> {PLAIN[1]}"),
    (*PLAIN, f"---\n{PLAIN[1]}\n---"),
    (*PLAIN, f"English: {PLAIN[0]}\nArabic: {PLAIN[1]}"),
    (*PLAIN, f'```json\n{{"translation": "{PLAIN[1]}"}}\n```'),
    (*PLAIN, f'{{"الترجمة": "{PLAIN[1]}"}}'),
    (*PLAIN, f'{{"traduction": "{PLAIN[1]}"}}'),
    (*PLAIN, f'["{PLAIN[1]}"]'),
    (*PLAIN, f"['{PLAIN[1]}']"),
    (*PLAIN, f'{{"en": "{PLAIN[0]}", "ar": "{PLAIN[1]}"}}'),
    (*PLAIN, f'{{"data": {{"translations": [{{"translatedText": "{PLAIN[1]}"}}]}}}}'),
    (*PLAIN, f"{{translation: '{PLAIN[1]}'}}"),
    (*PLAIN, f'<translation lang="ar">{PLAIN[1]}</translation>'),
    (*PLAIN, f"<الترجمة>\n{PLAIN[1]}\n</الترجمة>"),
    (*PLAIN, f'<div dir="rtl" lang="ar">\n<p>{PLAIN[1]}</p>\n</div>'),
    (*PLAIN, f"<translation><![CDATA[{PLAIN[1]}]]></translation>"),
    (*PLAIN, f"[TRANSLATION]{PLAIN[1]}[/TRANSLATION]"),
    (*PLAIN, f"[{PLAIN[1]}]"),
    (*PLAIN, f"=> {PLAIN[1]}"),
    ('He said "come in" and left.', 'قال "ادخل" وغادر.', '["قال "ادخل" وغادر."]'),
    ('He said "come in" and left.', 'قال "ادخل" وغادر.', '{"ترجمة": "قال "ادخل" وغادر."}'),
]  # fmt: skip

# What may be the text's own is left for a check to refuse.
LABELLED = [(*SCHOOL, f"النتيجة النهائية: {SCHOOL[1]}")]

ANSWERED = [
    (*FRANCE, "عاصمة فرنسا هي باريس."),
    (*FRANCE, "باريس."),
    (*FRANCE, "ما عاصمة فرنسا؟ عاصمة فرنسا هي باريس."),
    (*FRANCE, "ما عاصمة فرنسا؟\n\nباريس هي عاصمة فرنسا وأكبر مدنها."),
    (*FRANCE, "فرنسا بلد في غرب أوروبا يشتهر بالجبن والنبيذ والمتاحف."),
    ("How many days are there in a leap year?", "كم يومًا في السنة الكبيسة؟", "في السنة الكبيسة 366 يومًا."),
    ("Write a haiku about the sea.", "اكتب قصيدة هايكو عن البحر.", "موج يهمس للرمل\nوالقمر يصغي صامتًا\nليل بلا آخر"),
    ("List three fruits that grow in Egypt.", "اذكر ثلاث فواكه تنمو في مصر.", "1. المانجو\n2. الجوافة\n3. التمر"),
    (
        "Who wrote this novel, and when was it published?",
        "من كتب هذه الرواية، ومتى نُشرت؟",
        "كتبها نجيب محفوظ ونُشرت في القاهرة قبل زمن طويل.",
    ),
    ("Translate the word 'water' into French.", "ترجم كلمة 'water' إلى الفرنسية.", "الترجمة الفرنسية للكلمة هي eau."),
    ("Write a story about a lost dog.", "اكتب قصة عن كلب ضائع.", "الكتابة عن كلب ضائع تحتاج إلى خيال واسع."),
    (
        "Compare the two phones and pick one.",
        "قارن بين الهاتفين واختر واحدًا.",
        "المقارنة بين الهاتفين تظهر أن الأول أسرع.",
    ),
    (
        "Summarize the following text in one sentence.",
        "لخّص النص التالي في جملة واحدة.",
        "بالتأكيد! من فضلك أرسل النص الذي تريد تلخيصه.",
    ),
    (
        "Summarize the following text in one sentence.",
        "لخّص النص التالي في جملة واحدة.",
        "يرجى تقديم النص الذي تريد مني تلخيصه.",
    ),
    ("Correct the grammar of my essay.", "صحّح القواعد في مقالي.", "من فضلك أرسل النص الذي تريد تصحيحه."),
    (
        "Can you recommend a good book on astronomy?",
        "هل يمكنك أن توصيني بكتاب جيد في علم الفلك؟",
        "بالطبع! أنصحك بكتاب «الكون» لكارل ساغان.",
    ),
    (
        "Do you think money can buy happiness?",
        "هل تظن أن المال يشتري السعادة؟",
        "لا، لا أعتقد أن المال يشتري السعادة.",
    ),
    (
        "Would it be cheaper to fly on a Tuesday?",
        "هل السفر جوًا يوم الثلاثاء أرخص؟",
        "نعم، السفر جوًا يوم الثلاثاء أرخص.",
    ),
    (
        "Summarize the plot of the film in two sentences.",
        "لخّص قصة الفيلم في جملتين.",
        "يروي الفيلم قصة شاب يبحث عن أخيه. وفي النهاية يجده في مدينة بعيدة.",
    ),
    ("Is it safe to drink this water?", "هل شرب هذا الماء آمن؟", "نعم، هذا الماء آمن للشرب."),
    ("Compute 12 + 30.", "احسب 12 + 30.", "12 + 30 = 42"),
    ("You are a helpful assistant.", "أنت مساعد نافع.", "أهلا! كيف يمكنني مساعدتك؟"),
    ("You are a kind helper who answers briefly.", "أنت مساعد لطيف يجيب بإيجاز.", "مرحبًا! أنا هنا لمساعدتك."),
    ("Act as a travel guide for the user.", "تصرّف كمرشد سياحي للمستخدم.", "فهمت التعليمات. أنا مستعد."),
    ("Help me plan my week.", "ساعدني في تخطيط أسبوعي.", "أهلًا بك! كيف أخدمك؟"),
    ("I want to learn how to bake bread.", "أريد أن أتعلم خبز الخبز.", "تفضل، ما سؤالك؟"),
    ("You are a poet.", "أنت شاعر.", "مرحبا! سأكون سعيدًا بمساعدتك."),
    ("You are an expert in law.", "أنت خبير في القانون.", "أنا مستعد."),
]

# A question or a request within a text.
ANSWERED_WITHIN = [
    ("The tea is ready. Who painted the old door? Please sit down.", "الشاي جاهز. من دهن الباب القديم؟ اجلس من فضلك.",
     "الشاي جاهز. جدي دهن الباب القديم. اجلس من فضلك."),
    ("Read the report first. Explain the main result to a child. Then wait for the doctor.",
     "اقرأ التقرير أولًا. اشرح النتيجة الرئيسية لطفل. ثم انتظر الطبيب.",
     "اقرأ التقرير أولًا. النتيجة الرئيسية أن الطفل ينام أكثر. ثم انتظر الطبيب."),
]  # fmt: skip

ANOTHER_TEXT = [
    ("The bridge was closed for repairs after the storm.", "أُغلق الجسر للإصلاح بعد العاصفة.",
     "تحب أختي الصغيرة رسم الزهور والفراشات."),
    ("My grandmother bakes bread every Friday morning.", "تخبز جدتي الخبز كل صباح جمعة.",
     "انخفضت أسعار الأسهم في نهاية الأسبوع."),
    ("Ali scored 12 goals for Real Madrid in 2019.", "سجّل علي 12 هدفًا لريال مدريد عام 2019.",
     "يعيش النمر السيبيري في غابات الشرق البعيد."),
    ("Open the settings page and choose a language.", "افتح صفحة الإعدادات واختر لغة.",
     "كان الشاعر يسكن في بيت صغير قرب البحر."),
    ("What is the best month to visit Kyoto?", "ما أفضل شهر لزيارة كيوتو؟", "كم تبعد المدينة عن طوكيو؟"),
]  # fmt: skip

# Of so few words little was to be expected in the other text. Of chat pairs of one sentence beside another one 85 %
# are noted; where a word that is not common is in both by chance, as in the last, nothing tells.
FEW_WORDS = [
    ("We painted the door green.", "دهنّا الباب باللون الأخضر.", "قرأت الطبيبة رسالة من أختها."),
    ("The soup needs more salt.", "يحتاج الحساء إلى مزيد من الملح.", "وصل الطبيب قبل الفجر."),
    ("Is there a doctor in this village?", "هل يوجد طبيب في هذه القرية؟", "هل تفضّل الشاي أم القهوة في الصباح؟"),
]  # fmt: skip

# All vowel marks: an old text, which nobody translates word by word.
OLD_TEXTS = [
    ("Have We not opened up your heart, and lifted from you the burden which weighed so heavily on your back?",
     "أَلَمْ نَشْرَحْ لَكَ صَدْرَكَ وَوَضَعْنَا عَنْكَ وِزْرَكَ الَّذِي أَنْقَضَ ظَهْرَكَ."),
    ("When you see the teeth of the lion showing, do not suppose that the lion is smiling at you.",
     "إِذَا رَأَيْتَ نُيُوبَ اللَّيْثِ بَارِزَةً فَلَا تَظُنَّنَّ أَنَّ اللَّيْثَ يَبْتَسِمُ."),
    ("Let anyone who believes in the last day speak of what is good. Otherwise he had better keep silent.",
     "مَنْ كَانَ يُؤْمِنُ بِالْيَوْمِ الْآخِرِ فَلْيَقُلْ خَيْرًا أَوْ لِيَصْمُتْ."),
    ("Take advantage of your youth before you become old. Use your health before an illness strikes you.",
     "اغْتَنِمْ شَبَابَكَ قَبْلَ هَرَمِكَ وَصِحَّتَكَ قَبْلَ سَقَمِكَ."),
    ("Do not do to others what would hurt you. Nobody may answer one wrong with another.",
     "لَا ضَرَرَ وَلَا ضِرَارَ."),
]  # fmt: skip


@pytest.mark.parametrize(("source", "right", "wrong"), BROKEN_SCRIPT)
def test_letters_that_broke_are_no_translation(source: str, right: str, wrong: str) -> None:
    must_see(source, right, wrong, chunk=True)


@pytest.mark.parametrize(("source", "right", "wrong"), STUB)
def test_a_stub_is_no_translation(source: str, right: str, wrong: str) -> None:
    must_see(source, right, wrong, chunk=True)


@pytest.mark.parametrize(("source", "right", "wrong"), [*WRAPPED, *LABELLED])
def test_what_a_model_wraps_its_answer_in_does_not_pass(source: str, right: str, wrong: str) -> None:
    must_see(source, right, wrong)


@pytest.mark.parametrize(("source", "right", "wrong"), ANSWERED)
def test_an_answer_is_no_translation(source: str, right: str, wrong: str) -> None:
    must_see(source, right, wrong, chunk=True)


@pytest.mark.parametrize(("source", "right", "wrong"), ANSWERED_WITHIN)
def test_an_answer_within_a_text_is_no_translation(source: str, right: str, wrong: str) -> None:
    must_see(source, right, wrong)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("I have been here for a week.", "أنا هنا منذ أسبوع."),
        ("Tell me what I can do to help.", "قل لي كيف أساعدك."),
        ("How can I help you today?", "كيف يمكنني مساعدتك اليوم؟"),
        ("I'm ready to help you.", "أنا مستعد لمساعدتك."),
        ("How to help a friend with depression", "كيف يمكنني مساعدة صديق مصاب بالاكتئاب"),
        ("How to help a grieving friend?", "كيف أستطيع مساعدة صديق حزين؟"),
        ("What should be done to help the poor in our town?", "كيف يمكننا مساعدة الفقراء في بلدتنا؟"),
        ("Happy to help! Here's the code you need.", "يسعدني مساعدتك! إليك الشيفرة التي تحتاجها."),
        ("Glad to help!", "يسعدني أن أساعدك!"),
        ("Glad to help!", "يسعدني مساعدتك!"),
        ("No worries, glad to help", "لا عليك، يسعدني مساعدتك"),
        ("Ready to help whenever you need it", "أنا جاهز للمساعدة متى احتجت إليها"),
        ("My pleasure! Always there to help", "على الرحب والسعة! أنا هنا لمساعدتك دائما"),
        ("What to do if the car won't start?", "ما الذي يمكنني أن أفعله إذا لم تعمل السيارة؟"),
        ("Ready when you are, Sam!", "أنا جاهز متى شئت يا سام!"),
        ("Yes, ready.", "نعم، أنا جاهز."),
        ("Mom, come quick! Over here!", "أمي، تعالي بسرعة! أنا هنا!"),
        ("Always here for you, my son.", "أنا هنا من أجلك دائما يا بني."),
        ("Here to stay: why remote work will not go away", "أنا هنا لأبقى: لماذا لن يختفي العمل عن بعد"),
        ("Got your order and it ships on Monday.", "استلمت طلبك وسيُشحن يوم الإثنين."),
        ("Order received.", "استلمت الطلب."),
        ("Waiter: What will you have, sir?", "النادل: بماذا أخدمك يا سيدي؟"),
    ],
)
def test_who_offers_help_in_the_source_may_do_so_in_the_target(source: str, target: str) -> None:
    assert not [found for found in verdicts(source, target) if found.check == "answered"]


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("Isn't it beautiful? The lake shines at night.", "يا له من جمال! البحيرة تتلألأ ليلا."),
        ("Isn't that wonderful? My sister had a baby girl.", "هذا رائع حقا! أنجبت أختي طفلة."),
    ],
)
def test_a_question_that_exclaims_may_become_an_exclamation(source: str, target: str) -> None:
    assert not has_hard(verdicts(source, target))


@pytest.mark.parametrize(("source", "right", "wrong"), ANOTHER_TEXT)
def test_a_translation_of_another_text_is_none_of_this_one(source: str, right: str, wrong: str) -> None:
    must_see(source, right, wrong)


@pytest.mark.parametrize(("source", "right", "wrong"), FEW_WORDS)
def test_a_short_sentence_for_another_one_is_noted(source: str, right: str, wrong: str) -> None:
    must_see(source, right, wrong, hard=False)


@pytest.mark.parametrize(("source", "target"), OLD_TEXTS)
def test_an_old_text_with_its_vowel_marks_is_no_other_text(source: str, target: str) -> None:
    assert not [found for found in verdicts(source, target) if found.hard and found.check in ("lost", "another_text")]


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("OK, let us go to the river now.", "OK، لنذهب إلى النهر الآن."),
        ("Sure, I can come at 11:00 today.", "بالتأكيد، يمكنني المجيء في 11:00 اليوم."),
        ("Certainly not! She never said so.", "بالتأكيد لا! لم تقل ذلك قط."),
        ("He answered: OK. Then he left.", "أجاب: OK. ثم غادر."),
        ("The final result was 3-1 for us.", "النتيجة النهائية: 3-1 لصالحنا."),
        ("[[name]] and [[city]]", "[[name]] و[[city]]"),
        ("Heading\n===\n\nText below it.", "عنوان\n===\n\nنص تحته."),
        ("Of course! The answer is simple.", "بالطبع! الإجابة بسيطة."),
    ],
)
def test_what_only_looks_like_a_wrapping(source: str, target: str) -> None:
    assert not has_hard(verdicts(source, target))
