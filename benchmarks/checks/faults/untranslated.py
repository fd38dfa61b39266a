"""One piece left in English, or put into a third language."""

from __future__ import annotations

from benchmarks.checks.faults.text import Fault, Kind, Pair, Planted, Random, Text, on_piece

_OTHER = {
    "french": (
        "Le gouvernement a annoncé de nouvelles mesures pour aider les familles.",
        "Les habitants du village ont fêté la fin de la récolte.",
        "Elle n'a jamais oublié le jour où il est parti.",
        "Il faut attendre encore quelques jours avant de connaître les résultats.",
    ),
    "spanish": (
        "El gobierno anunció nuevas medidas para ayudar a las familias.",
        "Los vecinos celebraron el final de la cosecha en la plaza.",
        "Ella nunca olvidó el día en que él se marchó.",
        "Hay que esperar unos días más para conocer los resultados.",
    ),
    "german": (
        "Die Regierung kündigte neue Maßnahmen für die Familien an.",
        "Die Bewohner des Dorfes feierten das Ende der Ernte.",
        "Sie hat den Tag nie vergessen, an dem er ging.",
        "Man muss noch einige Tage auf die Ergebnisse warten.",
    ),
    "persian": (
        "دولت تدابیر تازه‌ای برای کمک به خانواده‌ها اعلام کرد.",
        "اهالی روستا پایان برداشت محصول را جشن گرفتند.",
        "او هرگز روزی را که پدرش رفت فراموش نکرد.",
        "باید چند روز دیگر برای دانستن نتیجه‌ها صبر کنیم.",
    ),
    "russian": (
        "Правительство объявило о новых мерах помощи семьям.",
        "Жители деревни отпраздновали конец сбора урожая.",
        "Она никогда не забывала тот день, когда он ушёл.",
        "Нужно подождать ещё несколько дней.",
    ),
    "chinese": (
        "政府宣布了帮助家庭的新措施。",
        "村民们庆祝了丰收的结束。",
        "她从未忘记他离开的那一天。",
        "还要再等几天才能知道结果。",
    ),
}  # fmt: skip
_HEADINGS = (
    ("Overview", "نظرة عامة"), ("Key Takeaways", "أهم النقاط"), ("Final Thoughts", "أفكار ختامية"),
    ("Getting Started", "البدء"), ("Next Steps", "الخطوات التالية"), ("Common Mistakes", "أخطاء شائعة"),
    ("Introduction", "مقدمة"), ("How It Works", "كيف يعمل"), ("Frequently Asked Questions", "أسئلة شائعة"),
    ("Conclusion", "الخاتمة"),
)  # fmt: skip
_ITEMS = (
    ("Check the weather first", "تحقّق من الطقس أولًا"), ("Pack warm clothes", "احزم ملابس دافئة"),
    ("Charge your phone", "اشحن هاتفك"), ("Drink enough water", "اشرب ماءً كافيًا"),
    ("Lock the front door", "أقفل الباب الأمامي"), ("Write down your questions", "دوّن أسئلتك"),
)  # fmt: skip
_CELLS = (
    ("sweet and fresh", "حلو ومنعش"), ("very sour", "حامض جدًا"), ("cheap", "رخيص"), ("hard to find",
     "يصعب العثور عليه"),
    ("green leaves", "أوراق خضراء"), ("every morning", "كل صباح"),
)  # fmt: skip


def sentence_kept(where: str) -> Fault:
    """A sentence of the source stands where its translation should."""

    def plant(text: Text, rng: Random) -> Planted | None:
        count = len(text.pieces)
        if count < 2:
            return None
        at = {"first": 0, "middle": rng.randrange(count), "last": count - 1}[where]
        targets = text.targets()
        targets[at] = text.pieces[at][0]
        return Planted(text.source, text.target, text.separator.join(targets))

    return plant


