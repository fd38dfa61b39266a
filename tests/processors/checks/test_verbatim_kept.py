"""Links, anchors, placeholders and the values of tool calls: what must arrive letter by letter."""

from typing import Any

import pytest

from processors.checks.run import check_conversation, has_hard
from tests.processors.checks.cases import must_see, verdicts

GUIDE = (
    "See [the guide](docs/guide) and [the section](#install-the-tool).",
    "انظر [الدليل](docs/guide) و[القسم](#install-the-tool).",
)
BASE64 = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"

LINK = [
    (*GUIDE, GUIDE[1].replace("docs/guide", "المستندات/الدليل")),
    (*GUIDE, GUIDE[1].replace("#install-the-tool", "#تثبيت-الأداة")),
    (*GUIDE, GUIDE[1].replace("(docs/guide", "(https://example.com/docs/guide")),
    ("Open [the plan](./notes/plan.txt).", "افتح [الخطة](./notes/plan.txt).",
     "افتح [الخطة](https://example.com/./notes/plan.txt)."),
    (*GUIDE, "انظر الدليل والقسم."),
    (*GUIDE, GUIDE[1].replace("](", "] (")),
    (*GUIDE, GUIDE[1].replace("](", "]\u200f(")),
    ("See [the site](https://example.org/a).", "انظر [الموقع](https://example.org/a).",
     "انظر [الموقع] (https://example.org/a)."),
    ("See [the site](https://example.org/a).", "انظر [الموقع](https://example.org/a).",
     "انظر [الموقع]（https://example.org/a）."),
    ("See [the site](https://example.org/a).", "انظر [الموقع](https://example.org/a).",
     "انظر (https://example.org/a)[الموقع]."),
    (*GUIDE, GUIDE[1].replace("(docs/guide)", "(#install-the-tool)", 1)),
    ("Read [the licence](LICENSE.md) first.", "اقرأ [الرخصة](LICENSE.md) أولًا.", "اقرأ [الرخصة](الرخصة.md) أولًا."),
    ("![A red fox](images/fox.png)", "![ثعلب أحمر](images/fox.png)", "![ثعلب أحمر](صور/ثعلب.png)"),
    ("## Install {#install-tool}", "## التثبيت {#install-tool}", "## التثبيت {#أداة-التثبيت}"),
    ("## Install {#install-tool}", "## التثبيت {#install-tool}", "## التثبيت"),
    ("See [the manual][1].\n\n[1]: docs/manual", "انظر [الدليل][1].\n\n[1]: docs/manual",
     "انظر [الدليل][1].\n\n[1]: دليل"),
    ('<a href="#top">Back to the top</a>', '<a href="#top">العودة إلى الأعلى</a>',
     '<a href="#أعلى">العودة إلى الأعلى</a>'),
    (f"The icon is data:image/png;base64,{BASE64} in the page.",
     f"الأيقونة هي data:image/png;base64,{BASE64} في الصفحة.",
     f"الأيقونة هي data:image/png;base64,{BASE64[:30]} في الصفحة."),
    (f"Decode this string: {BASE64}", f"فك ترميز هذه السلسلة: {BASE64}", f"فك ترميز هذه السلسلة: {BASE64[:40]}"),
    ("Call https://{ip}/v1/x to start.", "استدعِ https://{ip}/v1/x للبدء.",
     "استدعِ https://{العنوان}/v1/x للبدء."),
    ("Use https://host.{region}.example.com/a here.", "استخدم https://host.{region}.example.com/a هنا.",
     "استخدم https://host.{region}.example.com هنا."),
    ("Open https://<your-domain>/path in a browser.", "افتح https://<your-domain>/path في المتصفح.",
     "افتح https://<نطاقك>/path في المتصفح."),
    ("Open https://<your-domain>/path in a browser.", "افتح https://<your-domain>/path في المتصفح.",
     "افتح https://<your-domain>/مسار في المتصفح."),
]  # fmt: skip
# Arabic has plural forms of its own.
ICU = (
    "Copied {count, plural, one {# file} other {# files}}.",
    "نُسخ {count, plural, one {ملف واحد} two {ملفان} few {# ملفات} many {# ملفًا} other {# ملف}}.",
)

