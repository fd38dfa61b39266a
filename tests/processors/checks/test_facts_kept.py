"""Numbers, letters, units, names and negation: what a fluent translation may change unseen."""

import pytest

from tests.processors.checks.cases import must_see

TABLE = (
    "| City | Rain |\n|---|---|\n| Oslo | 763 |\n| Rome | 837 |",
    "| المدينة | المطر |\n|---|---|\n| أوسلو | 763 |\n| روما | 837 |",
)

NUMBER = [
    ("The box holds 12 pens and 35 books.", "يضم الصندوق 12 قلمًا و35 كتابًا.",
     "يضم الصندوق 35 قلمًا و12 كتابًا."),
    ("Add 250 grams of flour and 80 grams of sugar.", "أضف 250 غرامًا من الدقيق و80 غرامًا من السكر.",
     "أضف 80 غرامًا من الدقيق و250 غرامًا من السكر."),
    ("In 1990 there were 400 pupils, in 2020 only 150.",
     "في عام 1990 كان هناك 400 تلميذ، وفي 2020 كان هناك 150 فقط.",
     "في عام 1990 كان هناك 150 تلميذًا، وفي 2020 كان هناك 400 فقط."),
    ("She is 9 and her brother is 14.", "عمرها 9 سنوات وعمر أخيها 14 سنة.", "عمرها 14 سنة وعمر أخيها 9 سنوات."),
    ("Team A won 3 games; team B won 7.", "فاز الفريق A في 3 مباريات، وفاز الفريق B في 7.",
     "فاز الفريق A في 7 مباريات، وفاز الفريق B في 3."),
    (*TABLE, TABLE[1].replace("763", "x").replace("837", "763").replace("x", "837")),
    (*TABLE, TABLE[1].replace("أوسلو", "x").replace("روما", "أوسلو").replace("x", "روما")),
    ("There are 12 boys and 15 girls in the class.", "في الصف 12 ولدًا و15 بنتًا.", "في الصف 15 ولدًا و12 بنتًا."),
    ("There were 24 dogs and 18 cats at the shelter.", "كان في الملجأ 24 كلبًا و18 قطة.",
     "كان في الملجأ 18 كلبًا و24 قطة."),
    ("Mix two cups of flour with one egg.", "اخلط كوبين من الدقيق مع بيضة واحدة.",
     "اخلط ثلاثة أكواب من الدقيق مع بيضة واحدة."),
    ("It takes two hours and fifteen minutes.", "يستغرق ساعتين وخمس عشرة دقيقة.",
     "يستغرق ثلاث ساعات وخمس عشرة دقيقة."),
    ("She has two sons.", "لها ابنان.", "لها أربعة أبناء."),
    ("The plan costs 3 million dollars.", "تكلّف الخطة 3 ملايين دولار.", "تكلّف الخطة 3 مليارات دولار."),
    ("The sun is 4.6 billion years old.", "عمر الشمس 4.6 مليار سنة.", "عمر الشمس 4.6 مليون سنة."),
    ("It sold two million copies.", "بيعت منه مليونا نسخة.", "بيعت منه ألفا نسخة."),
    ("About 40 thousand people came.", "حضر نحو 40 ألف شخص.", "حضر نحو 40 مليون شخص."),
    ("A trillion stars shine there.", "تريليون نجم يضيء هناك.", "مليار نجم يضيء هناك."),
    ("Twenty-one guests arrived.", "وصل واحد وعشرون ضيفًا.", "وصل اثنان وعشرون ضيفًا."),
    ("We wake up at 5 in the morning.", "نستيقظ الساعة 5 صباحًا.", "نستيقظ الساعة 5 عصرًا."),
    ("Tea is at 4 in the afternoon.", "الشاي الساعة 4 عصرًا.", "الشاي الساعة 4 فجرًا."),
    ("Dinner is at 7 in the evening.", "العشاء الساعة 19:00.", "العشاء الساعة 20:00."),
    ("Come at 5 o'clock in the afternoon.", "تعال الساعة 17:00.", "تعال الساعة 16:00."),
    ("The bus leaves at 8 a.m.", "تغادر الحافلة الساعة 8 صباحًا.", "تغادر الحافلة الساعة 8 مساءً."),
    ("Dinner is at 7:30 p.m.", "العشاء الساعة 7:30 مساءً.", "العشاء الساعة 7:30 صباحًا."),
    ("The call is at 11 AM on Monday.", "المكالمة الساعة 11 صباحًا يوم الاثنين.",
     "المكالمة الساعة 11 ليلًا يوم الاثنين."),
    ("They met at 2 pm.", "التقيا الساعة 2 ظهرًا.", "التقيا الساعة 2 فجرًا."),
    ("The bus leaves at 6 a.m. and returns at 9 p.m.", "تغادر الحافلة الساعة 6 صباحًا وتعود الساعة 9 مساءً.",
     "تغادر الحافلة الساعة 6 مساءً وتعود الساعة 9 صباحًا."),
]  # fmt: skip

LETTER = [
    ("The answer is C.", "الإجابة هي C.", "الإجابة هي B."),
    ("The correct option is (D).", "الخيار الصحيح هو (D).", "الخيار الصحيح هو (A)."),
    ("Choose B or C.", "اختر B أو C.", "اختر B أو D."),
    ("So the answer is A.", "إذن الإجابة هي أ.", "إذن الإجابة هي ب."),
    ("**Answer: E**", "**الإجابة: E**", "**الإجابة: C**"),
    ("Vitamin C is good for you.", "فيتامين C مفيد لك.", "فيتامين B مفيد لك."),
    ("Point A lies above point B.", "تقع النقطة A فوق النقطة B.", "تقع النقطة B فوق النقطة A."),
    ("A) red\nB) green\nC) blue", "A) أحمر\nB) أخضر\nC) أزرق", "A) أحمر\nB) أزرق\nC) أخضر"),
]  # fmt: skip

