"""Numbers that are written in another way are not changed; those that are changed still are."""

import pytest

from processors.checks.run import check_pair, has_hard

SAME = [
    ("Find the distance from (3,4) to the line.", "أوجد المسافة من (3، 4) إلى المستقيم."),
    ("Find the distance from (3, 4) to the line.", "أوجد المسافة من (3،4) إلى المستقيم."),
    ("Find the distance from (3,4) to the line.", "أوجد المسافة من (3,4) إلى المستقيم."),
    ("Find the distance from (3,4) to the line.", "أوجد المسافة من (٣،٤) إلى المستقيم."),
    ("Plot (0.5,1.5) and (1,100).", "ارسم (0.5، 1.5) و(1، 100)."),
    ("Choose a number in [0,100].", "اختر عددًا في [0، 100]."),
    ("Write 1,2,3 and 4.", "اكتب 1 و2 و3 و4."),
    ("Write 1, 2, 3 and 4.", "اكتب 1،2،3،4."),
    ("Sort 9,3,7,1.", "رتّب 9، 3، 7، 1."),
    ("The train leaves at 7.30.", "يغادر القطار الساعة 7:30."),
    ("The train leaves at 7:30.", "يغادر القطار الساعة 7.30."),
    ("The train leaves at 7.30 p.m.", "يغادر القطار الساعة السابعة والنصف مساءً."),
    ("The train leaves at 9.15 a.m.", "يغادر القطار الساعة التاسعة والربع صباحًا."),
    ("The signal came at 1200 GMT.", "جاءت الإشارة الساعة 12:00 بتوقيت غرينتش."),
    ("The signal came at 1200 GMT.", "جاءت الإشارة في الثانية عشرة بتوقيت غرينتش."),
    ("The plane landed at 0430 UTC.", "هبطت الطائرة الساعة 4:30 بالتوقيت العالمي."),
    ("The shop closes at 17:00.", "يغلق المتجر الساعة الخامسة مساءً."),
    ("The company is worth 1.4 billion dollars.", "تبلغ قيمة الشركة مليارًا وأربعمئة مليون دولار."),
    ("The company is worth 1.4 billion dollars.", "تبلغ قيمة الشركة 1400 مليون دولار."),
    ("The company is worth $1.4 billion.", "تبلغ قيمة الشركة 1,400,000,000 دولار."),
    ("It has 2.5 million users.", "لديه مليونان ونصف المليون مستخدم."),
    ("It has 2,500,000 users.", "لديه 2.5 مليون مستخدم."),
    ("It has 3.5k followers.", "لديه 3500 متابع."),
    ("It costs 10k dollars.", "يكلف 10 آلاف دولار."),
    ("The town has 1,00,000 people.", "يبلغ عدد سكان البلدة 100,000 نسمة."),
    ("The town has 1,300 people.", "يبلغ عدد سكان البلدة 1 300 نسمة."),
    ("Pi is about 3.14.", "باي نحو 3,14."),
    ("Pi is about 3.14.", "باي نحو ٣٫١٤."),
    ("It is open 24/7.", "مفتوح على مدار الساعة طوال أيام الأسبوع."),
    ("The date is 2021-03-05.", "التاريخ هو 5 مارس 2021."),
    ("We meet on 3/4/2021.", "نلتقي في 2021/4/3."),
    ("Split it 50/50.", "اقسمه مناصفة."),
    ("Add 1/2 cup of milk.", "أضف نصف كوب من الحليب."),
    ("Add 3/4 cup of milk.", "أضف ثلاثة أرباع كوب من الحليب."),
    ("Add 1/3 cup of oil.", "أضف ثلث كوب من الزيت."),
    ("Add 1 1/2 cups of flour.", "أضف كوبًا ونصفًا من الدقيق."),
    ("The odds are 3:1.", "الاحتمالات 3 إلى 1."),
    ("In the 1990s it was cheap.", "كان رخيصًا في تسعينيات القرن العشرين."),
    ("In the 90s it was cheap.", "كان رخيصًا في التسعينيات."),
    ("It is the 21st century.", "إنه القرن الحادي والعشرون."),
    ("She came 2nd.", "جاءت في المركز الثاني."),
    ("It takes 10-15 minutes.", "يستغرق من 10 إلى 15 دقيقة."),
    ("About 3 in 4 agree.", "يوافق ثلاثة من كل أربعة تقريبًا."),
    ("Only 0.5 percent failed.", "لم يرسب سوى نصف في المئة."),
    ("The walk takes 1.5 hours.", "يستغرق المشي ساعة ونصفًا."),
    ("The walk takes 90 minutes.", "يستغرق المشي تسعين دقيقة."),
    ("It is 5°C.", "درجة الحرارة 5 مئوية."),
    ("Answer in 2-3 sentences.", "أجب في جملتين أو ثلاث."),
    ("He scored 10 out of 10.", "حصل على العلامة الكاملة 10 من 10."),
    ("Call 555-0123.", "اتصل على 0123-555."),
    ("The ratio is 1.0.", "النسبة 1."),
    ("Chapter IV begins here.", "يبدأ الفصل الرابع هنا."),
    ("They won 2-0.", "فازوا بهدفين دون رد."),
    ("They won 2-0.", "فازوا 0-2."),
    ("It happened on 9/11.", "وقع ذلك في 11 سبتمبر."),
    ("The year is 2,000 BC.", "كان ذلك عام 2000 قبل الميلاد."),
    ("It costs $5.00.", "يكلف 5 دولارات."),
    ("The bus comes at 8.", "تأتي الحافلة الساعة الثامنة."),
    ("The film is 2h 15m long.", "مدة الفيلم ساعتان و15 دقيقة."),
    ("At 6 p.m. we eat.", "نأكل الساعة 18:00."),
    ("At 18:45 we eat.", "نأكل الساعة السابعة إلا الربع مساءً."),
    ("At 8:20 we eat.", "نأكل الساعة الثامنة والثلث."),
    ("At 8:55 we eat.", "نأكل في التاسعة إلا خمس دقائق."),
]  # fmt: skip

CHANGED = [
    ("Find the distance from (3,4) to the line.", "أوجد المسافة من (3، 5) إلى المستقيم."),
    ("Write 1,2,3 and 4.", "اكتب 1 و2 و3 و5."),
    ("The train leaves at 7.30.", "يغادر القطار الساعة 7:40."),
    ("The signal came at 1200 GMT.", "جاءت الإشارة الساعة 13:00 بتوقيت غرينتش."),
    ("The company is worth 1.4 billion dollars.", "تبلغ قيمة الشركة 1.5 مليار دولار."),
    ("It has 2,500,000 users.", "لديه 2,600,000 مستخدم."),
    ("Pi is about 3.14.", "باي نحو 3,41."),
]


@pytest.mark.parametrize(("source", "target"), SAME)
def test_another_way_to_write_a_number_is_no_change(source: str, target: str) -> None:
    assert not check_pair(source, target)


@pytest.mark.parametrize(("source", "target"), CHANGED)
def test_another_number_is_a_veto(source: str, target: str) -> None:
    assert has_hard(check_pair(source, target))