PLACEHOLDER = [
    ("The work is %d%% done.", "اكتمل %d%% من العمل.", "اكتمل العمل."),
    ("The work is %d%% done.", "اكتمل %d%% من العمل.", "اكتمل %d من العمل."),
    ("The file has %lu bytes.", "في الملف %lu بايت.", "في الملف بايتات."),
    ("Copied {} of {} files.", "نُسخ {} من {} ملفات.", "نُسخ {} ملفات."),
    ("Copied {} files.", "نُسخت {} ملفات.", "نُسخت الملفات."),
    ("%1 wants to open %2.", "يريد %1 فتح %2.", "يريد %1 فتحه."),
    ("Copy %1, %2, and %3.", "انسخ %1 و%2 و%3.", "انسخ %1 و%2."),
    ("The disk is %1: %2 free.", "القرص %1: المتاح %2.", "القرص: المتاح %2."),
    ("%1 wants to open %2.", "يريد %1 فتح %2.", "يريد فتح %2."),
    ("Hello, %(name)s!", "مرحبًا %(name)s!", "مرحبًا %(الاسم)s!"),
    ("Your total is ${total}.", "المجموع ${total}.", "المجموع ${المجموع}."),
    ("%-10s was found in %5.2f seconds.", "عُثر على %-10s في %5.2f ثانية.", "عُثر عليه في %5.2f ثانية."),
    ("Saved %@ to the disk.", "حُفظ %@ على القرص.", "حُفظ على القرص."),
    ("%1$s sent %2$d messages.", "أرسل %1$s عدد %2$d من الرسائل.", "أرسل عددًا من الرسائل."),
    ("Delete {0} and {1}?", "أتريد حذف {0} و{1}؟", "أتريد حذف {0}؟"),
    ("Press <0>Save</0> to go on.", "اضغط <0>حفظ</0> للمتابعة.", "اضغط حفظ للمتابعة."),
    ("The path is @@PREFIX@@ here.", "المسار هو @@PREFIX@@ هنا.", "المسار هنا."),
    ("Welcome, {{user}}.", "أهلًا {{user}}.", "أهلًا {{المستخدم}}."),
    ("The key is {count:,d} long.", "طول المفتاح {count:,d}.", "طول المفتاح كبير."),
    ("Removing %s (%s) ...", "يجري حذف %s (%s) ...", "يجري حذف %s ..."),
    ("Line %ld, column %zu", "السطر %ld، العمود %zu", "السطر، العمود"),
    ("The value $1 was written to the file.", "كُتبت القيمة $1 في الملف.", "كُتبت القيمة في الملف."),
    ("Replace $1 and $2 with your values.", "استبدل $1 و$2 بقيمك.", "استبدل القيم بقيمك."),
    ("Hi __FIRST_NAME__, your order is ready.", "مرحبًا __FIRST_NAME__، طلبك جاهز.", "مرحبًا __الاسم__، طلبك جاهز."),
    ("Put __NAME__ into the letter.", "ضع __NAME__ في الرسالة.", "ضع الاسم في الرسالة."),
    ("The group is \\1 in the pattern.", "المجموعة هي \\1 في النمط.", "المجموعة في النمط."),
    ("Each line ends with \\n here.", "ينتهي كل سطر بـ \\n هنا.", "ينتهي كل سطر هنا."),
    ("Set %USERPROFILE% first.", "اضبط %USERPROFILE% أولًا.", "اضبط ملف المستخدم أولًا."),
    ("Hello { name }, welcome back.", "مرحبًا { name }، أهلًا بعودتك.", "مرحبًا، أهلًا بعودتك."),
    ("Welcome back, @user_name.", "أهلًا بعودتك @user_name.", "أهلًا بعودتك."),
    ("Thank @maria for the photo.", "اشكر @maria على الصورة.", "اشكر ماريا على الصورة."),
    ("Dear ~name~, your parcel has arrived.", "عزيزي ~name~، وصل طردك.", "عزيزي، وصل طردك."),
    ("Dear ^name^, your parcel has arrived.", "عزيزي ^name^، وصل طردك.", "عزيزي، وصل طردك."),
    ("Dear *|FNAME|*, your parcel has arrived.", "عزيزي *|FNAME|*، وصل طردك.", "عزيزي، وصل طردك."),
    ("%PRODUCTNAME could not open the file.", "تعذّر على %PRODUCTNAME فتح الملف.", "تعذّر فتح الملف."),
    ("The player ^1 has left the game.", "غادر اللاعب ^1 اللعبة.", "غادر اللاعب اللعبة."),
    ("Hello [[name]], welcome.", "مرحبًا [[name]]، أهلًا بك.", "مرحبًا [[الاسم]]، أهلًا بك."),
    ("Hello #name#, welcome.", "مرحبًا #name#، أهلًا بك.", "مرحبًا، أهلًا بك."),
    ("Your order ##ORDER_ID## is ready.", "طلبك ##ORDER_ID## جاهز.", "طلبك جاهز."),
    ("Hello |name|, welcome.", "مرحبًا |name|، أهلًا بك.", "مرحبًا |الاسم|، أهلًا بك."),
    ("Write to ==email== today.", "اكتب إلى ==email== اليوم.", "اكتب إلينا اليوم."),
    ("Hello [first_name], welcome.", "مرحبًا [first_name]، أهلًا بك.", "مرحبًا، أهلًا بك."),
    ("The capital is [MASK] today.", "العاصمة هي [MASK] اليوم.", "العاصمة هي [قناع] اليوم."),
    ("Thank <@maria_k> for it.", "اشكر <@maria_k> على ذلك.", "اشكر ماريا على ذلك."),
    ("The text ends with <|end|> here.", "ينتهي النص بـ <|end|> هنا.", "ينتهي النص هنا."),
    ("Call __init__ first.", "استدعِ __init__ أولًا.", "استدعِ التهيئة أولًا."),
    ("The module's __name__ is set.", "يُضبط __name__ في الوحدة.", "يُضبط __الاسم__ في الوحدة."),
    ("Hello [[NAME]], welcome.", "مرحبًا [[NAME]]، أهلًا بك.", "مرحبًا [[الاسم]]، أهلًا بك."),
    ("Read @@version first.", "اقرأ @@version أولًا.", "اقرأ الإصدار أولًا."),
    ("Hello {first name}, welcome.", "مرحبًا {الاسم الأول}، أهلًا بك.", "مرحبًا، أهلًا بك."),
    ("Dear <INSERT NAME>, thank you.", "عزيزي <أدخل الاسم>، شكرًا لك.", "عزيزي، شكرًا لك."),
    (ICU[0], ICU[1], "نُسخت # ملفات."),
    (ICU[0], ICU[1], ICU[1].replace("count", "العدد")),
    (ICU[0], ICU[1], ICU[1].replace("plural", "جمع")),
    (ICU[0], ICU[1], ICU[1].replace("other {", "أخرى {")),
    (ICU[0], ICU[1], ICU[1][:-2] + "."),
    ("{gender, select, male {He} other {They}} wrote to {name}.",
     "{gender, select, male {كتب} other {كتبوا}} إلى {name}.",
     "{gender, select, ذكر {كتب} other {كتبوا}} إلى {name}."),
    ("You have {n, plural, =0 {no mail} other {# letters from {name}}}.",
     "لديك {n, plural, =0 {لا بريد} two {رسالتان من {name}} other {# رسائل من {name}}}.",
     "لديك {n, plural, other {# رسائل من {name}}}."),
    ("Dear <name>, thank you.", "عزيزي <name>، شكرًا لك.", "عزيزي <الاسم>، شكرًا لك."),
]  # fmt: skip

