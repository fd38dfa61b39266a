"""Phrases that a model adds instead of translating: the prompt's echo, refusals; and the flags that it must keep."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from processors.checks.pairs.pair import Pair
from processors.checks.pairs.verdict import Verdict, excerpt
from processors.checks.wording.wrapped import wrapped
from processors.languages.english import ENGLISH
from processors.languages.knowledge import LanguageKnowledge, Phrases
from processors.languages.spellings import plain
from processors.texts.prose import filled_lines, visible_length

# Strings of which one stands in every match of the patterns below, but for those of the languages. A cheap look: `in`
# is several times as fast as a search for alternatives.
_SIGNS = ("<", "INST", ":", "：", "ssistant\n")
_TEMPLATE = (
    r"</?(?:NAME|translation|target|source|english)>|<\|?(?:im_start|im_end|endoftext|eot_id|end_of_text"
    r"|start_header_id|assistant|user|system)\|?>|</s>|<s>|<(?:start|end)_of_turn>|\[/?INST\]|<[｜|]end[^>]{0,30}>"
)
# A label in front, in Latin letters, or one of those that a model puts before its answer.
_LATIN_LABEL = re.compile(r"^\W{0,4}([A-Za-zÀ-ÿ][A-Za-zÀ-ÿ ]{1,25})\W{0,3}[:：](?!//)")
_LAST_LABEL = re.compile(r"\n\W{0,4}([A-Za-z][A-Za-z ]{1,25}):\s*(?:$|\S[^\n]{0,80}$)")
# A label of a source: one to four words, set off by a mark or a verb that says what follows.
_LABELLED = re.compile(
    r"\W{0,4}(?:\w[\w.']*\s?){1,4}(?:[-–—:：.=]\s|\s[-–—=>]+)|\W{0,4}please (?:note|be aware)\b|here\b", re.I
)
# "The final result was 3-1": the label is the source's subject.
_NAMES_ITSELF = re.compile(
    r"\W*(?:\w+ ){0,3}(?:answer|reply|response|result|outcome|text|output|solution|score)s?\b", re.I
)
# No time of day.
_COLON = re.compile(r":(?!\d)")
_FENCE = re.compile(r"\s*(?:`{3,}|~{3,})")
_QUOTED_LINE = re.compile(r"^[ \t]*>", re.MULTILINE)
_RULES = ("---", "***", "___", "===")
_RULE = re.compile(r"\s*(?:-{3,}|\*{3,}|_{3,}|={3,})[ \t]*\n")
# Of a long text: what is looked at around the place of the source that stands for one of the target.
_AROUND = 400
# Of a text that refuses all the time (and translates one that does): bounds the work.
_MOST_REFUSALS = 20
# Words of a source that may be told by such a word alone.
_MOST_ALONE = 4
_FLAG = re.compile(r"(?<![\w/\\<])/(?:no_)?think\b(?!/)")
_FLAG_SIGN = "think"


class _Sought(NamedTuple):
    """What is looked for in a target: what its language says, and English, which models fall back to."""

    echo_signs: tuple[str, ...]
    tags: re.Pattern[str]
    english_echo: re.Pattern[str]
    echo: re.Pattern[str]
    # Where the source speaks of translating or of the language.
    translating: re.Pattern[str]
    refusal_signs: tuple[str, ...]
    refusal: re.Pattern[str]


_NOTHING = Phrases(
    signs=(), echo="(?!)", echo_signs=(), translating="", refusal_signs=(), refusal="(?!)", model="(?!)"
)
assert ENGLISH.phrases is not None and ENGLISH.excuses is not None
_ENGLISH, _EXCUSES = ENGLISH.phrases, ENGLISH.excuses


@lru_cache(maxsize=16)
def _patterns(known: LanguageKnowledge) -> _Sought:
    own = known.phrases or _NOTHING
    name, code = (re.escape(said) if said else "(?!)" for said in (known.name, known.code))
    model = rf"(?P<model>{_ENGLISH.model}|{own.model})"
    return _Sought(
        (*_SIGNS, *_ENGLISH.signs, *own.signs, *filter(None, [known.name]), f"[{known.code.upper()}"),
        re.compile(rf"<{code}>|" + _TEMPLATE.replace("NAME", name), re.I),
        re.compile(_ENGLISH.echo.replace("NAME", name).replace("CODE", code), re.I),
        re.compile(own.echo),
        re.compile(_EXCUSES.translating + (rf"|\b{known.stem}" if known.stem else ""), re.I),
        (*_ENGLISH.refusal_signs, *own.refusal_signs),
        re.compile(rf"(?P<english>{_ENGLISH.refusal})|(?P<own>{own.refusal})|(?P<plea>{own.plea})|{model}", re.I),
    )


def check_prompt_echo(pair: Pair) -> list[Verdict]:
    """The prompt or a preamble in the target ("Here is the translation:", "Certainly!", "<ar>", template tokens, a
    fence), a note or an offer of more help behind it; soft where the whole is only put in quotation marks."""
    source, target = pair.source.string, pair.target.string
    if found_around := wrapped(source, target):
        return [Verdict("prompt_echo", found_around[1], found_around[0])]
    around = _set_off(source, target) or _opener(pair)
    if around:
        return [Verdict("prompt_echo", True, around)]
    if not any(map(target.__contains__, _patterns(pair.knowledge).echo_signs)):
        return []
    head, tail = target[:400], target[-300:]
    found = _tag(pair, head, tail) or _preamble(pair, head) or _postscript(pair, tail)
    return [Verdict("prompt_echo", True, f"'{excerpt(found.strip())}' is not the source's")] if found else []


def _set_off(source: str, target: str) -> str | None:
    """A fence, signs of quotation before each line or a rule, which the source has not."""
    begins = target.lstrip()[:3]
    fence = _FENCE.match(target) if begins in ("```", "~~~") else None
    if fence and "```" not in source and "~~~" not in source:
        # A span inside that the source has too hides the fence from those who count spans.
        return f"the text stands in a fence: '{excerpt(fence.group().strip())}'"
    if begins[:1] == ">" and _all_quoted(target) and not _QUOTED_LINE.search(source):
        return "each line is quoted, as none of the source's is"
    if begins in _RULES and _RULE.match(target) and not any(map(source.__contains__, _RULES)):
        return f"the text stands under a rule: '{begins}'"
    return None


def _all_quoted(text: str) -> bool:
    return all(line.lstrip().startswith(">") for line in text.split("\n") if line.strip())


def _opener(pair: Pair) -> str | None:
    """A helper's first word: a translator adds none."""
    phrases, source = pair.knowledge.phrases, pair.source.string
    m = phrases.opener.match(pair.target.string) if phrases and phrases.opener else None
    if m is None or _EXCUSES.opening.match(source) or _EXCUSES.moved_to_front.match(source):
        m = _ENGLISH.opener.match(pair.target.string) if _ENGLISH.opener else None
        if m is None or _says(source, m[0].strip("!,.: \n")):
            return None
    if not pair.target.string[m.end() :].strip() and len(source.split()) <= _MOST_ALONE and "?" not in source:
        # "Any time!" is a whole message.
        return None
    return f"'{excerpt(m.group().strip())}' is not the source's"


