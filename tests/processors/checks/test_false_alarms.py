"""Right translations that were vetoed or noted once, each for its kind; from software's catalogues and chats."""

import pytest

from processors.checks.run import check_chunk, check_conversation, check_pair
from tests.processors.checks.cases import verdicts

CALL = '<tool_call>\n{"name": "find", "arguments": {"has": ["chicken", "bell peppers", "rice"]}}\n</tool_call>'


def test_the_values_of_a_call_are_no_english_that_was_left() -> None:
    values = ["chicken", "bell peppers", "rice"]
    source, target = "I have chicken, bell peppers, and rice.", "لدي chicken، bell peppers، وrice."
    assert check_chunk(source, target) is not None
    assert check_chunk(source, target, values) is None
    assert check_pair(source, target, values) == []
    messages = [{"role": "user", "content": source}, {"role": "assistant", "content": CALL}]
    translated = [{"role": "user", "content": target}, {"role": "assistant", "content": CALL}]
    assert check_conversation(messages, translated) == []


def test_english_beside_the_values_of_a_call_is_seen() -> None:
    source = "I have chicken and rice, and I would like to cook something warm for my family tonight."
    target = "لدي chicken وrice، and I would like to cook something warm الليلة."
    assert check_chunk(source, target, ["chicken", "rice"]) is not None


# (English, a right translation) that nothing may be said of.
RIGHT = [
    # A word as long as the source's: a hashtag, pseudo-localised or run together.
    ("Follow #WomenInScienceCommunication and #WomenInTechnology for more.",
     "تابعوا #تواصلالعلومللنساءفيالعالمالعربي و#نساءفيالتقنية للمزيد."),
    # Directions around words that are read from left to right; a sign between digits; abbreviations of hours.
    ("Add --check to the command.", "أضف \u202a--check\u202c إلى الأمر."),
    ("The icon should be 16x16 pixels.", "يجب أن يكون حجم الأيقونة ١٦×١٦ بكسل."),
    ("New selection length: dd:hh:mm:ss", "طول الاختيار الجديد: ث ث:د د:س س:ي ي"),
    # Options, endings of files, calls, settings, colours, schemes; names that no lexicon has.
    ("Run it with --help or --dry-run first.", "شغّله أولًا مع --help أو --dry-run."),
    ("Images (*.png *.jpeg *.webp)", "الصور (*.png *.jpeg *.webp)"),
    ("The call fclose() failed twice.", "فشل الاستدعاء fclose() مرتين."),
    ("Set mode=dark or color=auto in the file.", "اضبط mode=dark أو color=auto في الملف."),
    ("Ask jsmith or mbrown to install dvipng.", "اطلب من jsmith أو mbrown تثبيت dvipng."),
    # Nothing costs nothing in any currency; an m between hours and seconds is no metre; short forms of units.
    ("Hide the accounts with $0.00 in them.", "أخفِ الحسابات التي فيها 0.00."),
    ("It took 2 h 30 m 15 s in all.", "استغرق ذلك 2 س 30 د 15 ث إجمالًا."),
    ("It needs 2GB of memory and 300 kbps.", "يحتاج إلى ذاكرة ٢ غ.بايت و300 ك.بت/ث."),
    # Words that only seem to be numbers.
    ("Diane is your half sister. I'm not a woman.", "ديانا أختك غير الشقيقة. لست امرأة."),
    # Answers that are spoken of; the twelfth is no second; questions that a translator left without a mark.
    ("The answer is right.", "الجواب صحيح."),
    ("I wrote my first program when I was twelve years old.", "كتبتُ أول برنامج لي في سن الثانية عشرة."),
    ("Which is new?", "أيهما هو الجديد"),
    ("Why do I even care?", "لِمَ أُتْعِبُ نفسي."),
    # The source's own words for translating and for nothing.
    ("Preferred subtitle language", "لغة الترجمة المفضلة:"),
    ("Translated by", "ترجمه"),
    ("None available", "غير متوفر"),
    # A question by its mark alone, and one that lost it.
    ("Show a summary bar at the bottom?", "إظهار شريط الملخص في الأسفل"),
    ("What did you say to her? Sami likes tea. What stresses dogs?",
     "ماذا قلت لها؟ سامي يحب الشاي. ماذا يسبب الإجهاد للكلاب."),
    # What a reader sees of a tag is translated; how it is closed says nothing.
    ('Open <a href="/help" title="Help for files">the page</a>.',
     'افتح <a href="/help" title="مساعدة الملفات">الصفحة</a>.'),
    ("First line<nl/>and <b >the rest</b>.", "السطر الأول<nl /> و<b>الباقي</b >."),
    ("Loading… %3d%%", "يجري التحميل… %3d٪"),
    ("Image [%1x%2] was copied.", "نُسخت الصورة [%1×%2]."),
    ("Unknown command `foo'. Type `help' for help.", "أمر مجهول «foo». اكتب «help» للمساعدة."),
    ("/Tools/Room List...", "/الأدوات/قائمة الغرف..."),
    # Lines broken within sentences, many sentences made one, a closing quotation mark of Arabic.
    ("An appropriate method for this task could\nnot be found in the list of methods, so please check\nits name.",
     "تعذر العثور على طريقة مناسبة لهذه المهمة في قائمة الطرق، لذا يرجى التحقق من اسمها."),
    ("Subtitle downloader\nat the left", "منزّل الترجمات\nعلى اليسار"),
    ("Everyone has the right to education. Education shall be free. It shall be compulsory for all children.",
     "لكل شخص الحق في التعليم، ويجب أن يكون التعليم مجانيًا، وأن يكون إلزاميًا لجميع الأطفال."),
    ("\"This is a picture of my daughter.\" \"She is beautiful.\" \"Oh, I'm sorry.\"",
     "”هذه صورة لابنتي.“ ”إنها جميلة.“ ”آه، أنا آسفة.“"),
    # Only the full stop is missing.
    ("The device will be mounted again when you attach it to the computer tonight.",
     "سيوصل الجهاز مرة أخرى عندما تربطه بالحاسوب هذه الليلة"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "target"), RIGHT)
