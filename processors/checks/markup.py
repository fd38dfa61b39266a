"""Is the target whole and of the source's form: empty, cut off, too long, looping, lists and headings, an answer."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from operator import eq

from processors.checks.verdict import Verdict, excerpt
from processors.languages.number_words import normalise_arabic
from processors.texts import prose
from processors.texts.text import text_of

_ENDS = frozenset(".!?؟۔…:;؛\"'”»)]}’*`_|>。！？።፧%٪-—–")
# Ends of a text that goes on.
_OPEN_ENDS = ("...", "…", " -", " –", " —", "-", "،", "]")
_CLOSERS = "\"'”»)]}’*_ \u200f\u200e\u200d\ufe0f"
_LIST_ITEM = re.compile(r"^[ \t]*(?:[-*+•▪◦‣–]|[(\[]?[0-9٠-٩۰-۹]{1,3}[.)\-\]])[ \t]+\S", re.M)
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+\S", re.M)
_TABLE_ROW = re.compile(r"^[ \t]*\|.*\|[ \t]*$", re.M)
_LINE_MARK = re.compile(r"[ \t]*(?:[-*+•▪◦‣–#|>(\[]|[0-9٠-٩۰-۹]|[A-Za-z][.)])")
_HEADING_LEVEL = re.compile(r"^ {0,3}(#{1,6})[ \t]+\S", re.M)
_CELLS = re.compile(r"^[ \t]*(\|.*\|)[ \t]*$", re.M)
_NESTED = re.compile(r"^(?: {2,8}|\t+)(?:[-*+•◦]|[0-9٠-٩]{1,3}[.)])[ \t]+\S", re.M)
_CHOICE = re.compile(r"^[ \t]*[(\[]?[^\W\d_]ـ?[.)\]][ \t]+\S", re.M)
_QUOTE = re.compile(r"^ {0,3}>[ \t]*\S", re.M)
_BOX = re.compile(r"^[ \t]*[-*+] \[[ xX]\]", re.M)
_RULE = re.compile(r"^ {0,3}(?:-{3,}|\*{3,}|_{3,})[ \t]*$", re.M)
_ENTITY = re.compile(r"&(?:#\d{2,5}|#x[0-9a-fA-F]{2,5}|quot|amp|lt|gt|nbsp|apos);")
_BOLD = re.compile(r"\*\*(?=\S)|(?<=\S)\*\*")
# Words that end no sentence. fmt: off
_DANGLING = frozenset(
    [
        "و",
        "في",
        "من",
        "على",
        "إلى",
        "الى",
        "أن",
        "ان",
        "إن",
        "التي",
        "الذي",
        "الذين",
        "عن",
        "مع",
        "أو",
        "ثم",
        "بين",
        "لأن",
        "كما",
        "هذا",
        "هذه",
        "ذلك",
        "تلك",
        "قد",
        "لم",
        "لن",
        "كان",
        "كانت",
    ]
)
# fmt: on
_INTERROGATIVE = re.compile(
    r"(?<!\w)[وفب]?(?:هل|ماذا|كيف|لماذا|لمَ|متى|أين|اين|ايه|إيه|أليس|ألا|ألم|ألن|ليش|شو|مم|عم|علام|إلى متى)(?!\w)"
    # These are also particles, or how many words begin: they ask at the beginning only.
    r"|^\W{0,3}[وف]?(?:ما|مِن|من|مَن|كم|بكم|أي|أيّ|اي|أية|أنى|أما|لمن|بم|أل[مين]\w*|أ[تن]\w{3,}|أ[هو]\w+)(?!\w)"
)
# Characters without spaces in the target for one in the source. Over 1,000 FLORES references lie within
# [0.53, 1.5] but for misaligned lines, Tatoeba's free translations of over 15 characters within [0.35, 1.8].
_SHORTEST, _CUT, _LONGEST = 0.36, 0.85, 2.2
# Where sentences are fewer: (number of the source's sentences, length ratio below which one is thought lost), and
# what is added to it where they are long, 80 characters each. Two sentences are often made one, with fewer words; the
# more and the longer they are, the less the ratio varies. Lines are kept by translators: fewer lines tell more.
_FEWER = ((2, 0.55), (3, 0.62), (4, 0.68), (6, 0.72), (10, 0.76))
_FEWER_SHORT, _FEWER_LONG, _FEWER_LINES = 0.52, 0.08, 0.80
_SENTENCE_BREAK = re.compile(r"[.!?][\"')\]]? +\S")
_ANY_SCRIPT = (0.12, 0.12, 8.0)


def visible_length(text: str) -> int:
    """Characters without white space and vowel marks."""
    return prose.visible_length(text_of(text))


def check_empty(source: str, target: str) -> list[Verdict]:
    """Nothing came back."""
    if source and not source.isspace() and (not target or target.isspace()):
        return [Verdict("empty", True, "the target is empty")]
    return []


def check_length(
    source: str, target: str, *, script: str = "Arab", finish_reason: str | None = "stop"
) -> list[Verdict]:
    """Cut off (by finish reason, a missing end, too few sentences or characters), or far too long."""
    if finish_reason not in ("stop", None, "", "eos", "end_turn", "stop_sequence"):
        return [Verdict("truncation", True, f"the server stopped for '{finish_reason}', not at the end of the text")]
    x = len(source) - source.count(" ")
    y = len(target) - target.count(" ")
    if x < 15 and y <= 60:
        return []
    source_end = source.rstrip(_CLOSERS)[-1:]
    target_end = target.rstrip()
    ended = not source_end or source_end not in ".!?" or target_end[-1:] in _ENDS
    if source_end and source_end in ".!?" and target_end.endswith(_OPEN_ENDS):
        ended = source.rstrip(_CLOSERS).endswith("..")
    if ended and "\n" not in source:
        several = _SENTENCE_BREAK.search(source) if y < x * _FEWER[-1][1] else None
        if x * 0.6 < y < x * 1.7 and not several:
            return []
    x, y = visible_length(source), visible_length(target)
    if not x or not y:
        return []
    shortest, cut, longest = (_SHORTEST, _CUT, _LONGEST) if script == "Arab" else _ANY_SCRIPT
    ratio = y / x
    if ratio > longest and y > 60:
        return [Verdict("length", False, f"{ratio:.1f} times the source's length")]
    if not ended and x >= 15:
        end = f"the end is missing after '{excerpt(target.rstrip()[-30:])}'"
        words = target.split()
        dangling = words[-1] in _DANGLING
        if ratio < (cut if x >= 45 else 0.5) or dangling or x >= 120:
            return [Verdict("truncation", x >= 60 and ratio < 0.55, f"{end} ({ratio:.2f} of the source's length)")]
        if x >= 60 and (target_end[-1:].isalnum() or target_end.endswith(_OPEN_ENDS)):
            return [Verdict("truncation", False, end)]
    if script == "Arab" and x >= 60:
        shortest = 0.5 if x >= 90 else 0.45
    if ratio < shortest and x >= 15:
        return [Verdict("truncation", x >= 200 and ratio < 0.2, f"only {ratio:.2f} of the source's length")]
    if ratio >= _FEWER_LINES and script == "Arab":
        return []
    left, right = _lines_and_sentences(source), _lines_and_sentences(target)
    if right[0] * 10 < left[0] * (10 if script == "Arab" else 8) and left[0] >= 3:
        return [Verdict("truncation", False, f"{right[0]} lines where the source has {left[0]} ({ratio:.2f})")]
    if script != "Arab":
        return []
    few = next((most for fewest, most in reversed(_FEWER) if left[1] >= fewest), 0.0)
    few = min(few + _FEWER_LONG, _FEWER[-1][1]) if x >= 80 * left[1] else few if x >= 150 else _FEWER_SHORT
    if right[1] < left[1] and ratio < few:
        return [Verdict("truncation", False, f"{right[1]} sentences where the source has {left[1]} ({ratio:.2f})")]
    return []


def _lines_and_sentences(text: str) -> tuple[int, int]:
    return prose.filled_lines(text_of(text)), len(sentences(text))


def sentences(text: str) -> tuple[str, ...]:
    return prose.sentences(text_of(text))


def _longest_loop(words: list[str]) -> tuple[int, int, int]:
    """(words in the longest tandem repetition, its period, its start); one pass over the trigrams."""
    last: dict[tuple[str, str, str], int] = {}
    best = (0, 0, 0)
    period = run = 0
    for i, gram in enumerate(zip(words, words[1:], words[2:], strict=False)):
        before = last.get(gram)
        last[gram] = i
        if before is None:
            run = period = 0
            continue
        run, period = (run + 1, period) if i - before == period else (1, i - before)
        # `run` matching trigrams at distance `period` are run + 2 words that repeat the ones before them.
        if run + 2 >= period and run + 2 + period > best[0]:
            best = (run + 2 + period, period, i + 3 - (run + 2 + period))
    return best


def check_repetition(source: str, target: str) -> list[Verdict]:
    """Loops of words or characters, and sentences that the target doubles and the source does not. Linear time."""
    words = target.split()
    if len(words) >= 6:
        grams = set(zip(words, words[1:], words[2:], strict=False))
        if len(grams) == len(words) - 2 and not any(map(eq, words, words[1:])):
            return _two_versions(source, target, words) or _character_loop(source, target, words)
        length, period, start = _longest_loop(words)
        if length and length > _longest_loop(source.split())[0] * 1.5:
            copies = length / period
            piece = excerpt(" ".join(words[start : start + period]))
            if period >= 4 or copies >= 4 or (period >= 2 and copies >= 3):
                hard = length >= 8
                return [Verdict("repetition", hard, f"'{piece}' {copies:.1f} times from word {start}")]
        tripled = next((a for a, b, c in zip(words, words[1:], words[2:], strict=False) if a == b == c), None)
        if tripled and not _repeats(source, 3):
            return [Verdict("repetition", False, f"'{excerpt(tripled)}' three times in a row")]
        doubled = Counter(s for s in sentences(target) if s.count(" ") >= 3)
        most = [(s, n) for s, n in doubled.items() if n > 1]
        if most:
            left = Counter(s for s in sentences(source) if s.count(" ") >= 1)
            if sum(n - 1 for _, n in most) > sum(n - 1 for n in left.values() if n > 1):
                sentence, n = most[0]
                hard = sentence.count(" ") >= 7 and not any(k > 1 for k in left.values())
                return [Verdict("repetition", hard, f"the sentence '{excerpt(sentence)}' stands {n} times")]
    if len(words) >= 2 and len(words) % 2 == 0 and (len(words) >= 6 or len(words) > len(source.split())):
        half = len(words) // 2
        bare = [w.strip(".!?؟،,") for w in words]
        if bare[:half] == bare[half:] and not _repeats(source, 2):
            return [Verdict("repetition", False, f"'{excerpt(' '.join(words[:half]))}' stands twice")]
    return _two_versions(source, target, words) or _character_loop(source, target, words)


def _repeats(source: str, times: int) -> bool:
    """Whether an English text says a word so many times in a row, or itself consists of the same words twice."""
    words = [w.strip(".!?,").lower() for w in source.split()]
    half = len(words) // 2
    return words[:half] == words[half:] or any(
        len(set(words[i : i + times])) == 1 for i in range(len(words) - times + 1)
    )


def _two_versions(source: str, target: str, words: list[str]) -> list[Verdict]:
    """Two sentences of nearly the same words where the source has one."""
    if len(words) < 8 or len(target) < len(source) * 1.2:
        return []
    found = sentences(target)
    if len(found) < 2 or len(found) <= len(sentences(source)):
        return []
    for first, second in pairwise(found):
        left, right = (frozenset(w.strip(".!?؟،,") for w in s.split()) for s in (first, second))
        if min(len(left), len(right)) >= 3 and len(left & right) * 10 >= len(left | right) * 6:
            return [Verdict("repetition", False, f"two versions of the sentence '{excerpt(first)}'")]
    return []


_CHARACTERS = re.compile(r"(\w{1,12}?)\1{9,}|([^\w\s])\2{23,}")


def _character_loop(source: str, target: str, words: list[str]) -> list[Verdict]:
    longest = max(map(len, words), default=0)
    if longest < 24:
        return []
    for word in words:
        if len(word) >= 24:
            m = _CHARACTERS.search(word[:2000])
            if m is None or m.group() in source:
                continue
            if m[2] and m[2] * 5 not in source:
                return [Verdict("repetition", False, f"'{m[2]}' {len(m.group())} times")]
            if m[1] and not m[1].isdigit() and m[1].strip("_ـ"):
                return [Verdict("repetition", True, f"'{m[1]}' {len(m.group()) // len(m[1])} times in one word")]
    return []


def check_markup(source: str, target: str) -> list[Verdict]:
    """List items, headings and table rows, counted, hard where some were lost; soft: levels, cells, other Markdown."""
    verdicts = []
    if "&" in target:
        entity = next((m for m in _ENTITY.findall(target) if m not in source), None)
        if entity:
            verdicts.append(Verdict("markup", False, f"{entity} is not in the source"))
    texts = (source, target)
    if not any("\n" in text or "**" in text or _LINE_MARK.match(text) for text in texts):
        return verdicts
    for name, pattern in (("list items", _LIST_ITEM), ("headings", _HEADING), ("table rows", _TABLE_ROW)):
        left, right = len(pattern.findall(source)), len(pattern.findall(target))
        if left != right:
            lost = right < left and left >= 2
            verdicts.append(Verdict("markup", lost, f"{right} {name} where the source has {left}"))
    return verdicts or _form(source, target)


def _form(source: str, target: str) -> list[Verdict]:
    for name, pattern in (
        ("heading levels", _HEADING_LEVEL), ("cells", _CELLS), ("nested list items", _NESTED), ("choices", _CHOICE),
        ("quoted lines", _QUOTE), ("boxes", _BOX), ("rules", _RULE), ("marks of bold text", _BOLD),
    ):  # fmt: skip
        left, right = pattern.findall(source), pattern.findall(target)
        if name == "cells":
            left, right = ([row.count("|") for row in rows] for rows in (left, right))
        elif name != "heading levels":
            left, right = [len(left)], [len(right)]
        if left != right:
            return [Verdict("markup", False, f"{name}: {_few(right)} where the source has {_few(left)}")]
    lines, kept = (sum(1 for line in text.splitlines() if line.strip()) for text in (source, target))
    if lines >= 3 and kept * 3 <= lines * 2:
        return [Verdict("markup", False, f"{kept} lines where the source has {lines}")]
    return []


def _few(found: list[object]) -> str:
    return ", ".join(map(str, found[:8])) + ("…" if len(found) > 8 else "")


# Arabic says these without a question.
_TAG_QUESTION = re.compile(
    r"(?:,\s(?:will|would|shall|can|could|do|did|does|is|are|was|were|have|has|right|ok|okay|you know|\w+n['’]t)\b"
    r"[^,.?]{0,15}|^(?:Maybe|So|And|But)\b[^?]*|\b(?:right|okay|huh|eh)"
    r")\?\W*$"
)
# What a request is made of, in the spelling of `normalise_arabic`: in its translation one of these stems stands.
_REQUESTS = {
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
}
_REQUEST = re.compile(
    r"(?:please,? |now,? |can you |could you )?(" + "|".join(_REQUESTS) + r")\b(?! (?:down|off|me|to|back)\b)", re.I
)
_INSTRUCTION = re.compile(
    r"(?:please\s+)?(?:write|explain|describe|list|give|summari[sz]e|translate|create|generate|provide|compare|discuss|"
    r"rewrite|edit|identify|find|name|tell|suggest|calculate|classify|convert|design|compose|construct|develop|make|"
    r"outline|analy[sz]e|evaluate|what|how|why|who|when|where|which|can you|could you|is|are|do|does|did)\b",
    re.I,
)


def check_answered(source: str, target: str, *, script: str = "Arab", language: str = "ar") -> list[Verdict]:
    """A question or an instruction that came back answered: no question any more, and of another length. Soft."""
    request = _REQUEST.match(source) if len(source) >= 25 else None
    if request and script == "Arab" and language == "ar":
        stems = _REQUESTS[request[1].lower()]
        if not re.search(stems, normalise_arabic(target)):
            return [Verdict("answered", False, f"the request to '{request[1].lower()}' is not in the target")]
    question = source.rstrip(_CLOSERS)[-1:] == "?"
    if not question and not _INSTRUCTION.match(source):
        return []
    if question and ("؟" in target or "?" in target):
        return []
    x, y = len(source), len(target)
    if not question and y < x * 1.6:
        return []
    x, y = visible_length(source), visible_length(target)
    if not x or y < 8:
        return []
    if question:
        # A full stop says that this is no question, unless it begins like one.
        asks = _INTERROGATIVE.search(target[:12] if target.rstrip().endswith(".") else target)
        if _TAG_QUESTION.search(source) or (asks and y < x * 1.8):
            return []
        far = True
    else:
        far = y > x * 1.6 and y > x + 40
    if not far:
        return []
    what = "a question" if question else "an instruction"
    return [Verdict("answered", False, f"{what} became a text of {y / x:.1f} times its length")]
