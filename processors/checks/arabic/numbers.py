"""A number and the noun that it counts: one and two, 3 to 10, 11 to 99, hundreds and thousands.

3 to 10 take a plural and the opposite gender, 11 to 99 one in the accusative, 100 and above one in the genitive. Only
a common noun with a form of its own is judged (`nouns.json`), directly behind its number and without an article.
Digits say no gender, and behind them units stay as they are and the alif of the accusative is often left out: there
only the number of the noun is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from processors.checks.arabic.mistake import Mistake
from processors.checks.arabic.prose import LETTER, MARK, Word, bare
from processors.checks.arabic.words import NounForm, nouns

# 3 to 10 beside masculine nouns and beside feminine ones.
_UNITS = (
    ("ثلاثة", "ثلاث"), ("أربعة", "أربع"), ("خمسة", "خمس"), ("ستة", "ست"), ("سبعة", "سبع"), ("ثمانية", "ثماني"),
    ("تسعة", "تسع"),    ("عشرة", "عشر"), ("ثمانية", "ثمان"),
)  # fmt: skip
_FOR_FEMININE = dict(reversed(_UNITS))
_FOR_MASCULINE = {feminine: masculine for masculine, feminine in _UNITS}
# A fifth, a seventh, a ninth and a tenth are written like them.
_SHARES = frozenset(["خمس", "سبع", "تسع", "عشر"])
_STEMS = ("ثلاث", "أربع", "خمس", "ست", "سبع", "ثمان", "تسع")
_TENS = frozenset(f"{stem}{end}" for stem in ("عشر", *_STEMS) for end in ("ون", "ين"))
_HUNDREDS = frozenset(f"{stem}{hundred}" for stem in ("", *_STEMS, "ثماني") for hundred in ("مئة", "مائة"))
_THOUSANDS = ("ألف", "ألفا", "ألفي", "آلاف", "مليون", "مليوني", "مليونا", "ملايين", "مليار", "مليارات")
_LARGE = _HUNDREDS | {"مئتا", "مئتي", "مائتا", "مائتي", *_THOUSANDS}
_TWO = frozenset(["اثنان", "اثنين", "اثنتان", "اثنتين"])
# The first word of 11 and 12 -> whether it is the feminine one.
_TEEN_UNITS = {"أحد": False, "إحدى": True, "اثنا": False, "اثني": False, "اثنتا": True, "اثنتي": True}
_TEEN_UNITS |= dict.fromkeys(_FOR_FEMININE, False) | dict.fromkeys(_FOR_MASCULINE, True)
# Forms that are other words as well: "in 2003 he wrote", a family, beauty.
_OTHER_WORDS = frozenset(
    ["كتب", "كتبا", "صور", "قطع", "نسب", "فرق", "نسخ", "حصص", "أسود", "أسرة", "جمال", "قصص", "ألف", "عمل", "جزر"]
)
# A figure behind these is a name: page 30, year 15.
_LABELS = frozenset(
    ["عام", "سنة", "رقم", "صفحة", "الصفحة", "المادة", "مادة", "الفصل", "فصل", "السؤال", "سؤال",
     "الباب", "البند", "القسم", "الجزء", "الساعة", "الخطوة", "الشكل", "الجدول",
     "المثال", "الدرس", "التمرين", "المسألة", "الطبعة", "الحلقة", "الموسم"]
)  # fmt: skip
# The first half of a number, also of an ordinal or with the article, before its ten.
_HALF = re.compile("ثلاث|ثالث|أربع|رابع|خامس|خمس|سادس|ست|سا?بع|ثما?[انم]|تا?سع|ثان|حاد|اثن|إحد|أحد")
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩", "0123456789")
_FIGURE = re.compile(
    rf"(?<![\w.,٫٬:/+\-–−%$€£=×*^])(?P<figure>[0-9٠-٩]{{1,6}})[ \u00a0](?P<noun>[{LETTER}][{LETTER}{MARK}]+)(?![\w-])"
)
_LABEL = re.compile(rf"[{LETTER}]+(?=[ \u00a0]\Z)")
# The longest label, and the space behind it.
_LOOK_BACK = 9
_ANY_FIGURE = re.compile("[0-9٠-٩]")
_NUMBERS = frozenset([*_TEEN_UNITS, *_TENS, *_LARGE, *_TWO])
_BEFORE = ("", "و", "ف", "ب", "ل", "ك")
# A number word with what is written before it -> the number word.
_READ = {before + word: word for word in _NUMBERS for before in _BEFORE if not (before == "ل" and word == "ست")}
_YEAR = range(1200, 2200)


def is_number(word: str) -> bool:
    """Whether a bare word is a number that counts a noun."""
    return word in _READ or word in ("واحد", "واحدة")


def numbers(string: str, words: Sequence[Word]) -> Iterator[Mistake]:
    """Nouns behind a number in words that ask for another form of either."""
    for place, word in enumerate(words):
        number = _READ.get(word.bare)
        if number is not None:
            yield from _counted(string, words, place, number)
        elif word.bare in ("واحد", "واحدة") and place:
            yield from _one(string, words[place - 1], word, words[place - 2 : place - 1])


def figures(string: str) -> Iterator[Mistake]:
    """Nouns behind a number in digits that ask for another form."""
    if _ANY_FIGURE.search(string):
        known = nouns()
        for m in _FIGURE.finditer(string):
            forms = known.get(bare(m["noun"]), ())
            if not forms or bare(m["noun"]) in _OTHER_WORDS:
                continue
            label = _LABEL.search(string, max(m.start() - _LOOK_BACK, 0), m.start())
            if label and label[0] in _LABELS:
                continue
            expected = _behind_figure(int(m["figure"].translate(_DIGITS)), m["figure"], forms)
            if expected:
                start = m.start("figure")
                yield Mistake("number_noun", start, m.end(), string[start : m.end()], expected)


def _counted(string: str, words: Sequence[Word], place: int, number: str) -> Iterator[Mistake]:
    following = _adjacent(string, words, place)
    if not following:
        return
    second = following[0]
    if second.bare in ("عشر", "عشرة") and number in _TEEN_UNITS:
        yield from _teen(string, words[place], second, following[1:], number)
        return
    if second.bare[0] == "و" and second.bare[1:] in _TENS and number in _TEEN_UNITS:
        noun = following[1] if len(following) > 1 else None
        feminine = _TEEN_UNITS[number]
        if noun and number not in ("أحد", "إحدى") and _gender(noun) == (not feminine):
            other = _FOR_MASCULINE.get(number) or _FOR_FEMININE.get(number, "")
            if other:
                yield _told(string, words[place], noun, f"{other} {second.bare} {noun.bare}")
        return
    forms = nouns().get(second.bare, ())
    if not forms or second.bare in _OTHER_WORDS:
        return
    expected = None
    if number in _FOR_FEMININE or number in _FOR_MASCULINE:
        expected = _few(number, forms)
    elif number in _TENS:
        expected = _tens(number, forms)
    elif number in _TWO:
        expected = f"{_two(forms[0])}"
    elif number in _LARGE:
        expected = _large(number, forms)
    if number in ("عشر", "عشرة") and place and _HALF.search(words[place - 1].bare):
        return
    if expected:
        yield _told(string, words[place], second, words[place].bare[: -len(number)] + expected)


def _few(number: str, forms: Sequence[NounForm]) -> str | None:
    """What 3 to 10 and their noun should be; None if they are right or may be."""
    first = forms[0]
    with_feminine = number in _FOR_MASCULINE
    right = number
    if all(form.feminine != with_feminine for form in forms):
        right = _FOR_MASCULINE[number] if with_feminine else _FOR_FEMININE[number]
    wrong_noun = all(form.number != "many" for form in forms)
    if wrong_noun and number in _SHARES and first.measure:
        return None
    return f"{right} {first.plural}" if wrong_noun or right != number else None


def _tens(number: str, forms: Sequence[NounForm]) -> str | None:
    """After 11 to 99: one, in the accusative."""
    if any(form.number == "accusative" or (form.number == "one" and form.noun[-1] in "ةىاء") for form in forms):
        return None
    return f"{number} {_accusative(forms[0])}"


def _large(number: str, forms: Sequence[NounForm]) -> str | None:
    """After hundreds and thousands: one, in the genitive. "He wrote a book" looks like a thousand of them."""
    if any(form.number == "one" for form in forms) or (number in ("ألف", "ألفا") and forms[0].number == "accusative"):
        return None
    return f"{number} {forms[0].noun}"


def _two(form: NounForm) -> str:
    stem = f"{form.noun[:-1]}ت" if form.noun.endswith("ة") else form.noun
    return f"{stem}ان / {stem}ين"


def _accusative(form: NounForm) -> str:
    return form.noun if form.noun[-1] in "ةىاء" else f"{form.noun}ا"


def _behind_figure(value: int, figure: str, forms: Sequence[NounForm]) -> str | None:
    first, rest = forms[0], value % 100
    many = all(form.number in ("many", "nominative") for form in forms)
    single = all(form.number in ("one", "accusative") for form in forms)
    if first.measure or (value in _YEAR and len(figure) == 4):
        return None
    if 3 <= rest <= 10 and value < 1000:
        wrong = single or all(form.number == "nominative" for form in forms)
        return f"{figure} {first.plural}" if wrong else None
    if rest > 10:
        return f"{figure} {_accusative(first)}" if many else None
    if rest == 0 and value:
        wrong = many or all(form.number == "accusative" for form in forms)
        return f"{figure} {first.noun}" if wrong else None
    if value == 2:
        return _two(first) if many or single else None
    return first.noun if value == 1 and many else None


def _teen(string: str, unit: Word, ten: Word, following: Sequence[Word], number: str) -> Iterator[Mistake]:
    """11 to 19: both halves, then one in the accusative, of the gender that they say."""
    feminine = _TEEN_UNITS[number]
    right = "عشرة" if feminine else "عشر"
    forms = nouns().get(following[0].bare, ()) if following else ()
    if not forms or following[0].bare in _OTHER_WORDS:
        if ten.bare != right:
            yield _told(string, unit, ten, f"{number} {right}")
        return
    noun, first = following[0], forms[0]
    wanted, ending = number, right
    if all(form.feminine != feminine for form in forms):
        wanted = (_FOR_MASCULINE if feminine else _FOR_FEMININE).get(number, number)
        ending = "عشر" if feminine else "عشرة"
        if wanted == number:
            wanted = {
                "أحد": "إحدى",
                "إحدى": "أحد",
                "اثنا": "اثنتا",
                "اثني": "اثنتي",
                "اثنتا": "اثنا",
                "اثنتي": "اثني",
            }[number]
    good = _tens(number, forms) is None
    if wanted != number or ten.bare != ending or not good:
        yield _told(string, unit, noun, f"{wanted} {ending} {noun.bare if good else _accusative(first)}")


def _one(string: str, noun: Word, one: Word, before: Sequence[Word]) -> Iterator[Mistake]:
    """A noun and "one" behind it, which has its gender. "One for each city" is something else."""
    forms = nouns().get(noun.bare, ())
    feminine = one.bare == "واحدة"
    if (
        not forms
        or string[noun.end : one.start].strip(" \u00a0")
        or (before and before[0].bare.endswith("كل"))
        or string.startswith((" من", " في", " ل"), one.end)
        or noun.bare in _OTHER_WORDS
    ):
        return
    if all(form.number in ("one", "accusative") and form.feminine != feminine for form in forms):
        yield _told(string, noun, one, f"{noun.bare} {'واحدة' if not feminine else 'واحد'}")


def _gender(noun: Word) -> bool | None:
    """Whether a noun is feminine; None where nobody knows."""
    genders = {form.feminine for form in nouns().get(noun.bare, ())}
    return genders.pop() if len(genders) == 1 else None


def _adjacent(string: str, words: Sequence[Word], place: int) -> Sequence[Word]:
    """The next two words, as far as only a space is between."""
    found = []
    for one, other in zip(words[place : place + 2], words[place + 1 : place + 3], strict=False):
        if string[one.end : other.start] not in (" ", "\u00a0"):
            break
        found.append(other)
    return found


def _told(string: str, first: Word, last: Word, expected: str) -> Mistake:
    return Mistake("number_noun", first.start, last.end, string[first.start : last.end], expected)
