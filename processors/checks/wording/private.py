"""What of a translation would identify or open something: e-mail addresses, telephone and card numbers, keys.

A translator that makes one up may hit a real one; what the source says is the source's. Only what has the form of one
beyond doubt: card numbers have Luhn's check digit, telephone numbers a sign or groups as such numbers have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from processors.languages.spellings import with_ascii_digits
from processors.texts.prose import longest_word
from processors.texts.text import Text

_EMAIL = re.compile(r"(?<![\w.+-])[A-Za-z0-9][\w.+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}(?![\w-])", re.ASCII)
# Groups of digits, as people write long numbers; not behind a decimal point.
_DIGITS = re.compile(r"(?<![\w.,:/=+-])(?:\+|\()?\d(?:[ ().-]{0,2}\d){6,24}(?![\w/=])", re.ASCII)
# A cheap look: so many digits follow each other in every match.
_SEVEN = re.compile(r"\d(?:[ ().-]{0,2}\d){6}", re.ASCII)
_PHONE = re.compile(
    r"(?:\+|00)[1-9][\d ().-]{6,20}|\(0?\d{2,4}\) ?\d{3,4}[ -]?\d{3,4}|0\d{1,4}[ -]\d{3,4}[ -]?\d{3,4}"
    r"|[2-9]\d{2}[ .-]\d{3}[ .-]\d{4}"
)
# Of the lengths and first digits that payment cards have.
_CARD = re.compile(r"[2-6]\d{3}([ -]?)\d{4}\1\d{4}\1\d{4}|3[47]\d{2}([ -]?)\d{6}\2\d{5}")
_KEY = re.compile(
    r"(?<![\w-])(?:sk-[\w-]{20,}|hf_\w{30,}|gh[pousr]_\w{36,}|github_pat_\w{22,}|xox[abprs]-[\w-]{10,}|AKIA[0-9A-Z]{16}"
    r"|AIza[\w-]{35}|-----BEGIN [A-Z ]*PRIVATE KEY-----|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,})",
    re.ASCII,
)


# Of a key the shortest piece without white space, and the sign of one that has white space.
_SHORTEST_KEY, _ARMOUR = 15, "-----BEGIN "


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others, as of payment cards.

    >>> luhn("4111111111111111"), luhn("4111111111111112")
    (True, False)
    """
    total = 0
    for place, digit in enumerate(map(int, reversed(digits))):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def private(text: Text) -> Iterator[tuple[str, str, int]]:
    """What of `text` is private by its form, as (kind, as it stands there, offset)."""
    plain = with_ascii_digits(text)
    if "@" in plain:
        yield from (("e-mail address", match[0], match.start()) for match in _EMAIL.finditer(plain))
    for match in _DIGITS.finditer(plain) if _SEVEN.search(plain) else ():
        digits = re.sub(r"\D", "", match[0])
        if _CARD.fullmatch(match[0]) and luhn(digits):
            yield "card number", match[0], match.start()
        elif _PHONE.fullmatch(match[0]) and 7 <= len(digits) <= 15:
            yield "telephone number", match[0], match.start()
    if longest_word(text) >= _SHORTEST_KEY or _ARMOUR in plain:
        yield from (("key", match[0], match.start()) for match in _KEY.finditer(plain))


def made_up(source: Text, target: Text) -> list[tuple[str, str, int]]:
    """What is private in `target` and does not stand in `source`, in whatever digits and groups."""
    found = list(private(target))
    if not found:
        return []
    plain = with_ascii_digits(source).lower()
    digits = re.sub(r"\D", "", plain)
    return [one for one in found if one[1].lower() not in plain and not _same_digits(one, digits)]


def _same_digits(found: tuple[str, str, int], digits: str) -> bool:
    kind, text, _ = found
    return kind.endswith("number") and re.sub(r"\D", "", text) in digits
