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
    ("A value of $1 is too little to pay.", "دولار واحد أقل من أن يُدفع."),
    ("__NOTE__ The shop is closed.", "__ملاحظة__ المتجر مغلق."),
    ("There are 15 girls and 12 boys.", "هناك 12 ولدًا و15 بنتًا."),
    ("Two of the five keys fit three doors.", "اثنان من المفاتيح الخمسة يفتحان ثلاثة أبواب."),
    ("Two men and four dogs came.", "جاء رجلان وأربعة كلاب."),
    ("His two sisters have three children each.", "لكل من أختيه ثلاثة أطفال."),
]


@pytest.mark.parametrize(("source", "target"), SPOKEN_TO)
def test_words_to_the_reader_that_the_source_has_are_translated(source: str, target: str) -> None:
    assert not verdicts(source, target)


# Quoted English, what machines say, numerals, fractions and scores in words, short years, paths behind a placeholder.
IN_OTHER_FORMS = [
    (
        'Is it "I have went there before" or "I have gone there before"?',
        'هل الصواب "I have went there before" أم "I have gone there before"؟',
    ),
    ('Which is right: "he don\'t know" or "he doesn\'t know"?', 'أيهما صحيح: "he don\'t know" أم "he doesn\'t know"؟'),
    ("“Their going to be late” – what is wrong here?", "ما الخطأ هنا: “Their going to be late”؟"),
    ('Translate "How are you doing today?" into French.', 'ترجم "How are you doing today?" إلى الفرنسية.'),
    ('Say "good morning, everyone" in Turkish.', 'قل "good morning, everyone" بالتركية.'),
    ('How do you say "where is the train station" in Italian?', 'كيف تقول "where is the train station" بالإيطالية؟'),
    ("The browser shows 404 Not Found when I open the page.", "يعرض المتصفح 404 Not Found عندما أفتح الصفحة."),
    (
        "The log says: WARNING: disk usage above 90 percent. Is that bad?",
        "يقول السجل: WARNING: disk usage above 90 percent. هل هذا سيئ؟",
    ),
    (
        "Git says \"Your branch is ahead of 'origin/main' by 2 commits.\" What now?",
        "يقول Git \u200f\"Your branch is ahead of 'origin/main' by 2 commits.\" ماذا الآن؟",
    ),
    (
        'I see "This app can\'t run on your PC" on Windows.',
        'تظهر لي الرسالة "This app can\'t run on your PC" على Windows.',
    ),
    (
        "My code fails with ModuleNotFoundError: No module named 'requests'. Help!",
        "يفشل برنامجي مع ModuleNotFoundError: No module named 'requests'. ساعدني!",
    ),
    ("for (int i = 0; i < 5; i++) sum += i;\nWhat is sum?", "for (int i = 0; i < 5; i++) sum += i;\nما قيمة sum؟"),
    (
        "Servers: web-1.prod.local, web-2.prod.local, db.prod.local. Restart web-2.prod.local.",
        "الخوادم: web-1.prod.local, web-2.prod.local, db.prod.local. أعد تشغيل web-2.prod.local.",
    ),
    ("Unscramble the word: tca", "أعد ترتيب الكلمة: tca"),
    ("Classify the sentence: I love this movie so much!", "صنّف الجملة: I love this movie so much!"),
    ("Read chapters IV and V before Monday.", "اقرأ الفصلين الرابع والخامس قبل يوم الاثنين."),
    ("Henry VIII and Elizabeth I ruled England.", "حكم هنري الثامن وإليزابيث الأولى إنجلترا."),
    ("World Wars I and II shaped the century.", "شكّلت الحربان العالميتان الأولى والثانية القرن."),
    ("See parts I, II and III of the law.", "انظر الأجزاء الأول والثاني والثالث من القانون."),
    ("Super Bowl LIV was in Miami.", "أقيم السوبر بول الرابع والخمسون في ميامي."),
    ("Louis XV and XVI were kings.", "كان لويس الخامس عشر والسادس عشر ملكين."),
    ("Phase II trials failed.", "فشلت تجارب المرحلة الثانية."),
    ("Add 3/4 cup of milk.", "أضف ثلاثة أرباع كوب من الحليب."),
    ("About 2/3 of the land is desert.", "نحو ثلثي الأرض صحراء."),
    ("He ate 1/8 of the cake.", "أكل ثُمن الكعكة."),
    ("Nearly 3/5 of them agreed.", "وافق نحو ثلاثة أخماسهم."),
    ("Use 2 1/4 cups of flour.", "استخدم كوبين وربع الكوب من الدقيق."),
    ("It takes 1 1/2 hours.", "يستغرق الأمر ساعة ونصف الساعة."),
    ("About 1/5 of the pupils were ill.", "كان خُمس التلاميذ مرضى."),
    ("Only 1/10 of it is visible.", "لا يظهر منه سوى العُشر."),
    ("Cut it to 1/16 inch.", "اقطعه بسماكة جزء من ستة عشر من البوصة."),
    ("The home team won 2-0 on Saturday.", "فاز الفريق المضيف بهدفين دون رد يوم السبت."),
    ("Brazil beat Italy 3-2.", "تغلبت البرازيل على إيطاليا بثلاثة أهداف مقابل هدفين."),
    ("They lost 5-0.", "خسروا بخمسة أهداف نظيفة."),
    ("The match ended 1-1.", "انتهت المباراة بالتعادل بهدف لكل منهما."),
    ("She won 6-4, 6-3.", "فازت 6-4 و6-3."),
    ("The vote was 7-2.", "كانت نتيجة التصويت سبعة مقابل اثنين."),
    ("Spain leads 1–0.", "تتقدم إسبانيا بهدف دون مقابل."),
    ("It was the summer of '69.", "كان صيف عام 1969."),
    ("He graduated in '98 and moved to Rome.", "تخرج عام 1998 وانتقل إلى روما."),
    ("She is from the class of ’05.", "هي من دفعة 2005."),
    ("I bought it in '21.", "اشتريته في 2021."),
    ("The '80s were loud.", "كانت الثمانينيات صاخبة."),
    ("Music of the '60s and '70s is back.", "عادت موسيقى الستينيات والسبعينيات."),
    ("In the 1920s jazz was new.", "في عشرينيات القرن العشرين كان الجاز جديدًا."),
    ("Save it in ${HOME}/notes before you log out.", "احفظه في ${HOME}/notes قبل تسجيل الخروج."),
    ("Copy it to $HOME/backups and check.", "انسخه إلى $HOME/backups وتحقق."),
    ("Open %APPDATA%\\settings first.", "افتح %APPDATA%\\settings أولًا."),
    ("Look in {base_dir}/logs for errors.", "ابحث في {base_dir}/logs عن الأخطاء."),
    ("Files are in <project>/src and <project>/tests.", "الملفات في <project>/src و<project>/tests."),
    ("Set it in ~/.config/app/settings.", "اضبطه في ~/.config/app/settings."),
    ("The hexadecimal value is FF.", "القيمة الست عشرية هي FF."),
    ("A hexadecimal digit is expected.", "يُتوقع رقم من النظام 16."),
    ("Binary and decimal numbers differ.", "تختلف أعداد النظامين 2 و10."),
    ("A 75% discount is a lot.", "خصم ثلاثة أرباع الثمن كثير."),
    ("Half a million people came.", "حضر نصف مليون شخص."),
    ("He lived from 1889 to 1936.", "عاش من 1889 إلى 1936."),
    ("The year MCMXCIV is 1994.", "السنة MCMXCIV هي 1994."),
]


