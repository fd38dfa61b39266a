"""Is the target whole and of the source's form: empty, cut off, too long, looping, lists and headings, an answer."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from itertools import pairwise

from processors.verdict import Verdict, excerpt

_MARKS = re.compile("[\u064b-\u065f\u0670\u0640]")
_ENDS = frozenset(".!?؟۔…:;؛\"'”»)]}’*`_|>。！？።፧%٪-—–")
_CLOSERS = "\"'”»)]}’*_ \u200f\u200e\u200d\ufe0f"
# A set of characters first, then what it must be: so the search jumps from one to the next.
_SENTENCE_END = re.compile(
    r"[\n.!?؟۔…。！？።](?:(?<=\n)\n*|(?<![.!?؟۔…。！？።]{2})[.!?؟۔…。！？።]*[\"'”»)\]’]*(?:\s+|$))"
)
_LIST_ITEM = re.compile(r"^[ \t]*(?:[-*+•▪◦‣–]|[(\[]?[0-9٠-٩۰-۹]{1,3}[.)\-\]])[ \t]+\S", re.M)
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+\S", re.M)
_TABLE_ROW = re.compile(r"^[ \t]*\|.*\|[ \t]*$", re.M)
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
    r"(?<!\w)[وفب]?(?:هل|ما|ماذا|كيف|لماذا|لمَ|لم|متى|أين|اين|من|مَن|كم|أي|أيّ|اي|ايه|إيه|أية|أنى|أليس|ألا|ألم|ألن"
    r"|أما|ليش|شو|لمن|بم|مم|عم|علام|إلى متى|أ\w+)(?!\w)"
)
# Characters without spaces in the target for one in the source. Over 1,000 FLORES references lie within
# [0.53, 1.5] but for misaligned lines, Tatoeba's free translations of over 15 characters within [0.35, 1.8].
_SHORTEST, _CUT, _LONGEST = 0.36, 0.85, 2.2
_ANY_SCRIPT = (0.12, 0.12, 8.0)


def visible_length(text: str) -> int:
    """Characters without white space and vowel marks."""
    bare = text if text.isascii() else _MARKS.sub("", text)
    return len("".join(bare.split()))


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
    ended = not source_end or source_end not in ".!?" or target.rstrip()[-1:] in _ENDS
    if ended and x * 0.6 < y < x * 1.7 and "\n" not in source:
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
        if x >= 60 and target.rstrip()[-1:].isalnum():
            return [Verdict("truncation", False, end)]
    if script == "Arab" and x >= 60:
        shortest = 0.5 if x >= 90 else 0.45
    if ratio < shortest and x >= 15:
        return [Verdict("truncation", x >= 200 and ratio < 0.2, f"only {ratio:.2f} of the source's length")]
    if x > 400:
        left, right = _lines_and_sentences(source), _lines_and_sentences(target)
        if right[0] * 10 < left[0] * 8 and left[0] >= 5:
            return [Verdict("truncation", False, f"{right[0]} lines where the source has {left[0]}")]
        if right[1] * 2 < left[1] and left[1] >= 6 and ratio < 0.7:
            return [Verdict("truncation", False, f"{right[1]} sentences where the source has {left[1]}")]
    return []


def _lines_and_sentences(text: str) -> tuple[int, int]:
    return sum(1 for line in text.splitlines() if line.strip()), len(sentences(text))


# Several checks ask for the same text, and every translator's candidate is checked against the same source.
@lru_cache(maxsize=64)
def sentences(text: str) -> tuple[str, ...]:
    """Sentences and lines, white space normalised, without those that hold no letter."""
    parts = (" ".join(s.split()) for s in _SENTENCE_END.split(text))
    return tuple(s for s in parts if any(map(str.isalpha, s)))


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
        grams = len(set(zip(words, words[1:], words[2:], strict=False)))
        if grams == len(words) - 2:
            return _character_loop(source, target, words)
        length, period, start = _longest_loop(words)
        if length and length > _longest_loop(source.split())[0] * 1.5:
            copies = length / period
            piece = excerpt(" ".join(words[start : start + period]))
            if period >= 4 or copies >= 4 or (period >= 2 and copies >= 3):
                hard = length >= 8
                return [Verdict("repetition", hard, f"'{piece}' {copies:.1f} times from word {start}")]
        doubled = Counter(s for s in sentences(target) if s.count(" ") >= 3)
        most = [(s, n) for s, n in doubled.items() if n > 1]
        if most:
            left = Counter(s for s in sentences(source) if s.count(" ") >= 1)
            if sum(n - 1 for _, n in most) > sum(n - 1 for n in left.values() if n > 1):
                sentence, n = most[0]
                hard = sentence.count(" ") >= 7 and not any(k > 1 for k in left.values())
                return [Verdict("repetition", hard, f"the sentence '{excerpt(sentence)}' stands {n} times")]
    elif len(words) >= 2 and len(words) % 2 == 0 and len(words) > len(source.split()):
        half = len(words) // 2
        bare = [w.strip(".!?؟،,") for w in words]
        if bare[:half] == bare[half:]:
            english = [w.strip(".!?,").lower() for w in source.split()]
            if not any(a == b for a, b in pairwise(english)):
                return [Verdict("repetition", False, f"'{' '.join(words[:half])}' stands twice")]
    return _character_loop(source, target, words)


_CHARACTERS = re.compile(r"(\w{1,12}?)\1{9,}")


def _character_loop(source: str, target: str, words: list[str]) -> list[Verdict]:
    longest = max(map(len, words), default=0)
    if longest < 24:
        return []
    for word in words:
        if len(word) >= 24:
            m = _CHARACTERS.search(word[:2000])
            if m and m.group() not in source and not m[1].isdigit() and m[1].strip("_ـ"):
                return [Verdict("repetition", True, f"'{m[1]}' {len(m.group()) // len(m[1])} times in one word")]
    return []


def check_markup(source: str, target: str) -> list[Verdict]:
    """List items, headings and table rows, counted; hard where some were lost."""
    verdicts = []
    for name, pattern in (("list items", _LIST_ITEM), ("headings", _HEADING), ("table rows", _TABLE_ROW)):
        left, right = len(pattern.findall(source)), len(pattern.findall(target))
        if left != right:
            lost = right < left and left >= 2
            verdicts.append(Verdict("markup", lost, f"{right} {name} where the source has {left}"))
    return verdicts


_INSTRUCTION = re.compile(
    r"(?:please\s+)?(?:write|explain|describe|list|give|summari[sz]e|translate|create|generate|provide|compare|discuss|"
    r"rewrite|edit|identify|find|name|tell|suggest|calculate|classify|convert|design|compose|construct|develop|make|"
    r"outline|analy[sz]e|evaluate|what|how|why|who|when|where|which|can you|could you|is|are|do|does|did)\b",
    re.I,
)


def check_answered(source: str, target: str) -> list[Verdict]:
    """A question or an instruction that came back answered: no question any more, and of another length. Soft."""
    question = source.rstrip(_CLOSERS)[-1:] == "?"
    if not question and not _INSTRUCTION.match(source):
        return []
    x, y = len(source), len(target)
    if (question and x * 0.55 < y < x * 1.45) or (not question and y < x * 1.6):
        return []
    x, y = visible_length(source), visible_length(target)
    if not x or y < 8:
        return []
    if question:
        if "؟" in target or "?" in target or (_INTERROGATIVE.search(target) and y < x * 1.8):
            return []
        far = y > x * 1.45 or y < x * 0.45
    else:
        far = y > x * 1.6 and y > x + 40
    if not far:
        return []
    what = "a question" if question else "an instruction"
    return [Verdict("answered", False, f"{what} became a text of {y / x:.1f} times its length")]
