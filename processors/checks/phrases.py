"""Phrases that a model adds instead of translating: the prompt's echo, refusals; and the flags that it must keep."""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice

from processors.checks.pair import Pair
from processors.checks.verdict import Verdict, excerpt

# Cheap looks before the patterns: prose without any of these cannot match them. `in` is several times as fast as a
# search for alternatives.
_ECHO_WORDS = (
    "ransl", "TRANSL", "ترجم", "<", "INST", "Arabic", "العربية", "بالعربية", "ere", "إليك", "اليك", ":", "：", "[AR",
    "ssistant\n", "هل ", "أتمنى", "آمل", "أرجو", "يرجى", "إذا كنت", "لا تتردد",
)  # fmt: skip
_TAGS = re.compile(
    r"<ar>|</?(?:arabic|translation|target|source|english)>|<\|?(?:im_start|im_end|endoftext|eot_id|end_of_text"
    r"|start_header_id|assistant|user|system)\|?>|</s>|<s>|<(?:start|end)_of_turn>|\[/?INST\]|<[｜|]end[^>]{0,30}>",
    re.I,
)
_ENGLISH_ECHO = re.compile(
    r"\b(?:here(?:'s| is|’s)|sure|certainly|of course|okay|below is|let me|i'll|i will)\b[^\n.]{0,50}"
    r"(?:\btranslat\w+|\bin arabic\b|\barabic (?:translation|version))"
    r"|^\W{0,4}(?:\w+ ){0,2}translat(?:ion|ed)(?: (?:in)?to arabic| text| \(arabic\))?\W{0,4}:"
    r"|\btranslate the following\b|\btranslated (?:text:|by\b)|^\W{0,4}(?:in )?arabic(?: translation)?\W{0,3}[:\]]"
    r"|^\W{0,4}\[?ar\]|^(?:assistant|user|model)\s*\n",
    re.I,
)
# A label in front, in Latin letters, or one of those that a model puts before its answer.
_LATIN_LABEL = re.compile(r"^\W{0,4}([A-Za-zÀ-ÿ][A-Za-zÀ-ÿ ]{1,25})\W{0,3}[:：]")
_LAST_LABEL = re.compile(r"\n\W{0,4}([A-Za-z][A-Za-z ]{1,25}):\s*(?:$|\S[^\n]{0,80}$)")
_ARABIC_LABEL = re.compile(
    r"^\W{0,4}(?:ال(?:إجابة|اجابة|نتيجة|جواب|نص|ناتج|مخرجات|مساعد)|النص (?:الأصلي|الهدف))\W{0,3}[:：]"
)
# Before the first colon or line end, translating or the language is talked of.
_ARABIC_ECHO = re.compile(
    r"^\W{0,6}[^\n.؟:]{0,60}?(?:(?<!\w)(?:[وفبلس]|سأ|أ|ي|ت|ن)?(?:ال)?م?ترجم\w{0,4}|بالعربي\w*"
    r"|(?:إلى|الى|باللغة) العربية)"
    r"[^\n.؟:]{0,45}(?:[:：]|\W{0,4}\n)"
    r"|^\W{0,4}(?:بالتأكيد|بالطبع|أكيد|حسن[اًا]{1,2}|نعم|إليك|اليك|إليكم|فيما يلي|هذه|هنا)[^\n]{0,40}ترجم"
    r"|(?:^|\n)\W{0,4}(?:العربية)\W{0,3}:|^\W{0,3}[(\[](?:ال)?ترجم[ةه][)\]]"
    r"|ترجم(?:ي|وا)? (?:النص|الجمل[ةه]|الجملة الإنجليزية|ما يلي|العبارة|الفقرة)"
    r"(?: \w+){0,4} (?:إلى|الى) (?:اللغة )?العربي"
)
_NOTE = re.compile(r"\n\W{0,6}(?:ملاحظ\w+(?: المترجم)?|تنويه|ترجم[ةه])\W{0,4}:")
_SOURCE_NOTES = re.compile(r"\bnot(?:e|es|ice)\b|N\.B|remark|observation|caveat|translat", re.I)
# What a helper says behind its answer.
_SERVICE = re.compile(
    r"هل (?:تحتاج|ترغب|تريد|هناك|يوجد|لديك|يمكنني)[^\n.؟]{0,50}(?:ترجم|مساعد|أساعد|اساعد)"
    r"|(?:أتمنى|آمل|أرجو) أن (?:تكون|يكون|تنال|أكون)[^\n.]{0,30}(?:ترجم|مفيد|ساعد|إعجاب)"
    r"|(?:يرجى|أرجو|لا تتردد|إذا كنت)[^\n.]{0,45}(?:إعلامي|إخباري|تخبرني|أخبرني|سؤالي|التعديل|تعديل|إضافي|ترجم)"
)
_SERVICE_WORDS = (
    "ترجم", "ساعد", "مفيد", "تعديل", "سؤالي", "إخباري", "خبرني", "إعلامي", "إضافي", "إعجاب",
)  # fmt: skip
_SOURCE_SERVES = re.compile(
    r"let me know|help|assist|hope|feel free|anything else|hesitat|translat|inform|tell me|ask|further|adjust|chang"
    r"|edit|modif|useful",
    re.I,
)
_SOURCE_TRANSLATES = re.compile(r"translat|\bArab|\binterpret", re.I)
_QUOTED = re.compile(r"^\s*[\"“«„](?P<inside>[^\"“”«»„]{15,})[\"”»“]\s*$")
_QUOTES = re.compile(r"[\"“”«»„‘`]|(?<!\w)'|’(?!\w)")

