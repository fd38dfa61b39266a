"""English that a lesson keeps, told by its conversation; and English that stayed where nobody works on words."""

import pytest

from processors.checks.once import ConversationChecks
from processors.checks.pairs.verdict import Verdict
from processors.checks.run import check_conversation, has_hard

Turns = list[tuple[str, str]]

# By turns, the user's first: the source with its translation.
LESSONS: list[Turns] = [
    [("How can I politely tell my boss that I'll be late?", "كيف أخبر مديري بأدب أنني سأتأخر؟"),
     ("You could write: I'm afraid I'll be about ten minutes late this morning.",
      "يمكنك أن تكتب: I'm afraid I'll be about ten minutes late this morning.")],
    [("Turn it into reported speech: He said, \"I am tired.\"", "حوّلها إلى كلام منقول: He said, \"I am tired.\""),
     ("He said that he was tired.", "He said that he was tired.")],
    [("Give me a tongue twister with the letter s.", "أعطني جملة صعبة النطق فيها الحرف s."),
     ("She sells seashells by the seashore.", "She sells seashells by the seashore.")],
    [("Write three slogans for my bakery.", "اكتب ثلاثة شعارات لمخبزي."),
     ("1. Baked before you wake\n2. Bread the way it used to be\n3. Warm hands, warm loaves",
      "1. Baked before you wake\n2. Bread the way it used to be\n3. Warm hands, warm loaves")],
    [("Translate to English: أين تقع المحطة من فضلك؟", "ترجم إلى الإنجليزية: أين تقع المحطة من فضلك؟"),
     ("Where is the station, please?", "Where is the station, please?")],
    [("Shorten this headline: The mayor has announced that the old bridge will be closed for a year",
      "اختصر هذا العنوان: The mayor has announced that the old bridge will be closed for a year"),
     ("Mayor closes old bridge for a year\n\nIt keeps who does what, and for how long.",
      "Mayor closes old bridge for a year\n\nوهو يحتفظ بالفاعل والفعل والمدة.")],
    [("Can you make my message sound less harsh?\n\nSend me the report today or I will tell your manager.",
      "هل يمكنك أن تجعل رسالتي أقل حدة؟\n\nSend me the report today or I will tell your manager."),
     ("Of course:\n\n> Could you please send me the report today? It would help me a lot.\n\n"
      "It asks and does not threaten.",
      "بالطبع:\n\n> Could you please send me the report today? It would help me a lot.\n\nفهي تطلب ولا تهدد.")],
    [("I am preparing for IELTS. Check these: He don't like it. They has gone home.",
      "أستعد لاختبار IELTS. راجع ما يلي: He don't like it. They has gone home."),
     ("- He don't like it. → He doesn't like it.\n- They has gone home. → They have gone home.",
      "- He don't like it. → He doesn't like it.\n- They has gone home. → They have gone home.")],
    [("How is \"thorough\" pronounced? Give me an example too.", "كيف تُنطق \"thorough\"؟ وأعطني مثالًا أيضًا."),
     ("Like *thur-oh*. Example: *The police made a thorough search of the house.* The last letters are silent.",
      "مثل *thur-oh*. مثال: *The police made a thorough search of the house.* والحروف الأخيرة لا تُنطق.")],
    [("Which idioms do the British use about rain?", "ما التعابير الاصطلاحية التي يستعملها البريطانيون عن المطر؟"),
     ("**It's raining cats and dogs.** means that it rains hard. **Save it for a rainy day.** means to save.",
      "**It's raining cats and dogs.** تعني أن المطر غزير. **Save it for a rainy day.** تعني أن تدّخر شيئًا.")],
    [("Join them with \"because\": I stayed at home. I was ill.",
      "صِل بينهما بـ\"because\": I stayed at home. I was ill."),
     ("I stayed at home because I was ill.", "I stayed at home because I was ill.")],
    [("When do I use the past perfect?", "متى أستخدم الماضي التام؟"),
     ("Compare:\n\n| Simple past | Past perfect |\n|---|---|\n| It began when we came | It had begun when we came |",
      "قارن:\n\n| الماضي البسيط | الماضي التام |\n|---|---|\n| It began when we came | It had begun when we came |")],
    [("I want to practise ordering food in English. Start, please.",
      "أريد أن أتدرب على طلب الطعام بالإنجليزية. ابدأ من فضلك."),
     ("Good evening! Are you ready to order?", "Good evening! Are you ready to order?"),
     ("Yes, I will take the soup.", "Yes, I will take the soup."),
     ("Nearly perfect. More natural: I'll have the soup, please.",
      "ممتاز تقريبًا. والأكثر طبيعية: I'll have the soup, please.")],
    [("What is another way to say \"I am busy\"?", "ما الطريقة الأخرى لقول \"I am busy\"؟"),
     ("Two ways:\n\n- I'm tied up at the moment.\n- My hands are full.",
      "طريقتان:\n\n- I'm tied up at the moment.\n- My hands are full.")],
    [("Complete the sentence: If I had known, ...", "أكمل الجملة: If I had known, ..."),
     ("If I had known, I would have called you (third conditional).",
      "If I had known, I would have called you (الشرط الثالث).")],
]  # fmt: skip