EXCHANGED = [
    ("%d passengers are waiting at gate %s.", "ينتظر %d راكبًا عند البوابة %s.", "ينتظر %s راكبًا عند البوابة %d."),
    ("Copied %s in %.1f seconds.", "نُسخ %s في %.1f ثانية.", "نُسخ في %.1f ثانية %s."),
    ("%s: %d%% done", "%s: اكتمل %d%%", "اكتمل %d%%: %s"),
    ("Line %u of file %s is too long", "السطر %u من الملف %s أطول من اللازم", "في الملف %s السطر %u أطول من اللازم"),
]  # fmt: skip
IN_ORDER = [
    ("%1 files in %2", "في %2 يوجد %1 ملف"),
    ("%1$s of %2$d", "%2$d من %1$s"),
    ("Use %d for numbers and %s for text in a format string.", "في سلسلة التنسيق استخدم %s للنص و%d للأرقام."),
    ("%s and %s", "%s و%s"),
    ("50% of 30 is 15.", "15 هي 50% من 30."),
    ("{count} files in {folder}", "في {folder} يوجد {count} ملف"),
]


@pytest.mark.parametrize(("source", "right", "wrong"), EXCHANGED)
def test_conversions_of_printf_keep_their_order(source: str, right: str, wrong: str) -> None:
    must_see(source, right, wrong)