UNIT = [
    ("Only 18% of them voted.", "صوّت 18٪ منهم فقط.", "صوّت 18 منهم فقط."),
    ("The tax rose by 7.5 percent.", "ارتفعت الضريبة بنسبة 7.5 في المئة.", "ارتفعت الضريبة بمقدار 7.5."),
    ("The trail is 27 km long.", "يبلغ طول الدرب 27 كم.", "يبلغ طول الدرب 27."),
    ("The parcel weighs 4 kg.", "تزن الحزمة 4 كغ.", "تزن الحزمة 4."),
    ("The tank holds 40 liters.", "يتسع الخزان لـ 40 لترًا.", "يتسع الخزان لـ 40."),
    ("The ticket costs $35.", "سعر التذكرة 35 دولارًا.", "سعر التذكرة 35."),
    ("The room is 5 metres wide.", "عرض الغرفة 5 أمتار.", "عرض الغرفة 5."),
    ("Preheat the oven to 180 °C.", "سخّن الفرن إلى 180 درجة مئوية.", "سخّن الفرن إلى 180."),
    ("The disk holds 512 GB.", "سعة القرص 512 جيجابايت.", "سعة القرص 512."),
    ("The pipe is 6 inches wide.", "عرض الأنبوب 6 بوصات.", "عرض الأنبوب 6 سنتيمترات."),
    ("The car drove at 90 km/h.", "سارت السيارة بسرعة 90 كم/س.", "سارت السيارة بسرعة 90 كم."),
]  # fmt: skip

NEGATION = [
    ("Do not open the window.", "لا تفتح النافذة.", "افتح النافذة."),
    ("She doesn't like coffee.", "لا تحب القهوة.", "تحب القهوة."),
    ("He never came back.", "لم يعد قط.", "عاد."),
    ("They are not ready.", "إنهم ليسوا مستعدين.", "إنهم مستعدون."),
    ("The shop won't open tomorrow.", "لن يفتح المتجر غدًا.", "سيفتح المتجر غدًا."),
    ("We cannot enter without a key.", "لا يمكننا الدخول بلا مفتاح.", "يمكننا الدخول بمفتاح."),
    ("The medicine is safe for children.", "الدواء آمن للأطفال.", "الدواء غير آمن للأطفال."),
    ("He has paid the bill.", "لقد دفع الفاتورة.", "لم يدفع الفاتورة."),
    ("Everyone should sign here.", "على الجميع التوقيع هنا.", "على الجميع عدم التوقيع هنا."),
]  # fmt: skip

NAME = [
    ("He moved to Germany last year.", "انتقل إلى ألمانيا العام الماضي.", "انتقل إلى فرنسا العام الماضي."),
    ("Egypt and Sudan share the Nile.", "تتقاسم مصر والسودان النيل.", "تتقاسم مصر وليبيا النيل."),
    ("The king of Morocco spoke.", "تحدث ملك المغرب.", "تحدث ملك الأردن."),
    ("The festival is in October.", "المهرجان في أكتوبر.", "المهرجان في نوفمبر."),
    ("She was born in March.", "وُلدت في آذار.", "وُلدت في أيار."),
    ("The shop is closed on Tuesday.", "المتجر مغلق يوم الثلاثاء.", "المتجر مغلق يوم الأربعاء."),
    ("We meet every Saturday.", "نلتقي كل سبت.", "نلتقي كل أحد."),
    ("She speaks Spanish at home.", "تتحدث الإسبانية في البيت.", "تتحدث البرتغالية في البيت."),
    ("Translate the letter into Japanese.", "ترجم الرسالة إلى اليابانية.", "ترجم الرسالة إلى الصينية."),
    ("He was paid in euros.", "تقاضى أجره باليورو.", "تقاضى أجره بالدولار."),
    ("The price is in Swiss francs.", "السعر بالفرنك السويسري.", "السعر بالين الياباني."),
    ("Microsoft opened an office in Brazil.", "افتتحت Microsoft مكتبًا في البرازيل.",
     "افتتحت Google مكتبًا في البرازيل."),
]  # fmt: skip


@pytest.mark.parametrize(("source", "right", "wrong"), NUMBER)
def test_a_changed_number_is_a_veto(source: str, right: str, wrong: str) -> None:
    must_see(source, right, wrong)


@pytest.mark.parametrize(("source", "right", "wrong"), LETTER)
def test_the_letter_of_an_answer_is_a_fact(source: str, right: str, wrong: str) -> None:
    must_see(source, right, wrong)


@pytest.mark.parametrize(("source", "right", "wrong"), UNIT)
def test_a_lost_or_changed_unit_is_a_veto(source: str, right: str, wrong: str) -> None:
    must_see(source, right, wrong)


@pytest.mark.parametrize(("source", "right", "wrong"), NEGATION)
def test_a_lost_or_added_negation_is_noted(source: str, right: str, wrong: str) -> None:
    must_see(source, right, wrong, hard=False)


@pytest.mark.parametrize(("source", "right", "wrong"), NAME)
def test_a_changed_name_is_a_veto(source: str, right: str, wrong: str) -> None:
    must_see(source, right, wrong)