# The message itself asks for it.
REQUESTS = [
    ("Make this friendlier: Your claim is rejected.", "اجعل هذه العبارة ألطف: Your claim is rejected."),
    ("Translate these headlines into Spanish:\n1. Court blocks merger\n2. Storm closes ports",
     "ترجم هذه العناوين إلى الإسبانية:\n1. Court blocks merger\n2. Storm closes ports"),
    ("Input: the rain in Spain\nOutput: The Rain In Spain\nNote: every word starts with a capital.",
     "المُدخل: the rain in Spain\nالناتج: The Rain In Spain\nتنبيه: تبدأ كل كلمة بحرف كبير."),
    ("My tablet says: Couldn't sign in. There was a problem communicating with Google servers. Try again later.\n"
     "It started on Tuesday. What should I do?",
     "يعرض جهازي اللوحي: Couldn't sign in. There was a problem communicating with Google servers. Try again later.\n"
     "بدأ ذلك يوم الثلاثاء. فماذا أفعل؟"),
    ("Who said \"L'État, c'est moi\"?", "من قال: «L'État, c'est moi»؟"),
    ("The printer shows: Paper jam in tray two. Open the rear door and remove the paper. But there is none.",
     "تعرض الطابعة: Paper jam in tray two. Open the rear door and remove the paper. لكن لا يوجد ورق."),
    ("Proofread my introduction:\n\nMy name are Omar and I works in a bank since five years.",
     "دقّق مقدمتي:\n\nMy name are Omar and I works in a bank since five years."),
    ("Please proofread this.\n\nMy brother have two cats and they sleeps all day.",
     "دقّق هذا من فضلك.\n\nMy brother have two cats and they sleeps all day."),
    ("Find the error: He go home. -> He goes home.", "جد الخطأ: He go home. ← He goes home."),
    ("Change them to the past:\n- I go home => I went home\n- They eat late => They ate late",
     "حوّلها إلى الماضي:\n- I go home ← I went home\n- They eat late ⟵ They ate late"),
    ("Unscramble: dog the barked loudly", "أعد ترتيب الكلمات: dog the barked loudly"),
]  # fmt: skip

