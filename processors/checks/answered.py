"""Did the translator answer a question or an instruction instead of translating it."""

from __future__ import annotations

import re

from processors.checks.length import last_character
from processors.checks.pair import Pair
from processors.checks.verdict import Verdict
from processors.languages.spellings import folded
from processors.texts.prose import visible_length

_INTERROGATIVE = re.compile(
    r"(?<!\w)[وفب]?(?:هل|ماذا|كيف|لماذا|لمَ|متى|أين|اين|ايه|إيه|أليس|ألا|ألم|ألن|ليش|شو|مم|عم|علام|إلى متى)(?!\w)"
    # These are also particles, or how many words begin: they ask at the beginning only.
    r"|^\W{0,3}[وف]?(?:ما|مِن|من|مَن|كم|بكم|أي|أيّ|اي|أية|أنى|أما|لمن|بم|أل[مين]\w*|أ[تن]\w{3,}|أ[هو]\w+)(?!\w)"
)
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


def check_answered(pair: Pair) -> list[Verdict]:
    """A question or an instruction that came back answered: no question any more, and of another length. Soft."""
    return _request_lost(pair) or _answered(pair)


def _request_lost(pair: Pair) -> list[Verdict]:
    """Of "Write a story", the stem of "write" is not in the target."""
    source = pair.source.string
    request = _REQUEST.match(source) if len(source) >= 25 else None
    if request is None or pair.script != "Arab" or pair.language != "ar":
        return []
    verb = request[1].lower()
    if re.search(_REQUESTS[verb], folded(pair.target)):
        return []
    return [Verdict("answered", False, f"the request to '{verb}' is not in the target")]


def _answered(pair: Pair) -> list[Verdict]:
    source, target = pair.source.string, pair.target.string
    question = last_character(pair.source) == "?"
    if not question and (len(target) < len(source) * 1.6 or not _INSTRUCTION.match(source)):
        return []
    if question and ("؟" in target or "?" in target):
        return []
    x, y = visible_length(pair.source), visible_length(pair.target)
    if not x or y < 8:
        return []
    if not (_no_question(source, target, y < x * 1.8) if question else y > x * 1.6 and y > x + 40):
        return []
    what = "a question" if question else "an instruction"
    return [Verdict("answered", False, f"{what} became a text of {y / x:.1f} times its length")]


def _no_question(source: str, target: str, near: bool) -> bool:
    """Whether a target without a question mark is no question; `near`: of about the source's length."""
    # A full stop says that this is no question, unless it begins like one.
    asks = _INTERROGATIVE.search(target[:12] if target.rstrip().endswith(".") else target)
    return not _TAG_QUESTION.search(source) and not (asks and near)
