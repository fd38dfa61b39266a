"""Numbers, units and dates: each pair of targets is a careful translation and one with a single fault."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.checks.pairs.pair import Pair
from processors.checks.pairs.verdict import Verdict
from processors.checks.quantities import digits
from processors.languages.digits import canonical, numbers


def check_numbers(source: str, target: str, language: str = "ar") -> list[Verdict]:
    return digits.check_numbers(Pair.of(source, target, language=language))


# (source, good target, faulty target)
FAULTS = [
    # Numbers in words.
    ("He left ten minutes ago.", "غادر قبل عشر دقائق.", "غادر قبل خمس دقائق."),
    ("Layla had four children with four different men.",
     "كان لدى ليلى أربعة أطفال من أربعة رجال مختلفين.", "كان لدى ليلى أربعة أطفال من تسعة رجال مختلفين."),
    ("Helicopters rescued the twelve sailors.", "أنقذت المروحيات البحارة الاثني عشر.",
     "أنقذت المروحيات البحارة التسعة عشر."),
    ("She is now forty-six years old.", "عمرها الآن ست وأربعون سنة.", "عمرها الآن خمس وأربعون سنة."),
    ("He drank ten cups of coffee.", "شرب عشرة فناجين من القهوة.", "شرب تسعة فناجين من القهوة."),
    ("It belongs to the Seventh Fleet.", "يتبع الأسطول السابع.", "يتبع الأسطول العاشر."),
    ("Between 340 million and 500 million people speak it.",
     "يتحدث بها ما بين 340 مليون و500 مليون شخص.", "يتحدث بها ما بين 340 مليار و500 مليون شخص."),
    ("They waited for thousands of years.", "انتظروا آلاف السنين.", "انتظروا ملايين السنين."),
    ("Half of the class failed.", "رسب نصف الصف.", "رسب ربع الصف."),
    ("Three quarters of us agreed.", "وافق ثلاثة أرباعنا.", "وافق ثلثانا."),
    ("It is twice as big.", "حجمه ضعف ذلك.", "حجمه ثلاثة أمثال ذلك."),
    ("World War II ended here.", "انتهت هنا الحرب العالمية الثانية.", "انتهت هنا الحرب العالمية الأولى."),
    ("King Louis XVI died young.", "مات الملك لويس السادس عشر شابًا.", "مات الملك لويس الرابع عشر شابًا."),
    ("The 1920s were wild.", "كانت عشرينيات القرن العشرين صاخبة.", "كانت ثلاثينيات القرن العشرين صاخبة."),
    # Signs.
    ("It was -12 degrees outside.", "كانت الحرارة -12 درجة في الخارج.", "كانت الحرارة 12 درجة في الخارج."),
    ("It was minus 20 degrees outside.", "كانت الحرارة 20 درجة تحت الصفر.", "كانت الحرارة 20 درجة."),
    ("The balance is 250 dollars.", "الرصيد 250 دولارًا.", "الرصيد -250 دولارًا."),
    ("He scored 15 points.", "سجل 15 نقطة.", "سجل 15٪ من النقاط."),
    ("Sales rose by 15 percent.", "ارتفعت المبيعات بنسبة 15 بالمئة.", "ارتفعت المبيعات بمقدار 15."),
    # Dates and times.
    ("She was born on April 12, 1990.", "وُلدت في 12 نيسان 1990.", "وُلدت في 12 أغسطس 1990."),
    ("By December 31 we will know.", "سنعرف بحلول 31 ديسمبر.", "سنعرف بحلول 31 نوفمبر."),
    ("On Feb 14, 2010 he read a book.", "في 14 فبراير 2010 قرأ كتابًا.", "في 14 مارس 2010 قرأ كتابًا."),
    ("We met last August.", "التقينا في آب الماضي.", "التقينا في آذار الماضي."),
    ("School begins in September.", "تبدأ المدرسة في أيلول.", "تبدأ المدرسة في نيسان."),
    ("The meeting is on Monday.", "الاجتماع يوم الاثنين.", "الاجتماع يوم الخميس."),
    ("The shop is closed on Sundays.", "المتجر مغلق أيام الأحد ولا يفتحه أحد.",
     "المتجر مغلق أيام الثلاثاء ولا يفتحه أحد."),
    ("The lesson starts at 14:30.", "يبدأ الدرس الساعة ٢:٣٠ ظهرًا.", "يبدأ الدرس الساعة 1:30 ظهرًا."),
    ("He left at 16:05.", "غادر الساعة 16:05.", "غادر الساعة 5:16."),
    ("The shop opens at 9 a.m.", "يفتح المتجر في التاسعة صباحًا.", "يفتح المتجر في التاسعة مساءً."),
    ("Call me at 11:30 PM.", "اتصل بي الساعة 11:30 م.", "اتصل بي الساعة 11:30 ص."),
    ("It is due on 2021-03-05.", "موعده 2021-03-05.", "موعده 2021-05-03."),
    ("It was built in 300 BC.", "بُني عام 300 ق.م.", "بُني عام 300 للميلاد."),
    # Units.
    ("They walked 12 km.", "ساروا 12 كم.", "ساروا 12 ميلًا."),
    ("He drove at 55 mph.", "قاد بسرعة 55 ميلًا في الساعة.", "قاد بسرعة 55 كيلومترًا في الساعة."),
    ("They walked five kilometers.", "ساروا خمسة كيلومترات.", "ساروا خمسة أميال."),
    ("The wall is 3 m high.", "ارتفاع الجدار 3 أمتار.", "ارتفاع الجدار 3 كم."),
    ("It is 10 cm wide.", "عرضه 10 سم.", "عرضه 10 أمتار."),
    ("She weighs 60 kg.", "تزن 60 كغ.", "تزن 60 رطلًا."),
    ("Add 200 grams of sugar.", "أضف 200 غرام من السكر.", "أضف 200 كيلوغرام من السكر."),
    ("A dose of 20 mg is enough.", "تكفي جرعة 20 ملغ.", "تكفي جرعة 20 غرامًا."),
    ("Bake at 180°C.", "اخبز على 180 درجة مئوية.", "اخبز على 180 درجة فهرنهايت."),
    ("Bake at 350°F.", "اخبز على 350 درجة فهرنهايت.", "اخبز على 350°م."),
    ("It was 35 degrees Celsius.", "كانت الحرارة 35 درجة.", "كانت الحرارة 35 فهرنهايت."),
    ("It costs €50.", "سعره 50 يورو.", "سعره 50 دولارًا."),
    ("It costs £40.", "سعره 40 جنيهًا إسترلينيًا.", "سعره 40 يورو."),
    ("He paid 60 riyals.", "دفع 60 ريالًا.", "دفع 60 دولارًا."),
    ("a price of ¥900", "بسعر 900 يوان", "بسعر 900 دولار"),
    ("Add 250 ml of milk.", "أضف 250 مل من الحليب.", "أضف 250 لترًا من الحليب."),
    ("It is 20 square miles.", "مساحتها 20 ميلًا مربعًا.", "مساحتها 20 ميلًا مكعبًا."),
    ("It covers 300 hectares.", "تغطي 300 هكتار.", "تغطي 300 فدان."),
    ("The file is 20 MB.", "حجم الملف 20 ميغابايت.", "حجم الملف 20 جيجابايت."),
    ("A 12-volt battery.", "بطارية 12 فولت.", "بطارية 12 واط."),
    ("It has 200 calories.", "فيه 200 سعرة حرارية.", "فيه 200 غرام."),
    ("Wait thirty minutes.", "انتظر ثلاثين دقيقة.", "انتظر ثلاثين ساعة."),
]  # fmt: skip

# Real ways to say the same thing.
CLEAN = [
    ("About 100,000 people came.", "حضر نحو 100 ألف شخص."),
    ("It was set to be attended by 9,000 people.", "كان من المقرر أن يحضره 9 آلاف شخص."),
    ("It won in the 1995-96 season.", "فاز في موسم 1995-1996."),
    ("He wrote for Men's Health.", "كتب في Men&#39;s Health."),
    ("Fred has winds of 165 km/h and moves on.", "تبلغ سرعة رياح فريد 165 كم / ساعة ويتحرك."),
    ("A person who weighs 90kg here weighs 16kg there.", "من يزن 90 كجم هنا يزن 16 كجم هناك."),
    ("May I come on Sunday?", "هل يمكنني المجيء يوم أحد؟"),
    ("He made $1.5 million.", "ربح 1.5 مليون دولار."),
    ("The match ended 7-2 on 3 May.", "انتهت المباراة 7 - 2 في 3 أيار."),
    ("It was built in the 1480s.", "بُني في ثمانينيات القرن الخامس عشر."),
    ("I take the 10:30 train.", "أستقل قطار العاشرة والنصف."),
    ("The train leaves at quarter past five.", "يغادر القطار في الخامسة والربع."),
    ("We sold a dozen boxes in two days.", "بعنا اثني عشر صندوقًا في يومين."),
    ("Ten thousand people live on 5 hectares.", "يعيش 10 آلاف شخص على 5 هكتارات."),
    ("So 6 minus 5 is 1, and the inverse has $-1$.", "إذن 6 ناقص 5 تساوي 1، وفي المعكوس $-1$."),
    (
        "The determinant is $6 - 5 = 1$: \\begin{bmatrix} 3 & -1 \\end{bmatrix}",
        "المحدد هو $6 - 5 = 1$: \\begin{bmatrix} 3 & -1 \\end{bmatrix}",
    ),
    ("He was seventeen in 1939.", "كان في السابعة عشرة عام ألف وتسعمئة وتسعة وثلاثين."),
]


@pytest.mark.parametrize(("source", "good", "faulty"), FAULTS)
def test_one_changed_word_or_sign_is_told(source: str, good: str, faulty: str) -> None:
    assert check_numbers(source, good) == []
    found = check_numbers(source, faulty)
    assert found and all(v.check == "numbers" and v.detail for v in found)


@pytest.mark.parametrize(("source", "target"), CLEAN)
def test_other_ways_to_say_the_same_are_no_fault(source: str, target: str) -> None:
    assert check_numbers(source, target) == []


def test_another_language_than_arabic_is_judged_by_its_digits_alone() -> None:
    assert check_numbers("He paid 60 dollars on Monday.", "اس نے پیر کو 60 ڈالر ادا کیے۔", language="ur") == []
    assert check_numbers("He paid 60 dollars.", "اس نے 90 ڈالر ادا کیے۔", language="ur")


@given(st.integers(0, 10**12))
def test_a_number_has_one_spelling_in_all_digits_and_groupings(n: int) -> None:
    arabic = str.maketrans("0123456789,.", "٠١٢٣٤٥٦٧٨٩٬٫")
    grouped = f"{n:,}"
    for text in (str(n), grouped, grouped.translate(arabic), f"{n}.0".translate(arabic)):
        assert numbers(text) == [str(n)]
        assert canonical(str(n)) == str(n)


@pytest.mark.parametrize(
    "source",
    [
        "Three people and ſix dogs came.",
        "Twenty-ſix of three.",
        "Two thousand men, part İİ.",
        "It cost 5 bıllion.",
        "It cost 5 thouſand.",
    ],
)
def test_letters_that_only_unicode_takes_for_the_same_make_no_number_word(source: str) -> None:
    check_numbers(source, "جاء سبعة أشخاص و6 كلاب.")
