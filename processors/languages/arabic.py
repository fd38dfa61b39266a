"""Arabic: Modern Standard, with the everyday words that translators use.

Words are in the plain spelling of `normalise` (no vowel marks, one form of alif, yeh and teh marbuta) unless the field
says that they are looked for in the text as it stands. Prepositions and the article are written with the word behind
them; so are pronouns, which is why most patterns are open at their end.
"""

from __future__ import annotations

import re

from processors.languages.alphabets import ARABIC_LENGTHS
from processors.languages.arabic_phrases import DENIALS, OPENERS, PHRASES, QUESTIONS
from processors.languages.knowledge import Dates, LanguageKnowledge, Letters, Units
from processors.languages.number_words import NumberWords

_MARKS = re.compile("[\u064b-\u065f\u0670\u0640\u200e\u200f\u061c]")
_LETTERS = (("أ", "ا"), ("إ", "ا"), ("آ", "ا"), ("ٱ", "ا"), ("ى", "ي"), ("ة", "ه"))


def normalise(text: str) -> str:
    """Without vowel marks, tatweel and bidi marks; one form of alif, yeh and teh marbuta.

    >>> normalise("إِلَى المَدْرَسَة")
    'الي المدرسه'
    """
    text = _MARKS.sub("", text)
    # Several times as fast as str.translate, which looks at every character.
    for letter, plain in _LETTERS:
        text = text.replace(letter, plain)
    return text


_TEN_STEMS = ("عشر", "ثلاث", "اربع", "خمس", "ست", "سبع", "ثمان", "تسع")
_ONES = {
    1: "احدي احد حادي حاديه واحد واحده", 2: "اثنا اثني اثنان اثنين اثنه اثنتا اثنتي اثنتان اثنتين ثاني ثانيه ثان",
    3: "ثلاث ثلاثه ثالث ثالثه ثالثا", 4: "اربع اربعه رابع رابعه رابعا", 5: "خمس خمسه خامس خامسه خامسا",
    6: "ست سته سادس سادسه سادسا", 7: "سبع سبعه سابع سابعه سابعا", 8: "ثمان ثماني ثمانيه ثامن ثامنه ثامنا",
    9: "تسع تسعه تاسع تاسعه تاسعا",
}  # fmt: skip
_SCALE_FORMS = {
    "thousand": "الف الفا الفي الفين الفان الاف",
    "million": "مليون مليونا مليوني مليونين مليونان ملايين",
    "billion": "مليار مليارا مليارات ملياري مليارين ملياران بليون بليونا بليوني بليونين بلايين",
    "trillion": "تريليون تريليونا تريليونات تريليوني تريليونين",
}
_FRACTIONS = {"نصف": "half", "ربع": "quarter", "ارباع": "quarter", "ثلث": "third"}
_PREFIXES = ("", "ال", "ب", "بال", "ل", "لل", "ك", "كال")
_PRONOUNS = ("", "ي", "ا", "ين", "ان", "ه", "ها", "هم", "نا", "انا", "كم")


def _forms() -> dict[str, tuple[str, int | str]]:
    """Every number word, with the articles and prepositions that are written with it: its kind and value."""
    bare: dict[str, tuple[str, int | str]] = {}
    for stem, fraction in _FRACTIONS.items():
        bare |= {stem + pronoun: ("fraction", fraction) for pronoun in _PRONOUNS}
    bare |= {word: ("one", n) for n, words in _ONES.items() for word in words.split()}
    bare |= dict.fromkeys(("عشر", "عشره", "عاشر", "عاشره", "عاشرا"), ("ten", 10))
    bare |= {f"{stem}{end}": ("tens", n * 10) for n, stem in enumerate(_TEN_STEMS, 2) for end in ("ون", "ين")}
    bare |= {word: ("scale", scale) for scale, words in _SCALE_FORMS.items() for word in words.split()}
    prefixed = {prefix + word: found for word, found in bare.items() for prefix in _PREFIXES}
    # "لست" is "I am not", and "كست" has covered.
    for word in ("لست", "كست"):
        del prefixed[word]
    # "ثم أربعًا": without the article, with which two of them are days.
    indefinite = "ثلاثا اربعا خمسا ستا سبعا ثمانيا تسعا"
    prefixed |= {word: ("one", n) for n, word in enumerate(indefinite.split(), 3)} | {"عشرا": ("ten", 10)}
    return {join + word: found for word, found in prefixed.items() for join in ("", "و", "ف")} | bare


