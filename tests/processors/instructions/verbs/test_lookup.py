"""Verbs by hand, of each form and each kind of root, and words that are none."""

import pytest

from processors.instructions.verbs import tenses

PAST = (
    "ذهب ذهبت ذهبوا ذهبنا كتبته وقف وقفت وعدنا قال قالت قلت قالوا باع بعت نام نمت خاف دعا دعوت دعوا رمى رمت رماها نسي "
    "نسوا بقيت مدّ مددت كلّم قدّمت ربّى حاول ساعدها نادى أرسل أرسلوا أراد أردت أعطى أعطاه أحبّ أحببت تعلّم تمنّت "
    "تعاون تساوى انطلق انكسرت انضمّ اجتمع اتصل اتصلت اصطدم اضطرب ازدهر ادّعى اختار اخترنا اشترى اهتمّ استخدم استطاع "
    "استراح استعدّ احمرّ رأى رأيت جاء جاءت أخذ أكلنا قرأ بدأت سأل ترجم سيطرت وَكَتَبَ فذهب ليس لست كانا وكان صرّحت وتابع "
    "تبيّن تبيّنت تأسست ازداد قطّعت"
)
PRESENT = (
    "يذهب تذهبين يذهبون نكتب أكتب يكتبها يقف تصل يقول يقولون يقلن يبيع ينام يخاف يدعو يدعون يرمي ينسى يبقون يمدّ يمددن "
    "يكلّم تقدّم يربّي يحاول يساعدهم ينادي نرسل يريد أريد يعطي يحب يتعلم يتمنى يتعاون ينطلق ينضم يجتمع يتصل يصطدم يزدهر "
    "يختار يشتري يهتم يستخدم يستطيع يستعد يحمرّ يرى نرى يجيء يأخذ يقرأ يبدأ سأكتب سيذهب "
    "ستقولون وتساعد فيقول ليكن آكل تتعارض ويشترط تطفو ينبغي سيزداد "
    "يتبيّن تتأسس يقطّع"
)
IMPERATIVE = (
    "اكتب اكتبي اكتبوا اذهب قف صل ضع قل قولوا بع نم ادع ارم انس مدّ كلّم قدّموا حاول ساعد أرسل أعط أعطني تعلّم تعاونوا "
    "انطلق اجتهد اتصل اختر اشتر استخدم استعدّ استمع خذ كل اقرأ ابدأ اسأل ترجم تذكّر راجع وانتظر فاصبر جفّف جفف قطّع قشّري"
)
OTHERS = (
    "المدرسة رجل مدينةٌ كتابٌ الطالب هذا هذه الذي في من على إلى عن بعد قبل بين عند لكن إن أن ثم قد لم لن سوف يوم يد "
    "يمين يناير أحمد أكبر أفضل اسم إنسان اليوم هناك نحن هو انطلاق استخدام اجتماع تعليم تعاونٌ مكتبة سيارة سياسة "
    "نار تاريخ التمر الثاني خلال حول جميلة وفي ولا ولم إنها لديها المهم تأسيس بيان قطعة ازدياد جفاف"
)


@pytest.mark.parametrize(("tense", "words"), [("past", PAST), ("present", PRESENT), ("imperative", IMPERATIVE)])
def test_verbs_are_known_in_their_tense(tense: str, words: str) -> None:
    assert not [word for word in words.split() if tense not in tenses(word)]


def test_other_words_are_no_verbs() -> None:
    assert not [(word, sorted(tenses(word))) for word in OTHERS.split() if tenses(word)]


def test_hamza_tells_i_write_from_write() -> None:
    assert (tenses("أكتب"), tenses("اكتب")) == ({"present"}, {"imperative"})
    # One that is left out, where nothing else is written so.
    assert "past" in tenses("اعطيت")


def test_a_word_that_may_be_a_noun_too_counts_as_a_verb() -> None:
    for word in ("كتب", "علم", "درس", "ذهب", "حكم"):
        assert "past" in tenses(word)
