"""Persian, and an example of what a language's file needs.

Words are in the plain spelling of `normalise` unless the field says that they are looked for in the text as it stands.
Suffixes are joined to their word there, whether a zero-width non-joiner stood between them or not, so patterns are
open at their end. The lengths are those measured on Arabic; Persian writes its vowels a little more often, so they are
the more lenient. Months are those of the Gregorian calendar: a date that was converted is told as changed.
"""

from __future__ import annotations

import re

from processors.languages.alphabets import ARABIC_LENGTHS
from processors.languages.knowledge import Dates, LanguageKnowledge, Letters, Phrases, Questions, Units
from processors.languages.number_words import NumberWords

_MARKS = re.compile("[\u064b-\u065f\u0670\u0640\u200c-\u200f\u061c]")
_LETTERS = (("ي", "ی"), ("ى", "ی"), ("ك", "ک"), ("ة", "ه"), ("ۀ", "ه"), ("أ", "ا"), ("إ", "ا"), ("ٱ", "ا"))


def normalise(text: str) -> str:
    """Without vowel marks, tatweel, bidi marks and non-joiners; Persian letters in place of their Arabic twins.

    >>> normalise("كتاب‌هاي ما")
    'کتابهای ما'
    """
    text = _MARKS.sub("", text)
    for letter, plain in _LETTERS:
        text = text.replace(letter, plain)
    return text


# Each number that is one word; those of a word's other forms that `_forms` does not make.
_WORDS = {
    1: "یک", 2: "دو", 3: "سه", 4: "چهار", 5: "پنج", 6: "شش", 7: "هفت", 8: "هشت", 9: "نه", 10: "ده", 11: "یازده",
    12: "دوازده", 13: "سیزده", 14: "چهارده", 15: "پانزده", 16: "شانزده", 17: "هفده", 18: "هجده", 19: "نوزده",
    20: "بیست", 30: "سی", 40: "چهل", 50: "پنجاه", 60: "شصت", 70: "هفتاد", 80: "هشتاد", 90: "نود",
}  # fmt: skip
_OTHERS = {1: "اول نخست", 3: "سوم سومین", 18: "هیجده هیجدهم هیجدهمین", 30: "سیام سیامین"}
_SCALES = {
    "thousand": "هزار هزاران هزارم هزارها", "million": "میلیون میلیونها میلیونم",
    "billion": "میلیارد میلیاردها بیلیون", "trillion": "تریلیون تریلیونها",
}  # fmt: skip
_FRACTIONS = {"نیم": "half", "نیمی": "half", "نصف": "half", "ربع": "quarter", "ثلث": "third"}


def _forms() -> dict[str, tuple[str, int | str]]:
    forms: dict[str, tuple[str, int | str]] = {}
    for n, word in _WORDS.items():
        kind = "one" if n < 10 else "ten" if n < 20 else "tens"
        # The number, "-th", "the -th", and counting things ("three of them").
        found = [word + end for end in ("", "م", "مین", "تا")] + _OTHERS.get(n, "").split()
        forms |= dict.fromkeys(found, (kind, n))
    forms |= {word: ("scale", scale) for scale, words in _SCALES.items() for word in words.split()}
    return forms | {word: ("fraction", fraction) for word, fraction in _FRACTIONS.items()}


def _whole(words: str) -> str:
    """A stem for words that are too short to be looked for inside others."""
    return rf"(?<!\w)(?:{words})(?:م|مین|تا|بار)?(?!\w)"


_STEMS = {
    0: "صفر", 1: _whole("یک|اول|نخست"), 2: _whole("دو|هردو") + "|جفت|دوباره", 3: _whole("سه|سو") + "|ثلث",
    4: "چهار|ربع", 5: "پنج", 6: "شش", 7: "هفت", 8: "هشت", 9: _whole("نه"), 10: _whole("ده|دهه"),
    **{n: _WORDS[n] for n in range(11, 20)}, 12: "دوازده|ظهر|نیمه ?شب|دوجین", 15: "پانزده|ربع", 18: "ه[جی]ی?ده",
    30: _whole("سی") + "|نیم", 45: "ربع", 200: "دویست", 300: "سیصد", 500: "پانصد", 900: "نهصد",
}  # fmt: skip
NUMBERS = NumberWords(
    stems=_STEMS,
    parts={n: _STEMS[n] for n in range(1, 10)},
    tens={n: _whole(word) if n == 30 else word for n, word in _WORDS.items() if n >= 20},
    scales=((10**9, "میلیارد|بیلیون"), (10**6, "میلیون"), (1000, "هزار"), (100, "صد")),
    fractions={"5": "نیم|نصف", "25": "ربع|یک چهارم", "75": "سه چهارم|سه ربع", "33": "یک سوم|ثلث", "3": "یک سوم|ثلث"},
    forms=_forms(),
    word=re.compile(r"[\u0621-\u064a\u066e-\u06d3]+"),
    joined=frozenset({"و"}),
    scale_words=((1000, "هزار"), (10**6, "میلیون"), (10**9, "میلیارد")),
    fraction_words={
        "half": ("نیم", "نصف"),
        "quarter": ("ربع", "چهارم"),
        "third": ("سوم", "ثلث"),
        "twice": ("دو برابر", "دوبرابر", "دو بار", "دوبار", "دو چندان", "دوچندان"),
    },
    second="دوم|دو",
    afternoon="ظهر|عصر|غروب|شب|ساعت",
    century="قرن|سده",
    whole_day="شبانه ?روز|(?:تمام|کل|سراسر) روز",
    complete="نیم|نصف|کامل|تمام|همه|کل",
)