_STEMS = {
    0: "صفر",
    1: "واحد|احد|اول|حادي|مره",
    2: "اثن|ثان|ثنت|زوج|كلا|كلت|ضعف|مرتين|ين|ان|وي|تا",
    3: "ثلاث|ثالث|ثلث|ثلاثا",
    4: "اربع|رابع|ربع|رباع",
    5: "خمس|خامس|خماس",
    6: "ست|سادس|سدس|سداس",
    7: "سبع|سابع|سباع",
    8: "ثمان|ثامن|ثمن",
    9: "تسع|تاسع",
    10: "عشر|عاشر|عقد|عقود",
    12: "دزين|ظهر|ليل",
    15: "ربع",
    20: "ثلث",
    30: "نصف|ونص|ربع|ثلث",
    45: "نصف|ونص|ربع|ثلث",
}
NUMBERS = NumberWords(
    stems=_STEMS,
    # The dual's endings say "two" of a noun, not inside a compound.
    parts={n: _STEMS[n].replace("|ين|ان|وي|تا", "") for n in range(1, 10)},
    ten="عشر",
    tens={
        20: "عشرين|عشرون",
        30: "ثلاثين|ثلاثون",
        40: "اربعين|اربعون",
        50: "خمسين|خمسون|منتصف|نصف",
        60: "ستين|ستون",
        70: "سبعين|سبعون",
        80: "ثمانين|ثمانون",
        90: "تسعين|تسعون",
    },
    scales=((10**9, "مليار|بليون|بلايين"), (10**6, "مليون|ملايين"), (1000, "الف|الاف"), (100, "مئ|مائ|ميه|مءه")),
    fractions={
        "5": "نصف|ونص",
        "25": "ربع",
        "75": "ارباع|الا ربع",
        "33": "ثلث",
        "3": "ثلث",
        "67": "ثلثي|ثلثا",
        "2": "خمس",
        "20": "خمس|اخماس",
        "40": "خمسي|خمسا",
        "60": "اخماس",
        "80": "اخماس",
        "10": "عشر",
    },
    shares=((0.001, "الف|الاف"), (0.01, "مئ|مائ")),
    forms=_forms(),
    word=re.compile(r"[ء-ي]+"),
    teens=frozenset({"عشر", "عشره"}),
    joined=frozenset({"و"}),
    ones_first=True,
    scale_words=(
        (1000, "الف"), (1000, "الاف"), (10**6, "مليون"), (10**6, "ملايين"), (10**9, "مليار"), (10**9, "بليون"),
    ),
    fraction_words={
        "half": ("نصف", "منتصف", "وسط"),
        "quarter": ("ربع", "ارباع"),
        "third": ("ثلث", "ثالث"),
        "twice": ("مرتين", "مرتان", "ضعف", "مثلي", "مثلا", "ثاني", "اثن", "اخري"),
    },
    second="ثان|اثن|ثنت",
    thousands="الاف|الوف|ملايين|بلايين|مليارات",
    two=r"ثان|اثن|ثنت|زوج|كلا|كلت|ضعف|مثن|معا|\w{2,}(?:ان|ين|تا|تي)(?!\w)|(?:الف|مليون|مليار)[اي](?!\w)"
    r"|\w{3,}ي(?:ه|ها|هم|هما|ك|كم|نا)?(?!\w)",
    afternoon="ساع|مساء|ليل|ظهر|عصر",
    decade="[يا]",
    century="قرن",
    whole_day="(?:طوال|طيله|مدار) (?:ال)?(?:يوم|ساع)|يوم كامل|نهار",
    complete="نصف|كامل|تمام|كل|مناصف",
    short_of=r"(?<!\w)الا(?!\w)",
    before_twelve=r"قبل (?:حلول )?(?:منتصف الليل|الظهر|الظهيره|منتصف النهار)",
    towards=r"(?<!\w)(?:الي|حتي|يصبح|اصبح|صار|بلغ\w*|يبلغ|وصل\w*)(?: (?:نحو|حوالي))? $|(?<!\w)ل$",
)  # fmt: skip