def _tag(pair: Pair, head: str, tail: str) -> str | None:
    patterns, source = _patterns(pair.knowledge), pair.source.string
    for pattern, piece in ((patterns.tags, head), (patterns.english_echo, head), (patterns.tags, tail)):
        if pattern is patterns.tags and "<" not in piece and "[" not in piece:
            continue
        for m in pattern.finditer(piece):
            if m[0].lower().strip() not in source.lower():
                return m[0]
    return None


def _says(text: str, words: str) -> bool:
    return re.search(rf"\b{re.escape(words)}\b", text, re.I) is not None


def _preamble(pair: Pair, head: str) -> str | None:
    source, phrases, patterns = pair.source.string, pair.knowledge.phrases or _NOTHING, _patterns(pair.knowledge)
    m = patterns.echo.search(head) if any(map(head.__contains__, phrases.echo_signs)) else None
    if m and not patterns.translating.search(source):
        return m[0]
    if ":" not in head and "：" not in head:
        return None
    m = _LATIN_LABEL.match(head)
    if m and not _says(source, m[1].strip()):
        return m[0]
    m = phrases.label.match(head) if phrases.label else None
    named = _COLON.search(source, 0, 80) or _LABELLED.match(source) or _NAMES_ITSELF.match(source)
    return m[0] if m and not named else None


