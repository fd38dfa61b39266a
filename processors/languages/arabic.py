"""Arabic: Modern Standard, with the everyday words that translators use.

Words are in the plain spelling of `normalise` (no vowel marks, one form of alif, yeh and teh marbuta) unless the field
says that they are looked for in the text as it stands. Prepositions and the article are written with the word behind
them; so are pronouns, which is why most patterns are open at their end.
"""

from __future__ import annotations

import re

from processors.languages.alphabets import ARABIC_LENGTHS
from processors.languages.knowledge import Dates, LanguageKnowledge, Letters, Phrases, Questions, Units
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
    3: "ثلاث ثلاثه ثالث ثالثه", 4: "اربع اربعه رابع رابعه", 5: "خمس خمسه خامس خامسه", 6: "ست سته سادس سادسه",
    7: "سبع سبعه سابع سابعه", 8: "ثمان ثماني ثمانيه ثامن ثامنه", 9: "تسع تسعه تاسع تاسعه",
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
    bare |= dict.fromkeys(("عشر", "عشره", "عاشر", "عاشره"), ("ten", 10))
    bare |= {f"{stem}{end}": ("tens", n * 10) for n, stem in enumerate(_TEN_STEMS, 2) for end in ("ون", "ين")}
    bare |= {word: ("scale", scale) for scale, words in _SCALE_FORMS.items() for word in words.split()}
    prefixed = {prefix + word: found for word, found in bare.items() for prefix in _PREFIXES}
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
    afternoon="ساع|مساء|ليل|ظهر|عصر",
    decade="[يا]",
    century="قرن",
    whole_day="(?:طوال|طيله|مدار) (?:ال)?(?:يوم|ساع)|يوم كامل|نهار",
    complete="نصف|كامل|تمام|كل",
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
        "kg": r"كيلو ?[غج]رام\w*|كيلو\w*|كغم?|كجم|كلغ|kg",
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
        "kilobyte": r"كيلو ?بايت\w*|kb",
        "megabyte": r"مي[غج]ا ?بايت\w*|مي[غج]ا|م\.?ب|mb",
        "gigabyte": r"[غج]ي[غج]ا ?بايت\w*|[غج]ي[غج]ا|gb",
        "terabyte": r"تيرا ?بايت\w*|تيرا|tb",
        # rate
        "kilobit": r"كيلو ?بت\w*|kbps",
        "megabit": r"مي[غج]ا ?بت\w*|mbps",
        "gigabit": r"[غج]ي[غج]ا ?بت\w*|gbps",
        # energy
        "calorie": r"سعر\w*|كالوري\w*|حراري\w*|حرير\w*|kcal",
        "joule": r"جول\w*|kj",
        # frequency
        "kilohertz": r"كيلو ?هي?رتز|khz",
        "megahertz": r"مي[غج]ا ?هي?رتز|mhz",
        "gigahertz": r"[غج]ي[غج]ا ?هي?رتز|ghz",
        # time
        "hour": r"ساع\w*",
        "minute": r"دقيق\w*|دقائق\w*|دقايق",
        "second": r"ثاني\w*|ثوان\w*",
        "day": r"يوم\w*|ايام\w*|نهار\w*",
        "week": r"اسبوع\w*|اسابيع\w*",
        "month": r"شهر\w*|اشهر\w*|شهور\w*",
        "year": r"سن[هتيو]\w*|عام\w*|عمر\w*|اعوام\w*|حول\w*",
        "century": r"قرن\w*|قرون\w*",
    },
    before=r"[وف]?(?:ب?ال|لل|[بل])?",
    unnamed={"temperature": r"درج|°|حرار"},
    percent=r"(?:ب|في )ال(?:مئ|مائ|مي)[هة]",
    percent_signs=("المئ", "المائ"),
)

_DAYS = {
    "Monday": "الاثنين|الاتنين|الاثنان|اثنين",
    "Tuesday": "الثلا?ثاء?|الثلوثاء",
    "Wednesday": "الا?ربعاء?",
    "Thursday": "الخميس",
    "Friday": "الجمعه|الجمع|جمعه",
    "Saturday": "السبت|السبوت",
    "Sunday": "الاحد|الاحاد|(?<=يوم )احد",
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
    era=r"(?<!\w)ق\.? ?م(?!\w)|قبل (?:ال)?(?:ميلاد|مولد|المسيح|عصر|حقبه)|قبل \w+ الميلادي",
    morning=r"صباح|فجر|قبل الظهر|(?<=\d) ?ص(?!\w)|منتصف الليل|بعد منتصف|ليل|سحر|\b[Aa]\.?[Mm]\b",
    evening=r"مساء|عصر|ظهر|(?<=\d) ?م(?!\w)|ليل|عشيه|مغرب|\b[Pp]\.?[Mm]\b",
    only_morning=r"صباح|فجر|(?<=\d) ?ص(?!\w)",
    only_evening=r"مساء|بعد الظهر|(?<=\d) ?م(?!\w)",
)

