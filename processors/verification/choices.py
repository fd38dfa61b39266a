"""The option that an answer chooses: أ, ب, A, B or a number, alone, announced, or first."""

import re
from collections.abc import Sequence

from processors.verification.final import EASTERN, last_boxed, without_thinking

# Of a list of options in Arabic, as exams and OALL's benchmarks write them; ا stands for أ, and ه for هـ.
_FAMILIES: tuple[Sequence[str], ...] = (
    ("أ", "ب", "ج", "د", "هـ", "و", "ز", "ح", "ط", "ي"),
    ("A", "B", "C", "D", "E", "F", "G", "H", "I", "J"),
    ("1", "2", "3", "4", "5", "6", "7", "8", "9", "10"),
)
_ALIKE = str.maketrans({"ا": "أ", "إ": "أ"})
_DECORATION = re.compile(r"[*_`\u0640\u064b-\u0652]+")
_ANNOUNCED = re.compile(r"(?:الإجابة|الاجابة|الجواب|answer)[^:\n]{0,30}(?::|is|هي|هو)\s*(.*)", re.IGNORECASE)
# Of a thought that never ends its label counts: a model that is asked for one alone may say no more.
_THOUGHT = re.compile(r"\s*<think>.*?</think>", re.DOTALL)
_TEXT = re.compile(r"\\(?:text|mathrm|textbf)\{([^{}]*)\}")
_REFERENCE = re.compile(r"[\s()\[\].:،*]+")


def read_label(answer: str, options: Sequence[str]) -> str | None:
    """The one label of `options` that an answer gives; None where it gives none or several.

    >>> read_label("الإجابة الصحيحة هي: **ب**", ["أ", "ب"]), read_label("A or B", ["A", "B"])
    ('ب', None)
    """
    text = _DECORATION.sub("", _THOUGHT.sub("", answer)).translate(EASTERN).strip()
    lines = [line for line in text.splitlines() if line.strip()]
    announced = [found[1] for line in lines if (found := _ANNOUNCED.search(line)) and found[1].strip()]
    # From what is surest: all of it is a label, the last line that announces one, the first line, the whole.
    for place in [text, *announced[-1:], *lines[:1], text]:
        named = [option for option in options if _stands_in(option, place)]
        if len(named) == 1:
            return named[0]
    return None


def _stands_in(label: str, text: str) -> bool:
    # هـ loses its tatweel with the decoration.
    plain = re.escape(_DECORATION.sub("", label).translate(EASTERN))
    return re.search(rf"(?<!\w){plain}(?!\w)", text) is not None


def same_choice(answer: str, reference: str) -> bool:
    """Whether an answer chooses what the reference names, by a label of the same list or of another.

    >>> same_choice("الجواب: ب) القاهرة", "B"), same_choice("أ", "ب"), same_choice("ربما أ أو ب", "ب")
    (True, False, False)
    """
    place = _place(reference)
    if place is None:
        return False
    if (boxed := last_boxed(without_thinking(answer))) is not None:
        return _place(_TEXT.sub(r"\1", boxed)) == place
    for family in _FAMILIES:
        found = read_label(answer.translate(_ALIKE) if family is _FAMILIES[0] else answer, family)
        if found is not None:
            return family.index(found) == place
    return False


def _place(label: str) -> int | None:
    """A label's place in its list; None where it is none."""
    plain = _REFERENCE.sub("", label.translate(EASTERN)).upper().translate(_ALIKE)
    plain = "هـ" if plain == "ه" else plain
    return next((family.index(plain) for family in _FAMILIES if plain in family), None)


def is_label(text: str) -> bool:
    """Whether a reference is a label that `same_choice` knows."""
    return _place(text) is not None
