"""Faults planted into real translations: one function a kind, deterministic for a seed.

A fault takes (source, target, random) and gives the pair with the fault in it, or None where the kind cannot apply.
Most change the target only; those about code, lists and flags need material that plain sentences lack, so they add it
to both sides first.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence

from benchmarks.planted_statements import STATEMENTS

Pair = tuple[str, str]
Fault = Callable[[str, str, random.Random], Pair | None]

_DIGITS = re.compile(r"[0-9٠-٩]+")
_CODE = "```python\ndef area(r):\n    return 3.14159 * r * r\n```"
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


def truncated(source: str, target: str, rng: random.Random) -> Pair | None:
    """Cut after 30 to 80 of 100 words, within a sentence."""
    words = _words(target)
    if len(words) < 6:
        return None
    cut = words[: max(2, int(len(words) * rng.uniform(0.3, 0.8)))]
    return source, " ".join(cut).rstrip('.!?؟،,؛:…"»”) ')


def second_half_lost(source: str, target: str, rng: random.Random) -> Pair | None:
    """Two source sentences, of which only the first arrives, its end intact."""
    words = _words(target)
    if len(words) < 8:
        return None
    cut = max(2, int(len(words) * rng.uniform(0.15, 0.5)))
    return source, " ".join(words[:cut]).rstrip(".،,؛: ") + "."


def untranslated_stretch(source: str, target: str, rng: random.Random) -> Pair | None:
    """A stretch of at least five source words in the place of the same share of the target."""
    left, right = _words(source), _words(target)
    if len(left) < 10 or len(right) < 8:
        return None
    n = rng.randint(5, min(10, len(left) - 2))
    at = rng.randint(0, len(left) - n)
    start = int(at / len(left) * len(right))
    end = start + max(1, int(n / len(left) * len(right)))
    return source, " ".join([*right[:start], *left[at : at + n], *right[end:]])


def untranslated_whole(source: str, target: str, rng: random.Random) -> Pair | None:
    return source, source


def untranslated_tail(source: str, target: str, rng: random.Random) -> Pair | None:
    """The second half in English."""
    left, right = _words(source), _words(target)
    if len(left) < 8:
        return None
    return source, " ".join([*right[: len(right) // 2], *left[len(left) // 2 :]])


def lost_code_block(source: str, target: str, rng: random.Random) -> Pair | None:
    return f"{source}\n\n{_CODE}\n", target + "\n"


def changed_code(source: str, target: str, rng: random.Random) -> Pair | None:
    return f"{source}\n\n{_CODE}\n", f"{target}\n\n{_CODE.replace('area', 'المساحة')}\n"


def lost_protected(source: str, target: str, rng: random.Random) -> Pair | None:
    """One of a URL, inline code, a formula, an e-mail or a placeholder is lost."""
    span = rng.choice(("https://example.org/a?b=1", "`pip install x`", "$x^2 + y^2$", "a.b@example.org", "{{name}}"))
    return f"{source} {span}", target


def changed_protected(source: str, target: str, rng: random.Random) -> Pair | None:
    span, wrong = rng.choice(
        (
            ("https://example.org/page", "https://example.org/صفحة"),
            ("`for i in range(3)`", "`لكل i في range(3)`"),
            ("$x^2 + y^2$", "$x^2 - y^2$"),
            ("\\boxed{72}", "\\boxed{27}"),
            ("{{user_name}}", "{{اسم_المستخدم}}"),
        )
    )
    return f"{source} {span}", f"{target} {wrong}"


def doubled_sentence(source: str, target: str, rng: random.Random) -> Pair | None:
    return (source, f"{target} {target}") if len(_words(target)) >= 3 else None


def doubled_clause(source: str, target: str, rng: random.Random) -> Pair | None:
    """Six to ten words of the target, twice in a row."""
    words = _words(target)
    if len(words) < 12:
        return None
    n = rng.randint(6, 10)
    at = rng.randint(0, len(words) - n)
    return source, " ".join([*words[: at + n], *words[at:]])


def loop(source: str, target: str, rng: random.Random) -> Pair | None:
    """The last one to five words run on."""
    words = _words(target)
    if len(words) < 6:
        return None
    tail = words[-rng.randint(1, 5) :]
    return source, " ".join(words + tail * rng.randint(5, 30))


def chinese_word(source: str, target: str, rng: random.Random) -> Pair | None:
    words = _words(target)
    words.insert(rng.randint(0, len(words)), rng.choice(_CHINESE))
    return source, " ".join(words)


def persian_letters(source: str, target: str, rng: random.Random) -> Pair | None:
    """Arabic yeh and kaf as an Urdu or Persian keyboard writes them, or two Persian words."""
    if rng.random() < 0.5:
        changed = target.replace("ي", "ی").replace("ك", "ک")
        return (source, changed) if changed != target else None
    words = _words(target)
    at = rng.randint(0, len(words))
    return source, " ".join(
        [*words[:at], rng.choice(("می‌گوید", "است که", "کتاب", "برای", "پس از", "چگونه")), *words[at:]]
    )


def transliterated(source: str, target: str, rng: random.Random) -> Pair | None:
    """The whole target in Latin letters."""
    return source, "".join(_LATIN.get(c, c if not "\u0600" <= c <= "\u06ff" else "") for c in target)


def changed_number(source: str, target: str, rng: random.Random) -> Pair | None:
    found = list(_DIGITS.finditer(target))
    if not found:
        return None
    m = rng.choice(found)
    new = str(rng.randint(1, 9)) + "".join(str(rng.randint(0, 9)) for _ in m.group()[1:])
    if int(new) == int(m.group()):
        new = str(int(new) + 1)
    return source, target[: m.start()] + new + target[m.end() :]


def lost_number(source: str, target: str, rng: random.Random) -> Pair | None:
    """One number in digits, of two digits or more, is dropped."""
    found = [m for m in re.finditer(r"[0-9٠-٩]+(?:[.,٫٬][0-9٠-٩]+)*", target) if len(m.group()) >= 2]
    if not found:
        return None
    m = rng.choice(found)
    return source, (target[: m.start()] + target[m.end() :]).replace("  ", " ")


def changed_unit(source: str, target: str, rng: random.Random) -> Pair | None:
    """Kilometres become miles, dollars euros, and so on."""
    swaps = (("كيلومتر", "ميل"), ("كم", "ميل"), ("ميل", "كيلومتر"), ("دولار", "يورو"), ("سم", "متر"), ("%", " درجة"))
    for old, new in swaps:
        m = re.search(rf"(?<=\d\s){old}\w*|(?<=\d){old}", target)
        if m:
            changed = re.sub(rf"{old}\w*", new, target)
            return (source, changed)
    return None


def changed_month(source: str, target: str, rng: random.Random) -> Pair | None:
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


def prompt_echo(source: str, target: str, rng: random.Random) -> Pair | None:
    if rng.random() < 0.7:
        return source, rng.choice(_PREAMBLES) + target
    return source, target + rng.choice(_TRAILERS)


def refusal(source: str, target: str, rng: random.Random) -> Pair | None:
    return source, rng.choice(_REFUSALS)


def flag_altered(source: str, target: str, rng: random.Random) -> Pair | None:
    """/think or /no_think translated, dropped or turned into the other one."""
    flag = rng.choice(("/think", "/no_think"))
    other = "/no_think" if flag == "/think" else "/think"
    wrong = rng.choice((" /فكر", " /لا_تفكر", "", f" {other}", " تفكير/"))
    return f"{source} {flag}", target + wrong


def lost_list_item(source: str, target: str, rng: random.Random) -> Pair | None:
    left, right = _listed(source, rng), _listed(target, rng)
    if left is None or right is None:
        return None
    del right[rng.randrange(len(right))]
    return "\n".join(left), "\n".join(right)


def wrong_heading_level(source: str, target: str, rng: random.Random) -> Pair | None:
    return f"# One\n\n{source}\n\n## Two\n\n{source}", f"# واحد\n\n{target}\n\n# اثنان\n\n{target}"


def lost_cell(source: str, target: str, rng: random.Random) -> Pair | None:
    """A row of a table with one cell less."""
    head = "| a | b |\n|---|---|\n"
    return f"{head}| {source} | c |\n| d | e |", f"{head}| {target} |\n| د | هـ |"


def lost_bold(source: str, target: str, rng: random.Random) -> Pair | None:
    return f"**Note:** {source}", f"ملاحظة: {target}"


def full_width_marks(source: str, target: str, rng: random.Random) -> Pair | None:
    """Commas and full stops as Chinese writes them."""
    changed = target.replace("،", "，").replace(".", "。")
    return (source, changed) if changed != target else None


def foreign_word(source: str, target: str, rng: random.Random) -> Pair | None:
    """A word of another language in Latin letters."""
    words = _words(target)
    words.insert(rng.randint(0, len(words)), rng.choice(("cependant", "während", "porque", "ve", "için", "jednak")))
    return source, " ".join(words)


def word_three_times(source: str, target: str, rng: random.Random) -> Pair | None:
    words = _words(target)
    if len(words) < 6:
        return None
    at = rng.randrange(len(words))
    return source, " ".join([*words[:at], *words[at : at + 1] * 3, *words[at + 1 :]])


def statement_fault(kind: str) -> Fault:
    """A statement of `planted_statements` behind the text, with its fault."""

    def plant_statement(source: str, target: str, rng: random.Random) -> Pair | None:
        english, _, faulty = rng.choice(STATEMENTS[kind])
        return f"{source} {english}", f"{target} {faulty}"

    return plant_statement


def _listed(text: str, rng: random.Random) -> list[str] | None:
    """The text's words as a list of four items, bulleted or numbered."""
    words = _words(text)
    if len(words) < 8:
        return None
    step = -(-len(words) // 4)
    pieces = [" ".join(words[i : i + step]) for i in range(0, len(words), step)]
    return [f"- {piece}" for piece in pieces]


def lost_heading(source: str, target: str, rng: random.Random) -> Pair | None:
    return f"## Part\n\n{source}\n\n## End\n\n{source}", f"## الجزء\n\n{target}\n\nالنهاية\n\n{target}"


def broken_tag(source: str, target: str, rng: random.Random) -> Pair | None:
    """Tags around the text, of which one is lost or translated."""
    wrong = rng.choice((f"<think>{target}", f"<فكر>{target}</فكر>", f"{target}</think>", target))
    return f"<think>{source}</think>", wrong


def broken_json(source: str, target: str, rng: random.Random) -> Pair | None:
    """A tool call with a translated key, a lost bracket or a changed number."""
    good = '{"name": "search", "arguments": {"query": "hotel", "limit": 5, "open": true}}'
    wrong = rng.choice(
        (
            good.replace('"query"', '"استعلام"'),
            good[:-1],
            good.replace("5", "6"),
            good.replace('"search"', '"بحث"'),
            good.replace("true", "صحيح"),
            good.replace('", ', "، "),
        )
    )
    return f"{source}\n<tool_call>\n{good}\n</tool_call>", f"{target}\n<tool_call>\n{wrong}\n</tool_call>"


def lost_placeholder(source: str, target: str, rng: random.Random) -> Pair | None:
    name = rng.choice(("{name}", "%s", "${total}", "{{date}}", "%(count)d"))
    return f"{source} {name}", f"{target} {rng.choice(('', '{اسم}', 'الاسم'))}".rstrip()


def empty(source: str, target: str, rng: random.Random) -> Pair | None:
    return source, rng.choice(("", " ", "\n"))


FAULTS: dict[str, Fault] = {
    f.__name__: f
    for f in (
        empty, truncated, second_half_lost, untranslated_whole, untranslated_tail, untranslated_stretch,
        transliterated,
        lost_code_block, changed_code, lost_protected, changed_protected, lost_placeholder, broken_tag, broken_json,
        flag_altered, doubled_sentence, doubled_clause, loop, chinese_word, persian_letters, changed_number,
        lost_number, changed_unit, changed_month, prompt_echo, refusal, lost_list_item, lost_heading,
        wrong_heading_level, lost_cell, lost_bold, full_width_marks, foreign_word, word_three_times,
    )
}  # fmt: skip
FAULTS |= {kind: statement_fault(kind) for kind in STATEMENTS}


def plant(kind: str, pairs: Sequence[Pair], seed: int = 0) -> Iterator[Pair]:
    """The pairs into which this kind can be planted, each with its fault; a pair's fault depends on `seed` alone."""
    for i, (source, target) in enumerate(pairs):
        faulty = FAULTS[kind](source, target, random.Random(f"{seed} {kind} {i}"))
        if faulty is not None:
            yield faulty


def with_statements(pairs: Sequence[Pair], seed: int = 0) -> Iterator[Pair]:
    """The pairs, each with a careful statement behind it: clean text with numbers, units and dates."""
    statements = [statement for kind in STATEMENTS.values() for statement in kind]
    for i, (source, target) in enumerate(pairs):
        english, careful, _ = random.Random(f"{seed} statement {i}").choice(statements)
        yield f"{source} {english}", f"{target} {careful}"


def lost_parts(pairs: Sequence[Pair], parts: int, lost: int, separator: str, seed: int = 0) -> Iterator[Pair]:
    """Texts of so many random pairs, `lost` of which do not arrive."""
    rng = random.Random(f"{seed} lost {parts} {lost} {separator}")
    for _ in range(len(pairs)):
        chosen = rng.sample(pairs, parts)
        kept = sorted(rng.sample(range(parts), parts - lost))
        yield separator.join(s for s, _ in chosen), separator.join(chosen[i][1] for i in kept)


def answered_questions(pairs: Sequence[Pair], seed: int = 0) -> Iterator[Pair]:
    """Questions whose 'translation' is a statement of about the same length."""
    rng = random.Random(f"{seed} answered questions")
    prose = [target for source, target in pairs if source.endswith(".") and target.endswith(".")]
    for source, target in pairs:
        if source.endswith("?") and len(source) >= 15 and prose:
            near = min(rng.sample(prose, min(20, len(prose))), key=lambda text: abs(len(text) - len(target)))
            yield source, near


def answered(instructions: Sequence[str], prose: Sequence[str], seed: int = 0) -> Iterator[Pair]:
    """Instructions and questions whose 'translation' is fluent prose in the target language of another length."""
    rng = random.Random(f"{seed} answered")
    for instruction in instructions:
        answer = " ".join(rng.sample(list(prose), 3))
        if len(answer) >= 2 * len(instruction) and len(instruction) >= 15:
            yield instruction, answer