_REFUSAL_WORDS = (
    "orry", "I can", "unable", "s an AI", "language model", "عذر", "آسف", "اسف", "أسف", "ؤسف", "يمكنني", "ستطيع",
    "بإمكاني", "نموذج", "ذكاء", "مساعد", "ترجم", "بوسعي", "يسعني", "أرفض", "ينتهك", "يخالف", "يتعارض", "طلبك", "أتمكن",
    "ontent ", "أقدر",
)  # fmt: skip
_ABLE = (
    r"(?:يمكنني|يمكننا|استطيع|نستطيع|اقدر|بامكاني|بامكاننا|بوسعي|يسعني|اتمكن|نتمكن|قادر|ب?مقدوري|(?:لدي|املك)"
    r" (?:ال)?(?:قدر|صلاحي|امكاني))"
)
_REFUSAL = re.compile(
    r"(?P<english>\b(?:i'?m sorry|i am sorry|sorry|i apologi[sz]e|unfortunately)\b"
    r"[^.\n]{0,40}\b(?:can(?:no|')?t|unable|not able)\b"
    r"|\bi (?:can(?:no|')t|cannot|am unable to|am not able to|'m unable to|won't) "
    r"(?:translat|assist|help|fulfil|provide|comply|complete|continue|proceed)\w*"
    r"|\bi'm unable to\b|\bcontent (?:blocked|filtered|removed)\b)"
    r"|(?P<arabic>(?:عذر|اعتذر|نعتذر|معذر|اسف|متاسف|ناسف|للاسف|يؤسفني|عفوا|سامحني)[^.\n]{0,40}"
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
    r"|لا يوجد (?:اي )?نص (?:ل|ال|مطلوب)\w*ترجم|لم افهم (?:طلبك|سؤالك|المطلوب))"
    r"|(?P<model>\bas an ai\b|(?:بصفتي|كوني|باعتباري|بوصفي|انا مجرد|انا)\s?(?:نموذج|مساعد|ذكاء)"
    r"|كنموذج لغوي|كنموذج ذكاء)",
    re.I,
)
_SOURCE_REFUSES = re.compile(
    r"\b(?:can(?:no|['’]?)t|cannot|can not|can never|unable|not able|impossible|couldn['’]?t|could not|won['’]?t|not "
    r"possible|incapable|refus\w+|declin\w+|afraid|\w+n['’]t able|no longer able"
    r"|fail\w*|nothing I|not going to|will not|don['’]t (?:know|understand|have|get)|do not (?:know|understand"
    r"|have)|didn['’]t (?:understand|get|catch)|did not (?:understand|get)|violat\w+|against|contradict\w*|not"
    r" (?:capable|in a position)|inability|hardly|reject\w*|den(?:y|ied|ies)|never (?:be|been) able)\b",
    re.I,
)
_SOURCE_IS_MODEL = re.compile(r"\b(?:AI|language model|assistant|chatbot|artificial|helper|program|model)\b", re.I)
_FOLD = str.maketrans("أإآٱةى’", "ااااهي'", "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0640")
# Of a long text: what is looked at around the place of the source that stands for one of the target.
_AROUND = 400
# Of a text that refuses all the time (and translates one that does): bounds the work.
_MOST_REFUSALS = 20
_FLAG = re.compile(r"(?<![\w/\\<])/(?:no_)?think\b(?!/)")
_FLAG_SIGN = "think"
_TRANSLATED_FLAG = re.compile(r"(?<![\w/])/\s?(?:لا[_ ])?(?:فكر|تفكر|تفكير|فكّر)")