LETTERS = Letters(
    foreign=re.compile(
        r"[\u067e\u0686\u0698\u06a9\u06af\u06cc\u06be\u06c1\u06d2\u0679\u0688\u0691\u06ba\u06f0-\u06f9]"
    ),
    word=re.compile(r"[\u0620-\u065f\u066e-\u06ff]+"),
    foreign_words=re.compile(
        r"(?<!\w)(?:است|نیست|هستند|می[\u200c ]?\w+|این|برای|که|شما|کنید|کرد|کردن|ہے|ہیں|کے|میں|نہیں)(?!\w)"
    ),
    whose="Persian or Urdu",
)

_ABLE = (
    r"(?:يمكنني|يمكننا|استطيع|نستطيع|اقدر|بامكاني|بامكاننا|بوسعي|يسعني|اتمكن|نتمكن|قادر|ب?مقدوري|(?:لدي|املك)"
    r" (?:ال)?(?:قدر|صلاحي|امكاني))"
)
PHRASES = Phrases(
    signs=(
        "ترجم", "العربية", "بالعربية", "إليك", "اليك", "هل ", "أتمنى", "آمل", "أرجو", "يرجى", "إذا كنت", "لا تتردد",
    ),
    # Before the first colon or line end, translating or the language is talked of.
    echo=r"^\W{0,6}[^\n.؟:]{0,60}?(?:(?<!\w)(?:[وفبلس]|سأ|أ|ي|ت|ن)?(?:ال)?م?ترجم\w{0,4}|بالعربي\w*"
        r"|(?:إلى|الى|باللغة) العربية)"
        r"[^\n.؟:]{0,45}(?:[:：]|\W{0,4}\n)"
        r"|^\W{0,4}(?:بالتأكيد|بالطبع|أكيد|حسن[اًا]{1,2}|نعم|إليك|اليك|إليكم|فيما يلي|هذه|هنا)[^\n]{0,40}ترجم"
        r"|(?:^|\n)\W{0,4}(?:العربية)\W{0,3}:|^\W{0,3}[(\[](?:ال)?ترجم[ةه][)\]]"
        r"|ترجم(?:ي|وا)? (?:النص|الجمل[ةه]|الجملة الإنجليزية|ما يلي|العبارة|الفقرة)"
        r"(?: \w+){0,4} (?:إلى|الى) (?:اللغة )?العربي",
    echo_signs=("ترجم", "عربي"),
    label=re.compile(
        r"^\W{0,4}(?:ال(?:إجابة|اجابة|نتيجة|جواب|نص|ناتج|مخرجات|مساعد)|النص (?:الأصلي|الهدف))\W{0,3}[:：]"
    ),
    note=re.compile(r"\n\W{0,6}(?:ملاحظ\w+(?: المترجم)?|تنويه|ترجم[ةه])\W{0,4}:"),
    # What a helper says behind its answer.
    service=re.compile(
        r"هل (?:تحتاج|ترغب|تريد|هناك|يوجد|لديك|يمكنني)[^\n.؟]{0,50}(?:ترجم|مساعد|أساعد|اساعد)"
        r"|(?:أتمنى|آمل|أرجو) أن (?:تكون|يكون|تنال|أكون)[^\n.]{0,30}(?:ترجم|مفيد|ساعد|إعجاب)"
        r"|(?:يرجى|أرجو|لا تتردد|إذا كنت)[^\n.]{0,45}(?:إعلامي|إخباري|تخبرني|أخبرني|سؤالي|التعديل|تعديل|إضافي|ترجم)"
    ),
    service_signs=(
        "ترجم", "ساعد", "مفيد", "تعديل", "سؤالي", "إخباري", "خبرني", "إعلامي", "إضافي", "إعجاب",
    ),
    translating="ترجم",
    refusal_signs=(
        "عذر", "آسف", "اسف", "أسف", "ؤسف", "يمكنني", "ستطيع", "بإمكاني", "نموذج", "ذكاء", "مساعد", "ترجم", "بوسعي",
        "يسعني", "أرفض", "ينتهك", "يخالف", "يتعارض", "طلبك", "أتمكن", "أقدر",
    ),
    refusal=r"(?:عذر|اعتذر|نعتذر|معذر|اسف|متاسف|ناسف|للاسف|يؤسفني|عفوا|سامحني)[^.\n]{0,40}"
        rf"(?:لا|لن|ليس|غير|لم|عدم)\s?(?:ال)?(?:{_ABLE}|ترجم|قدرتي|القدره|تمكني)"
        r"|(?:اعتذر|نعتذر) عن (?:عدم )?(?:ال)?(?:قدر|ترجم|تلبي|اجاب|امكاني)"
        rf"|(?<!\w)[وف]?(?:لا|لن|لم|ليس) {_ABLE}\w*(?: علي| من| ان)? ?(?:ال)?(?:[ان]?ساعد|مساعد|[ان]?ترجم|تلبي|[ان]لبي"
        r"|تقديم|قيام ب|اكمال|تنفيذ|اجاب|اجيب|رد علي|متابع|امتثال|معالج|تزويد|توفير|فعل ذلك)"
        r"|(?<!\w)(?:ارفض|نرفض) (?:ال)?(?:ترجم|تلبي|تنفيذ|اجاب|طلب)|(?:يتعذر|تتعذر|تعذر) علي(?:نا)?(?!\w)"
        r"|(?:هذا|هذه) (?:ال)?(?:طلب|محتوي|محتوى|نص|سؤال)\w* (?:يخالف|ينتهك|يتعارض|لا يتوافق)"
        r"|لا (?:يمكن|تمكن) ترجم|(?:نص|محتوي|محتوى|جمله) غير قابل\w* للترجم"
        r"|(?:يرجى|يرجي|من فضلك|الرجاء|رجاء|ارجو)[^.\n]{0,15}(?:تزويد|تقديم|ارسال|ارسل|قدم|ادخال|زود|كتابه|توفير|لصق)"
        r"[^.\n]{0,20}(?:نص|جمله|الجمله)[^.\n]{0,30}ترجم"
        r"|لم (?:تقم بتقديم|تقدم|ترسل|تزود|يتم تقديم|تقم بارسال)[^.\n]{0,12} (?:ال)?(?:نص|جمل)"
        r"|لا يوجد (?:اي )?نص (?:ل|ال|مطلوب)\w*ترجم|لم افهم (?:طلبك|سؤالك|المطلوب)",
    model=r"(?:بصفتي|كوني|باعتباري|بوصفي|انا مجرد|انا)\s?(?:نموذج|مساعد|ذكاء)|كنموذج لغوي|كنموذج ذكاء",
    flag=re.compile(r"(?<![\w/])/\s?(?:لا[_ ])?(?:فكر|تفكر|تفكير|فكّر)"),
)  # fmt: skip