@pytest.mark.parametrize(("source", "target"), IN_OTHER_FORMS)
def test_the_same_in_another_form_is_right(source: str, target: str) -> None:
    assert not verdicts(source, target)


# The last of several lines without its full stop, or with it in front; a fence that nobody closed before reasoning;
# names in letters that Arabic borrows; how a command is used.
LINES_AND_LOANS = [
    ("The file could not be saved on the network drive.\nThe server did not answer at all today.\nPlease try again.",
     "تعذّر حفظ الملف على قرص الشبكة.\nلم يستجب الخادم مطلقًا اليوم.\nالرجاء المحاولة مرة أخرى"),
    ("Choose the folder in which the copies are kept.\nThe list shows every printer that is known here.\nClose it.",
     "اختر المجلد الذي تُحفظ فيه النسخ.\nتعرض القائمة كل الطابعات المعروفة هنا.\n.أغلقها"),
    ("Here is my code.\n\n```js\nconst x = [1];\n\nHow do I add a number to it?\n\n<think>\nThe user wants to add one."
     "\n</think>\n\nUse the method that the list has.",
     "هذه شيفرتي.\n\n```js\nconst x = [1];\n\nكيف أضيف إليها عددًا؟\n\n<think>\nيريد المستخدم إضافة عدد.\n</think>\n\n"
     "استخدم الدالة التي تملكها القائمة."),
    ("The Gujarati language has many speakers.", "للغة الگوجراتية متحدثون كثيرون."),
    ("Open the MyPaint brush folder.", "افتح مجلد فرش ماي پينت."),
    ("The Ideographs are in the second table of the Hangul book.", "الإديوگرافات في الجدول الثاني من كتاب الهنگول."),
    ("Canadian English", "إنگليزية كندية"),
    ("topic [new topic]: View or change the topic of the channel.",
     "topic [new topic]: اعرض موضوع القناة أو غيّره."),
    ("leave [channel]\nLeaves the room.", "leave [channel]\nيغادر الغرفة."),
]  # fmt: skip


