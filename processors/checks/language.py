"""Is the target in the target language: untranslated English, foreign scripts, Persian letters, transliteration."""

from __future__ import annotations

import re
from collections.abc import Callable

from processors.checks.verdict import Verdict, excerpt

# Small words of names in other languages: "Callejon del Beso", "Ludwig van Beethoven".
_PARTICLES = frozenset(
    ["de", "la", "las", "los", "del", "el", "di", "da", "do", "dos", "das", "du", "des", "le", "les", "van", "von",
     "der", "den", "al", "bin", "ibn"]
)  # fmt: skip

# Written so in Arabic too.
_LOANS = frozenset(["wifi", "wi-fi", "email", "e-mail", "iphone", "ipad", "ipod", "ebay", "linux", "android"])

Blank = Callable[[str], str]

_LATIN = re.compile(r"[A-Za-z][A-Za-z]")
_WORD = r"[A-Za-zÀ-ÖØ-öø-ɏḀ-ỹ][A-Za-zÀ-ÖØ-öø-ɏḀ-ỹ'’\-]*"
_STRETCH = re.compile(rf"{_WORD}(?:[\s,;:\"“”()]{{1,3}}{_WORD})*")
_WORDS = re.compile(_WORD)
# Scripts that no translation into Arabic needs unless the source shows them. Greek stands in formulas: soft.
_FOREIGN = re.compile(
    r"[\u0370-\u03ff\u0400-\u052f\u0530-\u05ff\u0700-\u074f\u0780-\u07bf\u0900-\u1cff\u2e80-\u2fff\u3040-\u30ff"
    r"\u3100-\u9fff\u3001\u3002\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f\ua000-\uabff\uac00-\ud7ff\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U0003ffff]+"
)
_SCRIPTS = (
    ("Ethi", "Ethiopic", re.compile(r"[\u1200-\u139f\u2d80-\u2ddf\uab01-\uab2f]")),
    ("Hans", "Chinese", re.compile(r"[\u2e80-\u2fff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")),
    ("Jpan", "Japanese", re.compile(r"[\u3040-\u30ff]")),
    ("Kore", "Korean", re.compile(r"[\u1100-\u11ff\uac00-\ud7ff]")),
    ("Cyrl", "Cyrillic", re.compile(r"[\u0400-\u052f]")),
    ("Grek", "Greek", re.compile(r"[\u0370-\u03ff]")),
    ("Hebr", "Hebrew", re.compile(r"[\u0590-\u05ff]")),
    ("Deva", "Devanagari", re.compile(r"[\u0900-\u097f]")),
    ("Thai", "Thai", re.compile(r"[\u0e00-\u0e7f]")),
)
_EXPECTED = {"Hant": "Hans", "Hani": "Hans"}
_PERSIAN = re.compile(r"[\u067e\u0686\u0698\u06a9\u06af\u06cc\u06be\u06c1\u06d2\u0679\u0688\u0691\u06ba\u06f0-\u06f9]")
_ARABIC_WORD = re.compile(r"[\u0620-\u065f\u066e-\u06ff]+")
_PERSIAN_WORDS = re.compile(
    r"(?<!\w)(?:است|نیست|هستند|می[\u200c ]?\w+|این|برای|که|شما|کنید|کرد|کردن|ہے|ہیں|کے|میں|نہیں)(?!\w)"
)


def _is_prose(words: list[str]) -> tuple[int, int]:
    """(number of words, number of those written small), code-like ones left out."""
    small = sum(1 for w in words if w[0].islower() and w[1:].islower() and w not in _PARTICLES)
    return len(words), small


def _quoted(text: str, start: int, end: int) -> bool:
    # An apostrophe may be a letter of the last word or the quotation mark behind it.
    end -= text[end - 1] in "'’"
    before, after = text[max(0, start - 3) : start].rstrip()[-1:], text[end : end + 3].lstrip()[:1]
    return before != "" and before in "\"'“«(‘[”„" and after in "\"'”»)’]“.,،"


