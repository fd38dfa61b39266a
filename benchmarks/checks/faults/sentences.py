"""Faults that a sentence can have without anything brought along: cut, doubled, looped, in other letters, refused."""

from __future__ import annotations

import re

from benchmarks.checks.faults.text import Kind, Pair, Random, on_pair

_DIGITS = re.compile(r"[0-9٠-٩]+")
_PREAMBLES = (
    "Here is the translation:\n",
    "Here's the Arabic translation:\n\n",
    "الترجمة: ",
    "إليك الترجمة:\n",
    "فيما يلي ترجمة النص إلى العربية:\n",
    "Translation: ",
    "Sure! Here is the translated text:\n",
    "ترجمة النص:\n",
    "بالتأكيد! إليك ترجمة الجملة:\n",
    "Translate the following English sentence into Arabic:\n",
    "Arabic: ",
    "Output: ",
    "Translation (formal): ",
    "**الترجمة إلى العربية:**\n",
    "وهذه ترجمة الفقرة:\n",
    "حسنًا، سأترجم لك النص:\n",
    "يمكن ترجمة ذلك على النحو التالي:\n",
    "النص باللغة العربية:\n",
    "الإجابة: ",
)
_TRAILERS = (
    " <ar>",
    "<|im_end|>",
    "</s>",
    "<end_of_turn>",
    "\n<ar>",
    "\n\nملاحظة: حافظت الترجمة على المعنى.",
    "\n\nهل ترغب في أن أساعدك في ترجمة نص آخر؟",
    "\n\nآمل أن تكون الترجمة مفيدة لك.",
    "\n\nLet me know if you need another version.",
)
_REFUSALS = (
    "I'm sorry, I can't translate this text.",
    "I'm sorry, but I cannot assist with that request.",
    "عذرًا، لا يمكنني ترجمة هذا النص.",
    "عذراً، لا أستطيع المساعدة في هذا الطلب.",
    "آسف، لكن لا يمكنني القيام بذلك.",
    "أعتذر، لا يمكنني تلبية هذا الطلب.",
    "As an AI language model, I cannot translate this.",
    "بصفتي نموذجًا لغويًا، لا يمكنني تقديم هذه الترجمة.",
    "I must decline to translate this passage.",
    "ليس في وسعي أن أترجم هذا، فأنا مساعد آلي.",
    "أعتذر عن ترجمة هذا المقطع.",
    "لا يسعني تلبية طلبك.",
    "يتعذر عليّ إكمال هذه الترجمة.",
    "هذا النص ينتهك سياسة الاستخدام.",
    "من فضلك أرسل النص الذي تريد ترجمته.",
    "لم أفهم طلبك.",
)
_CHINESE = ("城市", "政府", "因此", "重要", "研究", "这个", "翻译", "時間", "こと", "находится", "사람")
_LATIN = {
    **dict(zip("ابتثجحخدذرزسشصضطظعغفقكلمنهويةىءأإآؤئ", "abttjhkhddrzssssttaghfqklmnhwyaaaaaawy", strict=False)),
}


def _words(text: str) -> list[str]:
    return text.split()


def truncated(source: str, target: str, rng: Random) -> Pair | None:
    """Cut after 30 to 80 of 100 words, within a sentence."""
    words = _words(target)
    if len(words) < 6:
        return None
    cut = words[: max(2, int(len(words) * rng.uniform(0.3, 0.8)))]
    return source, " ".join(cut).rstrip('.!?؟،,؛:…"»”) ')


def second_half_lost(source: str, target: str, rng: Random) -> Pair | None:
    """Two source sentences, of which only the first arrives, its end intact."""
    words = _words(target)
    if len(words) < 8:
        return None
    cut = max(2, int(len(words) * rng.uniform(0.15, 0.5)))
    return source, " ".join(words[:cut]).rstrip(".،,؛: ") + "."


def untranslated_stretch(source: str, target: str, rng: Random) -> Pair | None:
    """A stretch of at least five source words in the place of the same share of the target."""
    left, right = _words(source), _words(target)
    if len(left) < 10 or len(right) < 8:
        return None
    n = rng.randint(5, min(10, len(left) - 2))
    at = rng.randint(0, len(left) - n)
    start = int(at / len(left) * len(right))
    end = start + max(1, int(n / len(left) * len(right)))
    return source, " ".join([*right[:start], *left[at : at + n], *right[end:]])


def untranslated_whole(source: str, target: str, rng: Random) -> Pair | None:
    return source, source


