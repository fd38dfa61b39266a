"""Phrases that a model adds instead of translating: the prompt's echo, refusals; and the flags that it must keep."""

from __future__ import annotations

import re
from collections import Counter

from processors.verdict import Verdict, excerpt

# Cheap looks before the patterns: prose without any of these cannot match them. Words first, for `in` is several times
# as fast as a search for alternatives.
_ECHO_WORDS = ("ransl", "TRANSL", "ترجم", "<", "INST", "Arabic", "العربية:", "بالعربية", "ere", "إليك", "اليك")
_ECHO_SIGNS = re.compile(
    r"[Tt]ransl|ترجم|TRANSL|<[a-z|/｜\[]|\[/?INST|Arabic|العربية:|بالعربية|[Hh]ere[’' ]|إليك|اليك"
)
_ECHO = re.compile(
    r"(?P<english>\b(?:here(?:'s| is|’s)|sure|certainly|of course|okay|below is)\b[^\n.]{0,50}\btranslat\w+"
    r"|^\W{0,4}(?:\w+ )?translat(?:ion|ed)(?: (?:in)?to arabic| text)?\W{0,4}:"
    r"|\btranslate the following\b|\btranslated text:|^\W{0,4}(?:in )?arabic(?: translation)?\W{0,3}:)"
    r"|(?P<arabic>^\W{0,4}(?:هذه هي |هذه |إليك |اليك |إليكم |فيما يلي |فيما يأتي |بالتأكيد[،!,.]? "
    r"|بالطبع[،!,.]? |حسن[اًا]{1,2}[،,.]? )*"
    r"(?:ال)?ترجم[ةه][^\n.]{0,45}:"
    r"|^\W{0,4}(?:بالتأكيد|بالطبع|إليك|اليك|إليكم|فيما يلي|هذه)[^\n.]{0,40}ترجم"
    r"|(?:^|\n)\W{0,4}(?:النص المترجم|بالعربية|باللغة العربية|العربية)\W{0,3}:"
    r"|ترجم(?:ي|وا)? (?:النص|الجمل[ةه]|الجملة الإنجليزية|ما يلي|العبارة|الفقرة)"
    r"(?: \w+){0,4} (?:إلى|الى) (?:اللغة )?العربي)"
    r"|(?P<tag><ar>|</?(?:arabic|translation|target|source|english)>|<\|?(?:im_start|im_end|endoftext|eot_id|end_of_text"
    r"|start_header_id|assistant|user|system)\|?>|</s>|<s>|<(?:start|end)_of_turn>|\[/?INST\]|<[｜|]end[^>]{0,30}>)",
    re.I,
)
_SOURCE_TRANSLATES = re.compile(r"translat|\bArabic\b|\binterpret", re.I)