def sentence_in(language: str) -> Fault:
    def plant(text: Text, rng: Random) -> Planted | None:
        if len(text.pieces) < 2:
            return None
        targets = text.targets()
        targets[rng.randrange(len(targets))] = rng.choice(_OTHER[language])
        return Planted(text.source, text.target, text.separator.join(targets))

    return plant


def heading_kept(mark: str) -> Fault:
    """A Title-Case heading before the text; `mark` shows how it is written."""

    def plant(text: Text, rng: Random) -> Planted:
        english, arabic = rng.choice(_HEADINGS[text.held :: 2])
        source, right, wrong = (mark.format(heading) for heading in (english, arabic, english))
        return Planted(source + text.source, right + text.target, wrong + text.target)

    return plant


def item_kept(text: Text, rng: Random) -> Planted:
    pairs = rng.sample(_ITEMS[text.held :: 2], 3)
    at = rng.randrange(3)
    source = "".join(f"\n- {english}" for english, _ in pairs)
    right = "".join(f"\n- {arabic}" for _, arabic in pairs)
    wrong = "".join(f"\n- {pair[0] if i == at else pair[1]}" for i, pair in enumerate(pairs))
    return Planted(*(side + "\n" + items for side, items in
                     ((text.source, source), (text.target, right), (text.target, wrong))))  # fmt: skip


def cell_kept(text: Text, rng: Random) -> Planted:
    (english, arabic), other = rng.sample(_CELLS[text.held :: 2], 2)
    table = "\n\n| A | B |\n|---|---|\n| 1 | {} |\n| 2 | {} |\n"
    return Planted(
        text.source + table.format(english, other[0]),
        text.target + table.format(arabic, other[1]),
        text.target + table.format(english, other[1]),
    )


def header_kept(text: Text, rng: Random) -> Planted:
    (english, arabic), (second, zweite) = rng.sample(_HEADINGS[text.held :: 2], 2)
    table = "\n\n| {} | {} |\n|---|---|\n| 1 | 2 |\n"
    return Planted(
        text.source + table.format(english, second),
        text.target + table.format(arabic, zweite),
        text.target + table.format(english, second),
    )


def clause_kept(pair: Pair, rng: Random) -> str | None:
    """Six source words in the middle of a sentence."""
    left, right = pair[0].split(" "), pair[1].split(" ")
    if len(left) < 14 or len(right) < 12:
        return None
    at = rng.randint(3, len(left) - 8)
    start = at * len(right) // len(left)
    return " ".join([*right[:start], *left[at : at + 6], *right[start + 5 :]])


def word_kept(pair: Pair, rng: Random) -> str | None:
    """One plain English word of six letters or more instead of an Arabic one."""
    plain = [word for word in pair[0].split(" ")[1:] if word.isascii() and word.islower() and len(word) >= 6]
    right = pair[1].split(" ")
    if not plain or len(right) < 5:
        return None
    right[rng.randrange(1, len(right) - 1)] = rng.choice(plain)
    return " ".join(right)


def title_case_kept(pair: Pair, rng: Random) -> str | None:
    """The sentence in English, each word with a capital: no sentence of names."""
    words = pair[0].split(" ")
    return pair[0].title() if 4 <= len(words) <= 40 else None


KINDS = [
    *(Kind(f"english_sentence_{where}", sentence_kept(where)) for where in ("first", "middle", "last")),
    *(Kind(f"{language}_sentence", sentence_in(language)) for language in _OTHER),
    *(
        Kind(f"heading_kept_{name}", heading_kept(mark))
        for name, mark in (("second_level", "## {}\n\n"), ("third_level", "### {}\n\n"), ("bold", "**{}**\n\n"),
                           ("numbered", "1. **{}**: "))
    ),
    Kind("item_kept", item_kept),
    Kind("cell_kept", cell_kept, wrong_for_training=False),
    Kind("table_header_kept", header_kept),
    Kind("clause_kept", on_piece(clause_kept)),
    Kind("word_kept", on_piece(word_kept), wrong_for_training=False),
    Kind("title_case_kept", on_piece(title_case_kept)),
]  # fmt: skip