UNITS = Units(
    {
        # length
        "km": r"کیلو ?متر\w*|km",
        "mile": r"مایل\w*",
        "cm": r"سانتی ?متر\w*|سانت|cm",
        "mm": r"میلی ?متر\w*|mm",
        "m": r"متر\w*|m",
        "foot": r"فوت\w*|پا",
        "inch": r"اینچ\w*",
        "yard": r"یارد\w*",
        # mass
        "kg": r"کیلو ?گرم\w*|کیلو\w*|kg",
        "pound": r"پوند\w*|£",
        "gram": r"گرم\w*|g",
        "mg": r"میلی ?گرم\w*|mg",
        "ton": r"تن|تنی|تنها",
        "ounce": r"اونس\w*",
        # volume
        "litre": r"لیتر\w*",
        "ml": r"میلی ?لیتر\w*|سی ?سی|ml",
        "gallon": r"گالن\w*",
        "cup": r"فنجان\w*|پیمانه\w*|لیوان\w*",
        "spoon": r"قاشق\w*",
        # money
        "dollar": r"دلار\w*|\$|usd",
        "euro": r"یورو\w*|€|eur",
        "sterling": r"پوند\w*|استرلینگ|£|gbp",
        "yen": r"ین|¥",
        "yuan": r"یوان\w*|¥",
        "rupee": r"روپیه\w*",
        "riyal": r"ریال\w*",
        "dirham": r"درهم\w*",
        "dinar": r"دینار\w*",
        "rouble": r"روبل\w*",
        # share, temperature, dimension, area
        "percent": r"[%٪]|درصد\w*",
        "celsius": r"سانتی ?گراد|سلسیوس|℃|° ?c",
        "fahrenheit": r"فارنهایت|℉|° ?f",
        "square": r"مربع\w*|²",
        "cubic": r"مکعب\w*|³",
        "acre": r"جریب|ایکر|آکر",
        "hectare": r"هکتار\w*",
        # data
        "kilobyte": r"کیلو ?بایت\w*|kb",
        "megabyte": r"مگا ?بایت\w*|مگ|mb",
        "gigabyte": r"گیگا ?بایت\w*|گیگ|gb",
        "terabyte": r"ترا ?بایت\w*|tb",
        # time
        "hour": r"ساعت\w*",
        "minute": r"دقیقه\w*|دقایق",
        "second": r"ثانیه\w*",
        "day": r"روز\w*",
        "week": r"هفته\w*",
        "month": r"ماه\w*",
        "year": r"سال\w*",
        "century": r"قرن\w*|سده\w*",
    },
    unnamed={"temperature": "درجه|°"},
    percent="درصد",
    percent_signs=("درصد",),
)

DATES = Dates(
    months={
        "January": "ژانویه",
        "February": "فوریه",
        "March": "مارس",
        "April": "آوریل|اپریل",
        # "می" also begins most verbs.
        "May": r"مه|(?<=\d )می|(?<=ماه )می",
        "June": "ژو[ئی]ن|جون",
        "July": "ژو[ئی]یه|جولای",
        "August": "اوت|آگوست|اگوست",
        "September": "سپتامبر",
        "October": "اکتبر",
        "November": "نوامبر",
        "December": "دسامبر",
    },
    days={
        "Monday": r"دو ?شنبه\w*",
        "Tuesday": r"سه ?شنبه\w*",
        "Wednesday": r"چهار ?شنبه\w*",
        "Thursday": r"پنج ?شنبه\w*",
        "Friday": r"جمعه\w*|آدینه",
        "Saturday": r"شنبه\w*",
        "Sunday": r"یک ?شنبه\w*",
    },
    era=r"(?:پیش|قبل) از (?:میلاد|مسیح)|(?<!\w)ق\.? ?م(?!\w)",
    morning=r"صبح|بامداد|سحر|(?:پیش|قبل) از ظهر|شب|(?<=\d) ?ق\.? ?ظ|\b[Aa]\.?[Mm]\b",
    evening=r"ظهر|عصر|غروب|شب|(?<=\d) ?ب\.? ?ظ|\b[Pp]\.?[Mm]\b",
    only_morning=r"صبح|بامداد",
    only_evening=r"بعد ?از ?ظهر|عصر|غروب",
)