_REFUSAL_WORDS = (
    "orry", "I can", "unable", "s an AI", "language model", "عذر", "آسف", "اسف", "أسف", "يمكنني", "ستطيع", "بإمكاني",
    "نموذج", "ذكاء", "مساعد",
)  # fmt: skip
_REFUSAL_SIGNS = re.compile(
    r"[Ss]orry|I cannot|I can[’']t|I[’']m unable|As an AI|as an AI|language model|عذر|آسف|اسف|متأسف"
    r"|نأسف|يمكنني|أستطيع|استطيع|بإمكاني|نموذج|ذكاء|مساعد"
)
_REFUSAL = re.compile(
    r"(?P<english>\b(?:i'?m sorry|i am sorry|sorry|i apologi[sz]e|unfortunately)\b"
    r"[^.\n]{0,40}\b(?:can(?:no|')?t|unable|not able)\b"
    r"|\bi (?:can(?:no|')t|cannot|am unable to|am not able to|'m unable to|won't) "
    r"(?:translat|assist|help|fulfil|provide|comply|complete)\w*"
    r"|\bi'm unable to\b)"
    r"|(?P<arabic>(?:عذر|اعتذر|نعتذر|معذر|اسف|متاسف|ناسف|للاسف)[^.\n]{0,40}(?:لا|لن|ليس|غير|لم|عدم)\s?(?:ال)?"
    r"(?:يمكنني|يمكننا|استطيع|نستطيع|اقدر|بامكاني|قادر|ب?مقدوري|ترجم)"
    r"|(?:لا|لن|لم) (?:يمكنني|استطيع|بامكاني|اقدر على|اتمكن من) "
    r"(?:ال)?(?:مساعد|ترجم|تلبي|تقديم|القيام ب|اكمال|تنفيذ|ان اترجم|ان اساعد))"
    r"|(?P<model>\bas an ai\b|(?:بصفتي|كوني|باعتباري|بوصفي|انا مجرد|انا)\s?(?:نموذج|مساعد|ذكاء)"
    r"|كنموذج لغوي|كنموذج ذكاء)",
    re.I,
)
_SOURCE_REFUSES = re.compile(
    r"\b(?:can(?:no|['’]?)t|cannot|can not|unable|not able|impossible|couldn['’]?t|could not|won['’]?t|not possible|"
    r"incapable|refus\w+|don['’]t know|not|no|nothing|nobody|none|never|nowhere|hardly)\b",
    re.I,
)
_SOURCE_IS_MODEL = re.compile(r"\b(?:AI|language model|assistant|chatbot|artificial)\b", re.I)
_FOLD = str.maketrans("أإآٱ’", "اااا'", "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0640")
_FLAG = re.compile(r"(?<![\w/\\<])/(?:no_)?think\b(?!/)")
_FLAG_SIGN = "think"
_TRANSLATED_FLAG = re.compile(r"(?<![\w/])/\s?(?:لا[_ ])?(?:فكر|تفكر|تفكير|فكّر)")


def check_prompt_echo(source: str, target: str) -> list[Verdict]:
    """The prompt or a preamble in the target ("Here is the translation:", "الترجمة:", "<ar>", template tokens)."""
    if not any(map(target.__contains__, _ECHO_WORDS)) or not _ECHO_SIGNS.search(target):
        return []
    head, tail = target[:400], target[-300:]
    for piece in (head,) if len(target) <= 400 else (head, tail):
        for m in _ECHO.finditer(piece):
            text = m.group()
            if m.lastgroup == "arabic" and _SOURCE_TRANSLATES.search(source):
                continue
            if m.lastgroup in ("english", "tag") and text.lower().strip() in source.lower():
                continue
            return [Verdict("prompt_echo", True, f"'{excerpt(text.strip())}' is not the source's")]
    return []


def check_refusal(source: str, target: str) -> list[Verdict]:
    """A refusal where the source is none."""
    if not any(map(target.__contains__, _REFUSAL_WORDS)) or not _REFUSAL_SIGNS.search(target):
        return []
    m = _REFUSAL.search(target[:600].translate(_FOLD))
    if m is None:
        return []
    said, head = m.group().lower(), source[:4000]
    if "ترجم" in said or "translat" in said:
        excused = _SOURCE_TRANSLATES.search(head) and _SOURCE_REFUSES.search(head)
    elif m.lastgroup == "model":
        excused = _SOURCE_IS_MODEL.search(head)
    else:
        excused = _SOURCE_REFUSES.search(head)
    if excused:
        return []
    return [Verdict("refusal", True, f"'{excerpt(m.group())}'")]


def check_flags(source: str, target: str) -> list[Verdict]:
    """SmolLM3's reasoning flags `/think` and `/no_think` must stay as they are and must not appear anew."""
    if _FLAG_SIGN not in source and _FLAG_SIGN not in target:
        return []
    left, right = Counter(_FLAG.findall(source)), Counter(_FLAG.findall(target))
    if left == right:
        return []
    translated = _TRANSLATED_FLAG.search(target)
    became = f", became '{translated.group()}'" if translated else ""
    lost, new = " ".join((left - right).elements()), " ".join((right - left).elements())
    detail = "; ".join(p for p in (f"{lost} is missing{became}" if lost else "", f"{new} is new" if new else "") if p)
    return [Verdict("flags", True, detail)]
