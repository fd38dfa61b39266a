"""What the checkers of instructions know of a language, as data: a language is one `Facts` more.

Words are in the plain spelling of `LanguageKnowledge.normalise` and are compared in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

AT_LEAST, LESS_THAN = "at least", "less than"


@dataclass(frozen=True, slots=True)
class Facts:
    """`relations`: how the two relations of IFEval may be written in a row, to IFEval's own words.

    `before`: what is written with a word in front of it; with the article, `before_article`; `contracted`: the article
    behind a preposition in one spelling ("لل"). `after`: pronouns and endings written with a word behind it,
    `after_unsure` those of them that make another word as easily ("علمي": my science, or scientific). `feminine`: an
    ending, how it is often misspelt, and what becomes of it before `after`. `future`: what marks it, and the first
    letters of the verbs that take it. `shortest`: letters from which a word may have more than the article in front
    of it: "بحر" is a sea, and not "by a free one".

    `same_letters`: spellings of one letter of the alphabet. `abbreviations` are not the end of a sentence, beside
    single letters. `ordinals`: first, second, ... as headings have them. `postscripts`: words for a postscript.
    `answers`: the options of a constrained answer where the row names none. `nouns`: what is counted, as one, two,
    three to ten, eleven to ninety-nine, and hundreds have it.
    """

    relations: Mapping[str, str] = field(default_factory=dict)
    relation_words: Mapping[str, str] = field(default_factory=dict)
    article: str = ""
    before: tuple[str, ...] = ()
    before_article: tuple[str, ...] = ()
    contracted: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    after_unsure: tuple[str, ...] = ()
    feminine: tuple[str, str, str] = ("", "", "")
    future: tuple[str, str] = ("", "")
    shortest: int = 1
    same_letters: tuple[str, ...] = ()
    abbreviations: frozenset[str] = frozenset()
    ordinals: tuple[tuple[str, ...], ...] = ()
    postscripts: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    nouns: Mapping[str, tuple[str, str, str, str, str]] = field(default_factory=dict)
    languages: Mapping[str, str] = field(default_factory=dict)


ENGLISH = Facts(
    relation_words={AT_LEAST: "at least", LESS_THAN: "less than"},
    abbreviations=frozenset(["mr", "mrs", "ms", "dr", "prof", "st", "vs", "etc", "e.g", "i.e", "fig",
        "no", "inc", "ltd", "co", "jr", "sr"]),
    ordinals=(
        ("one",), ("two",), ("three",), ("four",), ("five",), ("six",), ("seven",), ("eight",), ("nine",), ("ten",),
    ),
    postscripts=("p.s.", "p.p.s", "ps:", "note:"),
    answers=("My answer is yes.", "My answer is no.", "My answer is maybe."),
    nouns={
        "words": ("1 word", "2 words", "words", "words", "words"),
        "sentences": ("1 sentence", "2 sentences", "sentences", "sentences", "sentences"),
        "paragraphs": ("1 paragraph", "2 paragraphs", "paragraphs", "paragraphs", "paragraphs"),
        "times": ("once", "twice", "times", "times", "times"),
        "placeholders": ("1 placeholder", "2 placeholders", "placeholders", "placeholders", "placeholders"),
        "bullets": ("1 bullet point", "2 bullet points", "bullet points", "bullet points", "bullet points"),
        "highlights": ("1 section", "2 sections", "sections", "sections", "sections"),
        "sections": ("1 section", "2 sections", "sections", "sections", "sections"),
    },
    languages={"ar": "Arabic", "en": "English", "fr": "French", "es": "Spanish", "de": "German", "fa": "Persian"},
)  # fmt: skip

ARABIC = Facts(
    relations={
        "على الأقل": AT_LEAST, "لا يقل عن": AT_LEAST, "ما لا يقل عن": AT_LEAST, "بحد أدنى": AT_LEAST,
        "أقل من": LESS_THAN, "اقل من": LESS_THAN,
    },
    relation_words={AT_LEAST: "ما لا يقل عن", LESS_THAN: "أقل من"},
    article="ال",
    before=("", "و", "ف", "ب", "ل", "ك", "وب", "ول", "وك", "فب", "فل", "فك"),
    before_article=("", "و", "ف", "ب", "ك", "وب", "وك", "فب", "فك"),
    contracted=("لل", "ولل", "فلل"),
    after=("", "ا", "ه", "ها", "هما", "هم", "هن", "كما", "كم", "كن", "نا", "ني"),
    after_unsure=("ي", "ك"),
    feminine=("ة", "ه", "ت"),
    future=("س", "يتنا"),
    shortest=3,
    same_letters=("اأإآٱ", "كک", "يی"),
    abbreviations=frozenset(["أ.د", "م.د", "ق.م", "ص.ب", "أ.م", "ا.د", "ا.م", "د.م", "ج.م"]),
    ordinals=(
        ("الاول", "الاولي", "اول", "واحد"), ("الثاني", "الثانيه", "ثاني", "اثنان"),
        ("الثالث", "الثالثه", "ثالث", "ثلاثه"),
        ("الرابع", "الرابعه", "رابع", "اربعه"), ("الخامس", "الخامسه", "خامس", "خمسه"),
        ("السادس", "السادسه", "سادس", "سته"), ("السابع", "السابعه", "سابع", "سبعه"),
        ("الثامن", "الثامنه", "ثامن", "ثمانيه"), ("التاسع", "التاسعه", "تاسع", "تسعه"),
        ("العاشر", "العاشره", "عاشر", "عشره"),
    ),
    postscripts=("ملاحظه", "ملحوظه", "حاشيه", "تنويه", "ملاحظه اخيره", "بعد التحرير", "p.s.", "p.p.s"),
    answers=(
        "إجابتي هي نعم.", "إجابتي هي لا.", "إجابتي هي ربما.", "إجابتي نعم.", "إجابتي لا.", "إجابتي ربما.",
        "جوابي هو نعم.", "جوابي هو لا.", "جوابي هو ربما.", "جوابي نعم.", "جوابي لا.", "جوابي ربما.",
    ),
    nouns={
        "words": ("كلمة واحدة", "كلمتين", "كلمات", "كلمة", "كلمة"),
        "sentences": ("جملة واحدة", "جملتين", "جمل", "جملة", "جملة"),
        "paragraphs": ("فقرة واحدة", "فقرتين", "فقرات", "فقرة", "فقرة"),
        "times": ("مرة واحدة", "مرتين", "مرات", "مرة", "مرة"),
        "placeholders": ("عنصرًا نائبًا واحدًا", "عنصرين نائبين", "عناصر نائبة", "عنصرًا نائبًا", "عنصر نائب"),
        "bullets": ("نقطة واحدة", "نقطتين", "نقاط", "نقطة", "نقطة"),
        "highlights": ("جزءًا واحدًا", "جزأين", "أجزاء", "جزءًا", "جزء"),
        "sections": ("قسم واحد", "قسمين", "أقسام", "قسمًا", "قسم"),
    },
    languages={
        "ar": "العربية", "en": "الإنجليزية", "fr": "الفرنسية", "es": "الإسبانية", "de": "الألمانية", "fa": "الفارسية",
    },
)  # fmt: skip

_KNOWN = {"ar": ARABIC, "en": ENGLISH}
_NOTHING = Facts(relation_words=ENGLISH.relation_words, answers=ENGLISH.answers)


def facts_of(code: str) -> Facts:
    """What is known of the language with this BCP 47 code; of another, only what any text shows."""
    return _KNOWN.get(code.split("-")[0], _NOTHING)


def counted(facts: Facts, number: int, noun: str) -> str:
    """A number with what it counts, as the language says it.

    >>> counted(ARABIC, 3, "words"), counted(ARABIC, 2, "words"), counted(ARABIC, 40, "words")
    ('3 كلمات', 'كلمتين', '40 كلمة')
    """
    forms = facts.nouns[noun]
    if number in (1, 2):
        return forms[number - 1]
    last = number % 100
    return f"{number} {forms[2 if 3 <= last <= 10 else 3 if last > 10 else 4]}"
