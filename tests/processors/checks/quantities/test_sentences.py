"""What a sentence of a longer text says is looked for in the sentence in its place, and only what is gone is told."""

import pytest

from tests.processors.checks.cases import joined, must_see, verdicts

# Each beside sentences that say something of the same kind, so that the text as a whole shows no fault.
CHANGED = [
    ("I would choose E. The vitamin is called C.", "كنت سأختار E. يسمى الفيتامين C.",
     "كنت سأختار B. يسمى الفيتامين C."),
    ("The correct option is C. She wrote three letters to him.", "الخيار الصحيح هو ج. كتبت له ثلاث رسائل.",
     "الخيار الصحيح هو ب. كتبت له ثلاث رسائل."),
    ("The ship left Norway in spring. It was built in Norway and sold to Kenya.",
     "غادرت السفينة النرويج في الربيع. وقد بُنيت في النرويج وبيعت إلى كينيا.",
     "غادرت السفينة النرويج في الربيع. وقد بُنيت في إيطاليا وبيعت إلى كينيا."),
    ("The fee is in rupees. The ticket costs ten dollars.", "الرسوم بالروبية. سعر التذكرة عشرة دولارات.",
     "الرسوم بالريال. سعر التذكرة عشرة دولارات."),
    ("The bus leaves at 5:40 AM. The shop closes at 9 p.m. and opens again in the morning.",
     "تغادر الحافلة الساعة 5:40 صباحًا. يغلق المتجر الساعة 9 مساءً ويفتح من جديد في الصباح.",
     "تغادر الحافلة الساعة 5:40 مساءً. يغلق المتجر الساعة 9 مساءً ويفتح من جديد في الصباح."),
    ("The sign on the door is in Hebrew. The letter was written by hand.",
     "اللافتة على الباب بالعبرية. كُتبت الرسالة بخط اليد.", "اللافتة على الباب بالعربية. كُتبت الرسالة بخط اليد."),
    ("The library has 1,950 books. The school nearby was built in 2008.",
     "في المكتبة 1950 كتابًا. وبُنيت المدرسة القريبة عام 2008.",
     "في المكتبة 2008 كتابًا. وبُنيت المدرسة القريبة عام 1950."),
    ("She studied in Damascus for two years.", "درست في دمشق عامين.", "درست في بيروت عامين."),
    ("Yesterday Ahmed met Salem in the street.", "التقى أحمد أمس سالمًا في الشارع.",
     "التقى أحمد أمس خالدًا في الشارع."),
    ("He has worked for Toyota since 2011.", "يعمل لدى تويوتا منذ 2011.", "يعمل لدى هوندا منذ 2011."),
]  # fmt: skip


@pytest.mark.parametrize(("source", "right", "wrong"), CHANGED)
def test_a_change_is_told_beside_sentences_that_say_the_like(source: str, right: str, wrong: str) -> None:
    must_see(source, right, wrong)


@pytest.mark.parametrize(("source", "right", "wrong"), CHANGED)
def test_and_within_a_text_of_eight(source: str, right: str, wrong: str) -> None:
    before, behind = joined(1, 4), joined(5, 9)
    must_see(*(f"{before[i]} {text} {behind[i]}" for i, text in ((0, source), (1, right), (1, wrong))))


def test_a_negation_of_a_short_sentence_within_a_text_is_vetoed_where_all_else_is_told() -> None:
    before, behind = joined(1, 4), joined(5, 9)
    source = f"{before[0]} They will not return. {behind[0]}"
    assert not verdicts(source, f"{before[1]} لن يعودوا. {behind[1]}")
    found = verdicts(source, f"{before[1]} سيعودون. {behind[1]}")
    assert [(v.check, v.hard) for v in found] == [("negation", True)]


RIGHT = [
    ("She left Kenya in May. The country had changed a lot.", "غادرت كينيا في مايو. كانت كينيا قد تغيرت كثيرًا."),
    ("Kenya won. Kenya celebrated all night.", "فازت كينيا. واحتفلت البلاد طوال الليل."),
    ("He flew to Moscow. The Russian winter surprised him.", "سافر إلى موسكو. وفاجأه شتاء روسيا."),
    ("Tom called. Mary answered, and Tom laughed.", "اتصل توم. أجابت ماري فضحك."),
    ("Bombay was hot. Peking was cold.", "كانت مومباي حارة. وكانت بكين باردة."),
    ("The firm moved from Saigon to Calcutta.", "انتقلت الشركة من مدينة هو تشي منه إلى كولكاتا."),
    ("Constantinople fell in 1453. The city had been besieged for weeks.",
     "سقطت القسطنطينية عام 1453. وكانت المدينة محاصرة منذ أسابيع."),
    ("Sara is eternal in his memory. She died young.", "سارة خالدة في ذاكرته. ماتت شابة."),
    ("Salem is safe now. He slept well.", "سالم الآن بأمان. نام جيدًا."),
    ("The answer is C. Everyone else chose A.", "الإجابة هي ج. واختار الجميع أ."),
    ("Plan B failed. We went back to plan A.", "فشلت الخطة ب. فعدنا إلى الخطة أ."),
    ("Vitamin D helps. Take it with vitamin K.", "فيتامين د مفيد. خذه مع فيتامين ك."),
    ("He paid in yen. She paid in euros.", "دفع بالين. ودفعت هي باليورو."),
    ("In 1990 there were 40 shops. There are 12 now.", "كان هناك 40 متجرًا في 1990. وهناك 12 الآن."),
    ("It has 300 rooms. In 2010 it had 200.", "في 2010 كان فيه 200 غرفة. وفيه الآن 300."),
    ("The train leaves at 8 p.m. The bus leaves at 7 a.m.",
     "يغادر القطار الثامنة مساءً. وتغادر الحافلة السابعة صباحًا."),
    ("Learn Hebrew or Arabic. Both are Semitic languages.", "تعلّم العبرية أو العربية. كلتاهما لغتان ساميتان."),
    ("I doubt it. Nobody knows.", "أشك في ذلك. لا أحد يعرف."),
    ("Her Indian friends cook well. India has many kitchens.", "صديقاتها الهنديات يطبخن جيدًا. وللهند مطابخ كثيرة."),
    ("Rome was not built in a day. Romans knew that.", "لم تُبن روما في يوم واحد. وكان الرومان يعرفون ذلك."),
    ("Apple and Google met in Paris. Google left early.", "اجتمعت آبل وجوجل في باريس. وغادرت غوغل مبكرًا."),
    ("I read Darwin. He travelled far.", "قرأت داروين. سافر بعيدًا."),
]  # fmt: skip


@pytest.mark.parametrize(("source", "target"), RIGHT)
def test_right_translations_are_clean(source: str, target: str) -> None:
    assert not verdicts(source, target)