UNITS = Units(
    {
        # length
        "km": r"كيلو ?متر\w*|كيلو\w*|كم|كلم|km",
        "mile": r"ميلا?|ميلين|ميلان|اميالا?|mi",
        "cm": r"سنتي ?متر\w*|سنتي\w*|سم|cm",
        "mm": r"مي?ل+ي? ?متر\w*|ملم|مم|مي?لي|mm",
        "m": r"متر\w*|امتارا?|(?<=\d)م|(?<=\d )م|m",
        "foot": r"قدما?|قدمين|قدمان|اقداما?",
        "inch": r"بوص\w*|انش\w*",
        "yard": r"يارد\w*",
        # mass
        "kg": r"كيلو ?[غج]رام\w*|كيلو\w*|كيل|كغم?|كجم|كلغ|kg",
        "pound": r"رطل\w*|ارطالا?|باوند\w*|ليبر\w*|جنيه\w*|استرليني\w*|£",
        "gram": r"[غج]رام\w*|غم|جم|(?<=\d)[غج]|(?<=\d )[غج]|g",
        "mg": r"مي?ل+ي? ?[غج]رام\w*|ملغم?|ملجم|مغم?|مجم|mg",
        "ton": r"طنا?|طنين|طنان|اطنانا?",
        "ounce": r"اوقي\w*|اون[صس]\w*|اوقه",
        # volume
        "litre": r"لي?تر\w*",
        "ml": r"مي?ل+ي? ?لي?تر\w*|مل|ml",
        "gallon": r"[غج]الون\w*",
        "cup": r"كوبا?|كوبين|كوبان|اكواب\w*|كاسا?|كاسين|كؤوس|كووس|فنجان\w*|فناجين|قدح\w*",
        "spoon": r"ملعق\w*|ملاعق",
        # money
        "dollar": r"دولار\w*|\$|usd",
        "euro": r"[يا]ورو\w*|€|eur",
        "sterling": r"جنيه\w*|استرليني\w*|باوند\w*|£|gbp",
        "yen": r"ينا?|الين|¥",
        "yuan": r"يوان\w*|رينمينبي|رنمينبي|¥",
        "rupee": r"روبي\w*",
        "riyal": r"ريال\w*",
        "dirham": r"درهم\w*|دراهم",
        "dinar": r"دينار\w*|دنانير",
        "rouble": r"روبل\w*",
        # share
        "percent": r"[%٪]|(?:في )?(?:ال)?(?:مئ|مائ|ماء|مي)[هت]\w*|مئوي\w*",
        # temperature
        "celsius": r"مئوي\w*|سلسيوس|سلزيوس|سيليزي\w*|سلزي\w*|℃|(?:° ?)[مسc]",
        "fahrenheit": r"ف[اه]+رن?ها?ي?ت\w*|℉|(?:° ?)[فf]",
        # dimension
        "square": r"مربع\w*|²",
        "cubic": r"مكعب\w*|³",
        # area
        "acre": r"فدان\w*|فدادين|افدن\w*|ايكر\w*|اكر\w*",
        "hectare": r"هكتار\w*",
        # power
        "watt": r"وا[طت]\w*",
        "kilowatt": r"كيلو ?وا[طت]\w*",
        "volt": r"فولت\w*|فولط\w*",
        "ampere": r"امبير\w*",
        # data
        "kilobyte": r"كيلو ?بايت\w*|ك\.? ?بايت|kb",
        "megabyte": r"مي[غج]ا ?بايت\w*|مي[غج]ا|م\.? ?بايت|م\.?ب|mb",
        "gigabyte": r"[غج]ي[غج]ا ?بايت\w*|[غج]ي[غج]ا|[غج]\.? ?بايت|[غج]\.ب|gb",
        "terabyte": r"تيرا ?بايت\w*|تيرا|ت\.? ?بايت|tb",
        # rate
        "kilobit": r"كيلو ?بت\w*|ك\.? ?بت|kbps",
        "megabit": r"مي[غج]ا ?بت\w*|م\.? ?بت|mbps",
        "gigabit": r"[غج]ي[غج]ا ?بت\w*|[غج]\.? ?بت|gbps",
        # energy
        "calorie": r"(?:كيلو ?)?(?:سعر|كالوري)\w*|حراري\w*|حرير\w*|kcal",
        "joule": r"جول\w*|kj",
        # frequency
        "kilohertz": r"كيلو ?هي?رتز|khz",
        "megahertz": r"مي[غج]ا ?هي?رتز|mhz",
        "gigahertz": r"[غج]ي[غج]ا ?هي?رتز|ghz",
        # time
        "hour": r"ساع\w*",
        "minute": r"دقيق\w*|دقائق\w*|دقايق",
        "second": r"ثاني\w*+(?! عشر)|ثوان\w*",  # "الثانية عشرة" is the twelfth
        "day": r"يوم\w*|ايام\w*|نهار\w*",
        "week": r"اسبوع\w*|اسابيع\w*",
        "month": r"شهر\w*|اشهر\w*|شهور\w*",
        "year": r"سن(?!تيم)[هتيو]\w*|عام\w*|عمر\w*|اعوام\w*|حول\w*",
        "century": r"قرن\w*|قرون\w*",
    },
    before=r"[وف]?(?:ب?ال|لل|[بل])?",
    unnamed={"temperature": r"درج|°|حرار"},
    percent=r"(?:ب|في )ال(?:مئ|مائ|مي)[هة]",
    percent_signs=("المئ", "المائ"),
    per_hour=r"ساع|/ ?س|كم ?س(?!\w)|/ ?h|kph|mph|kmh",
    rate="نسب|معدل|حص",
    about=r"(?<!\w)[وف]?(?:نحو|حوالي|قراب\w*|(?:ما )?[يت]قارب|ما يقرب|يناهز|زهاء|(?:ما )?[يت]عادل)(?!\w)|تقريب",
)