QUESTIONS = Questions(
    asks=re.compile(
        r"(?<!\w)[وفب]?(?:هل|ماذا|كيف|لماذا|لمَ|متى|أين|اين|ايه|إيه|أليس|ألا|ألم|ألن|ليش|شو|مم|عم|علام|إلى متى)(?!\w)"
        # These are also particles, or how many words begin: they ask at the beginning only.
        r"|^\W{0,3}[وف]?(?:ما|مِن|من|مَن|كم|بكم|أي|أيّ|اي|أية|أنى|أما|لمن|بم|أل[مين]\w*|أ[تن]\w{3,}|أ[هو]\w+)(?!\w)"
    ),
    requests={
        "write": "كتب|كتاب|صغ|صياغ|حرر|الف|نظم|دون|نص",
        "explain": "شرح|فسر|تفسير|وضح|توضيح|بين",
        "describe": "صف",
        "summarize": "لخص|لخيص|خلاص|وجز|ختصر",
        "summarise": "لخص|لخيص|خلاص|وجز|ختصر",
        "list": "سرد|درج|قائم|ذكر|عدد|ضع",
        "translate": "ترجم",
        "create": "نشئ|نشا|صنع|بتكر|صمم|كون|اعد|بدع|خلق|كتب|ضع|صغ|الف|عمل",
        "generate": "ولد|وليد|نشئ|نشا|صنع|كتب|نتج|نتاج|بتكر|قدم|عطن",
        "compare": "قارن|وازن",
        "discuss": "ناقش|تحدث|بحث|تناول",
        "rewrite": "اعد|اعاد|صغ|صياغ|كتاب|كتب",
        "edit": "حرر|عدل|حرير|عديل|نقح|صحح",
        "identify": "حدد|حديد|عرف|عين|ذكر|ميز",
        "suggest": "قترح|قتراح|نصح|صح",
        "calculate": "حسب|حساب",
        "classify": "صنف|صنيف",
        "convert": "حول|حويل",
        "design": "صمم|صميم",
        "compose": "الف|كتب|نظم|اليف|لحن|صغ",
        "analyze": "حلل|حليل",
        "analyse": "حلل|حليل",
        "evaluate": "قيم|قييم|حسب|وجد|قدر",
        "outline": "حدد|لخص|خطوط|عرض|وضح|خط|شرح|رسم|بين",
        "construct": "بن|بناء|نشئ|كون|شكل|نشا",
        "develop": "طور|طوير|اعد|ضع|نشئ|كتب|بن",
        "imagine": "تخيل|تصور|فترض",
    },
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
    numbers=NUMBERS,
    below_zero=re.compile(r"سالب|ناقص|تحت الصفر|دون الصفر|سلبي|minus|[-−–]\s?\d|\d\s?[-−–](?!\d)"),
    units=UNITS,
    dates=DATES,
    phrases=PHRASES,
    questions=QUESTIONS,
)  # fmt: skip