def untranslated_tail(source: str, target: str, rng: Random) -> Pair | None:
    """The second half in English."""
    left, right = _words(source), _words(target)
    if len(left) < 8:
        return None
    return source, " ".join([*right[: len(right) // 2], *left[len(left) // 2 :]])


def doubled_sentence(source: str, target: str, rng: Random) -> Pair | None:
    return (source, f"{target} {target}") if len(_words(target)) >= 3 else None


def doubled_clause(source: str, target: str, rng: Random) -> Pair | None:
    """Six to ten words of the target, twice in a row."""
    words = _words(target)
    if len(words) < 12:
        return None
    n = rng.randint(6, 10)
    at = rng.randint(0, len(words) - n)
    return source, " ".join([*words[: at + n], *words[at:]])


def loop(source: str, target: str, rng: Random) -> Pair | None:
    """The last one to five words run on."""
    words = _words(target)
    if len(words) < 6:
        return None
    tail = words[-rng.randint(1, 5) :]
    return source, " ".join(words + tail * rng.randint(5, 30))


def chinese_word(source: str, target: str, rng: Random) -> Pair | None:
    words = _words(target)
    words.insert(rng.randint(0, len(words)), rng.choice(_CHINESE))
    return source, " ".join(words)


def persian_letters(source: str, target: str, rng: Random) -> Pair | None:
    """Arabic yeh and kaf as an Urdu or Persian keyboard writes them, or two Persian words."""
    if rng.random() < 0.5:
        changed = target.replace("ي", "ی").replace("ك", "ک")
        return (source, changed) if changed != target else None
    words = _words(target)
    at = rng.randint(0, len(words))
    return source, " ".join(
        [*words[:at], rng.choice(("می‌گوید", "است که", "کتاب", "برای", "پس از", "چگونه")), *words[at:]]
    )


def transliterated(source: str, target: str, rng: Random) -> Pair | None:
    """The whole target in Latin letters."""
    return source, "".join(_LATIN.get(c, c if not "\u0600" <= c <= "\u06ff" else "") for c in target)


def changed_number(source: str, target: str, rng: Random) -> Pair | None:
    found = list(_DIGITS.finditer(target))
    if not found:
        return None
    m = rng.choice(found)
    new = str(rng.randint(1, 9)) + "".join(str(rng.randint(0, 9)) for _ in m.group()[1:])
    if int(new) == int(m.group()):
        new = str(int(new) + 1)
    return source, target[: m.start()] + new + target[m.end() :]


def lost_number(source: str, target: str, rng: Random) -> Pair | None:
    """One number in digits, of two digits or more, is dropped."""
    found = [m for m in re.finditer(r"[0-9٠-٩]+(?:[.,٫٬][0-9٠-٩]+)*", target) if len(m.group()) >= 2]
    if not found:
        return None
    m = rng.choice(found)
    return source, (target[: m.start()] + target[m.end() :]).replace("  ", " ")


def changed_unit(source: str, target: str, rng: Random) -> Pair | None:
    """Kilometres become miles, dollars euros, and so on."""
    swaps = (("كيلومتر", "ميل"), ("كم", "ميل"), ("ميل", "كيلومتر"), ("دولار", "يورو"), ("سم", "متر"), ("%", " درجة"))
    for old, new in swaps:
        m = re.search(rf"(?<=\d\s){old}\w*|(?<=\d){old}", target)
        if m:
            changed = re.sub(rf"{old}\w*", new, target)
            return (source, changed)
    return None


def changed_month(source: str, target: str, rng: Random) -> Pair | None:
    months = (
        "كانون الثاني",
        "شباط",
        "آذار",
        "نيسان",
        "أيار",
        "حزيران",
        "تموز",
        "أيلول",
        "تشرين الأول",
        "تشرين الثاني",
    )
    if not re.search(
        r"\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)|(?:ary|March|April|May|June|July|August|ber) \d",
        source,
    ):
        return None
    here = [month for month in months if month in target]
    if len(here) != 1:
        return None
    return source, target.replace(here[0], rng.choice([month for month in months if month != here[0]]))


def prompt_echo(source: str, target: str, rng: Random) -> Pair | None:
    if rng.random() < 0.7:
        return source, rng.choice(_PREAMBLES) + target
    return source, target + rng.choice(_TRAILERS)


def refusal(source: str, target: str, rng: Random) -> Pair | None:
    return source, rng.choice(_REFUSALS)


def full_width_marks(source: str, target: str, rng: Random) -> Pair | None:
    """Commas and full stops as Chinese writes them."""
    changed = target.replace("،", "，").replace(".", "。")
    return (source, changed) if changed != target else None


def foreign_word(source: str, target: str, rng: Random) -> Pair | None:
    """A word of another language in Latin letters."""
    words = _words(target)
    words.insert(rng.randint(0, len(words)), rng.choice(("cependant", "während", "porque", "ve", "için", "jednak")))
    return source, " ".join(words)


def word_three_times(source: str, target: str, rng: Random) -> Pair | None:
    words = _words(target)
    if len(words) < 6:
        return None
    at = rng.randrange(len(words))
    return source, " ".join([*words[:at], *words[at : at + 1] * 3, *words[at + 1 :]])


def empty(source: str, target: str, rng: Random) -> Pair | None:
    return source, rng.choice(("", " ", "\n"))


_SMALL = frozenset({"persian_letters", "foreign_word", "word_three_times", "full_width_marks"})

KINDS = [
    Kind(plant.__name__, on_pair(plant), plant.__name__ not in _SMALL)
    for plant in (
        truncated, second_half_lost, untranslated_stretch, untranslated_whole, untranslated_tail,
        doubled_sentence, doubled_clause, loop, chinese_word, persian_letters, transliterated,
        changed_number, lost_number, changed_unit, changed_month, prompt_echo, refusal, full_width_marks,
        foreign_word, word_three_times, empty,
    )
]  # fmt: skip