@pytest.mark.parametrize(("source", "target"), IN_ORDER)
def test_placeholders_with_names_or_numbers_have_any_order(source: str, target: str) -> None:
    assert not has_hard(verdicts(source, target)), verdicts(source, target)


MARKUP = [
    ("It's Layla's book.", "إنه كتاب ليلى.", "إنه كتاب &#39;ليلى&#39;."),
    ("Ten apples and two pears.", "عشر تفاحات وحبتا كمثرى.", "عشر&nbsp;تفاحات وحبتا كمثرى."),
    ("If 3 < 5, go on.", "إذا كان 3 < 5 فتابع.", "إذا كان 3 &lt; 5 فتابع."),
    ("A quiet street", "شارع هادئ", "<b>شارع هادئ</b>"),
    ("A quiet street", "شارع هادئ", "شارع هادئ<br>"),
    ("He came home late.", "عاد إلى البيت متأخرًا.", "<p>عاد إلى البيت متأخرًا.</p>"),
    ("He came home late.", "عاد إلى البيت متأخرًا.", "عاد &rlm;إلى البيت متأخرًا."),
]  # fmt: skip


@pytest.mark.parametrize(("source", "right", "wrong"), LINK)
def test_a_link_arrives_letter_by_letter(source: str, right: str, wrong: str) -> None:
    must_see(source, right, wrong)


@pytest.mark.parametrize(("source", "right", "wrong"), PLACEHOLDER)
def test_a_placeholder_arrives_letter_by_letter(source: str, right: str, wrong: str) -> None:
    must_see(source, right, wrong)


@pytest.mark.parametrize(("source", "right", "wrong"), MARKUP)
def test_markup_that_the_source_has_not_is_seen(source: str, right: str, wrong: str) -> None:
    must_see(source, right, wrong, hard=False)