def check_prompt_echo(pair: Pair) -> list[Verdict]:
    """The prompt or a preamble in the target ("Here is the translation:", "الترجمة:", "<ar>", template tokens), a note
    or an offer of more help behind it; soft where the whole is only put in quotation marks."""
    source, target = pair.source.string, pair.target.string
    if target[-1:] in '"”»“' and _QUOTED.match(target) and not _QUOTES.search(source):
        return [Verdict("prompt_echo", False, "quotation marks that are not the source's stand around the text")]
    if not any(map(target.__contains__, _ECHO_WORDS)):
        return []
    head, tail = target[:400], target[-300:]
    found = _tag(source, head, tail) or _preamble(source, head) or _postscript(source, target, tail)
    return [Verdict("prompt_echo", True, f"'{excerpt(found.strip())}' is not the source's")] if found else []


def _tag(source: str, head: str, tail: str) -> str | None:
    for piece in (head, tail):
        for pattern in (_TAGS, _ENGLISH_ECHO) if piece is head else (_TAGS,):
            for m in pattern.finditer(piece):
                if m[0].lower().strip() not in source.lower():
                    return m[0]
    return None


def _says(text: str, words: str) -> bool:
    return re.search(rf"\b{re.escape(words)}\b", text, re.I) is not None


def _preamble(source: str, head: str) -> str | None:
    m = _ARABIC_ECHO.search(head) if "ترجم" in head or "عربي" in head else None
    if m and not _SOURCE_TRANSLATES.search(source):
        return m[0]
    if ":" not in head and "：" not in head:
        return None
    m = _LATIN_LABEL.match(head)
    if m and not _says(source, m[1].strip()):
        return m[0]
    m = _ARABIC_LABEL.match(head)
    return m[0] if m and ":" not in source[:80] else None


def _postscript(source: str, target: str, tail: str) -> str | None:
    end = source[-_AROUND:]
    if "\n" in tail:
        m = _NOTE.search(tail)
        if m and not _SOURCE_NOTES.search(source):
            return m[0]
        m = _LAST_LABEL.search(tail)
        if m and not _says(source, m[1].strip()):
            return m[0]
    m = _SERVICE.search(tail) if any(map(tail.__contains__, _SERVICE_WORDS)) else None
    # A question or a sentence of its own, after the translation.
    if m and not _SOURCE_SERVES.search(end) and target[: len(target) - len(tail) + m.start()].strip():
        return m[0]
    return None


def check_refusal(pair: Pair) -> list[Verdict]:
    """A refusal, or a plea for the text, where the source is none at that place."""
    source, target = pair.source.string, pair.target.string
    if not any(map(target.__contains__, _REFUSAL_WORDS)):
        return []
    for m in islice(_REFUSAL.finditer(target.translate(_FOLD)), _MOST_REFUSALS):
        # The rest of the sentence tells what is refused.
        said = target[m.start() : m.end() + 60].partition(".")[0].lower()
        place = int(m.start() / len(target) * len(source))
        around = source[max(0, place - _AROUND - len(source) // 10) : place + _AROUND + len(source) // 10]
        if m.lastgroup == "model":
            excused = _SOURCE_IS_MODEL.search(around)
        elif "ترجم" in said or "translat" in said:
            excused = _SOURCE_TRANSLATES.search(around)
        else:
            excused = _SOURCE_REFUSES.search(around)
        if not excused:
            return [Verdict("refusal", True, f"'{excerpt(m.group())}'")]
    return []


def check_flags(pair: Pair) -> list[Verdict]:
    """SmolLM3's reasoning flags `/think` and `/no_think` must stay as they are and must not appear anew."""
    source, target = pair.source.string, pair.target.string
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
