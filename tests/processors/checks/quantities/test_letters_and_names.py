"""Names and letters that were replaced are a veto; other spellings and other words for a name are not."""

import pytest

from processors.checks.run import check_pair, has_hard
from tests.processors.checks.cases import must_see, verdicts

CHOICES = "Which of these is a noble gas?\nA) Nitrogen\nB) Argon\nC) Chlorine\n"
CHOSEN = "أيّ مما يلي غاز نبيل؟\nأ) النيتروجين\nب) الأرغون\nج) الكلور\n"
REPLACED = [
    ("letters", f"{CHOICES}The correct answer is B.", f"{CHOSEN}الإجابة الصحيحة هي ج."),
    ("letters", f"{CHOICES}**Answer: C**", f"{CHOSEN}**الإجابة: أ**"),
    ("letters", f"{CHOICES}So the right option is (A).", f"{CHOSEN}إذن الخيار الصحيح هو (ج)."),
    ("names", "She lives in Spain.", "تعيش في البرتغال."),
    ("names", "He is a Russian writer.", "إنه كاتب فرنسي."),
    ("names", "Kenya and Uganda signed it.", "وقّعت كينيا وتنزانيا عليه."),
    ("names", "He learns Korean at school.", "يتعلم التركية في المدرسة."),
    ("names", "I read it in Japanese.", "قرأته بالإنجليزية."),
    ("names", "She paid in rupees.", "دفعت بالدرهم."),
    ("letters", "The answer is C.", "الإجابة هي ب."),
    ("letters", "Q: Is it far?\nA: No, it is near.", "س: هل هو بعيد؟\nب: لا، إنه قريب."),
    ("letters", "Where is it?\nA: Paris\nB: Rome", "أين يقع؟\nج: باريس\nب: روما"),
    ("letters", "The answer is A.", "الإجابة هي ج."),
    ("letters", "So the right choice is A: they are equal.", "إذن الاختيار الصحيح هو ج: هما متساويان."),
    ("letters", "Take plan B.", "اتبع الخطة D."),
    ("letters", "The correct option is (b).", "الخيار الصحيح هو (c)."),
    ("letters", "The correct option is (b).", "الخيار الصحيح هو (ج)."),
    ("letters", "Statement (a) is true.", "العبارة (D) صحيحة."),
    ("numbers", "She left at 10 a.m. and came back at 4 p.m.", "غادرت في العاشرة صباحًا وعادت في الرابعة صباحًا."),
    ("numbers", "We met in late May.", "التقينا في أواخر حزيران."),
    ("numbers", "The train runs at 200 km/h.", "يسير القطار بسرعة 200 كم."),
]  # fmt: skip