PHRASES = Phrases(
    signs=("ترجمه", "فارسی", "آیا ", "امیدوارم", "لطفا", "اگر "),
    echo=r"^\W{0,6}[^\n.؟:]{0,60}?(?:ترجمه|به (?:زبان )?فارسی)[^\n.؟:]{0,45}(?:[:：]|\W{0,4}\n)"
    r"|^\W{0,4}(?:حتما|البته|بله|باشه|در اینجا|در ادامه)[^\n]{0,40}ترجمه|^\W{0,3}[(\[]ترجمه[)\]]",
    echo_signs=("ترجمه", "فارسی"),
    label=re.compile(r"^\W{0,4}(?:پاسخ|جواب|ترجمه|متن (?:اصلی|فارسی)|خروجی|نتیجه)\W{0,3}[:：]"),
    note=re.compile(r"\n\W{0,6}(?:یادداشت|توجه|نکته|توضیح)(?: مترجم)?\W{0,4}:"),
    service=re.compile(
        r"آیا [^\n.؟]{0,50}(?:ترجمه|کمک)|امیدوارم [^\n.]{0,40}(?:ترجمه|مفید|کمک)"
        r"|(?:لطفا|اگر )[^\n.]{0,60}(?:به من بگویید|اطلاع دهید|بپرسید)"
    ),
    service_signs=("ترجمه", "کمک", "مفید", "بگویید", "اطلاع دهید", "بپرسید"),
    translating="ترجمه",
    refusal_signs=(
        "متاسف",
        "متأسف",
        "ببخشید",
        "پوزش",
        "معذرت",
        "توانم",
        "قادر",
        "مدل زبانی",
        "مصنوعی",
        "ترجمه",
        "نقض",
    ),
    refusal=r"(?:متاسف|ببخشید|پوزش|معذرت)[^.\n]{0,50}(?:نمی ?توان|قادر نیست|امکان(?:پذیر)? نیست)"
    r"|(?:نمی ?توانم|قادر نیستم)[^.\n]{0,40}(?:ترجمه|کمک|پاسخ|انجام|ارائه)"
    r"|ترجمه[^.\n]{0,30}(?:نمی ?توانم|قادر نیستم|امکان ?پذیر نیست)"
    r"|این (?:درخواست|متن|محتوا)\w*[^.\n]{0,20}(?:نقض|مغایر|خلاف)"
    r"|لطفا[^.\n]{0,20}متن[^.\n]{0,40}ترجمه[^.\n]{0,25}(?:ارسال|بفرست|ارائه|وارد)",
    model=r"به ?عنوان یک (?:مدل|هوش|دستیار)|من (?:فقط |صرفا )?یک (?:مدل زبانی|هوش مصنوعی|دستیار)",
    flag=re.compile(r"(?<![\w/])/\s?(?:بدون[_ ])?(?:فکر|تفکر)"),
)  # fmt: skip

QUESTIONS = Questions(
    asks=re.compile(r"(?<!\w)(?:آیا|چرا|چطور|چگونه|چه|چی|چیست|کجا|کجاست|کی|کیست|چند|چقدر|کدام|مگر)(?!\w)"),
    requests={
        "write": "نوشت|نویس|نگار",
        "explain": "توضیح|شرح|تشریح|تبیین",
        "describe": "توصیف|شرح|توضیح",
        "summarize": "خلاصه",
        "summarise": "خلاصه",
        "list": "فهرست|لیست|نام ببر|ذکر|برشمار|نویس",
        "translate": "ترجمه|برگردان",
        "create": "ساز|ساخت|ایجاد|خلق|طراحی|نویس|تهیه|درست",
        "generate": "تولید|ایجاد|ساز|نویس",
        "compare": "مقایسه|قیاس",
        "discuss": "بحث|گفت ?و ?گو|بررسی",
        "rewrite": "بازنویس|دوباره|از نو",
        "edit": "ویرایش|اصلاح",
        "identify": "شناسایی|مشخص|تعیین|تشخیص",
        "suggest": "پیشنهاد|توصیه",
        "calculate": "محاسبه|حساب",
        "design": "طراحی|طرح",
    },
)

PERSIAN = LanguageKnowledge(
    code="fa",
    script="Arab",
    name="Persian",
    stem="(?:Persian|Farsi)",
    normalise=normalise,
    lengths=ARABIC_LENGTHS,
    letters=Letters(
        foreign=re.compile("[\u0679\u0688\u0691\u06ba\u06d2\u06c1\u06be\u0629\u0649\u0625]"),
        word=re.compile(r"[\u0620-\u065f\u066e-\u06ff]+"),
        foreign_words=re.compile(r"(?<!\w)(?:في|على|إلى|التي|الذي|هذا|هذه|ذلك|ہے|ہیں|میں|نہیں)(?!\w)"),
        whose="Arabic or Urdu",
    ),
    dangling=frozenset(["و", "در", "از", "به", "با", "که", "برای", "تا", "یا", "اما", "این", "آن", "هر", "چون"]),
    numbers=NUMBERS,
    below_zero=re.compile(r"منفی|زیر صفر|minus|[-−–]\s?\d|\d\s?[-−–](?!\d)"),
    units=UNITS,
    dates=DATES,
    phrases=PHRASES,
    questions=QUESTIONS,
)