# English that stayed where no lesson is.
ORDINARY: list[Turns] = [
    [("How do I boil eggs?", "كيف أسلق البيض؟"),
     ("1. Boil the water\n2. Put the eggs in slowly\n3. Wait for nine minutes",
      "1. اغلِ الماء\n2. Put the eggs in slowly\n3. انتظر تسع دقائق")],
    [("What should I see in Rome?", "ماذا أزور في روما؟"),
     ("Go to the old market early. The streets are empty then.",
      "Go to the old market early. The streets are empty then.")],
    [("Is my rent too high?", "هل إيجاري مرتفع جدًا؟"),
     ("It is correct that rents have risen. You can ask the landlord for a lower price. He may say no.",
      "صحيح أن الإيجارات ارتفعت. You can ask the landlord for a lower price. وقد يرفض.")],
    [("Write a short story about a fox.", "اكتب قصة قصيرة عن ثعلب."),
     ("The fox lived near the river.\n\nOne night he heard a strange noise in the wood.",
      "عاش الثعلب قرب النهر.\n\nOne night he heard a strange noise in the wood.")],
    [("Why does my loop never end?", "لماذا لا تنتهي حلقتي أبدًا؟"),
     ("The counter never grows.\n\nAdd one to it at the end of each round.",
      "العدّاد لا يزداد أبدًا.\n\nAdd one to it at the end of each round.")],
    [("Compare trains and buses.", "قارن بين القطارات والحافلات."),
     ("| | Train | Bus |\n|---|---|---|\n| Price | a lot of money | very cheap |\n| Speed | fast | slow |",
      "| | القطار | الحافلة |\n|---|---|---|\n| Price | a lot of money | very cheap |\n| السرعة | سريع | بطيء |")],
    [("What did she tell you?", "ماذا قالت لك؟"),
     ("She said: \"I will never come back to this house.\" Then she left.",
      "قالت: \"I will never come back to this house.\" ثم غادرت.")],
    [("How do I fix a flat tyre?", "كيف أصلح إطارًا مثقوبًا؟"),
     ("## Before You Start\n\nPark on level ground.", "## Before You Start\n\nأوقف السيارة على أرض مستوية.")],
    [("What does insurance mean for my business?", "ماذا يعني التأمين لعملي؟"),
     ("It pays when something breaks. In other words, you sleep better at night.",
      "إنه يدفع حين يتعطل شيء. In other words, you sleep better at night.")],
    [("Can I keep a cat in a small flat?", "هل يمكنني تربية قطة في شقة صغيرة؟"),
     ("Yes, you can keep a cat in a small flat.", "Yes, you can keep a cat in a small flat.")],
    [("Summarise the meeting in three sentences.", "لخّص الاجتماع في ثلاث جمل."),
     ("The team met on Monday. They agreed on a new plan. The work starts next week.",
      "اجتمع الفريق يوم الاثنين. They agreed on a new plan. ويبدأ العمل الأسبوع القادم.")],
    [("Is it true that bats are blind? Is that right?", "هل صحيح أن الخفافيش عمياء؟ أهذا صحيح؟"),
     ("No. Note: they can see quite well at night.", "لا. ملاحظة: they can see quite well at night.")],
    [("I feel tense before exams and cannot sleep.", "أشعر بالتوتر قبل الامتحانات ولا أستطيع النوم."),
     ("Try a short walk in the evening. Tea helps too.", "Try a short walk in the evening. والشاي يفيد أيضًا.")],
    [("List three errors people make with money.", "اذكر ثلاثة أخطاء يرتكبها الناس في المال."),
     ("- They spend more than they earn.\n- They save too late.\n- They trust strangers.",
      "- They spend more than they earn.\n- يدخرون متأخرين.\n- يثقون بالغرباء.")],
    [("The screen is dark. What is the question to ask first?", "الشاشة مظلمة. ما السؤال الذي يجب طرحه أولًا؟"),
     ("**Is the cable plugged in?** That is the first thing to check.",
      "**Is the cable plugged in?** هذا أول ما ينبغي فحصه.")],
]  # fmt: skip