_DAYS = {
    "Monday": "الاثنين|الاتنين|الاثنان|اثنين",
    "Tuesday": "الثلا?ثاء?|الثلوثاء",
    "Wednesday": "الا?ربعاء?",
    "Thursday": "الخميس",
    "Friday": "الجمعه|الجمع|جمعه",
    "Saturday": "السبت|السبوت|(?<=كل )سبت|(?<=يوم )سبت",
    "Sunday": "الاحد|الاحاد|(?<=يوم )احد|(?<=كل )احد",
}
_WEEKEND = "نهايه الاسبوع|عطله الاسبوع"
_DAYS_OTHERWISE = {
    "Monday": "ماندا?ي|مونداي|ا[ثت]نين",
    "Tuesday": "تيوزدا?ي|تشوزداي|ثلا?ثاء?(?:ات)?",
    "Wednesday": "وي?نزدا?ي|ويدنزداي|ا?ربعاء?(?:ات|وات)?",
    "Thursday": "ثي?رزدا?ي|ثورسداي|خميس|اخمسه|خميسات",
    "Friday": "فرايدا?ي|جمع",
    "Saturday": f"ساتردا?ي|ستردي|سبت|اسبات|{_WEEKEND}",
    "Sunday": f"صاندا?ي|صنداي|سانداي|سنداي|احد|احاد|{_WEEKEND}",
}
DATES = Dates(
    months={
        "January": "يناير|كانون الثاني|جانفي",
        "February": "فبراير|شباط|فيفري",
        "March": "مارس|اذار",
        "April": "ابريل|نيسان|افريل",
        "May": "مايو|ايار|ماي",
        "June": "يوني[وه]|حزيران|جوان",
        "July": "يولي[وه]|تموز|جويليه",
        "August": "اغسطس|اب|اوت",
        "September": "سبتمبر|ايلول",
        "October": "اكتوبر|تشرين الاول",
        "November": "نوفمبر|تشرين الثاني",
        "December": "ديسي?مبر|كانون الاول",
    },
    days={name: f"{words}|{words.replace('ال', 'لل', 1)}" for name, words in _DAYS.items()},
    before_month=r"[وف]?[بلك]?(?:ال)?",
    before_day=r"[وف]?[بلك]?",
    days_otherwise=_DAYS_OTHERWISE,
    era=r"(?<!\w)ق\.? ?م(?!\w)|قبل (?:ال)?(?:ميلاد|مولد|المسيح|عصر|حقبه)|قبل \w+ الميلادي",
    morning=r"صباح|فجر|قبل الظهر|(?<=\d) ?ص(?!\w)|منتصف الليل|بعد منتصف|ليل|سحر|\b[Aa]\.?[Mm]\b",
    evening=r"مساء|عصر|ظهر|(?<=\d) ?م(?!\w)|ليل|عشيه|مغرب|\b[Pp]\.?[Mm]\b",
    only_morning=r"صباح|فجر|(?<=\d) ?ص(?!\w)",
    only_evening=r"مساء|بعد الظهر|(?<=\d) ?م(?!\w)",
    hours=(
        (r"صباح\w*|قبل الظهر|(?<=\d) ?ص(?!\w)", (0, 12)),
        (r"فجر\w*", (1, 7)),
        (r"بعد الظهر|بعد ظهر", (12, 19)),
        (r"ظهر\w*", (11, 16)),
        (r"عصر\w*", (14, 19)),
        (r"مساء|المساء|(?<=\d) ?م(?!\w)", (12, 24)),
        (r"ليلا|الليل", (17, 30)),
    ),
)