def test_nothing_is_held_against_a_right_translation(source: str, target: str) -> None:
    assert not verdicts(source, target)


def test_a_form_of_lam_and_alef_is_noted_and_no_veto() -> None:
    (found,) = verdicts("Click and drag to the left edge.", "انقر واسحب إلى الحد اﻷيسر.")
    assert (found.check, found.hard) == ("broken", False)


# (English, a translation whose end is cut off), with its full stop or without.
CUT = [
    ("Today's announcement also extended the government's promise made in March of this year to fund extra carriages.",
     "كما مدد إعلان اليوم التزام الحكومة الذي قدمته"),
    ("The new bridge across the river will open in the spring, and the old ferry will then stop carrying passengers.",
     "سيُفتتح الجسر الجديد فوق النهر في الربيع."),
]  # fmt: skip


@pytest.mark.parametrize(("source", "target"), CUT)
def test_a_cut_sentence_is_vetoed_by_the_words_of_its_end(source: str, target: str) -> None:
    assert any(verdict.hard for verdict in verdicts(source, target))


# A helper's first word, or a yes or no, that the source has in a form of its own.
SPOKEN_TO = [
    ("Of course! Take the bus.", "بالطبع! استقل الحافلة."),
    ("Oh, definitely. We saw it.", "أكيد. لقد رأيناه."),
    ("That's a great question! Let me explain.", "سؤال رائع! دعني أشرح."),
    ("Alright, let's begin.", "حسنًا، لنبدأ."),
    ("With pleasure, sir.", "بكل سرور، سيدي."),
    ("Nope, not today?", "لا، ليس اليوم."),
    ("Don't you dare, okay?", "لا، إياك."),
    ("Please paste the text that you want me to summarize.", "من فضلك الصق النص الذي تريد تلخيصه."),
    ("Explain the translation of the word.", "اشرح ترجمة الكلمة."),
    ("> Boil the water.\n\nWhat does it mean?", "> اغلِ الماء.\n\nماذا يعني ذلك؟"),
    ("List 1 Start", "بداية القائمة 1"),
]


@pytest.mark.parametrize(("source", "target"), SPOKEN_TO)
def test_words_to_the_reader_that_the_source_has_are_translated(source: str, target: str) -> None:
    assert not verdicts(source, target)
