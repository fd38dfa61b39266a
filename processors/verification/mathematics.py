"""Whether an answer comes to the same value as a reference: numbers here, expressions by math-verify.

Numbers are read exactly, as Arabic and English text writes them: ١٢٫٥, 1,234.5, 3/4, \\frac{3}{4}, 1 1/2, 40 %, -5.
What is no number on either side (`2\\sqrt{3}`, `x+1`) is math-verify's (huggingface/Math-Verify, Apache-2.0, built on
sympy), where that is installed: `pip install 'smolkalam[verification]'`.
"""

import importlib.util
import logging
import re
import threading
from fractions import Fraction

from processors.verification.final import final_answers, last_boxed, without_thinking

_NUMBER = r"\d{1,3}(?:[,٬]\d{3})+(?:[.٫]\d+)?|\d+(?:[.٫,]\d+)?"
_FRACTION = re.compile(rf"\\[dt]?frac\s*\{{\s*({_NUMBER})\s*\}}\s*\{{\s*({_NUMBER})\s*\}}")
_VALUE = re.compile(
    rf"(?<![\w.,٫٬/])(-?)\s*(?:(\d+)\s+(\d+)\s*/\s*(\d+)|({_NUMBER})\s*/\s*({_NUMBER})|({_NUMBER}))\s*([%٪]|\\%)?"
)
_SAYS = re.compile(r"=|(?<!\w)(?:هو|هي|يساوي|تساوي|is|equals)(?!\w)")
_SPACES = re.compile(r"\\[ ,;!]|\\(?:text|mathrm)\s*|[{}$]|\\left|\\right|\\displaystyle")
# Longer expressions are no final answers, and sympy may take for ever over them.
_LONGEST, _SECONDS = 300, 5
# As decimals, references are rounded: 0.333 for a third is what an exact answer must be as good as.
_CLOSE = Fraction(1, 10**6)


def same_value(answer: str, reference: str) -> bool:
    """Whether what an answer ends with is what a reference ends with.

    >>> same_value("نجمعها فيكون الناتج ٧٫٥ ريالات.", "x=3*2.5=7.5"), same_value("\\\\boxed{\\\\frac{1}{2}}", "0.5")
    (True, True)
    >>> same_value("الجواب هو 12", "21"), same_value("", "21")
    (False, False)
    """
    wanted = _reference(reference)
    if not wanted:
        return False
    value = _alone(wanted)
    for said in final_answers(answer):
        if value is None:
            return _same_expression(said, wanted)
        numbers = _numbers(said)
        if numbers:
            return _equal(_chosen(said, numbers), value)
    return False


def needs_library(reference: str) -> bool:
    """Whether a reference is no number, and math-verify is not there to compare it."""
    return _alone(_reference(reference)) is None and importlib.util.find_spec("math_verify") is None


def _reference(text: str) -> str:
    """What a reference comes to: of a worked answer its end, of an equation its right side."""
    text = without_thinking(text)
    if (boxed := last_boxed(text)) is not None:
        return boxed
    found = final_answers(text)
    last = (found[0] if found else "").rstrip(" .،؛")
    return last.rpartition("=")[2].strip() or last


def _alone(text: str) -> tuple[Fraction, bool] | None:
    """The one number that a text is, perhaps with a unit; None of an expression."""
    numbers = _numbers(text)
    if len(numbers) != 1 or re.search(
        r"[\\^_=<>+*()\[\]]|\d[a-zA-Z]|\bsqrt\b|[√π]|[a-zA-Z]\s*[-−+]", _plain_fractions(text)
    ):
        return None
    return numbers[0]


def _plain_fractions(text: str) -> str:
    return _FRACTION.sub(r"\1/\2", text.replace("−", "-").replace("\\%", "%"))


def _numbers(text: str) -> list[tuple[Fraction, bool]]:
    """Numbers of a text, and whether each is a percentage."""
    text = _SPACES.sub(" ", _plain_fractions(text))
    found = []
    for m in _VALUE.finditer(text):
        sign = -1 if m[1] else 1
        try:
            if m[2]:
                value = int(m[2]) + Fraction(int(m[3]), int(m[4]))
            elif m[5]:
                value = _read(m[5]) / _read(m[6])
            else:
                value = _read(m[7])
        except ZeroDivisionError:
            continue
        found.append((sign * value, bool(m[8])))
    return found


def _read(number: str) -> Fraction:
    # 1,234 and 1,234,567 are thousands; 3,5 is a decimal, as much of the Arabic world writes it.
    if re.fullmatch(r"\d{1,3}([,٬]\d{3})+([.٫]\d+)?", number):
        number = number.replace(",", "").replace("٬", "")
    return Fraction(number.replace("٫", ".").replace(",", "."))


def _chosen(said: str, numbers: list[tuple[Fraction, bool]]) -> tuple[Fraction, bool]:
    """Of a sum what it comes to, of `ثمن 4 أقلام هو 12 ريالا` what is said; a number that begins is the answer."""
    *before, right = _SAYS.split(said)
    if before and (found := _numbers(right)):
        return found[0]
    return numbers[0] if _VALUE.match(said.lstrip("$ ")) else numbers[-1]


def _equal(said: tuple[Fraction, bool], wanted: tuple[Fraction, bool]) -> bool:
    (value, percent), (other, other_percent) = said, wanted
    if abs(value - other) <= _near(other):
        return True
    # 40 % and 0.4 are one value, whichever is written.
    if percent != other_percent:
        scaled = value / 100 if percent else value * 100
        return abs(scaled - other) <= _near(other)
    return False


def _near(value: Fraction) -> Fraction:
    return _CLOSE * max(Fraction(1), abs(value))


def _same_expression(said: str, wanted: str) -> bool:
    if _SPACES.sub("", said).replace(" ", "").rstrip(".") == _SPACES.sub("", wanted).replace(" ", ""):
        return True
    if importlib.util.find_spec("math_verify") is None:
        return False
    if max(len(said), len(wanted)) > _LONGEST:
        return False
    import math_verify

    # Its time limits are signals, which only the main thread hears; it warns whenever it has none.
    limit = _SECONDS if threading.current_thread() is threading.main_thread() else None
    for name in ("math_verify.parser", "math_verify.grader"):
        logging.getLogger(name).setLevel(logging.ERROR)
    gold = math_verify.parse(f"${wanted}$", parsing_timeout=limit)
    found = math_verify.parse(f"${said.rstrip('.')}$", parsing_timeout=limit)
    return bool(gold and found and math_verify.verify(gold, found, timeout_seconds=limit))