def check_untranslated(source: str, target: str, *, script: str = "Arab", blank: Blank | None = None) -> list[Verdict]:
    """Stretches of English in the target. Names, acronyms, quoted mentions and protected spans are none.

    `blank` removes protected spans from a text; it is called only where the target has Latin letters.
    """
    if script == "Latn" or not _LATIN.search(target):
        return []
    text = blank(target) if blank else target
    stretches = list(_STRETCH.finditer(text))
    if not stretches:
        return []
    known: set[str] | None = None
    soft: Verdict | None = None
    for m in stretches:
        words = _WORDS.findall(m.group())
        count, small = _is_prose(words)
        if not small:
            continue
        if known is None:
            known = set(_WORDS.findall(source.lower()))
        copied = sum(w.lower() in known for w in words)
        quoted = _quoted(text, m.start(), m.end())
        if quoted and (count <= 3 or _quoted_in(source, m.group())):
            continue
        where = f"at character {m.start()}: '{excerpt(m.group())}'"
        if copied * 2 >= count:
            if small >= 3 and count >= 5:
                return [Verdict("untranslated", True, f"{count} English words {where}")]
            if small >= 2 or (small == 1 and len(words[0]) > 3 and not quoted and not _is_mention(source, m.group())):
                soft = soft or Verdict("untranslated", False, f"{count} English words {where}")
        elif text[m.start() - 1 : m.start()] == "&" and text[m.end() : m.end() + 1] == ";":
            continue
        elif not quoted and any(w.islower() and len(w) >= 2 and w not in known for w in words):
            soft = soft or Verdict("script", False, f"Latin letters that are not the source's {where}")
    return [soft] if soft else []


def _is_mention(source: str, word: str) -> bool:
    """A loan word, or one that the source speaks of ("the Latin word cella")."""
    return (
        word.lower() in _LOANS
        or re.search(rf"\b(?:word|term|called|named|verb|noun) {re.escape(word)}\b", source) is not None
    )


def _quoted_in(source: str, stretch: str) -> bool:
    at = source.find(stretch)
    return at >= 0 and _quoted(source, at, at + len(stretch))


def check_identical(source: str, target: str, *, script: str = "Arab", blank: Blank | None = None) -> list[Verdict]:
    """The target is the source although the source has English prose in it."""
    if script == "Latn" or (source != target and source.strip() != target.strip()):
        return []
    words = _WORDS.findall(blank(source) if blank else source)
    count, small = _is_prose(words)
    if small >= 2 or (small and small == count):
        return [Verdict("identical", True, f"the source text itself: '{excerpt(source.strip())}'")]
    return []


def check_script(
    source: str, target: str, *, script: str = "Arab", language: str = "ar", blank: Blank | None = None
) -> list[Verdict]:
    """Letters of a wrong script: hard for scripts that the source does not have, soft for single Persian letters."""
    verdicts = []
    expected = _EXPECTED.get(script, script)
    allowed: set[str] | None = None
    for m in _FOREIGN.finditer(target):
        if allowed is None:
            allowed = set(source)
        strange = "".join(c for c in m.group() if c not in allowed)
        if not strange:
            continue
        found = next((entry for entry in _SCRIPTS if entry[2].search(strange)), None)
        if found and (found[0] == expected or (expected == "Jpan" and found[0] == "Hans")):
            continue
        name = found[1] if found else "foreign" if any(map(str.isalpha, strange)) else "full-width"
        detail = (
            f"{name} {'marks' if name == 'full-width' else 'letters'} at character {m.start()}: '{excerpt(m.group())}'"
        )
        verdicts.append(Verdict("script", name not in ("Greek", "full-width"), detail))
        break
    if script == "Arab" and language == "ar" and _PERSIAN.search(target):
        allowed = set(source)
        words = _ARABIC_WORD.findall(target)
        persian = [w for w in words if any(c not in allowed for c in _PERSIAN.findall(w))]
        if persian:
            hard = (len(persian) >= 4 and len(persian) * 5 >= len(words)) or len(_PERSIAN_WORDS.findall(target)) >= 2
            verdicts.append(Verdict("script", hard, f"Persian or Urdu letters: '{' '.join(persian[:4])}'"))
    if script != "Latn" and _LATIN.search(target):
        share = _latin_share(source, target, blank)
        if share:
            verdicts.append(share)
    return verdicts


def _latin_share(source: str, target: str, blank: Blank | None) -> Verdict | None:
    """A target that is nearly all Latin letters although the source has prose: not translated or transliterated."""
    latin = sum(map(len, _WORDS.findall(target)))
    letters = sum(map(str.isalpha, target))
    if latin * 2 < letters:
        return None
    if blank:
        target, source = blank(target), blank(source)
        latin, letters = sum(map(len, _WORDS.findall(target))), sum(map(str.isalpha, target))
    small = _is_prose(_WORDS.findall(source))[1]
    prose = _is_prose(_WORDS.findall(target))[1]
    if latin * 10 >= letters * 7 and (prose >= 2 or latin >= letters >= 15) and small >= 2:
        return Verdict("script", True, f"{latin} of {letters} letters are Latin: '{excerpt(target.strip())}'")
    return None