LETTERS = Letters(
    foreign=re.compile(
        r"[\u066e\u066f\u067e\u0686\u0698\u06a1\u06a9\u06af\u06cc\u06be\u06c1\u06d2\u0679\u0688\u0691\u06ba\u06f0-\u06f9"
        # Pashto, Kurdish, Uyghur.
        r"\u067c\u0681\u0685\u0689\u0693\u0696\u069a\u06ab\u06bc\u06cd\u06d0\u0695\u06b5\u06c6-\u06c8\u06ce\u06d5]"
    ),
    word=re.compile(r"[\u0620-\u065f\u066e-\u06ff]+"),
    foreign_words=re.compile(
        r"(?<!\w)(?:است|نیست|هستند|می[\u200c ]?\w+|این|برای|که|شما|کنید|کرد|کردن|از|در|را|یک"
        r"|چه|کجاست?|بوده|نبود|داشت|اگر|دار(?:م|د|ی|یم|ید|ند)|ہے|ہیں|کے|میں|نہیں|کا|کی|کو|سے|پر|اور|یہ|وہ|آپ)(?!\w)"
    ),
    whose="a neighbour's",
    # Teh marbuta, which ends words, in front; the article's letters at the end.
    backwards=re.compile(r"(?<!\w)(ة\w{2,})|(?<!\w)[^\W\d_]{3,}لا(?![\w\u064b-\u065f])"),
    ends_backwards=re.compile(r"ة(?<!\wة)\w{2}|لا(?<=[^\W\d_]{3}لا)(?![\w\u064b-\u065f])"),
    forwards=re.compile(r"(?<!\w)ال\w{3,}|(?<!\w)\w{2,}[ةى](?!\w)"),
    own=re.compile("[ةأإآئؤء]"),
    frequent=(("ا", 0.13), ("ل", 0.11), ("ي", 0.06), ("ن", 0.05)),
    # By sound, in the order of abjad and in that of the alphabet.
    choices={"A": "ا", "B": "ب", "C": "جتسث", "D": "دثج", "E": "هجح", "F": "فحخ"},
    answer=re.compile(
        r"(?<!\w)[وف]?(?:ال)?(?:اجابه|جواب|خيار|اختيار|حل|بديل)(?!\w)[^.\n؟]{0,40}?(?:ف?(?:هي|هو)(?!\w)|:)"
        r"[ *_(\[«\"'ـ]{0,6}"
        r"([A-Fابجده])\u0640?(?=[\s*_)\]»\"'.،؛:,]*(?:[.،؛,)\n]|$))"
    ),
    labels={"Q": "س", "A": "ج"},
    loans={"پ": ("p",), "گ": ("g",), "چ": ("ch", "j"), "ژ": ("j", "g", "z")},
)

ARABIC = LanguageKnowledge(
    code="ar",
    script="Arab",
    name="Arabic",
    stem="Arab",
    normalise=normalise,
    lengths=ARABIC_LENGTHS,
    letters=LETTERS,
    dangling=frozenset(
        ["و", "في", "من", "على", "إلى", "الى", "أن", "ان", "إن", "التي", "الذي", "الذين", "عن", "مع", "أو", "ثم",
         "بين", "لأن", "كما", "هذا", "هذه", "ذلك", "تلك", "قد", "لم", "لن", "كان", "كانت"]
    ),
    alike=(("ؤ", "و"), ("ئ", "ي"), ("ء", ""), ("ی", "ي"), ("ک", "ك")),
    proclitics=("وبال", "فبال", "وكال", "وال", "فال", "بال", "كال", "ولل", "فلل", "لل", "ال", "و", "ف", "ب", "ل", "ك"),
    weak="اويءئؤ",
    numbers=NUMBERS,
    below_zero=re.compile(r"سالب|ناقص|تحت الصفر|دون الصفر|سلبي|minus|[-−–]\s?\d|\d\s?[-−–](?!\d)"),
    units=UNITS,
    dates=DATES,
    phrases=PHRASES,
    questions=QUESTIONS,
    denials=DENIALS,
    openers=OPENERS,
)  # fmt: skip
