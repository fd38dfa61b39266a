"""What is still vetoed beside the right lines that no longer are: each kind's fault, as near to them as it comes."""

import pytest

from processors.checks.run import has_hard
from tests.processors.checks.cases import verdicts

WRONG = [
    # A helper's word that the source has nowhere.
    ("We will pay for the damage next week.", "بالطبع، سندفع ثمن الضرر الأسبوع القادم."),
    ("Where is the nearest station?", "سؤال جيد! أين أقرب محطة؟"),
    ("Please water the plants on Friday.", "بكل سرور! من فضلك اسقِ النباتات يوم الجمعة."),
    # What somebody said, where nobody speaks of the language.
    ("He said \"I have never been to the lake\" and left.", "قال \"I have never been to the lake\" وغادر."),
    ("Which river is the longest?\nA) The Nile is longer\nB) The Rhine is longer\nC) The Danube is longer",
     "أي نهر هو الأطول؟\nA) The Nile is longer\nB) The Rhine is longer\nC) The Danube is longer"),
    # Another day than six days later, another number than an idiom's.
    ("He arrived on May 4 and left 6 days later.", "وصل في 4 مايو وغادر في 12 مايو."),
    ("It takes two hours to drive there.", "تستغرق القيادة إلى هناك ثلاث ساعات."),
    # Letters from the last to the first, beside names that end alike.
    ("Angela and Carla live in the old house near the school.", "ةسردملا برق ميدقلا لزنملا يف الراكو اليجنأ نكست"),
    # From the higher number to the lower.
    ("The fee rose from $30 to $45 last year.", "ارتفع الرسم من 45 دولارًا إلى 30 دولارًا العام الماضي."),
    # A label with the language and its kind.
    ("The path through the forest is muddy.", "Arabic (Modern Standard): الطريق عبر الغابة موحل."),
    # A set phrase excuses its own numbers and no others.
    ("Take your time, the dose is 50 mg every 8 hours.", "خذ وقتك، الجرعة 90 ملغ كل 3 ساعات."),
    ("Mind you, the rent is $900 a month.", "لكن الإيجار 300 دولار شهريا."),
    ("He works nine to five and earns 30 dollars an hour.",
     "يعمل من التاسعة إلى الخامسة ويكسب 80 دولارا في الساعة."),
    # Initials excuse no other sentence.
    ("The NASA probe landed near the old crater.", "ذهبت القطة إلى البيت ونامت على السرير."),
    ("The IMF lent the country more money last year.", "يحب الأطفال اللعب في الحديقة كل صباح."),
    # What somebody does, in stars, and questions about the world: no lesson of English.
    ("I mean it. *She walks slowly toward the old door and looks back at him.* Stay here with me.",
     "أنا جاد. *She walks slowly toward the old door and looks back at him.* ابق هنا معي."),
    ("What form of energy is stored in food?\nA) The energy of moving bodies\nB) The energy held in bonds",
     "ما شكل الطاقة المخزنة في الطعام؟\nA) The energy of moving bodies\nB) The energy held in bonds"),
    ("Answer this: water boils when it is heated to ____ degrees.\nA) one hundred\nB) ninety nine",
     "أجب عما يلي: water boils when it is heated to ____ degrees.\nA) one hundred\nB) ninety nine"),
    # A fever is no oven.
    ("A child with a temperature of 102°F has a fever.", "الطفل الذي حرارته 36 درجة مئوية لديه حمى."),
    ("I would like to order a large pizza.", "بكل سرور! أود أن أطلب بيتزا كبيرة."),
    ("It is important to water the plants.", "بالطبع! من المهم سقي النباتات."),
    # Units that go with their numbers excuse no numbers that went without them.
    ("For a person weighing 70 kg, roughly 500 kcal at a moderate pace of 20 km/h.",
     "لشخص يزن 500 كغ، نحو 70 كيلو سعرة بوتيرة معتدلة تبلغ 20 كم في الساعة."),
    ("Mix 200 g of flour with 100 g of sugar.", "اخلط 100 غ من الدقيق مع 200 غ من السكر."),
    ("The lake covers 320 km².", "تبلغ مساحة البحيرة 320 ميلًا مربعًا."),
    ("They stayed three days, then five.", "مكثوا ثلاثة أيام ثم سبعًا."),
    # Who wanted to say something speaks of no language; an answer is no request in other words.
    ('He wanted to say "I am sorry for everything" but could not.',
     'أراد أن يقول "I am sorry for everything" لكنه لم يستطع.'),
    ("Describe a memorable day in your life.", "كان يوم تخرجي أجمل أيام حياتي، حضر فيه الأهل والأصدقاء."),
    # A text that is worked on is quoted; what stands beside a poem is not, and a half is no quarter of an hour.
    ("He wrote a poem for her. Then he whispered \"I have never forgotten you\" and left the village.",
     "كتب لها قصيدة. ثم همس \"I have never forgotten you\" وغادر القرية."),
    ('He said: "Our shop opens at nine."', 'قال: "Our shop opens at nine."'),
    ("Here is a shorter way to put it: our shop opens at nine.", "إليك صيغة أقصر: our shop opens at nine."),
    ("Thanks a million, I got 3 of them!", "ألف شكر، حصلت على 5 منها!"),
    ("The price went up last month.", "انخفض السعر الشهر الماضي."),
    ("The tram takes half an hour and leaves at six.", "يستغرق الترام ربع ساعة ويغادر في السادسة."),
    ("The lake holds 20% of the water.", "تضم البحيرة 30% من الماء."),
    # "Between" is no explaining.
    ("Explain why the sky looks red in the evening.", "ما الفرق بين البحيرة والبحر؟"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "wrong"), WRONG)
def test_the_fault_is_vetoed(source: str, wrong: str) -> None:
    assert has_hard(verdicts(source, wrong))


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ("This will not get better on its own.", "سيتحسن هذا من تلقاء نفسه."),
        ("The exam will not be easier next year.", "سيكون الامتحان أسهل العام القادم."),
        ("He left on May 4 and came back 6 days later.", "غادر في 4 مايو وعاد بعد 10 أيام."),
    ],
)
def test_the_fault_is_told(source: str, wrong: str) -> None:
    assert verdicts(source, wrong)