# What has the marks of a placeholder and is words.
WORDS = [
    ("| France |EU| ", "| فرنسا |الاتحاد الأوروبي| "),
    ("| Yes |NO| maybe |", "| نعم |لا| ربما |"),
    ("| Fruit |id| Price |", "| الفاكهة |المعرّف| السعر |"),
    ("Item |total| date\n--- | --- | ---\nTea |amount| May",
     "الصنف |المجموع| التاريخ\n--- | --- | ---\nشاي |المقدار| مايو"),
    ("The answer is #NO# today.", "الجواب هو #لا# اليوم."),
    ("The ~total~ is five.", "المجموع ~الكلي~ خمسة."),
    ("He said :time is money and left.", "قال :الوقت من ذهب ومضى."),
    ("Please read this #URGENT# note today.", "يرجى قراءة هذه الملاحظة #عاجل# اليوم."),
    ("[in_short] It works well.", "[باختصار] إنه يعمل جيدًا."),
    ("See [[NASA]] for more.", "انظر [[ناسا]] للمزيد."),
    ("See [[iPhone]] for more.", "انظر [[آيفون]] للمزيد."),
    ("What matters is ==time== and money.", "المهم هو ==الوقت== والمال."),
    ("A large !!amount!! of it.", "!!مقدار!! كبير منه."),
    ("This is a __new__ idea.", "هذه فكرة __جديدة__."),
    ("We want __all__ of them.", "نريدها __كلها__."),
    ("The set |A| grows.", "تكبر المجموعة |أ|."),
    ("Take the event {at least one head} here.", "خذ هنا الحدث «صورة واحدة على الأقل»."),
    ("<BIG NEWS> We won the cup today.", "«خبر كبير» فزنا بالكأس اليوم."),
]  # fmt: skip


@pytest.mark.parametrize(("source", "target"), WORDS)
def test_words_between_a_placeholder_s_marks_may_be_translated(source: str, target: str) -> None:
    assert not has_hard(verdicts(source, target))


@pytest.mark.parametrize(
    ("source", "target", "hard"),
    [
        ("Thank @maria for the photo.", "اشكر @ماريا على الصورة.", False),
        ("@john_smith said hello.", "قال @جون_سميث مرحبًا.", False),
        ("Thank @maria for the photo.", "اشكر @سليم على الصورة.", True),
        ("Welcome back, @user_name.", "أهلًا بعودتك @اسم_المستخدم.", True),
    ],
)
def test_a_user_s_name_in_other_letters_is_noted(source: str, target: str, hard: bool) -> None:
    found = verdicts(source, target)
    assert found and has_hard(found) == hard


# (name and argument, value, what the user says, translated with the value, translated without)
TOOL_VALUES = [
    ("network_name", "network222", "Delete the fabric named 'network222'.", "احذف النسيج المسمى 'network222'.",
     "احذف النسيج المسمى 'الشبكة222'."),
    ("network_name", "network222", "Delete the fabric named 'network222'.", "احذف النسيج المسمى 'network222'.",
     "احذف النسيج المسمى."),
    ("city", "Lyon", "What is the weather in Lyon today?", "ما حالة الطقس في Lyon اليوم؟",
     "ما حالة الطقس في ليون اليوم؟"),
    ("file", "report final.docx", "Open report final.docx for me.", "افتح لي report final.docx.",
     "افتح لي التقرير النهائي.docx."),
    ("title", "Blue Moon", "Play the song Blue Moon.", "شغّل أغنية Blue Moon.", "شغّل أغنية القمر الأزرق."),
    ("tag", "todo-list", "Show my notes with the tag todo-list.", "أظهر ملاحظاتي ذات الوسم todo-list.",
     "أظهر ملاحظاتي ذات وسم قائمة المهام."),
    ("amount", "1500", "Transfer 1500 to Omar.", "حوّل 1500 إلى عمر.", "حوّل مبلغًا إلى عمر."),
]  # fmt: skip


@pytest.mark.parametrize(("argument", "value", "said", "right", "wrong"), TOOL_VALUES)
def test_a_tool_call_s_value_that_the_source_says_is_said_by_the_translation(
    argument: str, value: str, said: str, right: str, wrong: str
) -> None:
    call = f'<tool_call>\n{{"name": "act", "arguments": {{"{argument}": "{value}"}}}}\n</tool_call>'

    def conversation(user: str) -> list[dict[str, Any]]:
        return [{"role": "user", "content": user}, {"role": "assistant", "content": call}]

    assert not check_conversation(conversation(said), conversation(right))
    assert check_conversation(conversation(said), conversation(wrong))