SAME = [
    (f"{CHOICES}The correct answer is B.", f"{CHOSEN}الإجابة الصحيحة هي ب."),
    (f"{CHOICES}**Answer: C**", f"{CHOSEN}**الإجابة: ج**"),
    (f"{CHOICES}The answer is B, since A and C react.", f"{CHOSEN}الجواب هو (ب)، لأن أ وج يتفاعلان."),
    (f"{CHOICES}The answer is A gas that is noble.", f"{CHOSEN}الجواب هو غاز نبيل."),
    ("The Dutch king spoke English.", "تحدث ملك هولندا بالإنكليزية."),
    ("Britain and the USA agreed.", "اتفقت المملكة المتحدة والولايات المتحدة."),
    ("French fries are not from France.", "البطاطس المقلية ليست من فرنسا."),
    ("Is Turkey in Europe or in Asia?", "هل تقع تركيا في أوروبا أم في آسيا؟"),
    ("He was paid 20 dollars and 30 euros.", "تقاضى 20 دولارًا و30 يورو."),
    ("Persian carpets are made in Iran.", "يُصنع السجاد الفارسي في إيران."),
    ("She is a Spanish dancer.", "إنها راقصة الباليه."),
    ("The answer is B.", "الإجابة هي (ب)."),
    ("The answer is (b).", "الإجابة هي (ب)."),
    ("Choose (a), (c) or (d).", "اختر (أ) أو (ج) أو (د)."),
    ("Choose (a) or (b).", "اختر (A) أو (B)."),
    ("Option (c) is the third one.", "الخيار الثالث هو الصحيح."),
    ("Call f(b) before g(c).", "استدعِ f(b) قبل g(c)."),
    ("Q: Is Paris in France? A:", "س: هل تقع باريس في فرنسا؟ ج:"),
    ("Q: Who wrote this old song?\nA: Nobody knows.", "س: من كتب هذه الأغنية القديمة؟\nج: لا أحد يعرف."),
    (
        "Q: How long may the land be bare?   Choices:  - days  - months  A:",
        "س: كم قد تبقى الأرض جرداء؟   الخيارات:  - أيام  - أشهر  ج:",
    ),
    ("**Q1:** Is the school far?\n**A1:** No.", "**س1:** هل المدرسة بعيدة؟\n**ج1:** لا."),
    ("A: He went home early.", "ج: ذهب إلى البيت مبكرًا."),
    ("A man saw a dog.", "رأى رجل كلبًا."),
    ("We met J. Smith in Oslo.", "التقينا ج. سميث في أوسلو."),
    ("The meeting is at 1 a.m.", "الاجتماع في الواحدة ليلًا."),
    ("The meeting is at 12 a.m.", "الاجتماع في الساعة 12 ليلًا."),
    ("The meeting is at 12 p.m.", "الاجتماع في الساعة 12 ظهرًا."),
    ("The meeting is at 11 a.m.", "الاجتماع في الحادية عشرة قبل الظهر."),
    ("We eat at 6 p.m.", "نأكل في السادسة مساءً."),
    ("The train runs at 200 km/h.", "يسير القطار بسرعة 200 كيلومتر في الساعة."),
]


@pytest.mark.parametrize(("check", "source", "target"), REPLACED)
def test_a_name_or_a_letter_that_was_replaced_is_a_veto(check: str, source: str, target: str) -> None:
    found = check_pair(source, target)
    assert has_hard(found) and {verdict.check for verdict in found} == {check}


@pytest.mark.parametrize(("source", "target"), SAME)
def test_the_same_in_other_words_is_no_change(source: str, target: str) -> None:
    assert not check_pair(source, target)


def test_a_language_without_names_is_not_asked() -> None:
    assert not check_pair("She lives in Spain.", "वह पुर्तगाल में रहती है।", language="hi", script="Deva")


ANSWERS = [
    ("Pick one: (A) red, (B) blue, (C) green.\n\nAnswer: C",
     "اختر واحدًا: (أ) أحمر، (ب) أزرق، (ج) أخضر.\n\nالجواب: ج",
     "اختر واحدًا: (أ) أحمر، (ب) أزرق، (ج) أخضر.\n\nالجواب: أ"),
    ("A. Nile\nB. Amazon\n\nThe answer is **A**.", "أ. النيل\nب. الأمازون\n\nالإجابة هي **أ**.",
     "أ. النيل\nب. الأمازون\n\nالإجابة هي **ب**."),
    ("A) cat B) dog C) cow D) hen. The right option is D.", "أ) قطة ب) كلب ج) بقرة د) دجاجة. والخيار الصحيح هو د.",
     "أ) قطة ب) كلب ج) بقرة د) دجاجة. والخيار الصحيح هو ب."),
]  # fmt: skip


@pytest.mark.parametrize(("source", "right", "wrong"), ANSWERS)
def test_an_answer_that_is_another_one_of_the_choices_is_vetoed(source: str, right: str, wrong: str) -> None:
    must_see(source, right, wrong)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("A) cat B) dog. The answer is A cat.", "أ) قطة ب) كلب. والجواب هو القطة."),
        ("The answer is a secret: B or C is right.", "الجواب سر: إما ب أو ج هو الصحيح."),
        ("The answer: B and D.", "الإجابة: ب ود."),
        ("A) one B) two C) three. The answer is C.", "أ) واحد ب) اثنان ت) ثلاثة. الإجابة هي ت."),
        ("Is the answer A or B? The answer is B.", "هل الجواب أ أم ب؟ الجواب هو ب."),
    ],
)
def test_an_answer_told_otherwise_is_not(source: str, target: str) -> None:
    assert not verdicts(source, target)
