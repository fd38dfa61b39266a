"""Letters that broke on the way, stubs, and wrappings."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from urllib.parse import quote

from benchmarks.checks.faults.text import Kind, Planted, Random, Text, on_pair, on_target

_LETTER = re.compile(r"[\u0621-\u064a]")


def question_marks(target: str, rng: Random) -> str:
    return _LETTER.sub("?", target)


def boxes(target: str, rng: Random) -> str:
    return _LETTER.sub("■", target)


def words_of_question_marks(target: str, rng: Random) -> str:
    return " ".join(question_marks(w, rng) if rng.random() < 0.4 else w for w in target.split(" "))


def mojibake(target: str, rng: Random) -> str:
    """UTF-8 read as Latin-1."""
    return target.encode().decode("latin-1")


def mojibake_windows(target: str, rng: Random) -> str:
    """Windows-1256 read as Windows-1252."""
    return target.encode("cp1256", "ignore").decode("cp1252", "replace")


def replacement_characters(target: str, rng: Random) -> str | None:
    at = [m.start() for m in _LETTER.finditer(target)]
    if not at:
        return None
    lost = set(rng.sample(at, min(len(at), rng.randint(1, 3))))
    return "".join("\ufffd" if i in lost else c for i, c in enumerate(target))


def byte_tokens(target: str, rng: Random) -> str | None:
    at = [m.start() for m in _LETTER.finditer(target)]
    if not at:
        return None
    i = rng.choice(at)
    return target[:i] + "".join(f"<0x{b:02X}>" for b in target[i].encode()) + target[i + 1 :]


def sentencepiece_marks(target: str, rng: Random) -> str:
    return "▁" + target.replace(" ", "▁")


def bidi_embedding(target: str, rng: Random) -> str:
    return f"\u202b{target}\u202c"


def bidi_override(target: str, rng: Random) -> str:
    return f"\u202e{target[::-1]}\u202c"


def backwards(target: str, rng: Random) -> str:
    return target[::-1]


@cache
def _presentation() -> dict[int, str]:
    forms = {}
    for code in range(0xFE70, 0xFEFD):
        shape, _, letter = unicodedata.decomposition(chr(code)).partition(" ")
        if shape == "<isolated>" and " " not in letter:
            forms[int(letter, 16)] = chr(code)
    return forms


def presentation_forms(target: str, rng: Random) -> str:
    return target.translate(_presentation())


def zero_width_fillers(target: str, rng: Random) -> str:
    filler = rng.choice("\u200b\u2060\ufeff\u00ad")
    return _LETTER.sub(lambda m: m.group() + filler, target)


def unicode_escapes(target: str, rng: Random) -> str:
    return _LETTER.sub(lambda m: f"\\u{ord(m.group()):04x}", target)


def numeric_references(target: str, rng: Random) -> str:
    return _LETTER.sub(lambda m: f"&#{ord(m.group())};", target)


def percent_encoded(target: str, rng: Random) -> str:
    return quote(target, safe=" .,!?\n")


def spaced_letters(target: str, rng: Random) -> str:
    return re.sub(r"(?<=[\u0621-\u064a])(?=[\u0621-\u064a])", " ", target)


def lost_letters(target: str, rng: Random) -> str:
    """Every alef, or every lam, is gone: a font's or a filter's fault."""
    return target.replace(rng.choice("الين"), "")


def no_spaces(target: str, rng: Random) -> str | None:
    return target.replace(" ", "") if target.count(" ") >= 4 else None


def marks_only(target: str, rng: Random) -> str:
    return rng.choice(("***", "---", "؟؟؟", "!!!", "…", "، ، ،", "1 2 3", "🙂🙂🙂"))


_BROKEN = (
    question_marks, boxes, words_of_question_marks, mojibake, mojibake_windows, replacement_characters, byte_tokens,
    sentencepiece_marks, bidi_embedding, bidi_override, backwards, presentation_forms, zero_width_fillers,
    unicode_escapes, numeric_references, percent_encoded, spaced_letters, lost_letters, no_spaces, marks_only,
)  # fmt: skip

_STUBS = {
    "stub_mark": ("-", ".", "...", "—", "#", "*", '""'),
    "stub_english": ("Sorry.", "I cannot", "N/A", "None", "null", "OK.", "Done.", "I can't do that."),
    "stub_arabic": ("نعم.", "آسف.", "تمت الترجمة.", "لا.", "حسنًا.", "شكرًا.", "لا شيء."),
    "stub_bracketed": ("[ترجمة]", "[النص المترجم]", "<ترجمة>", "[...]", "{translation}", "(بدون ترجمة)"),
}

# In a prompt's place.
_GREETINGS = (
    "مرحبًا! كيف يمكنني مساعدتك اليوم؟", "أهلًا بك! كيف أستطيع مساعدتك؟", "مرحبًا، كيف يمكنني أن أساعدك؟",
    "أهلًا وسهلًا! بماذا يمكنني أن أخدمك؟", "Hello! How can I help you today?", "Hi there! How may I assist you?",
)  # fmt: skip
_WRAPPINGS: dict[str, tuple[str, ...]] = {
    "fence_named": ("```arabic\n{}\n```", "```ar\n{}\n```", "```text\n{}\n```", "```markdown\n{}\n```"),
    "fence_plain": ("```\n{}\n```", "~~~\n{}\n~~~", "````\n{}\n````"),
    "fence_unclosed": ("```arabic\n{}", "```\n{}", "{}\n```"),
    "inline_code_around": ("`{}`", "``{}``"),
    "think_before": (
        "<think>\nThe user wants this in Arabic.\n</think>\n\n{}",
        "<think>سأترجم النص إلى العربية.</think>\n{}",
        "<thinking>Translate.</thinking>\n{}",
        "<think>\n\n</think>\n\n{}",
    ),
    "think_end_before": ("Okay, a translation.\n</think>\n\n{}", "حسنًا، لنترجم.\n</think>\n{}"),
    "preface_english": (
        "Here is the translation:\n\n{}", "Sure! Here's the Arabic version of your text:\n{}", "Translated text:\n{}",
        "In Arabic, this would be: {}", "Arabic translation: {}", "The translation is as follows:\n\n{}",
    ),
    "preface_arabic": (
        "إليك الترجمة:\n\n{}", "النص المترجم:\n{}", "الترجمة العربية هي: {}", "بالتأكيد، هذه هي الترجمة:\n{}",
        "النص العربي:\n{}", "ترجمتي للنص:\n{}",
    ),
    "wrapped_in_tags": ("<translation>{}</translation>", "<ar>{}</ar>", "<text>\n{}\n</text>", "[AR]{}[/AR]"),
    "wrapped_in_json": ('{{"translation": "{}"}}', '{{"text": "{}", "language": "ar"}}', '["{}"]'),
    "wrapped_in_brackets": ("[{}]", "<<{}>>", "{{{{{}}}}}", "[[{}]]"),
    "wrapped_in_rules": ("---\n{}\n---", "***\n\n{}\n\n***", "===\n{}\n===", "---\n\n{}\n\n---"),
    "quoted_lines": ("> {}", "> {}\n"),
    "label_before": ("Answer: {}", "الناتج: {}", "المخرجات:\n{}", "Result:\n{}", "AR: {}", "النتيجة النهائية: {}"),
    "arrow_before": ("→ {}", "=> {}", "-> {}", "⇒ {}"),
    "first_word_of_a_helper": ("Certainly! {}", "بالتأكيد! {}", "Sure, {}", "حسنًا، إليك: {}", "بكل سرور! {}"),
    "greeting_before": (
        "مرحبًا! كيف يمكنني مساعدتك اليوم؟\n\n{}", "أهلًا بك! كيف أستطيع مساعدتك؟ {}",
        "مرحبًا، أنا هنا لمساعدتك. {}", "أهلًا وسهلًا! كيف يمكنني أن أساعدك؟\n{}",
    ),
    "note_after": (
        "{}\n\n(ترجمة حرفية)", "{}\n\nملاحظة: حافظتُ على أسلوب النص الأصلي.", "{}\n\nTranslator's note: none.",
        "{}\n\nهل تريد ترجمة أخرى؟", "{}\n\n---\nTranslated by AI",
    ),
}  # fmt: skip


def _stub(stubs: tuple[str, ...]) -> Callable[[str, Random], str | None]:
    return lambda target, rng: rng.choice(stubs) if len(target.split()) >= 4 else None


def helpers_greeting(text: Text, rng: Random) -> Planted | None:
    if len(text.source) < 40:
        return None
    return Planted(text.source, text.target, rng.choice(_GREETINGS[text.held :: 2]))


def _wrapping(shapes: tuple[str, ...]) -> Callable[[str, Random], str]:
    return lambda target, rng: rng.choice(shapes).format(target)


def stub_of_halves(text: Text, rng: Random) -> Planted | None:
    """Every chunk was halved until a stub passed, and the stubs were joined."""
    if len(text.source) < 80:
        return None
    stub = rng.choice(("لا أستطيع.", "عذرًا.", "I cannot.", "لا يمكنني."))
    return Planted(text.source, text.target, text.separator.join([stub] * (2 * len(text.pieces))))


def stub_first_words(target: str, rng: Random) -> str | None:
    words = target.split()
    return " ".join(words[: rng.randint(1, 2)]) + "." if len(words) >= 8 else None


def fence_around_code(source: str, target: str, rng: Random) -> tuple[str, str]:
    """The source has a span of code within, the answer a fence around."""
    code = rng.choice(("`ls -la`", "`x = 1`", "`README.md`", "`git pull`"))
    fence = rng.choice(("```arabic", "```", "~~~"))
    return f"{source} {code}", f"{fence}\n{target} {code}\n{fence[:3]}"


def both_languages(source: str, target: str, rng: Random) -> tuple[str, str]:
    shape = rng.choice(("{0}\n\n{1}", "{1}\n\n{0}", "{0} → {1}", "English: {0}\nArabic: {1}", "{1} ({0})"))
    return source, shape.format(source, target)


KINDS = [
    *(Kind(change.__name__, on_target(change)) for change in _BROKEN),
    *(Kind(name, on_target(_stub(stubs))) for name, stubs in _STUBS.items()),
    Kind("stub_of_halves", stub_of_halves),
    Kind("helpers_greeting", helpers_greeting),
    Kind("stub_first_words", on_target(stub_first_words)),
    *(Kind(name, on_target(_wrapping(shapes))) for name, shapes in _WRAPPINGS.items()),
    Kind("fence_around_code", on_pair(fence_around_code)),
    Kind("both_languages", on_pair(both_languages)),
]