@pytest.mark.parametrize(("source", "target"), LINES_AND_LOANS)
def test_lines_and_borrowed_letters_are_right(source: str, target: str) -> None:
    assert not verdicts(source, target)


# The same, and wrong: the last line is cut, Persian words, English that is no command.
LINES_AND_NEIGHBOURS = [
    (
        "The file could not be saved.\nThe server in the other building did not answer for more than two minutes.",
        "تعذّر حفظ الملف.\nلم يستجب الخادم في",
    ),
    ("The father said that Peter went home.", "گفت پدر که پیتر رفت."),
    ("Peter, who painted it, went to Spain.", "ذهب بيتر الذي رسمها پس از إلى إسبانيا."),
    ("Judge Gregory explained how the court works.", "شرح القاضي غريغوري چگونه كيف تعمل المحكمة."),
    ("topic: View or change the topic.\nopen the door and let the cat out", "topic: اعرض الموضوع.\nopen the door"),
]


@pytest.mark.parametrize(("source", "target"), LINES_AND_NEIGHBOURS)
def test_cut_lines_and_another_language_are_seen(source: str, target: str) -> None:
    assert verdicts(source, target)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("CJK Unified Ideographs, Hangul Jamo", "CJK Unified Ideographs, Hangul Jamo"),
        ("It covers these blocks:\n\n- CJK Unified Ideographs, Hangul Jamo\n- Basic Latin",
         "يغطي هذه الكتل:\n\n- CJK Unified Ideographs, Hangul Jamo\n- Basic Latin"),
        ("| Block | Range |\n|---|---|\n| CJK Unified Ideographs | 4E00 |\n| Hangul Jamo | 1100 |",
         "| الكتلة | المدى |\n|---|---|\n| CJK Unified Ideographs | 4E00 |\n| Hangul Jamo | 1100 |"),
    ],
)  # fmt: skip
def test_names_of_unicode_s_blocks_may_stay(source: str, target: str) -> None:
    assert not verdicts(source, target)