def _postscript(pair: Pair, tail: str) -> str | None:
    source, target, phrases = pair.source.string, pair.target.string, pair.knowledge.phrases or _NOTHING
    if "\n" in tail:
        m = phrases.note.search(tail) if phrases.note else None
        if m and not _EXCUSES.notes.search(source) and filled_lines(pair.target) > filled_lines(pair.source):
            return m[0]
        m = _LAST_LABEL.search(tail)
        if m and not _says(source, m[1].strip()):
            return m[0]
    serves = phrases.service is not None and any(map(tail.__contains__, phrases.service_signs))
    m = phrases.service.search(tail) if phrases.service and serves else None
    # A question or a sentence of its own, after the translation.
    alone = m is not None and target[: len(target) - len(tail) + m.start()].strip()
    return m[0] if m and alone and not _EXCUSES.serving.search(source[-_AROUND:]) else None


def check_refusal(pair: Pair) -> list[Verdict]:
    """A refusal, or a plea for the text, where the source is none at that place."""
    source, target, known = pair.source.string, pair.target.string, pair.knowledge
    patterns = _patterns(known)
    if not any(map(target.__contains__, patterns.refusal_signs)):
        return []
    translate = (_ENGLISH.translating, *filter(None, [known.phrases.translating if known.phrases else ""]))
    spelling = plain(pair.target, known).replace("’", "'")
    for m in islice(patterns.refusal.finditer(spelling), _MOST_REFUSALS):
        # The rest of the sentence tells what is refused.
        said = target[m.start() : m.end() + 60].partition(".")[0].lower()
        place = int(m.start() / len(target) * len(source))
        around = source[max(0, place - _AROUND - len(source) // 10) : place + _AROUND + len(source) // 10]
        if m.lastgroup == "model":
            excuse = _EXCUSES.model
        elif m.lastgroup == "plea":
            excuse = _EXCUSES.pleading
        elif any(map(said.__contains__, translate)):
            excuse = patterns.translating
        else:
            excuse = _EXCUSES.refusing
        if not excuse.search(around) and not (m.lastgroup == "own" and _declines(pair, around)):
            return [Verdict("refusal", True, f"'{excerpt(m.group())}'")]
    return []


def _declines(pair: Pair, around: str) -> bool:
    """Whether the source may decline in words of its own: it limits what the speaker does, and is about as long."""
    x, y = visible_length(pair.source), visible_length(pair.target)
    about = _EXCUSES.limiting.search(around) and _EXCUSES.speaker.search(around)
    return about is not None and y < x * 1.7 and y > x * 0.4


def check_flags(pair: Pair) -> list[Verdict]:
    """SmolLM3's reasoning flags `/think` and `/no_think` must stay as they are and must not appear anew."""
    source, target = pair.source.string, pair.target.string
    if _FLAG_SIGN not in source and _FLAG_SIGN not in target:
        return []
    left, right = Counter(_FLAG.findall(source)), Counter(_FLAG.findall(target))
    if left == right:
        return []
    phrases = pair.knowledge.phrases
    translated = phrases.flag.search(target) if phrases and phrases.flag else None
    became = f", became '{translated.group()}'" if translated else ""
    lost, new = " ".join((left - right).elements()), " ".join((right - left).elements())
    detail = "; ".join(p for p in (f"{lost} is missing{became}" if lost else "", f"{new} is new" if new else "") if p)
    return [Verdict("flags", True, detail)]
