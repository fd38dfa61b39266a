"""Numbers written in digits: of any script and with any separators, in one spelling.

Digits are compared by value: Arabic-Indic and Persian digits equal ASCII ones, `٬` and `,` group, `٫` and `.` mark
decimals.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from functools import lru_cache

_OTHER_DIGITS = re.compile(r"[٠-٩۰-۹]")
_TO_ASCII = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫٬", "01234567890123456789.,")
# Digits glued behind a Latin letter ("KV62", "CO2", "mp3") name things and are often transliterated.
# "&#39;" is no number.
# The digit first and then what stands before it: so the search jumps from digit to digit.
NUMBER = re.compile(r"\d(?<![A-Za-z_\d]\d)(?<!&#\d)\d*(?:[.,،]\d+)*")
GLUED = re.compile(r"\d(?<=[A-Za-z_]\d)\d*")
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:[,،]\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3}){2,}")
_DOTTED = re.compile(r"\d{1,3}(?:\.\d{3})+")


def ascii_digits(text: str) -> str:
    """`text` with ASCII digits and separators in place of Arabic-Indic and Persian ones; offsets stay."""
    return text.translate(_TO_ASCII) if not text.isascii() and _OTHER_DIGITS.search(text) else text


@lru_cache(maxsize=1024)
def canonical(number: str) -> str:
    """One spelling for a number of ASCII digits: '9,000' and '9000' -> '9000', '6,34' -> '6.34', '007' -> '7'."""
    if _GROUPED.fullmatch(number):
        whole, _, fraction = number.partition(".") if "," in number or "،" in number else (number, "", "")
        number = re.sub(r"[.,،]", "", whole) + ("." + fraction if fraction else "")
    elif "," in number or "،" in number:
        number = number.replace(",", ".").replace("،", ".")
    if number.count(".") == 1:
        whole, _, fraction = number.partition(".")
        fraction = fraction.rstrip("0")
        whole = whole.lstrip("0") or "0"
        return f"{whole}.{fraction}" if fraction else whole
    return number.lstrip("0") or "0" if "." not in number else number


def decimal(value: float) -> str:
    """A value in the spelling of `canonical`, to six digits behind the point."""
    return str(int(value)) if value == int(value) else f"{value:.6f}".rstrip("0")


def numbers(text: str, known: Container[str] = ()) -> list[str]:
    """Every number written in digits, in order, in the spelling of `canonical`.

    A dot before three digits groups ("100.000") if that gives a number of `known`, else it marks decimals.
    """
    return canonical_like(NUMBER.findall(ascii_digits(text)), known)


def canonical_like(found: Iterable[str], known: Container[str]) -> list[str]:
    """`numbers` of those that were found."""
    return [
        n.replace(".", "") if "." in n and n.replace(".", "") in known and _DOTTED.fullmatch(n) else canonical(n)
        for n in found
    ]