# A sentence of the explanation, in mid paragraph, and headings, labels, requests.
LESSONS_WITH_A_FAULT: list[Turns] = [
    [("Is \"I have seen him yesterday\" correct?", "هل \"I have seen him yesterday\" صحيحة؟"),
     ("No. The day is over and done with. So you say \"I saw him yesterday\".",
      "لا. The day is over and done with. لذا تقول \"I saw him yesterday\".")],
    [("Explain the passive voice.", "اشرح المبني للمجهول."),
     ("The one who acts comes last or not at all. We use it when nobody knows him. \"My bike was stolen.\"",
      "من يفعل يأتي أخيرًا أو لا يأتي. We use it when nobody knows him. \"My bike was stolen.\"")],
    [("What is a synonym of \"happy\"?", "ما مرادف \"happy\"؟"),
     ("\"Glad\" is close. It is a little weaker in most cases. \"Joyful\" is stronger.",
      "\"Glad\" قريبة. It is a little weaker in most cases. و\"Joyful\" أقوى.")],
    [("How do you say \"شكرًا\" to a friend in English?", "كيف تقول \"شكرًا\" لصديق بالإنجليزية؟"),
     ("## What Friends Say\n\n\"Cheers!\" is common in Britain.",
      "## What Friends Say\n\n\"Cheers!\" شائعة في بريطانيا.")],
    [("Rewrite it so that it is more polite: Sit down.", "أعد صياغتها لتكون أكثر تهذيبًا: Sit down."),
     ("\"Please take a seat.\" The word please makes it soft, and your guests will feel welcome at once.",
      "\"Please take a seat.\" كلمة please تلطّفها، and your guests will feel welcome at once.")],
    [("Check my spelling: recieve, freind.", "راجع الإملاء: recieve, freind."),
     ("Both have two letters the wrong way round. Many people make this mistake. Write \"receive\" and \"friend\".",
      "في كلتيهما حرفان متبادلان. Many people make this mistake. اكتب \"receive\" و\"friend\".")],
    [("Which preposition follows \"interested\"?", "ما حرف الجر الذي يلي \"interested\"؟"),
     ("The preposition \"in\" always follows it.", "The preposition \"in\" always follows it.")],
    [("How is \"choir\" pronounced?", "كيف تُنطق \"choir\"؟"),
     ("It rhymes with fire. Remember one thing: the letters lie to you here. Say it slowly.",
      "يشبه لفظ fire. Remember one thing: the letters lie to you here. انطقها ببطء.")],
    [("Explain the passive voice.", "اشرح المبني للمجهول."),
     ("It turns things round.\n\nThe one who acts comes last or not at all.\n\nUse it with care.",
      "إنه يقلب الأمور.\n\nThe one who acts comes last or not at all.\n\nاستعمله بحذر.")],
    [("Explain the passive voice.", "اشرح المبني للمجهول."),
     ("- It turns things round\n- The one who acts comes last\n- Use it with care",
      "- إنه يقلب الأمور\n- The one who acts comes last\n- استعمله بحذر")],
    [("Which word is stressed?", "أي كلمة عليها النبر؟"),
     ("You raise your voice on the last one (the fourth of five). It is easy.",
      "You raise your voice on the last one (the fourth of five). هذا سهل.")],
    [("How do you say \"thanks\" in Oman?", "كيف تقول \"thanks\" في عُمان؟"),
     ("People just smile there - it is a quiet country. You may say shukran.",
      "People just smile there - it is a quiet country. وقد تقول شكرًا.")],
    [("Translate this headline into French: Storm closes ports",
      "Translate this headline into French: Storm closes ports"),
     ("Une tempête ferme les ports", "Une tempête ferme les ports")],
]  # fmt: skip


def sides(turns: Turns) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    source, target = zip(*turns, strict=True)
    return messages(source), messages(target)


def messages(texts: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"role": ("user", "assistant")[number % 2], "content": text} for number, text in enumerate(texts)]


def checked(turns: Turns) -> list[Verdict]:
    return check_conversation(*sides(turns))


@pytest.mark.parametrize("turns", LESSONS)
def test_english_that_answers_a_lesson_is_no_veto(turns: Turns) -> None:
    assert not has_hard(checked(turns)), checked(turns)


@pytest.mark.parametrize(("source", "target"), REQUESTS)
def test_a_text_that_a_message_asks_about_may_stay(source: str, target: str) -> None:
    found = checked([(source, target)])
    assert not has_hard(found), found


@pytest.mark.parametrize("turns", ORDINARY + LESSONS_WITH_A_FAULT)
def test_what_else_stayed_english_is_a_veto(turns: Turns) -> None:
    assert any(verdict.hard and verdict.check in ("untranslated", "identical", "script") for verdict in checked(turns))


def test_a_long_answer_that_stayed_as_a_whole_is_a_veto_in_a_lesson_too() -> None:
    answer = " ".join(["The old man walked down to the sea and looked for his boat."] * 6)
    assert has_hard(checked([("Say it in English.", "قلها بالإنجليزية."), (answer, answer)]))


def test_a_sign_makes_no_code_of_a_paragraph_that_stayed() -> None:
    text = (
        "The shop of Smith & Sons opens at nine. Two clerks wait there. Nobody came on Monday. It rained all day long."
    )
    assert has_hard(checked([("Where do you work?", "أين تعمل؟"), (text, text)]))


@pytest.mark.parametrize("turns", [LESSONS[1], ORDINARY[9]])
def test_a_chunk_knows_of_its_conversation(turns: Turns) -> None:
    source, target = sides(turns)
    told = ConversationChecks(messages=source).chunk(source[1]["content"], target[1]["content"])
    assert (told is not None) == has_hard(check_conversation(source, target))
