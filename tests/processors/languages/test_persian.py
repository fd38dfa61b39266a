"""Persian: correct translations raise no alarm, faults do, and what is known of Arabic does not matter here."""

import pytest

from processors.checks.pairs.verdict import Verdict
from processors.checks.run import check_chunk, check_pair, has_hard

GOOD = [
    ("He left ten minutes ago.", "او ده دقیقه پیش رفت."),
    ("They walked 12 km on Monday.", "آنها روز دوشنبه ۱۲ کیلومتر پیاده‌روی کردند."),
    ("She was born on April 12, 1990.", "او در ۱۲ آوریل ۱۹۹۰ به دنیا آمد."),
    ("The shop opens at 9 a.m. and closes at 6 p.m.", "مغازه ساعت ۹ صبح باز می‌شود و ساعت ۶ عصر می‌بندد."),
    ("He is thirty-five years old and has three children.", "او سی و پنج سال دارد و سه فرزند دارد."),
    ("Bake it at 180°C for 25 minutes.", "آن را ۲۵ دقیقه در دمای ۱۸۰ درجهٔ سانتی‌گراد بپزید."),
    ("Sales rose by 15 percent last year.", "فروش در سال گذشته ۱۵ درصد افزایش یافت."),
    ("About 5,000 people live in the village.", "حدود ۵ هزار نفر در این روستا زندگی می‌کنند."),
    ("The price is 250 dollars.", "قیمت آن ۲۵۰ دلار است."),
    ("Where did you buy this book?", "این کتاب را از کجا خریدی؟"),
    ("Write a short story about a lonely fisherman.", "داستان کوتاهی دربارهٔ ماهی‌گیری تنها بنویسید."),
    ("I'm sorry, I can't help you with that today.", "متأسفم، امروز نمی‌توانم در این مورد به شما کمک کنم."),
    ("Here is the translation of the poem you asked for:\nThe moon is high.",
     "این ترجمهٔ شعری است که خواسته بودید:\nماه در اوج است."),
    ("World War II ended in 1945.", "جنگ جهانی دوم در سال ۱۹۴۵ پایان یافت."),
    ("Half of the class failed the second exam.", "نیمی از کلاس در امتحان دوم مردود شدند."),
    ("The nineteenth century changed everything.", "قرن نوزدهم همه‌چیز را تغییر داد."),
    ("It was minus 20 degrees outside.", "دمای بیرون ۲۰ درجه زیر صفر بود."),
    ("Use `pip install numpy` and read https://numpy.org before you start.",
     "پیش از شروع، از `pip install numpy` استفاده کنید و https://numpy.org را بخوانید."),
    ("1. Wash the rice.\n2. Boil the water.\n3. Add two spoons of salt.",
     "۱. برنج را بشویید.\n۲. آب را بجوشانید.\n۳. دو قاشق نمک اضافه کنید."),
    ("Between 340 million and 500 million people speak the language.",
     "بین ۳۴۰ میلیون تا ۵۰۰ میلیون نفر به این زبان سخن می‌گویند."),
    ("The meeting on Tuesday lasted two and a half hours.", "جلسهٔ سه‌شنبه دو ساعت و نیم طول کشید."),
    ("As a teacher, she explains each step three times.", "او به عنوان معلم هر مرحله را سه بار توضیح می‌دهد."),
]  # fmt: skip
# (source, target, check): one fault each.
FAULTY = [
    ("He left ten minutes ago.", "او پنج دقیقه پیش رفت.", "numbers"),
    ("They walked 12 km on Monday.", "آنها روز دوشنبه ۱۲ مایل پیاده‌روی کردند.", "numbers"),
    ("They walked 12 km on Monday.", "آنها روز جمعه ۱۲ کیلومتر پیاده‌روی کردند.", "numbers"),
    ("She was born on April 12, 1990.", "او در ۱۲ اوت ۱۹۹۰ به دنیا آمد.", "numbers"),
    ("The shop opens at 9 a.m.", "مغازه ساعت ۹ عصر باز می‌شود.", "numbers"),
    ("He is thirty-five years old.", "او سی و شش سال دارد.", "numbers"),
    ("The price is 250 dollars.", "قیمت آن ۲۵۰ یورو است.", "numbers"),
    ("They waited for millions of years.", "آنها میلیاردها سال صبر کردند.", "numbers"),
    ("It was minus 20 degrees outside.", "دمای بیرون ۲۰ درجه بود.", "numbers"),
    ("The river is wide and cold.", "متأسفم، نمی‌توانم این متن را ترجمه کنم.", "refusal"),
    ("The river is wide and cold.", "به عنوان یک مدل زبانی نمی‌توانم کمک کنم.", "refusal"),
    ("The river is wide and cold.", "I'm sorry, I can't translate this text.", "refusal"),
    ("The river is wide and cold.", "ترجمهٔ متن به فارسی:\nرودخانه پهن و سرد است.", "prompt_echo"),
    ("The river is wide and cold.", "Here is the Persian translation:\nرودخانه پهن و سرد است.", "prompt_echo"),
    ("The river is wide and cold.", "رودخانه پهن و سرد است.<fa>", "prompt_echo"),
    ("The boys of the town are in the school today.", "شہر کے لڑکے آج سکول میں ہیں", "script"),
    ("Write a short story about a lonely fisherman.", "ماهی‌گیری تنها هر روز صبح به دریا می‌رفت.", "answered"),
]


def check(source: str, target: str) -> list[Verdict]:
    return check_pair(source, target, script="Arab", language="fa")


@pytest.mark.parametrize(("source", "target"), GOOD)
def test_a_correct_translation_raises_no_alarm(source: str, target: str) -> None:
    assert check(source, target) == []
    assert check_chunk(source, target, script="Arab", language="fa") is None


@pytest.mark.parametrize(("source", "target", "name"), FAULTY)
def test_a_fault_is_told_by_its_check(source: str, target: str, name: str) -> None:
    assert name in {verdict.check for verdict in check(source, target)}


@pytest.mark.parametrize(
    "target",
    [
        # "Sorry" and "one" of Arabic are parts of Persian words.
        "او سه بار به ترجمه‌ی متن گوش داد.",
        "پدرش اسفند ماه به خانه آمد.",
    ],
)
def test_letters_that_are_wrong_in_arabic_are_right_here(target: str) -> None:
    source = "He listened to the translation of the text three times." if "سه" in target else "His father came home."
    assert check(source, target) == []
    assert any(verdict.check == "script" for verdict in check_pair(source, target))


def test_arabic_phrases_and_numbers_are_unknown_in_persian() -> None:
    refused = "عذرا، لا استطيع مساعدتك"
    assert has_hard(check_pair("The river is wide and cold.", refused))
    assert "refusal" not in {verdict.check for verdict in check("The river is wide and cold.", refused)}
    # "خمسة" spells 5 in Arabic alone.
    assert check_pair("There were 25 boys.", "كان هناك خمسة وعشرون ولدا.") == []
    assert "numbers" in {verdict.check for verdict in check("There were 25 boys.", "خمسة وعشرون پسر آنجا بودند.")}


def test_without_a_file_a_language_is_checked_by_what_any_text_shows() -> None:
    assert check_pair("He left ten minutes ago.", "وہ پانچ منٹ پہلے چلا گیا۔", script="Arab", language="ur") == []
    assert check_pair("He paid 60 dollars.", "اس نے 90 ڈالر ادا کیے۔", script="Arab", language="ur")
